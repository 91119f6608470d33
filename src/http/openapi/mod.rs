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
    Tag,
};

use self::endpoint::Endpoint;
use self::fields::Named;

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

/// Every endpoint, by family, and the schemas that the family names.
fn families() -> Vec<(&'static str, Vec<Endpoint>, Vec<Named>)> {
    vec![
        ("Accounts", accounts::endpoints(), accounts::schemas()),
        ("Sign-in", sign_in::endpoints(), sign_in::schemas()),
        ("People", people::endpoints(), people::schemas()),
        ("Databases", databases::endpoints(), databases::schemas()),
        ("Queries", queries::endpoints(), queries::schemas()),
        ("Tables and indexes", relations::endpoints(), relations::schemas()),
        ("Health", health::endpoints(), health::schemas()),
        ("PostgreSQL", of_postgres::endpoints(), of_postgres::schemas()),
        ("ClickHouse", of_clickhouse::endpoints(), of_clickhouse::schemas()),
        ("Instance", instance::endpoints(), instance::schemas()),
    ]
}

/// The document.
#[must_use]
pub fn document() -> OpenApi {
    let (mut paths, mut components, mut tags) = (PathsBuilder::new(), components(), Vec::new());
    for (tag, endpoints, schemas) in families() {
        tags.push(Tag::new(tag));
        components = schemas.into_iter().fold(components, |all, (name, schema)| all.schema(name, schema));
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
        .tags(Some(tags))
        .paths(paths.build())
        .components(Some(components.build()))
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
        "Set by a login, over https as __Host-basira_access; whoever changes something with it has to send an Origin of this server",
    )));
    let bearer =
        HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("An access token or an API key"));
    let mut components = ComponentsBuilder::new()
        .schema("Refusal", fields::object("error code (field quota limit:integer request_id)"))
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
