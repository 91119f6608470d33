//! The OpenAPI document, assembled from the routes.

use std::collections::BTreeMap;

use utoipa::openapi::path::{HttpMethod, PathItem};
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, SecurityRequirement,
    Tag,
};

use warp::http::Method;

use super::Route;
use super::routing::schema;

/// Every status that a refusal may have, and what it means.
const REFUSALS: [(u16, &str); 13] = [
    (400, "Malformed or invalid; `field` names what is wrong"),
    (401, "No credential, or one that is not good any more"),
    (403, "Known, but not allowed"),
    (404, "There is no such thing, or it is another organization's"),
    (408, "The body did not arrive in time"),
    (
        409,
        "Somebody was first, or the organization has as many as it may have: `quota` and `limit` say of what",
    ),
    (413, "The body is larger than 1 MiB"),
    (414, "The address is too long"),
    (415, "The body is not JSON"),
    (426, "This path speaks WebSocket only"),
    (429, "Too many requests; Retry-After says when to come back"),
    (500, "A fault of the server, with the id of the request in its log"),
    (503, "Not now, but soon; Retry-After says when"),
];

/// The document of `routes`.
#[must_use]
pub(super) fn document(routes: Vec<Route>) -> OpenApi {
    let (mut paths, mut components, mut tags) = (PathsBuilder::new(), components(), Vec::new());
    let texts: BTreeMap<&str, String> =
        routes.iter().flat_map(|route| route.description.schemas.iter().cloned()).collect();
    for (name, text) in &texts {
        components = components.schema(*name, schema::schema(&spread(text, &texts)));
    }
    for route in routes {
        let tag = Tag::new(route.description.tag.unwrap_or_default());
        if !tags.contains(&tag) {
            tags.push(tag);
        }
        paths = paths.path(route.path, PathItem::new(method(&route.method), route.operation()));
    }
    let info = InfoBuilder::new()
        .title("Basira")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Watches fleets of PostgreSQL and ClickHouse databases."));
    OpenApiBuilder::new()
        .info(info.build())
        .tags(Some(tags))
        .paths(paths.build())
        .components(Some(components.build()))
        .security(Some(
            ["ApiKey", "Bearer", "Cookie"].map(|name| SecurityRequirement::new(name, [] as [&str; 0])),
        ))
        .build()
}

/// `text` with the fields of the schema `Name` in place of each `..Name`.
fn spread(text: &str, texts: &BTreeMap<&str, String>) -> String {
    let words =
        text.split_whitespace().map(|word| match word.strip_prefix("..").and_then(|name| texts.get(name)) {
            Some(fields) => spread(fields, texts),
            None => word.to_owned(),
        });
    words.collect::<Vec<_>>().join(" ")
}

fn method(method: &Method) -> HttpMethod {
    match *method {
        Method::POST => HttpMethod::Post,
        Method::PUT => HttpMethod::Put,
        Method::PATCH => HttpMethod::Patch,
        Method::DELETE => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn components() -> ComponentsBuilder {
    let key =
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-API-Key", "An API key")));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "basira_access",
        "Set by a login, over https as __Host-basira_access; whoever changes something with it has to send an Origin of this server",
    )));
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An access token or an API key"));
    let mut components = ComponentsBuilder::new()
        .schema("Refusal", schema::object("error code (field quota limit:integer request_id)"))
        .security_scheme("ApiKey", key)
        .security_scheme("Bearer", SecurityScheme::Http(bearer.build()))
        .security_scheme("Cookie", cookie);
    for (status, description) in REFUSALS {
        let content = Content::new(Some(Ref::from_schema_name("Refusal")));
        let response = ResponseBuilder::new().description(description).content("application/json", content);
        components = components.response(format!("Refusal{status}"), response.build());
    }
    components
}

#[cfg(test)]
mod tests;
