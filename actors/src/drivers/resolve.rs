//! From a host name to an address that may be connected to.

use std::net::IpAddr;
use std::time::Duration;

use tokio::time::timeout;

use crate::collect::CollectError;
use crate::ports::AddressPolicy;

/// The first address of `host` that `policy` allows. Resolved anew at each connect, so that a name that moves is
/// followed and one that moves somewhere forbidden is not.
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
