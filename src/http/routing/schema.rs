//! Schemas from one line of text: `id:uuid name:string[1,200] engine:Engine last_seen_at:time? gaps:Gap[] (note)`.
//!
//! A field is always there, unless it is within parentheses; one without a type is a string. `?` lets it be null, `[a,b]`
//! bounds its length or its value. `T[]` is a list of T and `T{}` an object whose keys are data, `T[9]` and `T{9}` of at most 9.
//! `name={a|b}` lists what it may be. A type in upper case is the schema of that name, and `..Name` stands for all of its
//! fields.

use utoipa::openapi::schema::{Object, ObjectBuilder, OneOfBuilder, SchemaType};
use utoipa::openapi::{ArrayBuilder, KnownFormat, Ref, RefOr, Schema, SchemaFormat, Type};

/// The schema of `text`: the fields of an object, or what a word may be.
pub(in crate::http) fn schema(text: &str) -> RefOr<Schema> {
    if text.starts_with('{') { of_type(text) } else { object(text) }
}

/// The schema called `text`, or an object with these fields.
pub(in crate::http) fn named_or_object(text: &str) -> RefOr<Schema> {
    if is_name(text) { of_type(text) } else { object(text) }
}

/// An object with these fields.
pub(in crate::http) fn object(fields: &str) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    let mut may_be_absent = false;
    for field in fields.split_whitespace() {
        let opened = field.strip_prefix('(');
        may_be_absent |= opened.is_some();
        let field = opened.unwrap_or(field);
        let closed = field.strip_suffix(')');
        let (name, schema) = parse(closed.unwrap_or(field));
        object = object.property(name, schema);
        if !may_be_absent {
            object = object.required(name);
        }
        may_be_absent &= closed.is_none();
    }
    Schema::Object(object.build()).into()
}

/// An array of `items`.
pub(in crate::http) fn array(items: RefOr<Schema>) -> Schema {
    Schema::Array(ArrayBuilder::new().items(items).build())
}

/// The schema of one type of the notation, such as `integer[1,50]`.
pub(in crate::http) fn of_type(text: &str) -> RefOr<Schema> {
    let (text, is_null) = text.strip_suffix('?').map_or((text, false), |text| (text, true));
    if let Some(names) = text.strip_prefix('{').and_then(|names| names.strip_suffix('}')) {
        return Schema::Object(one_of(names, is_null)).into();
    }
    if is_name(text) && text.ends_with(|letter: char| letter.is_ascii_alphanumeric()) {
        return reference(text, is_null);
    }
    if let Some((values, most)) = text.strip_suffix('}').and_then(|text| text.rsplit_once('{')) {
        let map = ObjectBuilder::new().schema_type(kind(Type::Object, is_null)).max_properties(bound(most));
        return Schema::Object(map.additional_properties(Some(of_type(values))).build()).into();
    }
    let Some((base, bounds)) = text.strip_suffix(']').and_then(|text| text.rsplit_once('[')) else {
        return Schema::Object(scalar(text, (None, None), is_null)).into();
    };
    match bounds.split_once(',') {
        Some((least, most)) => Schema::Object(scalar(base, (bound(least), bound(most)), is_null)).into(),
        None => {
            let list = ArrayBuilder::new().items(of_type(base)).max_items(bound(bounds));
            Schema::Array(list.schema_type(kind(Type::Array, is_null)).build()).into()
        }
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_uppercase())
}

fn reference(name: &str, is_null: bool) -> RefOr<Schema> {
    let reference = Ref::from_schema_name(name);
    if !is_null {
        return reference.into();
    }
    let null = ObjectBuilder::new().schema_type(Type::Null).build();
    Schema::OneOf(OneOfBuilder::new().item(reference).item(Schema::Object(null)).build()).into()
}

fn one_of(names: &str, is_null: bool) -> Object {
    let nothing = is_null.then_some(serde_json::Value::Null);
    let names = names.split('|').map(serde_json::Value::from).chain(nothing);
    ObjectBuilder::new().schema_type(kind(Type::String, is_null)).enum_values(Some(names)).build()
}

fn scalar(name: &str, (least, most): (Option<usize>, Option<usize>), is_null: bool) -> Object {
    let of = |base: Type| ObjectBuilder::new().schema_type(kind(base, is_null));
    let text = |format: SchemaFormat| of(Type::String).format(Some(format));
    let custom = |format: &str| text(SchemaFormat::Custom(format.to_owned()));
    match name {
        "integer" => of(Type::Integer).minimum(least).maximum(most),
        "number" => of(Type::Number),
        "boolean" => of(Type::Boolean),
        "object" => of(Type::Object),
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

/// The name and the schema.
fn parse(field: &str) -> (&str, RefOr<Schema>) {
    if let Some((name, choices)) = field.split_once('=') {
        return (name, of_type(choices));
    }
    match field.split_once(':') {
        Some((name, kind)) => (name, of_type(kind)),
        None => match field.strip_suffix('?') {
            Some(name) => (name, of_type("string?")),
            None => (field, of_type("string")),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::object;

    #[test]
    fn one_line_says_it_all() {
        let fields = "id:uuid note? (port:integer[1,9] sort={a|b}) tags:string{64} names:string[]? few:string[3] \
                      user:User? gaps:Gap[] rules:Rule{}";
        let schema = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
        assert_eq!(
            serde_json::to_value(object(fields)).expect("JSON"),
            json!({
                "type": "object",
                "required": ["id", "note", "tags", "names", "few", "user", "gaps", "rules"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "note": {"type": ["string", "null"]},
                    "port": {"type": "integer", "minimum": 1, "maximum": 9},
                    "sort": {"type": "string", "enum": ["a", "b"]},
                    "tags": {"type": "object", "additionalProperties": {"type": "string"}, "maxProperties": 64},
                    "names": {"type": ["array", "null"], "items": {"type": "string"}},
                    "few": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
                    "user": {"oneOf": [schema("User"), {"type": "null"}]},
                    "gaps": {"type": "array", "items": schema("Gap")},
                    "rules": {"type": "object", "additionalProperties": schema("Rule")},
                },
            })
        );
    }
}
