//! Who is at the other end, seen through the proxies in between.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;
use warp::http::HeaderMap;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The client's address: the peer's, or, behind proxies that are trusted, the last one of `X-Forwarded-For` that is not
/// one of theirs. What stands before that in the header anybody could have written.
pub(super) fn client_address(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let mut client = peer.to_canonical();
    let values: Vec<&str> =
        headers.get_all(FORWARDED_FOR).iter().filter_map(|value| value.to_str().ok()).collect();
    let mut hops = values.iter().rev().flat_map(|value| value.rsplit(','));
    while is_proxy(client, trusted) {
        // what is no address is as good as the end
        let Some(hop) = hops.next().and_then(address) else { break };
        client = hop;
    }
    client
}

/// Whether whoever connects from `peer` speaks for others.
pub(super) fn is_proxy(peer: IpAddr, trusted: &[IpNet]) -> bool {
    let peer = peer.to_canonical();
    trusted.iter().any(|network| network.contains(&peer))
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let with_port = || text.parse().map(|address: SocketAddr| address.ip());
    bare.parse().or_else(|_| with_port()).ok().map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use warp::http::{HeaderMap, HeaderValue};

    use super::{client_address, is_proxy};

    fn client(peer: &str, headers: &[&str], trusted: &[&str]) -> String {
        let mut sent = HeaderMap::new();
        for value in headers {
            sent.append("x-forwarded-for", HeaderValue::from_str(value).expect("a header"));
        }
        let trusted: Vec<_> = trusted.iter().map(|network| network.parse().expect("a network")).collect();
        client_address(peer.parse().expect("an address"), &sent, &trusted).to_string()
    }

    #[test]
    fn believes_only_who_is_trusted() {
        let ours = ["10.0.0.0/8", "fd00::/8"];
        let cases: [(&str, &[&str], &[&str], &str); 15] = [
            ("192.0.2.1", &[], &ours, "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], &ours, "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], &[], "192.0.2.1"),
            ("10.0.0.1", &[], &ours, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], &ours, "198.51.100.7"),
            ("::ffff:10.0.0.1", &["::ffff:198.51.100.7"], &ours, "198.51.100.7"),
            // the first was written by the client
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7"], &ours, "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9", "198.51.100.7"], &ours, "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7", "10.0.0.2,fd00::3"], &ours, "198.51.100.7"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], &ours, "10.0.0.3"),
            ("10.0.0.1", &["198.51.100.7, unknown"], &ours, "10.0.0.1"),
            ("10.0.0.1", &[""], &ours, "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7:4711"], &ours, "198.51.100.7"),
            ("fd00::1", &["[2001:db8::1]:4711"], &ours, "2001:db8::1"),
            ("fd00::1", &["[2001:db8::1]"], &ours, "2001:db8::1"),
        ];
        for (peer, headers, trusted, expected) in cases {
            assert_eq!(client(peer, headers, trusted), expected, "{peer} {headers:?}");
        }
    }

    #[test]
    fn a_proxy_is_known_in_both_forms() {
        let trusted = ["10.0.0.0/8".parse().expect("a network")];
        assert!(is_proxy("::ffff:10.0.0.1".parse().expect("an address"), &trusted));
        assert!(!is_proxy("192.0.2.1".parse().expect("an address"), &trusted));
    }
}
