//! Schemas from one line of text: `id:uuid name:string[1,200]! port:integer[1,65535] last_seen_at:time?`.
//!
//! A field without a type is a string. `[a,b]` bounds its length or its value, `?` lets it be null, `!` says that a body must
//! have it, `name={a|b}` lists what it may be.

use utoipa::openapi::schema::{Object, ObjectBuilder, SchemaType};
use utoipa::openapi::{ArrayBuilder, KnownFormat, RefOr, Schema, SchemaFormat, Type};

/// An object with these fields.
pub(super) fn object(fields: &str) -> Schema {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for field in fields.split_whitespace() {
        let (name, schema, is_required) = parse(field);
        object = object.property(name, schema);
        if is_required {
            object = object.required(name);
        }
    }
    Schema::Object(object.build())
}

/// An array of `items`.
pub(super) fn array(items: impl Into<RefOr<Schema>>) -> Schema {
    Schema::Array(ArrayBuilder::new().items(items.into()).build())
}

/// The schema of one type of the notation, such as `integer[1,50]`.
pub(super) fn of_type(text: &str) -> Schema {
    let (text, is_null) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    if let Some(names) = text.strip_prefix('{').and_then(|names| names.strip_suffix('}')) {
        let nothing = is_null.then_some(serde_json::Value::Null);
        let names = names.split('|').map(serde_json::Value::from).chain(nothing);
        return Schema::Object(
            ObjectBuilder::new().schema_type(kind(Type::String, is_null)).enum_values(Some(names)).build(),
        );
    }
    let (name, bounds) = text.strip_suffix(']').and_then(|text| text.split_once('[')).unwrap_or((text, ""));
    let bounds = bounds.split_once(',').map(|(least, most)| (bound(least), bound(most)));
    if let Some(items) =
        name.strip_suffix('s').filter(|items| matches!(*items, "string" | "object" | "integer"))
    {
        let mut items =
            ArrayBuilder::new().items(RefOr::T(of_type(items))).max_items(bounds.and_then(|(_, most)| most));
        if is_null {
            items = items.schema_type(kind(Type::Array, true));
        }
        return Schema::Array(items.build());
    }
    Schema::Object(scalar(name, bounds, is_null))
}

type Bounds = Option<(Option<usize>, Option<usize>)>;

fn scalar(name: &str, bounds: Bounds, is_null: bool) -> Object {
    let (least, most) = bounds.unwrap_or_default();
    let of = |base: Type| ObjectBuilder::new().schema_type(kind(base, is_null));
    let text = |format: SchemaFormat| of(Type::String).format(Some(format));
    let custom = |format: &str| text(SchemaFormat::Custom(format.to_owned()));
    match name {
        "integer" => of(Type::Integer).minimum(least).maximum(most),
        "number" => of(Type::Number),
        "boolean" => of(Type::Boolean),
        "object" => of(Type::Object),
        "tags" => of(Type::Object).additional_properties(Some(of_type("string"))).max_properties(most),
        "any" => ObjectBuilder::new().schema_type(SchemaType::AnyValue),
        "time" => text(SchemaFormat::KnownFormat(KnownFormat::DateTime)),
        "uuid" => custom("uuid"),
        "email" => custom("email").max_length(most),
        "hash" => of(Type::String).pattern(Some("^[0-9a-f]{16}$")),
        _ => of(Type::String).min_length(least).max_length(most),
    }
    .build()
}

fn kind(base: Type, is_null: bool) -> SchemaType {
    if is_null { SchemaType::from_iter([base, Type::Null]) } else { base.into() }
}

fn bound(text: &str) -> Option<usize> {
    text.parse().ok()
}

/// The name, the schema, and whether a body must have it.
fn parse(field: &str) -> (&str, Schema, bool) {
    let (field, is_required) = field.strip_suffix('!').map_or((field, false), |field| (field, true));
    if let Some((name, choices)) = field.split_once('=') {
        return (name, of_type(choices), is_required);
    }
    match field.split_once(':') {
        Some((name, kind)) => (name, of_type(kind), is_required),
        None => match field.strip_suffix('?') {
            Some(name) => (name, of_type("string?"), is_required),
            None => (field, of_type("string"), is_required),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::object;

    #[test]
    fn one_line_says_it_all() {
        let schema = object("id:uuid! note? port:integer[1,9] tags:tags[,64] sort={a|b} names:strings");
        assert_eq!(
            serde_json::to_value(schema).expect("JSON"),
            json!({
                "type": "object",
                "required": ["id"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "note": {"type": ["string", "null"]},
                    "port": {"type": "integer", "minimum": 1, "maximum": 9},
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 64},
                    "sort": {"type": "string", "enum": ["a", "b"]},
                    "names": {"type": "array", "items": {"type": "string"}},
                },
            })
        );
    }
}
