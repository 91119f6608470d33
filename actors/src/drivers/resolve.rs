//! Resolves host names to addresses that may be connected to.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::collect::CollectError;
use crate::ports::AddressPolicy;

/// Returns the first address of `host` that `policy` allows. Names are resolved at each connect, so that a changed address is
/// used, and refused if the policy forbids it.
///
/// # Errors
/// [`CollectError::Resolve`] when there is no address within `limit`, [`CollectError::Denied`] when none is allowed.
pub async fn resolve(
    host: &str,
    port: u16,
    limit: Duration,
    policy: &dyn AddressPolicy,
) -> Result<IpAddr, CollectError> {
    let unknown = || CollectError::Resolve { host: host.to_owned() };
    let addresses = timeout(limit, policy.addresses(host, port)).await;
    let addresses = addresses.map_err(|_| unknown())?.map_err(|_| unknown())?;
    if addresses.is_empty() {
        return Err(unknown());
    }
    let allowed = addresses.into_iter().find(|address| policy.allows(*address));
    allowed.ok_or_else(|| CollectError::Denied { host: host.to_owned() })
}
