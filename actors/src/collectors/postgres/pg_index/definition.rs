//! What is kept of a definition as the server writes it.

use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::Engine;
use crate::model::relations::IndexDefinition;
use crate::text;

/// Of `CREATE INDEX name ON table USING ..`, as `pg_get_indexdef` writes it.
pub(super) fn read(written: &str) -> IndexDefinition {
    let from_method = from_method(written).unwrap_or(written);
    IndexDefinition {
        text: Arc::from(text::normalise(Engine::Postgres, written).text),
        identity: xxh3_64(from_method.as_bytes()),
        nulls_are_equal: from_method.contains(" NULLS NOT DISTINCT"),
    }
}

/// A definition without what is before its method: the names, which may hold anything within quotes.
fn from_method(definition: &str) -> Option<&str> {
    let mut quoted = false;
    for (at, character) in definition.char_indices() {
        if character == '"' {
            quoted = !quoted;
        } else if !quoted && definition[at..].starts_with(" USING ") {
            return Some(&definition[at..]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::read;

    fn of(name: &str, rest: &str) -> super::IndexDefinition {
        read(&format!("CREATE INDEX {name} ON public.t USING btree {rest}"))
    }

    #[test]
    fn literals_are_not_shown_but_tell_indexes_apart() {
        let some = of("some", "(lower(a)) WHERE (b = 'zq'::text)");
        assert_eq!(&*some.text, "CREATE INDEX some ON public.t USING btree (lower(a)) WHERE (b = $1::text)");
        assert_ne!(some.identity, of("some", "(lower(a)) WHERE (b = 'qz'::text)").identity);
    }

    #[test]
    fn names_do_not_make_two_indexes_differ() {
        assert_eq!(of("a", "(b)").identity, of("\"a USING b\"", "(b)").identity);
        assert_ne!(of("a", "(b)").identity, of("a", "(c)").identity);
    }

    #[test]
    fn nulls_not_distinct_distinguishes_definitions() {
        assert!(of("a", "(b) NULLS NOT DISTINCT").nulls_are_equal);
        assert!(!of("\" NULLS NOT DISTINCT\"", "(b)").nulls_are_equal);
    }
}
