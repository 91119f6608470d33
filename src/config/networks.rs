//! Networks in which registered databases may not be.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use basira_actors::ports::AddressPolicy;
use ipnet::IpNet;

/// Where watched databases may not be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Targets {
    /// For everybody.
    pub deny: Vec<IpNet>,
    /// Where everybody may sign up: for organizations in which nobody runs the instance.
    pub private: Vec<IpNet>,
}

/// The networks that databases of some organization may not be in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeniedNetworks(Vec<IpNet>);

impl Targets {
    /// The networks that are denied to an organization; those of `private` only if `is_stranger`.
    pub(super) fn denied(&self, is_stranger: bool) -> DeniedNetworks {
        let private = self.private.iter().filter(|_| is_stranger);
        DeniedNetworks(self.deny.iter().chain(private).copied().collect())
    }
}

/// What everybody may connect to who runs the instance.
impl AddressPolicy for Targets {
    fn allows(&self, address: IpAddr) -> bool {
        is_outside(&self.deny, address)
    }
}

impl AddressPolicy for DeniedNetworks {
    fn allows(&self, address: IpAddr) -> bool {
        is_outside(&self.0, address)
    }
}

/// An address that carries another is outside of `networks` when both are.
fn is_outside(networks: &[IpNet], address: IpAddr) -> bool {
    let address = address.to_canonical();
    let judged = [Some(address), carried(address).map(IpAddr::V4)];
    !judged.into_iter().flatten().any(|address| networks.iter().any(|network| network.contains(&address)))
}

/// The IPv4 address that a gateway or relay may carry packets for `address` to: of the prefixes 64:ff9b::/96 (NAT64,
/// RFC 6052), ::/96 (IPv4-compatible, RFC 4291), ::ffff:0:0:0/96 (SIIT, RFC 2765) and 2002::/16 (6to4, RFC 3056).
fn carried(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    let [.., a, b, c, d] = address.octets();
    match address.segments() {
        [0x64, 0xff9b, 0, 0, 0, 0, ..] | [0, 0, 0, 0, 0xffff, 0, ..] => Some([a, b, c, d].into()),
        [0, 0, 0, 0, 0, 0, ..] if address != Ipv6Addr::LOCALHOST && address != Ipv6Addr::UNSPECIFIED => {
            Some([a, b, c, d].into())
        }
        [0x2002, high, low, ..] => Some((u32::from(high) << 16 | u32::from(low)).into()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, SignupPolicy};

    fn allows(runs_instance: bool, signup: SignupPolicy, address: &str) -> bool {
        let mut config = Config::load(None, [], &[]).expect("the defaults");
        config.auth.signup = signup;
        config.networks_denied_to(runs_instance).allows(address.parse().expect("an address"))
    }

    #[test]
    fn special_networks_are_denied_to_everybody() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "198.18.0.1",
            "198.19.255.255",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "::ffff:169.254.169.254",
            "::ffff:0:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "64:ff9b:1:ffff::169.254.169.254",
            "2002:a9fe:a9fe::1",
            "2002:c000:204::1",
            "2001::1",
        ] {
            assert!(!allows(true, SignupPolicy::Open, address), "{address}");
            assert!(!allows(true, SignupPolicy::Closed, address), "{address}");
        }
    }

    #[test]
    fn private_networks_are_denied_where_signup_is_open() {
        for address in [
            "127.0.0.1",
            "127.8.9.10",
            "::1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "fc00::1",
            "fd12:3456::1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
            "::10.0.0.1",
        ] {
            assert!(!allows(false, SignupPolicy::Open, address), "{address}");
            assert!(allows(true, SignupPolicy::Open, address), "{address}");
            assert!(allows(false, SignupPolicy::Invite, address), "{address}");
            assert!(allows(false, SignupPolicy::Closed, address), "{address}");
        }
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in ["192.0.2.1", "172.32.0.1", "100.128.0.1", "2001:db8::1", "64:ff9b::192.0.2.1"] {
            assert!(allows(false, SignupPolicy::Open, address), "{address}");
        }
    }
}
