//! What is behind an error: the layers around a cause mostly say only that something failed.

use std::error::Error;

/// An error as its source is.
pub(super) type Cause<'a> = &'a (dyn Error + 'static);

/// The error, then what caused it, down to the first cause.
pub(super) fn sources(error: Cause<'_>) -> impl Iterator<Item = Cause<'_>> {
    std::iter::successors(Some(error), |error: &Cause<'_>| (*error).source())
}

/// What the first cause of `error` says.
#[must_use]
pub fn innermost_cause(error: &(dyn Error + 'static)) -> String {
    sources(error).last().map(ToString::to_string).unwrap_or_default()
}
