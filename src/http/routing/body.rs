//! Reads a JSON body: bounded in size and time, with errors that name the field and never repeat the value.

use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::error::Category;
use warp::http::header::{CONTENT_TYPE, HeaderMap};

use super::ApiError;

/// The body of a request, as a stream.
pub(in crate::http) type Body = Pin<Box<dyn Stream<Item = Result<Bytes, warp::Error>> + Send + Sync>>;

const LIMIT_BYTES: usize = 1024 * 1024;
const MOST_DISCARDED_BYTES: usize = 64 * LIMIT_BYTES;
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Reads and decodes the body.
///
/// # Errors
/// 400 naming the field, 408, 413, 415.
pub(in crate::http) async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<T, ApiError> {
    if !is_json(headers) {
        return Err(ApiError::UnsupportedMediaType);
    }
    decode(&within_time(body).await?)
}

/// Reads and decodes the body; `None` when there is none.
///
/// # Errors
/// As [`json`].
pub(in crate::http) async fn optional_json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: &mut Body,
) -> Result<Option<T>, ApiError> {
    let bytes = within_time(body).await?;
    match (bytes.is_empty(), is_json(headers)) {
        (true, _) => Ok(None),
        (false, true) => decode(&bytes).map(Some),
        (false, false) => Err(ApiError::UnsupportedMediaType),
    }
}

/// A body without a content type is read as JSON.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE) else { return true };
    let essence = value.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
    let essence = essence.trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

async fn within_time(body: &mut Body) -> Result<Bytes, ApiError> {
    tokio::time::timeout(TIME_LIMIT, collect(body)).await.map_err(|_| ApiError::BodyTimeout)?
}

/// Reads on for a while after the limit: a client that is disconnected while it sends does not read the answer.
async fn collect(body: &mut Body) -> Result<Bytes, ApiError> {
    let mut collected = BytesMut::new();
    let mut received = 0;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| ApiError::invalid("invalid_body", "the body ended early"))?;
        received += chunk.len();
        if received > MOST_DISCARDED_BYTES {
            break;
        }
        if received <= LIMIT_BYTES {
            collected.extend_from_slice(&chunk);
        }
    }
    if received > LIMIT_BYTES {
        return Err(ApiError::BodyTooLarge { limit_bytes: LIMIT_BYTES });
    }
    Ok(collected.freeze())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| ApiError::invalid("invalid_body", "the body must be UTF-8"))?;
    if text.trim().is_empty() {
        return Err(ApiError::invalid("invalid_body", "the body is empty: send a JSON object"));
    }
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| refuse(text, &error.path().to_string(), error.inner()))?;
    deserializer.end().map_err(|error| refuse(text, ".", &error))?;
    Ok(value)
}

/// `path` is where decoding stopped, `.` for the whole body.
fn refuse(text: &str, path: &str, error: &serde_json::Error) -> ApiError {
    let message = error.to_string();
    let must = if error.classify() == Category::Data {
        must(&message)
    } else if serde_json::from_str::<IgnoredAny>(text).is_ok() {
        // A number where a name is expected counts as bad syntax, although the JSON is fine.
        "must be of another type".to_owned()
    } else {
        let place = format!("line {}, column {}", error.line(), error.column());
        return ApiError::invalid("invalid_body", format!("the body is not valid JSON at {place}"));
    };
    match (quoted_after(&message, "missing field "), path) {
        (Some(name), ".") => ApiError::field(name.to_owned(), "is required"),
        (Some(name), parent) => ApiError::field(format!("{parent}.{name}"), "is required"),
        (None, ".") => ApiError::invalid("invalid_body", format!("the body {must}")),
        (None, field) => ApiError::field(field.to_owned(), must),
    }
}

/// Serde's message without the value, which it repeats.
fn must(text: &str) -> String {
    let text = text.rsplit_once(" at line ").map_or(text, |(message, _)| message);
    if text.starts_with("unknown variant") {
        let names = text.rsplit_once("expected ").map_or("", |(_, names)| names);
        return format!("must be {}", names.replace('`', ""));
    }
    if let Some(name) = quoted_after(text, "duplicate field ") {
        return format!("must hold {name} once");
    }
    match text.rsplit_once(", expected ") {
        Some((_, expected)) => format!("must be {}", in_json_terms(expected)),
        None => text.to_owned(),
    }
}

/// The type that serde expects, as a type of JSON.
fn in_json_terms(expected: &str) -> String {
    let integer = |least: i128, most: u128| format!("an integer from {least} to {most}");
    match expected {
        "u8" => integer(0, u8::MAX.into()),
        "u16" => integer(0, u16::MAX.into()),
        "u32" => integer(0, u32::MAX.into()),
        "u64" | "usize" => integer(0, u64::MAX.into()),
        "i32" => integer(i32::MIN.into(), 0x7fff_ffff),
        "i64" => "an integer".to_owned(),
        "a map" => "an object".to_owned(),
        "a sequence" => "an array".to_owned(),
        _ if expected.starts_with("struct ") || expected.starts_with("internally tagged") => {
            "an object".to_owned()
        }
        _ => expected.to_owned(),
    }
}

fn quoted_after<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    text.strip_prefix(prefix)?.strip_prefix('`')?.split('`').next()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use warp::http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};

    use super::{decode, is_json};
    use crate::http::ApiError;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Engine {
        Postgres,
        Clickhouse,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "decoded, never read")]
    struct Registration {
        name: String,
        engine: Engine,
        #[serde(default)]
        port: Option<u16>,
        #[serde(default)]
        tags: BTreeMap<String, String>,
        #[serde(default)]
        disabled: Vec<String>,
    }

    fn refusal(body: &[u8]) -> (Option<String>, String) {
        match decode::<Registration>(body).expect_err("should be refused") {
            ApiError::Invalid { field, message, .. } => (field.map(Into::into), message.into()),
            other => panic!("not a 400: {other:?}"),
        }
    }

    #[test]
    fn names_the_field_and_never_the_value() {
        let cases: [(&str, Option<&str>, &str); 13] = [
            (r#"{"engine":"postgres"}"#, Some("name"), "name is required"),
            (r#"{"name":"hunter2, expected x","engine":7}"#, Some("engine"), "engine must be"),
            (r#"{"name":"a","engine":"hunter2"}"#, Some("engine"), "engine must be postgres or clickhouse"),
            (r#"{"name":["hunter2"],"engine":"postgres"}"#, Some("name"), "name must be a string"),
            (
                r#"{"name":"a","engine":"postgres","port":70000}"#,
                Some("port"),
                "port must be an integer from 0 to 65535",
            ),
            (
                r#"{"name":"a","engine":"postgres","port":"hunter2, expected "}"#,
                Some("port"),
                "port must be an integer from 0 to 65535",
            ),
            (r#"{"name":"a","engine":"postgres","tags":[]}"#, Some("tags"), "tags must be an object"),
            (r#"{"name":"a","engine":"postgres","tags":{"k":1}}"#, Some("tags.k"), "tags.k must be a string"),
            (
                r#"{"name":"a","engine":"postgres","disabled":["a",null]}"#,
                Some("disabled[1]"),
                "disabled[1] must be a string",
            ),
            ("[]", None, "the body"),
            ("  ", None, "the body is empty: send a JSON object"),
            (r#"{"name":"hunter2"#, None, "the body is not valid JSON at line 1, column 16"),
            (r#"{"name":"a","engine":"postgres"} x"#, None, "the body is not valid JSON at line 1"),
        ];
        for (body, field, message) in cases {
            let (found_field, found_message) = refusal(body.as_bytes());
            assert_eq!(found_field.as_deref(), field, "{body}: {found_message}");
            assert!(found_message.starts_with(message), "{body}: {found_message}");
            assert!(!found_message.contains("hunter2"), "{body}: {found_message}");
        }
        assert_eq!(refusal(b"{\"name\":\"\xff\"}").1, "the body must be UTF-8");
    }

    #[test]
    fn takes_json_under_its_names() {
        let cases = [
            ("application/json", true),
            ("Application/JSON; charset=utf-8", true),
            ("application/merge-patch+json", true),
            ("text/plain", false),
            ("application/x-www-form-urlencoded", false),
            ("", false),
        ];
        for (value, expected) in cases {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(value))]);
            assert_eq!(is_json(&headers), expected, "{value}");
        }
        assert!(is_json(&HeaderMap::new()));
    }
}
