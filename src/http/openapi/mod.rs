//! The OpenAPI document: every route with its parameters, bodies and answers, one file per family.

mod accounts;
mod databases;
mod endpoint;
mod fields;
mod health;
mod instance;
mod of_clickhouse;
mod of_postgres;
mod people;
mod queries;
mod relations;
mod sign_in;

use utoipa::openapi::path::PathItem;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, SecurityRequirement,
};

use self::endpoint::Endpoint;

/// Every status that a refusal may have, and what it means.
const REFUSALS: [(u16, &str); 13] = [
    (400, "Malformed or invalid; `field` names what is wrong"),
    (401, "No credential, or one that is not good any more"),
    (403, "Known, but not allowed"),
    (404, "There is no such thing, or it is another organization's"),
    (408, "The body did not arrive in time"),
    (409, "Somebody was first"),
    (413, "The body is larger than 1 MiB"),
    (414, "The address is too long"),
    (415, "The body is not JSON"),
    (426, "This path speaks WebSocket only"),
    (429, "Too many requests; Retry-After says when to come back"),
    (500, "A fault of the server, with the id of the request in its log"),
    (503, "Not now, but soon; Retry-After says when"),
];

/// Every endpoint, by family.
fn families() -> Vec<(&'static str, Vec<Endpoint>)> {
    vec![
        ("Accounts", accounts::endpoints()),
        ("Sign-in", sign_in::endpoints()),
        ("People", people::endpoints()),
        ("Databases", databases::endpoints()),
        ("Queries", queries::endpoints()),
        ("Tables and indexes", relations::endpoints()),
        ("Health", health::endpoints()),
        ("PostgreSQL", of_postgres::endpoints()),
        ("ClickHouse", of_clickhouse::endpoints()),
        ("Instance", instance::endpoints()),
    ]
}

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for (tag, endpoints) in families() {
        for endpoint in endpoints {
            let (path, method) = (endpoint.path, endpoint.method.clone());
            paths = paths.path(path, PathItem::new(method, endpoint.build(tag)));
        }
    }
    let info = InfoBuilder::new()
        .title("Basira")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some("Watches fleets of PostgreSQL and ClickHouse databases."));
    OpenApiBuilder::new()
        .info(info.build())
        .paths(paths.build())
        .components(Some(components().build()))
        .security(Some(
            ["ApiKey", "Bearer", "Cookie"].map(|name| SecurityRequirement::new(name, [] as [&str; 0])),
        ))
        .build()
}

fn components() -> ComponentsBuilder {
    let key =
        SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description("X-API-Key", "An API key")));
    let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::with_description(
        "basira_access",
        "Set by a login; whoever changes something with it has to send an Origin of this server",
    )));
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An access token or an API key"));
    let error = fields::object("error! code! field request_id");
    let mut components = ComponentsBuilder::new()
        .schema("Error", error)
        .security_scheme("ApiKey", key)
        .security_scheme("Bearer", SecurityScheme::Http(bearer.build()))
        .security_scheme("Cookie", cookie);
    for (status, description) in REFUSALS {
        let content = Content::new(Some(Ref::from_schema_name("Error")));
        let response = ResponseBuilder::new().description(description).content("application/json", content);
        components = components.response(format!("Refusal{status}"), response.build());
    }
    components
}

#[cfg(test)]
mod tests;
