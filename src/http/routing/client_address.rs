//! Who is at the other end, seen through the proxies in between.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::{HeaderMap, HeaderName};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// RFC 7239. Not read: a proxy that writes one of both headers passes the other on as the client wrote it.
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum ClientAddress {
    /// The client's own address.
    Known(IpAddr),
    /// A trusted proxy at `proxy` passed the request on and did not say for whom, or not in words that can be read. It is
    /// nobody's address: not one that a key may be bound to.
    Unknown { proxy: IpAddr },
}

impl ClientAddress {
    /// The peer's address, or, behind proxies that are trusted, the last one of `X-Forwarded-For` that is not one of
    /// theirs. What stands before that in the header anybody could have written.
    pub(in crate::http) fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> Self {
        let mut client = peer.to_canonical();
        let values: Vec<&[u8]> =
            headers.get_all(FORWARDED_FOR).iter().map(|value| value.as_bytes()).collect();
        let mut hops = values.iter().rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
        let is_forwarded_otherwise = values.is_empty() && headers.contains_key(FORWARDED);
        while is_proxy(client, trusted) {
            client = match hops.next().map(address) {
                Some(Some(hop)) => hop,
                None if !is_forwarded_otherwise => break,
                Some(None) | None => return Self::Unknown { proxy: client },
            };
        }
        Self::Known(client)
    }

    /// The client's own address; `None` where it is not known.
    pub(in crate::http) const fn known(self) -> Option<IpAddr> {
        match self {
            Self::Known(address) => Some(address),
            Self::Unknown { .. } => None,
        }
    }

    /// The address whose requests are counted together: the proxy's for all its clients that are not known, so that
    /// nobody escapes the limits by a header that cannot be read.
    pub(in crate::http) const fn counted(self) -> IpAddr {
        match self {
            Self::Known(address) | Self::Unknown { proxy: address } => address,
        }
    }
}

/// Whether whoever connects from `peer` speaks for others.
pub(in crate::http) fn is_proxy(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`; an IPv6 zone is left out.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = without_zone(std::str::from_utf8(hop).ok()?.trim())?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(&text);
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    bare.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

/// `fe80::1%eth0` and `[fe80::1%eth0]:80` without `%eth0`, which means something on the proxy's machine only.
fn without_zone(text: &str) -> Option<String> {
    let Some((before, zone)) = text.split_once('%') else { return Some(text.to_owned()) };
    let end = zone.find(']').unwrap_or(zone.len());
    let (zone, after) = zone.split_at(end);
    let is_zone =
        !zone.is_empty() && zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    (is_zone && before.contains(':')).then(|| format!("{before}{after}"))
}

#[cfg(test)]
mod tests {
    use warp::http::{HeaderMap, HeaderValue};

    use super::{ClientAddress, is_proxy};

    const OURS: [&str; 2] = ["10.0.0.0/8", "fd00::/8"];

    fn client(peer: &str, headers: &[(&'static str, &[u8])], trusted: &[&str]) -> ClientAddress {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.append(*name, HeaderValue::from_bytes(value).expect("a header"));
        }
        let trusted: Vec<_> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        ClientAddress::of(peer.parse().expect("an address"), &sent, &trusted)
    }

    fn forwarded(peer: &str, headers: &[&str], trusted: &[&str]) -> ClientAddress {
        let headers: Vec<_> = headers.iter().map(|value| ("x-forwarded-for", value.as_bytes())).collect();
        client(peer, &headers, trusted)
    }

    fn known(address: &str) -> ClientAddress {
        ClientAddress::Known(address.parse().expect("an address"))
    }

    fn unknown(proxy: &str) -> ClientAddress {
        ClientAddress::Unknown { proxy: proxy.parse().expect("an address") }
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let cases: [(&str, &[&str], &[&str], &str); 16] = [
            ("192.0.2.1", &[], &OURS, "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], &OURS, "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], &[], "192.0.2.1"),
            ("10.0.0.1", &[], &OURS, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], &OURS, "198.51.100.7"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], &OURS, "198.51.100.7"),
            // the first was written by the client
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7"], &OURS, "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7"], &OURS, "198.51.100.7"),
            ("10.0.0.1", &["nonsense, 198.51.100.7"], &OURS, "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7", "10.0.0.2,fd00::3"], &OURS, "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &OURS, "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.7:4711"], &OURS, "198.51.100.7"),
            ("fd00::1", &["[2001:db8::1]:4711"], &OURS, "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], &OURS, "2001:db8::1"),
            ("fd00::1", &["fe80::1%eth0"], &OURS, "fe80::1"),
            ("fd00::1", &["[fe80::1%eth0.7]:4711"], &OURS, "fe80::1"),
        ];
        for (peer, headers, trusted, expected) in cases {
            assert_eq!(forwarded(peer, headers, trusted), known(expected), "{peer} {headers:?}");
        }
    }

    #[test]
    fn what_cannot_be_parsed_is_the_address_of_nobody() {
        for last in [
            "unknown",
            "",
            "198.51.100.7,",
            "198.51.100.7:99999",
            "198.51.100.7%eth0",
            "fe80::1%",
            "[fe80::1",
            "_hidden",
            "\"198.51.100.7\"",
        ] {
            assert_eq!(forwarded("10.0.0.1", &[last], &OURS), unknown("10.0.0.1"), "{last}");
            let passed_on = format!("{last}, 10.0.0.2");
            assert_eq!(forwarded("10.0.0.1", &[&passed_on], &OURS), unknown("10.0.0.2"), "{last}");
            // nobody asks what a stranger says
            assert_eq!(forwarded("192.0.2.1", &[last], &OURS), known("192.0.2.1"), "{last}");
        }
        for bytes in [b"198.51.100.7\x80".as_slice(), b"\xff", b"198.51.100.7, \xc3\xa4"] {
            let seen = client("10.0.0.1", &[("x-forwarded-for", bytes)], &OURS);
            assert_eq!(seen, unknown("10.0.0.1"), "{bytes:?}");
        }
        // further left is the client's own writing
        let seen = client("10.0.0.1", &[("x-forwarded-for", b"\x80, 198.51.100.7")], &OURS);
        assert_eq!(seen, known("198.51.100.7"));
        let lines: [(&str, &[u8]); 2] = [("x-forwarded-for", b"198.51.100.7"), ("x-forwarded-for", b"\x80")];
        assert_eq!(client("10.0.0.1", &lines, &OURS), unknown("10.0.0.1"));
    }

    #[test]
    fn the_other_header_makes_nobody_the_proxy() {
        let other: (&str, &[u8]) = ("forwarded", b"for=198.51.100.7");
        assert_eq!(client("10.0.0.1", &[other], &OURS), unknown("10.0.0.1"));
        assert_eq!(client("192.0.2.1", &[other], &OURS), known("192.0.2.1"));
        let both = [other, ("x-forwarded-for", b"203.0.113.9".as_slice())];
        assert_eq!(client("10.0.0.1", &both, &OURS), known("203.0.113.9"));
    }

    #[test]
    fn who_is_not_known_is_counted_with_the_proxy() {
        let counted = unknown("10.0.0.1");
        assert_eq!((counted.known(), counted.counted().to_string()), (None, "10.0.0.1".to_owned()));
    }

    #[test]
    fn a_proxy_is_known_in_both_forms() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        assert!(is_proxy("::ffff:10.0.0.1".parse().expect("an address"), &trusted));
        assert!(!is_proxy("192.0.2.1".parse().expect("an address"), &trusted));
    }
}
