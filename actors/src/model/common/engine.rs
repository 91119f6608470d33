//! The two engines that Basira watches.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of server a database is; never changes after registration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    Postgres,
    Clickhouse,
}

/// The text named no engine.
#[derive(Debug, thiserror::Error)]
#[error("must be one of postgres, clickhouse")]
pub struct UnknownEngine;

impl Engine {
    /// The name used by the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Clickhouse => "clickhouse",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Clickhouse => "ClickHouse",
        }
    }

    /// The port that a registration without one gets.
    #[must_use]
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Postgres => 5432,
            Self::Clickhouse => 8123,
        }
    }

    /// The database that a registration without one gets.
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
