//! What the operator says of a sign-in provider.

use basira_actors::model::Secret;
use url::{Host, Url};

use crate::role::Role;

/// Somebody who says who people are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OidcProvider {
    /// Part of its paths.
    pub name: String,
    /// For people.
    pub label: String,
    /// Exactly as it writes it itself.
    pub issuer: String,
    pub client_id: String,
    /// None for a public client: what was begun is proved by PKCE alone.
    pub client_secret: Option<Secret>,
    /// Authorities of its certificate; none: the public ones.
    pub ca_pem: Option<String>,
    pub scopes: Vec<String>,
    /// In lower case; empty: any.
    pub allowed_domains: Vec<String>,
    /// Slug of the organization that newcomers join; none: they found their own.
    pub organization: Option<String>,
    /// What newcomers may do in that organization.
    pub role: Role,
    /// What decides instead, at each sign-in.
    pub role_by_claim: Option<RoleByClaim>,
}

/// A claim, and the role for each of its values; the first that it holds counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleByClaim {
    pub claim: String,
    pub roles: Vec<(String, Role)>,
}

/// Whether secrets may be sent to `url`: encrypted, or on this machine.
#[must_use]
pub fn is_safe_endpoint(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => return false,
    };
    url.username().is_empty()
        && url.password().is_none()
        && match url.scheme() {
            "https" => true,
            "http" => is_here,
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::is_safe_endpoint;

    #[test]
    fn secrets_leave_this_machine_encrypted() {
        for (url, expected) in [
            ("https://login.example.com/a", true),
            ("http://127.0.0.1:9000", true),
            ("http://[::1]:9000", true),
            ("http://localhost:9000", true),
            ("http://login.example.com", false),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://127.0.0.1@example.com", false),
            ("https://user:pass@example.com", false),
            ("ftp://localhost", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_safe_endpoint(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
