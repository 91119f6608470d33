//! The rules, one file each. Adding one is a file like its neighbours and a line in [`ALL`].

mod collection_clock_skew;
mod collection_disconnected;
mod collection_failing;
mod connections_saturation;
mod indexes_advised;
mod locks_deadlocks;

use super::Rule;
use crate::model::Engine;

/// Every rule, in alphabetical order.
pub static ALL: &[&Rule] = &[
    &collection_clock_skew::RULE,
    &collection_disconnected::RULE,
    &collection_failing::RULE,
    &connections_saturation::RULE,
    &indexes_advised::RULE,
    &locks_deadlocks::RULE,
];

/// What is wrong with a database that cannot be judged.
pub static DISCONNECTED: &Rule = &collection_disconnected::RULE;

/// Those that make sense on `engine`.
pub fn of(engine: Engine) -> impl Iterator<Item = &'static Rule> {
    ALL.iter().copied().filter(move |rule| rule.scope.takes(engine))
}

/// The rule called `id`.
#[must_use]
pub fn find(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}

#[cfg(test)]
mod tests;
