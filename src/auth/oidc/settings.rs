//! What the operator says of a provider.

use basira_actors::model::Secret;
use url::{Host, Url};

use super::claims::Claims;
use crate::auth::Role;

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

impl OidcProvider {
    /// Whether somebody with the proved address `email` may come in.
    pub(super) fn admits(&self, email: Option<&str>) -> bool {
        let domain = email.and_then(|email| email.rsplit_once('@')).map(|(_, domain)| domain);
        self.allowed_domains.is_empty()
            || domain.is_some_and(|domain| self.allowed_domains.iter().any(|allowed| allowed == domain))
    }

    /// The role that the provider gives, where it decides.
    pub(super) fn role_of(&self, claims: &Claims) -> Option<Role> {
        let RoleByClaim { claim, roles } = self.role_by_claim.as_ref()?;
        let held = claims.texts(claim);
        let found = roles.iter().find(|(value, _)| held.contains(&value.as_str()));
        Some(found.map_or(self.role, |(_, role)| *role))
    }
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
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in crate::auth::oidc) fn provider() -> OidcProvider {
        OidcProvider {
            name: "corp".to_owned(),
            label: "Corp".to_owned(),
            issuer: "https://login.corp.example".to_owned(),
            client_id: "basira".to_owned(),
            client_secret: Some(Secret::new("hunter2")),
            ca_pem: None,
            scopes: vec!["openid".to_owned(), "email".to_owned()],
            allowed_domains: vec!["corp.example".to_owned()],
            organization: None,
            role: Role::Viewer,
            role_by_claim: None,
        }
    }

    #[test]
    fn a_domain_is_the_whole_of_it() {
        let cases = [
            (Some("ada@corp.example"), true),
            (Some("ada@evil-corp.example"), false),
            (Some("ada@corp.example.evil.example"), false),
            (Some("\"@corp.example\"@evil.example"), false),
            (Some("ada"), false),
            (None, false),
        ];
        for (email, expected) in cases {
            assert_eq!(provider().admits(email), expected, "{email:?}");
        }
        assert!(OidcProvider { allowed_domains: Vec::new(), ..provider() }.admits(None));
    }

    #[test]
    fn the_first_role_that_fits_counts() {
        let roles = vec![("dba".to_owned(), Role::Admin), ("dev".to_owned(), Role::Member)];
        let provider = |claim: &str| OidcProvider {
            role_by_claim: Some(RoleByClaim { claim: claim.to_owned(), roles: roles.clone() }),
            ..provider()
        };
        let claims =
            Claims::of(&json!({"groups": ["dev", "dba"], "realm": {"roles": ["dev"]}, "one": "dba"}));
        for (claim, role) in [
            ("groups", Role::Admin),
            ("realm.roles", Role::Member),
            ("one", Role::Admin),
            ("none", Role::Viewer),
            ("realm.none", Role::Viewer),
        ] {
            assert_eq!(provider(claim).role_of(&claims), Some(role), "{claim}");
        }
        assert_eq!(self::provider().role_of(&claims), None);
    }

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
