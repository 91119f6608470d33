//! ClickHouse 18.16, the oldest version that is still packaged somewhere.

use std::env::consts::ARCH;

use basira_servers::{ClickHouseDistribution, unpacked_from_apt};

/// Unlike an embedded server, it takes everything from its configuration.
const CONFIG: &str = include_str!("old_config.xml");
/// Settings of a profile that it does not know.
const NEW_SETTINGS: &str = "<mutations_sync>0</mutations_sync><async_insert>0</async_insert>";

/// 18.16 of Debian 12, from the cache or fetched into it. Needs apt-get and dpkg; nothing is installed. Blocks.
///
/// # Errors
/// When it cannot be fetched here.
pub fn fetch_oldest_clickhouse() -> Result<ClickHouseDistribution, String> {
    let home = unpacked_from_apt("clickhouse-server", "ClickHouse 18.16", 16).map_err(|error| {
        format!(
            "ClickHouse 18.16 is not here and cannot be fetched: it comes from Debian 12 (bookworm) by apt-get and dpkg; \
             run apt-get update there, or leave out the test of the oldest version ({error})"
        )
    })?;
    let folder = |parent: &str| home.join(format!("{parent}/{ARCH}-linux-gnu")).display().to_string();
    Ok(ClickHouseDistribution {
        program: home.join("usr/sbin/clickhouse-server"),
        libraries: Some(["usr/lib", "lib"].map(folder).join(":")),
        config: CONFIG,
        users: ClickHouseDistribution::USERS.replace(NEW_SETTINGS, ""),
    })
}
