//! What happened to a database at one moment, rather than over time.

use super::Timestamp;

/// One thing that happened: a restart, a changed setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened, as far as that is known; else when it was noticed. The server's clock.
    pub at: Timestamp,
    pub kind: EventKind,
    /// What it happened to: the name of a setting, of a table, of a statement.
    pub subject: String,
    /// Without secrets and without literals of users' queries.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The server process started anew.
    ServerRestarted,
    /// The server was upgraded.
    VersionChanged,
    /// A standby became a primary.
    Promoted,
    /// A primary became a standby, or another server answers at the address.
    ServerChanged,
    /// Counters of a view were set to zero.
    CountersReset,
    SettingChanged,
    DatabaseCreated,
    DatabaseDropped,
    TableCreated,
    TableDropped,
    IndexCreated,
    IndexDropped,
    /// An index has another definition than before, or became valid or invalid.
    IndexChanged,
    SlotCreated,
    SlotDropped,
    /// A slot became active, inactive or lost.
    SlotChanged,
    StandbyConnected,
    StandbyDisconnected,
    /// A statement is run by another plan than before.
    PlanChanged,
    /// A node of a cluster does not answer any more.
    NodeMissing,
    /// It answers again.
    NodeBack,
}

impl EventKind {
    const ALL: [(Self, &'static str); 21] = [
        (Self::ServerRestarted, "server_restarted"),
        (Self::VersionChanged, "version_changed"),
        (Self::Promoted, "promoted"),
        (Self::ServerChanged, "server_changed"),
        (Self::CountersReset, "counters_reset"),
        (Self::SettingChanged, "setting_changed"),
        (Self::DatabaseCreated, "database_created"),
        (Self::DatabaseDropped, "database_dropped"),
        (Self::TableCreated, "table_created"),
        (Self::TableDropped, "table_dropped"),
        (Self::IndexCreated, "index_created"),
        (Self::IndexDropped, "index_dropped"),
        (Self::IndexChanged, "index_changed"),
        (Self::SlotCreated, "slot_created"),
        (Self::SlotDropped, "slot_dropped"),
        (Self::SlotChanged, "slot_changed"),
        (Self::StandbyConnected, "standby_connected"),
        (Self::StandbyDisconnected, "standby_disconnected"),
        (Self::PlanChanged, "plan_changed"),
        (Self::NodeMissing, "node_missing"),
        (Self::NodeBack, "node_back"),
    ];

    /// The name used by the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// The kind called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}
