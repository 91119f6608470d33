//! The databases of a server, and which of them are watched.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Snapshot;

/// Selects the databases of a server that are watched. Patterns may contain `*` (any text) and `?` (one character).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Databases {
    /// Whether databases other than the one connected to are watched.
    pub all: bool,
    /// Names to watch; all when empty.
    pub include: BTreeSet<String>,
    pub exclude: BTreeSet<String>,
}

impl Databases {
    /// Whether `name`, a database other than the one connected to, is watched.
    #[must_use]
    pub fn includes(&self, name: &str) -> bool {
        let any = |patterns: &BTreeSet<String>| patterns.iter().any(|pattern| matches_pattern(pattern, name));
        self.all && (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// The databases that a server has and that are watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerDatabases {
    /// The one connected to.
    pub connected: Arc<str>,
    /// The others that are watched and accept connections.
    pub others: Vec<Arc<str>>,
}

impl Snapshot for ServerDatabases {}

/// Whether `name` matches `pattern`. On a mismatch the last `*` is extended by one character.
fn matches_pattern(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut position, mut star) = (0, 0, None);
    while position < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, position));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == name[position] => {
                (at, position) = (at + 1, position + 1)
            }
            _ => match star {
                Some((behind, taken)) => {
                    star = Some((behind, taken + 1));
                    (at, position) = (behind + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use super::{Databases, matches_pattern};

    #[test]
    fn patterns() {
        let cases = [
            ("shop", "shop", true),
            ("shop", "shops", false),
            ("shop*", "shop", true),
            ("*_test", "shop_test", true),
            ("*_test", "shop_tests", false),
            ("*a*b", "xaxbxb", true),
            ("s?op", "shop", true),
            ("s?op", "sop", false),
            ("?", "ä", true),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches_pattern(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn exclude_takes_precedence_over_include() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let some = Databases { all: true, include: names(&["shop*"]), exclude: names(&["*_old"]) };
        assert!(some.includes("shop_new") && !some.includes("shop_old") && !some.includes("bank"));
        assert!(Databases { all: true, ..Databases::default() }.includes("bank"));
        assert!(!Databases { all: false, ..some }.includes("shop_new"));
    }
}
