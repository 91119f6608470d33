//! Host names: how they are written, and whether they lead somewhere allowed.

use std::net::IpAddr;
use std::time::Duration;

use basira_actors::collect::CollectError;
use basira_actors::drivers::resolve;
use basira_actors::ports::AddressPolicy;
use url::Host;

use crate::fields::FieldError;

const RESOLVE_TIMEOUT: Duration = Duration::from_secs(5);

/// A host name or address as it is stored: addresses in their usual form, IPv6 without brackets.
pub(super) fn parse(text: &str) -> Result<String, FieldError> {
    let refuse = || FieldError::new("host", "must be a host name or an IP address");
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(address) = bare.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    // the parser would decode percent signs
    if text.contains('%') {
        return Err(refuse());
    }
    match Host::parse(text) {
        Ok(Host::Domain(name)) if is_name(&name) => Ok(name),
        Ok(Host::Ipv4(address)) => Ok(address.to_string()),
        _ => Err(refuse()),
    }
}

fn is_name(name: &str) -> bool {
    let labels = name.strip_suffix('.').unwrap_or(name);
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    labels.len() <= 253 && labels.split('.').all(is_label)
}

/// Refuses a host that has no address now, or none that may be connected to.
pub(super) async fn check_reachable(
    host: &str,
    port: u16,
    policy: &dyn AddressPolicy,
) -> Result<(), FieldError> {
    match resolve(host, port, RESOLVE_TIMEOUT, policy).await {
        Ok(_) => Ok(()),
        Err(CollectError::Denied { .. }) => Err(FieldError::new(
            "host",
            "must not lead to an address that this server's targets.deny or targets.private forbids",
        )),
        Err(_) => Err(FieldError::new("host", "must resolve to an address: this name has none")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_and_addresses() {
        for (text, expected) in [
            (" db.example.com ", "db.example.com"),
            ("DB.Example.COM", "db.example.com"),
            ("db.example.com.", "db.example.com."),
            ("my_db", "my_db"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("10.1.2.3", "10.1.2.3"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("2001:db8::1", "2001:db8::1"),
            ("0x7f.1", "127.0.0.1"),
        ] {
            assert_eq!(parse(text), Ok(expected.to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        let (long_label, long_name) = ("a".repeat(64), "a.".repeat(130));
        for text in [
            "",
            " ",
            "a b",
            "db:5432",
            "/var/run",
            "user@db",
            "db/x",
            "a..b",
            "%41",
            "a\0b",
            "*.example",
            "1.2.3.4.5",
            "[::1",
            "fe80::1%eth0",
            "h1,h2",
            &long_label,
            &long_name,
        ] {
            assert_eq!(parse(text).map_err(|error| error.field), Err("host"), "{text:?}");
        }
    }
}
