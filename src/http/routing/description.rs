//! What a route accepts and returns, for the OpenAPI document.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::path::{OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::{RefOr, Required, Schema};

use super::schema::of_type;

/// The parameters, the body and the answers of a route, and the schemas that they reference.
pub struct Description {
    /// The family to which the route belongs.
    pub tag: Option<&'static str>,
    /// The fields of a body that the route accepts, as an example.
    pub example: Option<Value>,
    /// Schemas by name, each in the notation for fields.
    pub schemas: Vec<(&'static str, String)>,
    pub(super) operation: OperationBuilder,
    pub(super) body: Option<(String, Required)>,
    pub(super) refusals: BTreeSet<u16>,
}

impl Description {
    /// The description of a route with the parameters of `path` and no answers yet.
    #[must_use]
    pub fn new(path: &str, summary: &str) -> Self {
        let mut operation = OperationBuilder::new().summary(Some(summary));
        let mut refusals = BTreeSet::new();
        for name in path.split(['{', '}']).skip(1).step_by(2) {
            let schema = match name {
                "id" => of_type("uuid"),
                "hash" => of_type("hash"),
                _ => of_type("string[1,]"),
            };
            operation = operation.parameter(
                parameter(name, schema, "").required(Required::True).parameter_in(ParameterIn::Path),
            );
            refusals.insert(404);
        }
        Self { tag: None, example: None, schemas: Vec::new(), operation, body: None, refusals }
    }
}

/// The parameter `name`, without its location (`in`).
pub(super) fn parameter(name: &str, schema: RefOr<Schema>, description: &str) -> ParameterBuilder {
    let description = (!description.is_empty()).then_some(description);
    ParameterBuilder::new().name(name).schema(Some(schema)).description(description)
}
