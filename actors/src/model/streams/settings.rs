//! How a server is set up.

use super::{Stream, word};

/// The value of each setting when it was first seen and whenever it changed; all of them once a day, so that the values
/// outlive the retention. A series is the name of a setting.
pub static SETTINGS: Stream =
    Stream { name: "settings", columns: &[word("name"), word("setting"), word("unit"), word("source")] };
