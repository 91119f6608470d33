//! The health of a database: rules evaluate snapshots and stored samples, and the score is computed from what they find. No
//! I/O and no clock. Each rule is one file in [`rules`]; `docs/rules.md` is generated from them.

mod context;
mod diagnosis;
mod documentation;
mod examiner;
mod facts;
mod format;
mod need;
mod rule;
pub mod rules;
mod score;
mod settings;
mod summary;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod threshold;
mod trend;
mod wraparound;

pub use context::{EffectiveSettings, RuleContext};
pub use diagnosis::{Diagnosis, DoctorStatus, Issue, NotEvaluated};
pub use documentation::{describe, document};
pub use examiner::{Examination, Examiner};
pub use facts::{Facts, HistoryKey};
pub use format::{
    as_f64, describe_session, format_bytes, format_count, format_duration, format_list, format_pct, pct_of,
    setting_size, share_pct, standby_name,
};
pub use need::{Need, Unknown};
pub use rule::{Category, CheckResult, Object, Rule, Scope, Severity};
pub use score::{Penalties, score};
pub use settings::validate_settings;
pub use threshold::{Curve, Measure, Threshold, Unit};
pub use trend::{Trend, trend};

pub(crate) use crate::text::{quote_clickhouse_literal, quote_literal, quote_name};
