//! What is wrong with a configuration: the key, the place, and what would be right.

use std::fmt;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// `config/basira.toml:12`, `BASIRA__HTTP__LISTEN`, `--listen`.
    pub place: String,
    pub message: String,
}

/// A configuration that cannot be used; every problem that was found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError(pub Vec<Problem>);

impl ConfigError {
    /// One problem.
    pub(super) fn one(place: impl Into<String>, message: impl Into<String>) -> Self {
        Self(vec![Problem { place: place.into(), message: message.into() }])
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the configuration cannot be used")?;
        for Problem { place, message } in &self.0 {
            write!(f, "\n  {place}: {message}")?;
        }
        Ok(())
    }
}
