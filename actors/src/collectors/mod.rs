//! The collectors, one file each, by engine.

mod clickhouse;
mod postgres;

use crate::collect::{Every, Spec};
use crate::model::Engine;

/// Returns the collectors of `engine`: live ones first, so that a slow one delays no stream.
pub fn of(engine: Engine) -> impl Iterator<Item = &'static Spec> {
    let is_live = |spec: &&Spec| matches!(spec.every, Every::Live(_));
    let all = || all(engine).iter().copied();
    all().filter(is_live).chain(all().filter(move |spec| !is_live(spec)))
}

/// Returns the names of the collectors of `engine`, which `disabled_collectors` takes.
#[must_use]
pub fn names(engine: Engine) -> Vec<&'static str> {
    all(engine).iter().map(|spec| spec.name).collect()
}

const fn all(engine: Engine) -> &'static [&'static Spec] {
    match engine {
        Engine::Postgres => postgres::ALL,
        Engine::Clickhouse => clickhouse::ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_hold_their_engine_only() {
        for engine in [Engine::Postgres, Engine::Clickhouse] {
            assert!(names(engine).is_sorted());
            assert!(of(engine).all(|spec| spec.engine == engine));
        }
    }
}
