//! What a rule needs to be evaluated.

use crate::model::Stream;

/// What a rule needs, with the name of the collector, whose last run must be recent and successful.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// Its latest snapshot.
    Now(&'static str),
    /// The totals of its stream over the rule's window.
    Totals(&'static str, &'static Stream),
    /// The course of its stream over the window, in [`Need::STEPS`] steps.
    Course(&'static str, &'static Stream),
    /// The totals of its stream over a window of the same length that ended a baseline ago.
    Baseline(&'static str, &'static Stream),
}

impl Need {
    /// The number of steps of a course.
    pub const STEPS: u32 = 12;

    #[must_use]
    pub const fn collector(self) -> &'static str {
        let (Self::Now(name) | Self::Totals(name, _) | Self::Course(name, _) | Self::Baseline(name, _)) =
            self;
        name
    }
}

/// Why a rule was not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(pub String);

impl Unknown {
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
