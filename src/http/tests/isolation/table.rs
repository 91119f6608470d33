//! The route table as it should be: who may use what.

use reqwest::Method;
use serde_json::{Value, json};

use crate::auth::Role;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Least {
    /// Nothing; tells nothing of anybody.
    Nobody,
    /// A credential of its own, in the body or the query.
    Entrance,
    /// An upgrade; the rest is told by close codes, which have a test of their own.
    Stream,
    /// A role, of a person or a key.
    Role(Role),
    /// An admin, or a key whose scope is to write.
    Writer,
    /// A person of whatever role.
    Person,
    /// An instance admin.
    Instance,
}

/// One line.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    pub(super) method: Method,
    pub(super) path: &'static str,
    pub(super) least: Least,
    pub(super) body: Value,
}

/// Every line of `table.txt`.
pub(super) fn rules() -> Vec<Rule> {
    let lines = include_str!("table.txt").lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(rule).collect()
}

fn rule(line: &'static str) -> Rule {
    let mut parts = line.splitn(4, ' ');
    let mut next = || parts.next().unwrap_or_else(|| panic!("too short: {line}"));
    let (method, path, least) = (next(), next(), next());
    let least = match least {
        "nobody" => Least::Nobody,
        "entrance" => Least::Entrance,
        "stream" => Least::Stream,
        "writer" => Least::Writer,
        "person" => Least::Person,
        "instance" => Least::Instance,
        role => Least::Role(role.parse().unwrap_or_else(|error| panic!("{line}: {error}"))),
    };
    let body = parts.next().map_or_else(|| json!({}), |body| body.parse().expect("a body in JSON"));
    Rule { method: method.parse().expect("a method"), path, least, body }
}

impl Rule {
    /// Whether it can change something.
    pub(super) fn changes(&self) -> bool {
        !self.method.is_safe()
    }

    /// Whether the path names a thing that an organization has.
    pub(super) fn names_a_thing(&self) -> bool {
        self.path.contains("/{id}")
    }

    /// Whether what the path asks for may be missing although the caller's own.
    pub(super) fn may_be_missing(&self) -> bool {
        ["{hash}", "{schema}", "{name}", "{provider}", "/invitations/{id}", "/identities/{id}"]
            .iter()
            .any(|part| self.path.contains(part))
    }
}
