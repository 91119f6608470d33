//! The effective configuration, for people; secrets masked.

use std::fmt::Write as _;

use super::keys::{self, Kind};
use super::layers::{Flag, merge};
use super::{ConfigError, DEFAULTS, reader};

/// The effective values as TOML, each with the place that it comes from.
///
/// # Errors
/// [`ConfigError`] as for [`super::Config::load`].
pub fn show(
    file: Option<&std::path::Path>,
    environment: impl IntoIterator<Item = (String, String)>,
    flags: &[Flag],
) -> Result<String, ConfigError> {
    let merged = merge(DEFAULTS, file, environment, flags)?;
    reader::read(&merged)?;
    let mut shown = String::new();
    let mut section = "";
    let of_providers = merged.keys().filter(|key| keys::of_a_provider(key).is_some());
    for key in keys::all().map(|(key, _)| key).chain(of_providers.map(String::as_str)) {
        let (Some(placed), Some(kind)) = (merged.get(key), keys::find(key)) else { continue };
        let (of, name) = key.rsplit_once('.').unwrap_or(("", key));
        if of != section {
            section = of;
            let _ = write!(shown, "\n[{section}]\n");
        }
        let value = if kind == Kind::Secret { "\"***\"".to_owned() } else { placed.value.to_string() };
        let _ = writeln!(shown, "{name} = {value}  # {}", placed.place);
    }
    Ok(shown)
}
