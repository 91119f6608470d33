//! `auth.oidc`: those whom people may sign in with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use url::Url;

use super::Reader;
use crate::config::keys::{of_a_provider, provider_key};
use crate::config::{OidcProvider, RoleByClaim, is_safe_endpoint};
use crate::role::Role;

const SCOPES: [&str; 3] = ["openid", "email", "profile"];

impl Reader<'_> {
    /// Only those that are enabled.
    pub(super) fn oidc(&mut self) -> Option<BTreeMap<String, Arc<OidcProvider>>> {
        let names: BTreeSet<String> = self
            .merged
            .keys()
            .filter_map(|key| of_a_provider(key))
            .map(|(name, _)| name.to_owned())
            .collect();
        let mut providers = BTreeMap::new();
        let mut all_are_good = true;
        for name in names {
            let enabled = self.merged.get(&provider_key(&name, "enabled"));
            if enabled.and_then(|placed| placed.value.as_bool()) == Some(false) {
                continue;
            }
            match self.provider(&name) {
                Some(provider) => drop(providers.insert(name, Arc::new(provider))),
                None => all_are_good = false,
            }
        }
        all_are_good.then_some(providers)
    }

    fn provider(&mut self, name: &str) -> Option<OidcProvider> {
        let key = |of: &str| provider_key(name, of);
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        if name.is_empty() || name.len() > 32 || !name.chars().all(fits) {
            self.wrong(
                &key("issuer"),
                "is of a provider whose name is not made of up to 32 of a-z, 0-9, _ and -",
            );
            return None;
        }
        let issuer = self.issuer(&key("issuer"));
        let client_id = self.required(&key("client_id"));
        let client_secret = self.secret(&key("client_secret"), &key("client_secret_file"));
        let ca_pem = self.ca_pem(&key("ca_file"));
        let allowed_domains: Vec<String> = self.parse_list(&key("allowed_domains"), "a domain")?;
        let scopes = self.scopes(&key("scopes"));
        let role = self.role(&key("role"));
        let roles = self.roles(&key("roles"));
        let role_claim = self.text(&key("role_claim")).map(str::to_owned);
        if role_claim.is_none() && roles.as_ref().is_some_and(|roles| !roles.is_empty()) {
            self.wrong(&key("roles"), &format!("needs {}, the claim to look at", key("role_claim")));
            return None;
        }
        Some(OidcProvider {
            name: name.to_owned(),
            label: self.text(&key("label")).unwrap_or(name).to_owned(),
            issuer: issuer?,
            client_id: client_id?,
            client_secret: client_secret?,
            ca_pem: ca_pem?,
            scopes: scopes?,
            allowed_domains: allowed_domains.iter().map(|domain| domain.to_lowercase()).collect(),
            organization: self.text(&key("organization")).map(str::to_owned),
            role: role?,
            role_by_claim: role_claim.zip(roles).map(|(claim, roles)| RoleByClaim { claim, roles }),
        })
    }

    fn required(&mut self, key: &str) -> Option<String> {
        let text = self.text(key).filter(|text| !text.is_empty()).map(str::to_owned);
        if text.is_none() {
            self.wrong(key, "is required for a sign-in provider");
        }
        text
    }

    fn issuer(&mut self, key: &str) -> Option<String> {
        let text = self.required(key)?;
        let good = Url::parse(&text)
            .is_ok_and(|url| is_safe_endpoint(&url) && url.query().is_none() && url.fragment().is_none());
        if !good {
            self.wrong(key, "must be an https:// URL without a query, as the provider itself writes it");
        }
        good.then_some(text)
    }

    fn scopes(&mut self, key: &str) -> Option<Vec<String>> {
        if !self.merged.contains_key(key) {
            return Some(SCOPES.map(str::to_owned).to_vec());
        }
        let mut scopes: Vec<String> = self.parse_list(key, "a scope")?;
        if !scopes.iter().any(|scope| scope == SCOPES[0]) {
            scopes.insert(0, SCOPES[0].to_owned());
        }
        Some(scopes)
    }

    fn role(&mut self, key: &str) -> Option<Role> {
        self.optional(key, |reader, key| reader.parse(key, "one of viewer, member, admin, owner"))
            .map(|role| role.unwrap_or(Role::Viewer))
    }

    /// `dba=admin`: what the claim holds, and the role that it gives.
    fn roles(&mut self, key: &str) -> Option<Vec<(String, Role)>> {
        let pairs: Vec<String> = self.parse_list(key, "a text")?;
        let parse = |pair: &String| {
            let (value, role) = pair.rsplit_once('=')?;
            Some((value.to_owned(), role.parse().ok()?))
        };
        let roles: Option<Vec<_>> = pairs.iter().map(parse).collect();
        if roles.is_none() {
            self.wrong(key, "must hold nothing but VALUE=ROLE, such as dba=admin");
        }
        roles
    }
}
