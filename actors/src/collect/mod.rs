//! What a collector is and what happens between two samples. Pure: no I/O, no clock of its own.

mod absent;
pub mod advice;
mod backoff;
mod clock;
mod counters;
mod epoch;
mod error;
pub mod events;
#[cfg(test)]
pub(crate) mod fixture;
mod foreign;
mod hosts;
mod interner;
mod looks;
mod optional;
pub mod relations;
mod rows;
mod schedule;
mod settings;
mod spec;
mod texts;
mod view;
mod waits;

pub use absent::{column_in, without, without_untyped};
pub use advice::Flavour;
pub use backoff::Backoff;
pub use clock::{Clock, seconds};
pub use counters::{Change, Counters};
pub use epoch::{Epoch, Mark, Verdict, judge};
pub use error::CollectError;
pub use foreign::{CUT_MARK, cut, longest_cell, message};
pub use hosts::HostCounters;
pub use interner::Interner;
pub use looks::{Look, Looks};
pub use optional::Optional;
pub use rows::{CellError, Cursor, Rows};
pub use schedule::{Due, Schedule};
pub use settings::SettingHistory;
pub use spec::{
    Answer, Collected, Collector, EXPLAINED, Every, Explainable, Extension, Notice, Param, Query, Reach,
    Server, Spec, Step, variant,
};
pub use texts::{Normal, SessionText, Texts, hidden_notice};
pub use view::{CounterView, Growth, Reading};
pub use waits::{WAIT_INTERVAL, WaitLooks};
