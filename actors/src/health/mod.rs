//! How healthy a database is: rules look at what the collectors brought, the score is a fold over what they find. Pure.
//!
//! A rule is one file in [`rules`] and one line in its list; `docs/rules.md` is made of the rules themselves.

mod amounts;
mod case;
mod diagnosis;
mod document;
mod examiner;
mod facts;
mod place;
mod rule;
pub mod rules;
mod say;
mod score;
mod settings;
mod summary;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod trend;

pub use amounts::{amount, float, pct_of};
pub use case::Case;
pub use diagnosis::{Diagnosis, DoctorStatus, Issue, NotEvaluated};
pub use document::{describe, document};
pub use examiner::{Examination, Examiner};
pub use facts::{Asked, Facts};
pub use rule::{
    Category, Curve, Found, Measure, Need, Object, Rule, Scope, Severity, Threshold, Unit, Unknown,
};
pub use say::{bytes, count, listed, pct, quoted, span};
pub use score::{Penalties, score};
pub use settings::{Effective, accepts};
pub use trend::{Trend, trend};
