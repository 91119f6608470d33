//! The discovery document and keys of a provider, and the requests to its endpoints.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use basira_actors::model::Secret;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use hyper::{Request, StatusCode};
use jsonwebtoken::jwk::Jwk;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use url::form_urlencoded::{Serializer, byte_serialize};

use super::OidcError;
use super::claims::Claims;
use super::http::{Client, Reply};
use super::id_token::{self, Expected, IdTokenError};
use crate::config::OidcProvider;
use parking_lot::{Mutex, RwLock};

/// How long a discovery document is cached.
const KEPT: Duration = Duration::from_secs(600);

/// The providers that were asked, by name.
#[derive(Debug, Default)]
pub(super) struct Providers(Mutex<HashMap<String, Arc<Provider>>>);

/// One of them, and how to ask it.
#[derive(Debug)]
pub(super) struct Provider {
    pub(super) settings: Arc<OidcProvider>,
    pub(super) metadata: Metadata,
    client: Client,
    keys: RwLock<Arc<[Jwk]>>,
    asked_at: Instant,
}

/// What a provider says of itself.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// Whether it says who it is when it sends people back.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

/// What a code was traded for.
#[derive(Debug, Deserialize)]
pub(super) struct TokenResponse {
    id_token: Option<Secret>,
    access_token: Option<Secret>,
}

#[derive(Deserialize)]
struct TokenErrorResponse {
    error: String,
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<Value>,
}

impl Providers {
    /// The provider of `settings`, from memory or asked now.
    pub(super) async fn find(&self, settings: &Arc<OidcProvider>) -> Result<Arc<Provider>, OidcError> {
        let known = self.0.lock().get(&settings.name).cloned();
        if let Some(known) =
            known.filter(|known| known.settings == *settings && known.asked_at.elapsed() < KEPT)
        {
            return Ok(known);
        }
        let provider = Arc::new(Provider::discover(settings).await?);
        self.0.lock().insert(settings.name.clone(), Arc::clone(&provider));
        Ok(provider)
    }
}

impl Provider {
    async fn discover(settings: &Arc<OidcProvider>) -> Result<Self, OidcError> {
        let client = Client::new(settings.ca_pem.as_deref())?;
        let url = format!("{}/.well-known/openid-configuration", settings.issuer.trim_end_matches('/'));
        let metadata: Metadata = json(&url, client.ask(&url, get()).await?)?;
        if metadata.issuer != settings.issuer {
            let message = format!(
                "the provider at {url} is called {}: auth.oidc.{}.issuer must be exactly that",
                metadata.issuer, settings.name
            );
            return Err(OidcError::Provider(message));
        }
        let keys = RwLock::new(published(&client, &metadata.jwks_uri).await?);
        Ok(Self { settings: Arc::clone(settings), metadata, client, keys, asked_at: Instant::now() })
    }

    /// Exchanges `code` for the tokens that it was issued for.
    ///
    /// # Errors
    /// [`OidcError::CodeRefused`] when it is not valid, or was not issued for `verifier`.
    pub(super) async fn exchange_code(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> Result<TokenResponse, OidcError> {
        let url = &self.metadata.token_endpoint;
        let request = self.token_request(code, verifier, redirect_uri);
        let request = request.map_err(|error| OidcError::Provider(error.to_string()))?;
        let reply = self.client.ask(url, request).await?;
        if reply.status.is_client_error() {
            let refusal: Option<TokenErrorResponse> = serde_json::from_slice(&reply.body).ok();
            return Err(match refusal {
                Some(refusal) if refusal.error == "invalid_grant" => OidcError::CodeRefused,
                // such as a wrong client secret: nothing that the user could fix
                Some(refusal) => OidcError::Provider(format!("{url} says {:?}", refusal.error)),
                None => OidcError::Provider(format!("{url} answered {}", reply.status)),
            });
        }
        json(url, reply)
    }

    fn token_request(
        &self,
        code: &str,
        verifier: &str,
        redirect_uri: &str,
    ) -> hyper::http::Result<Request<Full<Bytes>>> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code");
        form.append_pair("code", code);
        form.append_pair("code_verifier", verifier);
        form.append_pair("redirect_uri", redirect_uri);
        let mut request = Request::post("/")
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let client_id = &self.settings.client_id;
        match &self.settings.client_secret {
            Some(secret) if self.metadata.takes_basic() => {
                request = request.header(AUTHORIZATION, basic(client_id, secret));
            }
            secret => {
                form.append_pair("client_id", client_id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret.expose());
                }
            }
        }
        request.body(Full::from(form.finish()))
    }

    /// What `grant` says of the person; what the ID token leaves out is asked for.
    pub(super) async fn claims(
        &self,
        grant: &TokenResponse,
        expected: Expected<'_>,
    ) -> Result<Claims, OidcError> {
        let token = grant.id_token.as_ref().ok_or(IdTokenError::Missing)?.expose();
        let keys = Arc::clone(&self.keys.read());
        let mut claims = match id_token::verify(token, &keys, expected) {
            Err(IdTokenError::UnknownKey | IdTokenError::Forged) => {
                let keys = published(&self.client, &self.metadata.jwks_uri).await?;
                *self.keys.write() = Arc::clone(&keys);
                id_token::verify(token, &keys, expected)?
            }
            verdict => verdict?,
        };
        if let (None, Some(url), Some(access)) =
            (claims.text("email"), &self.metadata.userinfo_endpoint, &grant.access_token)
        {
            let more = self.userinfo(url, access).await?;
            if more.text("sub") != claims.text("sub") {
                return Err(IdTokenError::SubjectMismatch.into());
            }
            claims.complete(more);
        }
        Ok(claims)
    }

    async fn userinfo(&self, url: &str, access: &Secret) -> Result<Claims, OidcError> {
        let mut request = get();
        let bearer = format!("Bearer {}", access.expose()).parse();
        let bearer = bearer.map_err(|_| OidcError::Provider("the access token is no token".to_owned()))?;
        request.headers_mut().insert(AUTHORIZATION, bearer);
        let claims: Map<String, Value> = json(url, self.client.ask(url, request).await?)?;
        Ok(Claims(claims))
    }
}

impl Metadata {
    /// Whether the client secret is sent in the `Authorization` header, which is the default.
    fn takes_basic(&self) -> bool {
        let methods = self.token_endpoint_auth_methods_supported.as_deref().unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|known| known == method);
        takes("client_secret_basic") || !takes("client_secret_post")
    }
}

/// The keys that are understood of those published at `url`.
async fn published(client: &Client, url: &str) -> Result<Arc<[Jwk]>, OidcError> {
    let keys: Keys = json(url, client.ask(url, get()).await?)?;
    Ok(keys.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect())
}

fn get() -> Request<Full<Bytes>> {
    let mut request = Request::new(Full::default());
    request.headers_mut().insert(ACCEPT, hyper::header::HeaderValue::from_static("application/json"));
    request
}

/// Both parts are encoded first, as OAuth demands.
fn basic(client_id: &str, secret: &Secret) -> String {
    let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(client_id), encoded(secret.expose()));
    format!("Basic {}", STANDARD.encode(pair))
}

fn json<T: DeserializeOwned>(url: &str, reply: Reply) -> Result<T, OidcError> {
    if reply.status != StatusCode::OK {
        return Err(OidcError::Provider(format!("{url} answered {}", reply.status)));
    }
    // the parser's own words could repeat a token
    serde_json::from_slice(&reply.body)
        .map_err(|_| OidcError::Provider(format!("{url} answered something else")))
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt as _;
    use serde_json::json;

    use super::*;
    use crate::auth::oidc::settings::tests::provider;

    /// The header and the form by which a code is traded at a provider that takes `methods`.
    async fn exchange_code(client_secret: Option<Secret>, methods: Value) -> (Option<String>, String) {
        let metadata = json!({"issuer": "i", "authorization_endpoint": "a", "token_endpoint": "t", "jwks_uri": "j",
            "token_endpoint_auth_methods_supported": methods});
        let provider = Provider {
            settings: Arc::new(OidcProvider { client_secret, ..provider() }),
            metadata: serde_json::from_value(metadata).unwrap(),
            client: Client::new(None).unwrap(),
            keys: RwLock::default(),
            asked_at: Instant::now(),
        };
        let (head, body) = provider.token_request("c&d", "v", "https://r/").unwrap().into_parts();
        let header = head.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap().to_owned());
        (header, String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap())
    }

    #[tokio::test]
    async fn the_secret_is_shown_as_the_provider_wants_it() {
        let form = "grant_type=authorization_code&code=c%26d&code_verifier=v&redirect_uri=https%3A%2F%2Fr%2F"
            .to_owned();
        let secret = Secret::new("hunter2");
        let header = Some(basic("basira", &secret));
        for methods in [Value::Null, json!(["client_secret_post", "client_secret_basic"]), json!([])] {
            assert_eq!(exchange_code(Some(secret.clone()), methods).await, (header.clone(), form.clone()));
        }
        let posted = (None, format!("{form}&client_id=basira&client_secret=hunter2"));
        assert_eq!(exchange_code(Some(secret), json!(["client_secret_post"])).await, posted);
        let public = (None, format!("{form}&client_id=basira"));
        assert_eq!(exchange_code(None, Value::Null).await, public);
    }

    #[test]
    fn secrets_are_encoded_before_they_are_joined() {
        // as in RFC 6749, 2.3.1 and appendix B
        let header = basic("a:b", &Secret::new("c d&é"));
        assert_eq!(STANDARD.decode(&header["Basic ".len()..]).unwrap(), b"a%3Ab:c+d%26%C3%A9");
    }
}
