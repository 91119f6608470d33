//! The cause of an error: the layers around it mostly say only that something failed.

use std::error::Error;

/// An error as a source.
pub(super) type Cause<'a> = &'a (dyn Error + 'static);

/// Returns the error and its sources, outermost first.
pub(super) fn sources(error: Cause<'_>) -> impl Iterator<Item = Cause<'_>> {
    std::iter::successors(Some(error), |error: &Cause<'_>| (*error).source())
}

/// Returns the message of the innermost source of `error`.
#[must_use]
pub fn innermost_cause(error: &(dyn Error + 'static)) -> String {
    sources(error).last().map(ToString::to_string).unwrap_or_default()
}
