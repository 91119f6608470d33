//! The databases of a server: which there are, and which of them are watched.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Snapshot;

/// Which databases of its server a registration watches. Patterns may hold `*` (any text) and `?` (one character).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Databases {
    /// Not just the one connected to.
    pub all: bool,
    /// Empty: every one.
    pub include: BTreeSet<String>,
    pub exclude: BTreeSet<String>,
}

impl Databases {
    /// Whether `name`, another database than the one connected to, is watched too.
    #[must_use]
    pub fn takes(&self, name: &str) -> bool {
        let any = |patterns: &BTreeSet<String>| patterns.iter().any(|pattern| fits(pattern, name));
        self.all && (self.include.is_empty() || any(&self.include)) && !any(&self.exclude)
    }
}

/// The databases that the server has now, for those who visit them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerDatabases {
    /// The one connected to.
    pub connected: Arc<str>,
    /// The others that are watched and may be connected to.
    pub others: Vec<Arc<str>>,
}

impl Snapshot for ServerDatabases {}

/// Whether `name` fits `pattern`: after a mismatch the last star takes one character more.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut place, mut star) = (0, 0, None);
    while place < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, place));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == name[place] => (at, place) = (at + 1, place + 1),
            _ => match star {
                Some((behind, taken)) => {
                    star = Some((behind, taken + 1));
                    (at, place) = (behind + 1, taken + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

#[cfg(test)]
mod tests {
    use super::{Databases, fits};

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
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_excluded_is_not_watched_even_when_it_is_included() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let some = Databases { all: true, include: names(&["shop*"]), exclude: names(&["*_old"]) };
        assert!(some.takes("shop_new") && !some.takes("shop_old") && !some.takes("bank"));
        assert!(Databases { all: true, ..Databases::default() }.takes("bank"));
        assert!(!Databases { all: false, ..some }.takes("shop_new"));
    }
}
