//! One row of a table of settings, its secrets taken out before anything else is done with it.

use crate::collect::{CellError, Cursor};
use crate::model::Setting;
use crate::text::secrets::redact_setting;

pub(super) const COLUMNS: &[&str] = &[
    "host_name",
    "setting_name",
    "setting_value",
    "is_changed",
    "default_value",
    "description",
    "value_type",
    "context",
];

/// Settings that Basira sets for its own queries.
const OURS: [&str; 11] = [
    "cancel_http_readonly_queries_on_client_close",
    "log_comment",
    "max_execution_time",
    "max_memory_usage",
    "max_threads",
    "output_format_json_quote_64bit_integers",
    "priority",
    "readonly",
    "skip_unavailable_shards",
    "use_query_cache",
    "wait_end_of_query",
];
const OUR_NOTE: &str =
    "Basira's own queries have a value of their own: that of others cannot be seen from them";
const NODES_NOTE: &str = "other nodes of the cluster have another value";

/// What a setting is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Table {
    Settings,
    ServerSettings,
    MergeTreeSettings,
}

impl Table {
    pub(super) const ALL: [Self; 3] = [Self::Settings, Self::ServerSettings, Self::MergeTreeSettings];

    pub(super) const fn sql(self) -> &'static str {
        match self {
            Self::Settings => include_str!("../sql/ch_settings/settings.sql"),
            Self::ServerSettings => include_str!("../sql/ch_settings/server_settings.sql"),
            Self::MergeTreeSettings => include_str!("../sql/ch_settings/merge_tree_settings.sql"),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::ServerSettings => "server_settings",
            Self::MergeTreeSettings => "merge_tree_settings",
        }
    }

    /// What is not known without it.
    pub(super) const fn needed_for(self) -> &'static str {
        match self {
            Self::Settings => "settings of the user are",
            Self::ServerSettings => "settings of the server are",
            Self::MergeTreeSettings => "settings of MergeTree tables are",
        }
    }

    /// That of the setting called `name` here: those of the user have no prefix.
    pub(super) fn of(name: &str) -> Self {
        let of_prefix =
            |table: &Self| *table != Self::Settings && name.split('.').next() == Some(table.name());
        Self::ALL.into_iter().find(of_prefix).unwrap_or(Self::Settings)
    }
}

/// The rest of a row, from the name on.
pub(super) fn setting(table: Table, cursor: &mut Cursor<'_>) -> Result<Setting, CellError> {
    let plain_name = cursor.text()?.unwrap_or_default();
    let name = match table {
        Table::Settings => plain_name.to_owned(),
        other => format!("{}.{plain_name}", other.name()),
    };
    let value = cursor.text()?.unwrap_or_default();
    let is_changed = cursor.bool()?.unwrap_or_default();
    let default = cursor.text()?;
    let description = cursor.text()?.and_then(|text| text.trim().lines().next()).map(str::to_owned);
    let value_type = cursor.text()?;
    let context = cursor.owned_text()?.unwrap_or_default();

    let is_ours = table == Table::Settings && OURS.contains(&plain_name);
    let clean = |value: &str| {
        if is_plain(value, value_type) { value.to_owned() } else { redact_setting(plain_name, value) }
    };
    let source = match (table, is_changed) {
        (_, false) => "default",
        (Table::Settings, true) => "profile",
        (_, true) => "configuration file",
    };
    let setting = (!is_ours).then(|| clean(value));
    Ok(Setting {
        shown: setting.clone(),
        unit: None,
        changed: (!is_ours).then_some(is_changed),
        category: table.name().to_owned(),
        description,
        source: source.to_owned(),
        source_file: None,
        context,
        boot_val: default.map(clean),
        reset_val: None,
        pending_restart: None,
        note: is_ours.then_some(OUR_NOTE),
        setting,
        name,
    })
}

/// Whether `value` cannot hold a secret, whatever its setting is called: `force_primary_key` is a number.
fn is_plain(value: &str, value_type: Option<&str>) -> bool {
    let is_text = value_type.is_some_and(|of| of.contains("String") || of.contains("Map"));
    !is_text && (value.parse::<f64>().is_ok() || matches!(value, "true" | "false"))
}

/// Notes in `shown` that another node has another value than it.
pub(super) fn compare_nodes(shown: &mut Setting, other: &Setting) {
    if shown.setting != other.setting || other.note == Some(NODES_NOTE) {
        shown.note = Some(NODES_NOTE);
    }
}
