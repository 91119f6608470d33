//! The restrictions of API keys: scope, expiry, addresses.

use std::net::IpAddr;
use std::str::FromStr;

use basira_actors::model::Timestamp;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{AuthenticateError, Role};
use crate::fields::FieldError;

const MOST_NETWORKS: usize = 100;

/// What a key may do; each scope includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// Reads.
    Read,
    /// Also registers and changes databases, and decides on advice.
    Write,
    /// All that an admin may.
    #[default]
    Admin,
}

/// The limits of a key; by default none but those of an admin.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeyRestrictions {
    pub scope: Scope,
    pub expires_at: Option<Timestamp>,
    /// Empty: all addresses.
    pub allowed_addresses: Vec<IpNet>,
}

/// The limits of a key as a caller asks for them.
#[derive(Debug, Default, Deserialize)]
pub struct RequestedRestrictions {
    #[serde(default)]
    pub scope: Scope,
    pub expires_at: Option<Timestamp>,
    /// Networks, or single addresses.
    #[serde(default)]
    pub allowed_addresses: Vec<String>,
}

/// The text named no scope.
#[derive(Debug, thiserror::Error)]
#[error("must be one of read, write, admin")]
pub struct UnknownScope;

impl Scope {
    const ALL: [Self; 3] = [Self::Read, Self::Write, Self::Admin];

    /// The name used by the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Admin => "admin",
        }
    }

    /// The scope of a key whose maker has `role`: a key may do no more than its maker.
    #[must_use]
    pub fn within(self, role: Role) -> Self {
        if role >= Role::Admin { self } else { Self::Read }
    }

    /// The highest role that may do no more than a key of this scope. Writing databases is checked separately
    /// ([`Principal::require_write`](super::Principal::require_write)), so that a key that writes is not taken for an admin.
    #[must_use]
    pub const fn role(self) -> Role {
        match self {
            Self::Read => Role::Viewer,
            Self::Write => Role::Member,
            Self::Admin => Role::Admin,
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

impl RequestedRestrictions {
    /// The limits asked for, if they make sense.
    ///
    /// # Errors
    /// [`FieldError`] for a time that has passed, and for an invalid network.
    pub fn check(&self, now: Timestamp) -> Result<KeyRestrictions, FieldError> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(FieldError::new("expires_at", "must lie in the future"));
        }
        if self.allowed_addresses.len() > MOST_NETWORKS {
            let message = format!("must hold at most {MOST_NETWORKS} networks");
            return Err(FieldError::new("allowed_addresses", message));
        }
        let networks: Option<Vec<IpNet>> = self.allowed_addresses.iter().map(|text| network(text)).collect();
        let message = "must hold nothing but addresses and networks such as 10.0.0.0/8";
        Ok(KeyRestrictions {
            scope: self.scope,
            expires_at: self.expires_at,
            allowed_addresses: networks.ok_or_else(|| FieldError::new("allowed_addresses", message))?,
        })
    }
}

impl KeyRestrictions {
    /// Whether a key may be used at `now` by a caller at `address`.
    ///
    /// # Errors
    /// [`AuthenticateError`] of the limit that is exceeded.
    pub fn admit(&self, address: Option<IpAddr>, now: Timestamp) -> Result<(), AuthenticateError> {
        if self.expires_at.is_some_and(|at| at <= now) {
            return Err(AuthenticateError::Expired);
        }
        let allows =
            |address: IpAddr| self.allowed_addresses.iter().any(|network| network.contains(&address));
        if self.allowed_addresses.is_empty() || address.is_some_and(|address| allows(address.to_canonical()))
        {
            return Ok(());
        }
        Err(AuthenticateError::AddressNotAllowed)
    }

    /// Whether a key with these limits ends, or is bound to a place.
    #[must_use]
    pub const fn is_restricted(&self) -> bool {
        self.expires_at.is_some() || !self.allowed_addresses.is_empty()
    }
}

/// A network, or an address by itself; without the bits that do not count.
fn network(text: &str) -> Option<IpNet> {
    let text = text.trim();
    let network: IpNet = text.parse().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))?;
    Some(network.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn asked(addresses: &[&str]) -> RequestedRestrictions {
        let allowed_addresses = addresses.iter().map(|&text| text.to_owned()).collect();
        RequestedRestrictions { allowed_addresses, ..RequestedRestrictions::default() }
    }

    #[test]
    fn addresses_and_networks_are_told_apart_from_nonsense() {
        let limits = asked(&["10.1.2.3/8", " 192.0.2.7 ", "2001:db8::/32"]).check(NOW).unwrap();
        let shown: Vec<String> = limits.allowed_addresses.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::/32"]);
        for (address, admitted) in [
            ("10.200.0.1", true),
            ("::ffff:10.200.0.1", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("2001:db8::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(limits.admit(address.parse().ok(), NOW).is_ok(), admitted, "{address}");
        }
        assert!(limits.admit(None, NOW).is_err());
        for nonsense in ["", "10.0.0.0/33", "example.org", "10.0.0.1-10.0.0.9"] {
            let refused = asked(&[nonsense]).check(NOW).unwrap_err();
            assert_eq!(refused.field, "allowed_addresses", "{nonsense}");
        }
        assert!(asked(&["10.0.0.1"; 101]).check(NOW).is_err());
    }

    #[test]
    fn a_key_ends_when_it_says() {
        let asked = |expires_at| RequestedRestrictions {
            expires_at: Some(expires_at),
            ..RequestedRestrictions::default()
        };
        assert_eq!(asked(NOW).check(NOW).unwrap_err().field, "expires_at");
        let limits = asked(Timestamp(NOW.0 + 1)).check(NOW).unwrap();
        assert!(limits.admit(None, NOW).is_ok());
        assert!(matches!(limits.admit(None, Timestamp(NOW.0 + 1)), Err(AuthenticateError::Expired)));
        assert!(limits.is_restricted() && !KeyRestrictions::default().is_restricted());
    }
}
