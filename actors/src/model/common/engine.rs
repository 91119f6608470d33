//! The two engines that Basira watches.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The database system of a server. It never changes after registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Postgres,
    Clickhouse,
}

/// The text is not the name of an engine.
#[derive(Debug, thiserror::Error)]
#[error("must be one of postgres, clickhouse")]
pub struct UnknownEngine;

impl Engine {
    /// Returns the name used in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Clickhouse => "clickhouse",
        }
    }

    /// Returns the name for display.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Clickhouse => "ClickHouse",
        }
    }

    /// Returns the default port.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Clickhouse => 8123,
        }
    }

    /// Returns the default database.
    #[must_use]
    pub const fn default_database(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Clickhouse => "default",
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Engine {
    type Err = UnknownEngine;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "postgres" => Ok(Self::Postgres),
            "clickhouse" => Ok(Self::Clickhouse),
            _ => Err(UnknownEngine),
        }
    }
}
