//! Whether what a provider says of a person can be believed.

use std::time::Duration;

use basira_actors::model::Timestamp;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::claims::Claims;

/// How far the provider's clock may be from ours.
const LEEWAY: Duration = Duration::from_secs(60);
const MOST_SUBJECT_BYTES: usize = 255;

/// What an ID token has to say to be one for us, now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// An ID token cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    #[error("it holds no ID token")]
    Missing,
    #[error("the ID token is malformed")]
    Malformed,
    #[error("the ID token is not signed with a public key")]
    Algorithm,
    /// Perhaps the provider has a new one.
    #[error("the ID token is signed with a key that the provider does not publish")]
    UnknownKey,
    #[error("the signature of the ID token is wrong")]
    Forged,
    #[error("the ID token is of another issuer")]
    Issuer,
    #[error("the ID token is for somebody else")]
    Audience,
    #[error("the ID token is expired")]
    Expired,
    #[error("the ID token is from the future")]
    FromTheFuture,
    #[error("the ID token was not made for this sign-in")]
    Nonce,
    #[error("the ID token does not say whose it is")]
    Subject,
    #[error("the ID token and the provider's word on the person are of two people")]
    SubjectMismatch,
}

/// The claims of `token`, after its signature by one of `keys` and all that OpenID Connect demands were checked.
pub(super) fn verify(token: &str, keys: &[Jwk], expected: Expected<'_>) -> Result<Claims, IdTokenError> {
    let claims = signed(token, keys)?;
    check(&claims, expected)?;
    Ok(claims)
}

fn signed(token: &str, keys: &[Jwk]) -> Result<Claims, IdTokenError> {
    let header = decode_header(token).map_err(|_| IdTokenError::Malformed)?;
    // with a shared secret, anybody who knows the client's secret could impersonate the provider
    if header.alg.family() == AlgorithmFamily::Hmac {
        return Err(IdTokenError::Algorithm);
    }
    let mut validation = Validation::new(header.alg);
    // all of these are checked below, by our clock
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let mut fault = IdTokenError::UnknownKey;
    for key in keys.iter().filter(|key| fits(key, header.alg, header.kid.as_deref())) {
        let Ok(key) = DecodingKey::from_jwk(key) else { continue };
        match decode::<Map<String, Value>>(token, &key, &validation) {
            Ok(decoded) => return Ok(Claims(decoded.claims)),
            Err(_) => fault = IdTokenError::Forged,
        }
    }
    Err(fault)
}

/// Whether a token signed by `algorithm` with the key `kid` can have been signed with `key`.
fn fits(key: &Jwk, algorithm: Algorithm, kid: Option<&str>) -> bool {
    let common = &key.common;
    let named = kid.is_none_or(|kid| common.key_id.as_deref() == Some(kid));
    let signs = !matches!(common.public_key_use, Some(PublicKeyUse::Encryption));
    let for_it = common.key_algorithm.is_none_or(|of_key| of_key == algorithm.into());
    named && signs && for_it
}

fn check(claims: &Claims, expected: Expected<'_>) -> Result<(), IdTokenError> {
    if claims.text("iss") != Some(expected.issuer) {
        return Err(IdTokenError::Issuer);
    }
    let audience = claims.texts("aud");
    let party = claims.text("azp");
    let for_us = audience.contains(&expected.client_id)
        && party.is_none_or(|party| party == expected.client_id)
        && (audience.len() == 1 || party.is_some());
    if !for_us {
        return Err(IdTokenError::Audience);
    }
    let seconds = |instant: Timestamp| instant.as_millis() / 1_000;
    if claims.seconds("exp").is_none_or(|exp| exp <= seconds(expected.now - LEEWAY)) {
        return Err(IdTokenError::Expired);
    }
    let latest = seconds(expected.now + LEEWAY);
    if claims.seconds("iat").is_none_or(|iat| iat > latest)
        || claims.seconds("nbf").is_some_and(|nbf| nbf > latest)
    {
        return Err(IdTokenError::FromTheFuture);
    }
    if claims.text("nonce") != Some(expected.nonce) {
        return Err(IdTokenError::Nonce);
    }
    match claims.text("sub") {
        Some(subject) if !subject.is_empty() && subject.len() <= MOST_SUBJECT_BYTES => Ok(()),
        _ => Err(IdTokenError::Subject),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use rcgen::KeyPair;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const EXPECTED: Expected<'_> =
        Expected { issuer: "https://login.example", client_id: "basira", nonce: "n", now: NOW };

    struct Signer {
        encoding: EncodingKey,
        jwk: Jwk,
    }

    fn signer(kid: &str) -> Signer {
        let pair = KeyPair::generate().unwrap();
        let encoding = EncodingKey::from_ec_der(&pair.serialize_der());
        let mut jwk = Jwk::from_encoding_key(&encoding, Algorithm::ES256).unwrap();
        jwk.common.key_id = Some(kid.to_owned());
        Signer { encoding, jwk }
    }

    impl Signer {
        fn sign(&self, kid: Option<&str>, claims: &Value) -> String {
            let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::ES256) };
            encode(&header, claims, &self.encoding).unwrap()
        }
    }

    fn good() -> Value {
        let now = NOW.as_millis() / 1_000;
        json!({"iss": "https://login.example", "aud": "basira", "exp": now + 1, "iat": now, "nonce": "n", "sub": "1"})
    }

    #[test]
    fn each_claim_that_must_be_right_is_looked_at() {
        let signer = signer("k");
        let now = NOW.as_millis() / 1_000;
        let with = |name: &str, value: Value| {
            let mut claims = good();
            claims[name] = value;
            claims
        };
        let without = |name: &str| {
            let mut claims = good();
            claims.as_object_mut().unwrap().remove(name);
            claims
        };
        let mut for_both = with("aud", json!(["basira", "other"]));
        for_both["azp"] = json!("basira");
        let cases = [
            (good(), None),
            (with("aud", json!(["basira"])), None),
            (for_both, None),
            (with("aud", json!(["basira", "other"])), Some(IdTokenError::Audience)),
            (with("aud", json!("other")), Some(IdTokenError::Audience)),
            (with("azp", json!("other")), Some(IdTokenError::Audience)),
            (without("aud"), Some(IdTokenError::Audience)),
            (with("iss", json!("https://login.example/")), Some(IdTokenError::Issuer)),
            (without("iss"), Some(IdTokenError::Issuer)),
            (with("exp", json!(now - 59)), None),
            (with("exp", json!(now - 60)), Some(IdTokenError::Expired)),
            (with("exp", json!("never")), Some(IdTokenError::Expired)),
            (without("exp"), Some(IdTokenError::Expired)),
            (with("iat", json!(now + 61)), Some(IdTokenError::FromTheFuture)),
            (without("iat"), Some(IdTokenError::FromTheFuture)),
            (with("nbf", json!(now + 61)), Some(IdTokenError::FromTheFuture)),
            (with("nonce", json!("m")), Some(IdTokenError::Nonce)),
            (without("nonce"), Some(IdTokenError::Nonce)),
            (with("sub", json!("")), Some(IdTokenError::Subject)),
            (with("sub", json!("x".repeat(256))), Some(IdTokenError::Subject)),
            (without("sub"), Some(IdTokenError::Subject)),
        ];
        for (claims, fault) in cases {
            let token = signer.sign(Some("k"), &claims);
            let verdict = verify(&token, std::slice::from_ref(&signer.jwk), EXPECTED);
            assert_eq!(verdict.err(), fault, "{claims}");
        }
    }

    #[test]
    fn only_a_published_key_signs() {
        let (one, two, foreign) = (signer("1"), signer("2"), signer("1"));
        let keys = [one.jwk.clone(), two.jwk.clone()];
        let verdict = |token: &str| verify(token, &keys, EXPECTED).err();
        assert_eq!(verdict(&two.sign(Some("2"), &good())), None);
        assert_eq!(verdict(&two.sign(None, &good())), None);
        assert_eq!(verdict(&two.sign(Some("1"), &good())), Some(IdTokenError::Forged));
        assert_eq!(verdict(&foreign.sign(Some("1"), &good())), Some(IdTokenError::Forged));
        assert_eq!(verdict(&foreign.sign(Some("3"), &good())), Some(IdTokenError::UnknownKey));

        let mut for_encryption = one.jwk.clone();
        for_encryption.common.public_key_use = Some(PublicKeyUse::Encryption);
        let token = one.sign(Some("1"), &good());
        assert_eq!(verify(&token, &[for_encryption], EXPECTED), Err(IdTokenError::UnknownKey));
    }

    #[test]
    fn no_signature_and_a_shared_secret_are_no_signatures() {
        let keys = [signer("1").jwk];
        let secret = EncodingKey::from_secret(b"the client's secret");
        let shared = encode(&Header::new(Algorithm::HS256), &good(), &secret).unwrap();
        assert_eq!(verify(&shared, &keys, EXPECTED), Err(IdTokenError::Algorithm));
        let encoded = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        let unsigned = format!("{}.{}.", encoded(&json!({"alg": "none"})), encoded(&good()));
        for malformed in [unsigned.as_str(), "", "a.b.c", "..", "é"] {
            assert_eq!(verify(malformed, &keys, EXPECTED), Err(IdTokenError::Malformed), "{malformed}");
        }
    }
}
