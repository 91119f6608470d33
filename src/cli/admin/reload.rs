//! `basira admin reload`: makes the running server reload its configuration.

use serde_json::Value;

use crate::config::Config;
use crate::reload::{self, ControlError};

pub(super) async fn run(config: &Config) -> Result<(), ControlError> {
    let answer = reload::ask(&config.data_dir).await?;
    let lines = |list: &str| answer[list].as_array().cloned().unwrap_or_default();
    for change in lines("changed") {
        outln!("{}", line(&change));
    }
    for change in lines("needs_restart") {
        outln!("{}  (needs a restart)", line(&change));
    }
    if lines("changed").is_empty() && lines("needs_restart").is_empty() {
        outln!("nothing has changed");
    }
    Ok(())
}

fn line(change: &Value) -> String {
    let shown = |value: &Value| if value.is_null() { "(not set)".to_owned() } else { value.to_string() };
    let key = change["key"].as_str().unwrap_or_default();
    format!("{key}: {} -> {}", shown(&change["old"]), shown(&change["new"]))
}
