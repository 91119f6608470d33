//! How healthy a database is: rules look at what the collectors brought, the score is a fold over what they find. Pure.
//!
//! A rule is one file in [`rules`] and one line in its list; `docs/rules.md` is made of the rules themselves.

mod amounts;
mod context;
mod diagnosis;
mod documentation;
mod examiner;
mod facts;
mod people;
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
mod wraparound;

pub use amounts::{amount, float, pct_of, share_pct};
pub use context::RuleContext;
pub use diagnosis::{Diagnosis, DoctorStatus, Issue, NotEvaluated};
pub use documentation::{describe, document};
pub use examiner::{Examination, Examiner};
pub use facts::{Facts, HistoryKey};
pub use people::{literal, session, standby};
pub use rule::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, Scope, Severity, Threshold, Unit, Unknown,
};
pub use say::{bytes, clickhouse_literal, count, listed, pct, quoted, span};
pub use score::{Penalties, score};
pub use settings::{EffectiveSettings, validate_settings};
pub use trend::{Trend, trend};
