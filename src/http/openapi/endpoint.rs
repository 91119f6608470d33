//! One route as the document tells of it.

use std::collections::BTreeSet;

use utoipa::openapi::path::{HttpMethod, Operation, OperationBuilder, ParameterBuilder, ParameterIn};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::{Content, Header, Ref, RefOr, Required, Response, Schema, SecurityRequirement};

use super::fields::{array, named_or_object, object, of_type};

const JSON: &str = "application/json";
/// Refusals that any route may answer with.
const ALWAYS: [u16; 4] = [400, 414, 429, 503];

/// A route, its parameters, its body and its answers.
pub(super) struct Endpoint {
    pub(super) method: HttpMethod,
    pub(super) path: &'static str,
    operation: OperationBuilder,
    refusals: BTreeSet<u16>,
    is_public: bool,
}

/// `GET` that needs a credential.
pub(super) fn get(path: &'static str, summary: &str) -> Endpoint {
    Endpoint::new(HttpMethod::Get, path, summary)
}

/// `POST` that needs a credential.
pub(super) fn post(path: &'static str, summary: &str) -> Endpoint {
    Endpoint::new(HttpMethod::Post, path, summary)
}

/// `PATCH` that needs a credential.
pub(super) fn patch(path: &'static str, summary: &str) -> Endpoint {
    Endpoint::new(HttpMethod::Patch, path, summary)
}

/// `DELETE` that needs a credential.
pub(super) fn delete(path: &'static str, summary: &str) -> Endpoint {
    Endpoint::new(HttpMethod::Delete, path, summary)
}

impl Endpoint {
    fn new(method: HttpMethod, path: &'static str, summary: &str) -> Self {
        let names: Vec<&str> = path.split(['{', '}']).skip(1).step_by(2).collect();
        let mut operation = OperationBuilder::new().summary(Some(summary));
        let mut refusals = BTreeSet::from([401, 403]);
        for name in names {
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
        Self { method, path, operation, refusals, is_public: false }
    }

    /// No credential is needed.
    pub(super) fn public(mut self) -> Self {
        self.is_public = true;
        self.refusals.retain(|status| ![401, 403].contains(status));
        self
    }

    /// Takes the parameter `name`, whose type is in the notation of fields.
    pub(super) fn query(mut self, name: &str, kind: &str, description: &str) -> Self {
        let (kind, is_required) = kind.strip_suffix('!').map_or((kind, false), |kind| (kind, true));
        let required = if is_required { Required::True } else { Required::False };
        let parameter = parameter(name, of_type(kind), description);
        self.operation =
            self.operation.parameter(parameter.parameter_in(ParameterIn::Query).required(required));
        self
    }

    /// Takes `limit`, from 1 to `most`.
    pub(super) fn limit(self, default: u32, most: u32) -> Self {
        self.query(
            "limit",
            &format!("integer[1,{most}]"),
            &format!("Most rows to answer; {default} if not given"),
        )
    }

    /// Takes `limit` and `offset`, which stand for a page.
    pub(super) fn paged(self, default: u32) -> Self {
        self.limit(default, 1_000).query(
            "offset",
            "integer[0,4294967295]",
            "Rows left out before; 0 if not given",
        )
    }

    /// Takes `since` and `until`.
    pub(super) fn window(self) -> Self {
        self.query("since", "time", "Start, RFC 3339; 24 hours ago if not given").query(
            "until",
            "time",
            "End, RFC 3339; now if not given",
        )
    }

    /// Takes `since`, `until` and `bucket`.
    pub(super) fn buckets(self) -> Self {
        self.window().query(
            "bucket",
            "integer[1,2678400]",
            "Seconds of a bucket; 60 if not given. A window may have 50,000",
        )
    }

    /// Takes the moment `at`.
    pub(super) fn at(self) -> Self {
        self.query("at", "time", "What was so at this moment of the past; now if not given")
    }

    /// Takes `database`, a name within the server.
    pub(super) fn database(self) -> Self {
        self.query("database", "string", "Only what belongs to the database of this name within the server")
    }

    /// Takes a JSON object with `fields`; `is_required` unless it may be left out whole.
    pub(super) fn body(mut self, fields: &str, is_required: bool) -> Self {
        let required = if is_required { Required::True } else { Required::False };
        let body = RequestBodyBuilder::new()
            .required(Some(required))
            .content(JSON, Content::new(Some(object(fields))));
        self.operation = self.operation.request_body(Some(body.build()));
        // a page of another site is refused, whatever it sends
        self.refusals.extend([403, 408, 413, 415]);
        self
    }

    /// May also refuse with `status`.
    pub(super) fn refuses(mut self, status: u16) -> Self {
        self.refusals.insert(status);
        self
    }

    /// 200 with an object: the name of its schema, or its fields.
    pub(super) fn object(self, text: &str) -> Self {
        self.answers(200, "It is as follows", named_or_object(text))
    }

    /// 201 with such an object.
    pub(super) fn created(self, text: &str) -> Self {
        self.answers(201, "It was made", named_or_object(text))
    }

    /// 200 with a bare array of such objects.
    pub(super) fn list(mut self, text: &str) -> Self {
        let total = Header::builder().description(Some("How many there were before the limit"));
        let reason = Header::builder().description(Some(
            "Why the list is empty, out of date or lacks something; percent-encoded, as decodeURIComponent reads it",
        ));
        let response = ResponseBuilder::new()
            .description("A list")
            .header("X-Total-Count", total.schema(Some(of_type("integer"))).build())
            .header("X-Unavailable-Reason", reason.schema(Some(of_type("string"))).build())
            .content(JSON, Content::new(Some(array(named_or_object(text)))));
        self.operation = self.operation.response("200", response);
        self
    }

    /// `status` without a body.
    pub(super) fn nothing(mut self, status: u16, description: &str) -> Self {
        self.operation = self.operation.response(status.to_string(), Response::new(description));
        self
    }

    /// 101, and from then on frames of JSON.
    pub(super) fn frames(self, name: &str, description: &str) -> Self {
        self.answers(101, description, of_type(name))
    }

    /// 303 to another page.
    pub(super) fn redirects(self) -> Self {
        self.nothing(303, "See there")
    }

    /// 200 with a text that is no JSON.
    pub(super) fn page(mut self, content_type: &str) -> Self {
        let response = ResponseBuilder::new()
            .description("The page")
            .content(content_type, Content::new(Some(of_type("string"))));
        self.operation = self.operation.response("200", response);
        self
    }

    fn answers(mut self, status: u16, description: &str, schema: RefOr<Schema>) -> Self {
        let response =
            ResponseBuilder::new().description(description).content(JSON, Content::new(Some(schema)));
        self.operation = self.operation.response(status.to_string(), response);
        self
    }

    /// As OpenAPI has it, under `tag`.
    pub(super) fn build(self, tag: &str) -> Operation {
        let mut operation = self.operation.tag(tag).operation_id(Some(id(&self.method, self.path)));
        for status in self.refusals.into_iter().chain(ALWAYS) {
            operation = operation.response(
                status.to_string(),
                RefOr::Ref::<Response>(Ref::from_response_name(format!("Refusal{status}"))),
            );
        }
        if self.is_public {
            operation = operation.securities(Some(Vec::<SecurityRequirement>::new()));
        }
        operation.build()
    }
}

fn parameter(name: &str, schema: RefOr<Schema>, description: &str) -> ParameterBuilder {
    let description = (!description.is_empty()).then_some(description);
    ParameterBuilder::new().name(name).schema(Some(schema)).description(description)
}

/// `get_databases_id_queries`
fn id(method: &HttpMethod, path: &str) -> String {
    let method = verb(method).to_ascii_lowercase();
    let words = path.trim_start_matches("/api/v1").split(|letter: char| !letter.is_ascii_alphanumeric());
    std::iter::once(&*method).chain(words.filter(|word| !word.is_empty())).collect::<Vec<_>>().join("_")
}

/// The method as it is sent.
pub(super) const fn verb(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}
