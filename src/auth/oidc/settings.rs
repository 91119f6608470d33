//! Whom a provider admits, and as what.

use super::claims::Claims;
use crate::auth::Role;
use crate::config::{OidcProvider, RoleByClaim};

impl OidcProvider {
    /// Whether a user with the verified address `email` is admitted.
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

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use basira_actors::model::Secret;

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
}
