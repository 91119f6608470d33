//! Sessions and literals as notes and fixes have them.

use crate::model::{ActiveQuery, Standby};

/// `pid 17 (shop_app of ann in shop)`.
#[must_use]
pub fn session(query: &ActiveQuery) -> String {
    let pid = query.pid.map_or_else(|| "a session".to_owned(), |pid| format!("pid {pid}"));
    let application = query.application_name.as_deref().filter(|name| !name.is_empty());
    let known = [
        application.map(ToOwned::to_owned),
        query.user_name.as_deref().map(|user| format!("of {user}")),
        query.database_name.as_deref().map(|database| format!("in {database}")),
    ];
    let known: Vec<String> = known.into_iter().flatten().collect();
    if known.is_empty() { pid } else { format!("{pid} ({})", known.join(" ")) }
}

/// A text as a literal of SQL.
#[must_use]
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A standby as it calls itself.
#[must_use]
pub fn standby(line: &Standby) -> String {
    let called = line.application_name.clone().or_else(|| line.client_addr.clone());
    called.unwrap_or_else(|| format!("pid {}", line.pid))
}
