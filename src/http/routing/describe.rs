//! Describes a route: what it takes and answers.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{
    Content, ContentBuilder, Header, Ref, RefOr, Required, Response, Schema, SecurityRequirement,
};

use super::description::parameter;
use super::schema::{array, named_or_object, object, of_type};
use super::{Description, Route};

const JSON: &str = "application/json";
/// Refusals that any route may answer with.
const ALWAYS: [u16; 4] = [400, 414, 429, 503];

impl Route {
    /// Takes the parameter `name`, whose type is in the notation of fields.
    #[must_use]
    pub fn query(mut self, name: &str, kind: &str, description: &str) -> Self {
        let (kind, is_required) = kind.strip_suffix('!').map_or((kind, false), |kind| (kind, true));
        let required = if is_required { Required::True } else { Required::False };
        let parameter = parameter(name, of_type(kind), description);
        self.description.operation = self
            .description
            .operation
            .parameter(parameter.parameter_in(ParameterIn::Query).required(required));
        self
    }

    /// Takes `limit`, from 1 to `most`.
    #[must_use]
    pub fn limit(self, default: u32, most: u32) -> Self {
        self.query(
            "limit",
            &format!("integer[1,{most}]"),
            &format!("Most rows to answer; {default} if not given"),
        )
    }

    /// Takes `limit` and `offset`, which stand for a page.
    #[must_use]
    pub fn paged(self, default: u32) -> Self {
        self.limit(default, 1_000).query(
            "offset",
            "integer[0,4294967295]",
            "Rows left out before; 0 if not given",
        )
    }

    /// Takes `since` and `until`.
    #[must_use]
    pub fn window(self) -> Self {
        self.query("since", "time", "Start, RFC 3339; 24 hours ago if not given").query(
            "until",
            "time",
            "End, RFC 3339; now if not given",
        )
    }

    /// Takes `since`, `until` and `bucket`.
    #[must_use]
    pub fn buckets(self) -> Self {
        self.window().query(
            "bucket",
            "integer[1,2678400]",
            "Seconds of a bucket; a window may have 50,000. If not given, 60, or whole hours for a longer window",
        )
    }

    /// Takes the moment `at`.
    #[must_use]
    pub fn at(self) -> Self {
        self.query("at", "time", "What was so at this moment of the past; now if not given")
    }

    /// Takes `database`, a name within the server.
    #[must_use]
    pub fn database(self) -> Self {
        self.query("database", "string", "Only what belongs to the database of this name within the server")
    }

    /// Takes a JSON object with `fields`; `is_required` unless it may be left out whole.
    #[must_use]
    pub fn body(mut self, fields: &str, is_required: bool) -> Self {
        let required = if is_required { Required::True } else { Required::False };
        self.description.body = Some((fields.to_owned(), required));
        // a page of another site is refused, whatever it sends
        self.description.refusals.extend([403, 408, 413, 415]);
        self
    }

    /// May also refuse with `status`.
    #[must_use]
    pub fn refuses(mut self, status: u16) -> Self {
        self.description.refusals.insert(status);
        self
    }

    /// 200 with an object: the name of its schema, or its fields.
    #[must_use]
    pub fn object(self, text: &str) -> Self {
        self.answers(200, "It is as follows", named_or_object(text))
    }

    /// 201 with such an object.
    #[must_use]
    pub fn created(self, text: &str) -> Self {
        self.answers(201, "It was made", named_or_object(text))
    }

    /// 200 with a bare array of such objects.
    #[must_use]
    pub fn list(mut self, text: &str) -> Self {
        let total = Header::builder().description(Some("How many there were before the limit"));
        let reason = Header::builder().description(Some(
            "Why the list is empty, out of date or lacks something; percent-encoded, as decodeURIComponent reads it",
        ));
        let response = ResponseBuilder::new()
            .description("A list")
            .header("X-Total-Count", total.schema(Some(of_type("integer"))).build())
            .header("X-Unavailable-Reason", reason.schema(Some(of_type("string"))).build())
            .content(JSON, Content::new(Some(array(named_or_object(text)))));
        self.description.operation = self.description.operation.response("200", response);
        self
    }

    /// `status` without a body.
    #[must_use]
    pub fn nothing(mut self, status: u16, description: &str) -> Self {
        self.description.operation =
            self.description.operation.response(status.to_string(), Response::new(description));
        self
    }

    /// 101, and from then on frames of JSON.
    #[must_use]
    pub fn frames(self, name: &str, description: &str) -> Self {
        self.answers(101, description, of_type(name))
    }

    /// 303 to another page.
    #[must_use]
    pub fn redirects(self) -> Self {
        self.nothing(303, "See there")
    }

    /// 200 with a text that is no JSON.
    #[must_use]
    pub fn page(mut self, content_type: &str) -> Self {
        let response = ResponseBuilder::new()
            .description("The page")
            .content(content_type, Content::new(Some(of_type("string"))));
        self.description.operation = self.description.operation.response("200", response);
        self
    }

    fn answers(mut self, status: u16, description: &str, schema: RefOr<Schema>) -> Self {
        let response =
            ResponseBuilder::new().description(description).content(JSON, Content::new(Some(schema)));
        self.description.operation = self.description.operation.response(status.to_string(), response);
        self
    }

    /// The body of an example request, in JSON.
    #[must_use]
    pub fn example(mut self, json: &str) -> Self {
        self.description.example = serde_json::from_str(json).ok();
        self
    }

    /// Defines the schema `name`, for this route and all others.
    #[must_use]
    pub fn schema(mut self, name: &'static str, fields: impl Into<String>) -> Self {
        self.description.schemas.push((name, fields.into()));
        self
    }

    /// The operation as OpenAPI has it.
    pub(in crate::http) fn operation(self) -> Operation {
        let Description { tag, example, mut operation, body, mut refusals, .. } = self.description;
        if self.requirement.is_public() {
            operation = operation.securities(Some(Vec::<SecurityRequirement>::new()));
        } else {
            refusals.extend([401, 403]);
        }
        if let Some((fields, required)) = body {
            let content = ContentBuilder::new().schema(Some(object(&fields))).example(example).build();
            let body = RequestBodyBuilder::new().required(Some(required)).content(JSON, content);
            operation = operation.request_body(Some(body.build()));
        }
        for status in refusals.into_iter().chain(ALWAYS) {
            operation = operation.response(
                status.to_string(),
                RefOr::Ref::<Response>(Ref::from_response_name(format!("Refusal{status}"))),
            );
        }
        operation
            .tag(tag.unwrap_or_default())
            .operation_id(Some(operation_id(self.method.as_str(), self.path)))
            .description(Some(self.requirement.description()))
            .build()
    }
}

/// `get_databases_id_queries`
fn operation_id(method: &str, path: &str) -> String {
    let method = method.to_ascii_lowercase();
    let words = path.trim_start_matches("/api/v1").split(|letter: char| !letter.is_ascii_alphanumeric());
    std::iter::once(&*method).chain(words.filter(|word| !word.is_empty())).collect::<Vec<_>>().join("_")
}
