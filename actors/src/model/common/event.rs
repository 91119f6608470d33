//! Events: what happened to a database at one point in time.

use super::Timestamp;

/// One event, such as a restart or a changed setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When it happened, or if that is not known, when it was detected. By the clock of the server.
    pub at: Timestamp,
    pub kind: EventKind,
    /// The name of the setting, table or statement.
    pub subject: String,
    /// Without secrets and literals of queries.
    pub before: Option<String>,
    pub after: Option<String>,
}

/// The kind of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventKind {
    /// The server process was restarted.
    ServerRestarted,
    /// The server was upgraded.
    VersionChanged,
    /// A standby became a primary.
    Promoted,
    /// A primary became a standby, or another server answers at the address.
    ServerChanged,
    /// The counters of a view were reset.
    CountersReset,
    SettingChanged,
    DatabaseCreated,
    DatabaseDropped,
    TableCreated,
    TableDropped,
    IndexCreated,
    IndexDropped,
    /// The definition of an index changed, or it became valid or invalid.
    IndexChanged,
    SlotCreated,
    SlotDropped,
    /// A slot became active, inactive or lost.
    SlotChanged,
    StandbyConnected,
    StandbyDisconnected,
    /// A statement has a new plan.
    PlanChanged,
    /// A node of a cluster no longer responds.
    NodeMissing,
    /// A node of a cluster responds again.
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

    /// Returns the name used in the API and in storage.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }

    /// Returns the kind called `name`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }
}
