//! What collectors are made of: their specification and steps, baselines and deltas, gaps, schedules. No I/O and no clock.

mod activity;
pub mod advice;
mod backoff;
mod continuity;
mod counters;
mod cumulative_view;
mod error;
pub mod events;
#[cfg(test)]
pub(crate) mod fixture;
mod host_counters;
mod interner;
mod missing_columns;
mod node_clock;
mod optional_queries;
pub mod relations;
mod rows;
mod sample_interval;
mod schedule;
mod series;
mod settings;
mod spec;
mod text_cache;
mod text_limits;
mod wait_sampler;

pub use activity::activity_sample;
pub use advice::HostingProvider;
pub use backoff::Backoff;
pub use continuity::{Continuity, Epoch, FoundGap, Mark};
pub use counters::{Change, Counters};
pub use cumulative_view::{CumulativeView, Deltas, Reading};
pub use error::CollectError;
pub use host_counters::HostCounters;
pub use interner::Interner;
pub use missing_columns::{column_named_in, without_column, without_untyped_column};
pub use node_clock::{NodeClock, seconds};
pub use optional_queries::OptionalQueries;
pub use rows::{CellError, Cursor, Rows};
pub use sample_interval::{SampleInterval, SampleTimes};
pub use schedule::{Due, Schedule};
pub use series::series;
pub use settings::SettingHistory;
pub use spec::{
    Answer, Collected, Collector, EXPLAIN_COLUMNS, Every, ExplainRequest, Extension, Notice, Param, Query,
    Reach, Server, Spec, Step, variant,
};
pub use text_cache::{NormalisedText, SessionText, TextCache, hidden_notice};
pub use text_limits::{TRUNCATION_MARK, max_cell_bytes, one_line, truncated};
pub use wait_sampler::{WAIT_INTERVAL, WaitSampler};
