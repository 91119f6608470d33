//! The tables in our own storage that both engines use: the tail, the dictionaries, the gaps, and the task that writes them.

mod cache;
mod changes;
mod decode;
mod dictionary;
mod insert;
mod newest;
mod notices;
mod prepared;
mod sealed;
mod series_groups;
mod text_budget;
mod word_hashes;
mod writer;

pub(super) use cache::{Cache, StreamKey};
pub(super) use changes::{Forget, NoteGap, disown};
pub(super) use decode::off_thread;
pub(super) use dictionary::{counts, gaps, labelled, members, words};
pub(super) use insert::{CHUNK, insert_gaps};
pub(super) use newest::{newest, newest_sample};
pub(super) use notices::Notices;
pub(super) use sealed::segments_of;
pub(super) use series_groups::SeriesGroups;
pub(super) use text_budget::TextBudget;
pub use word_hashes::word_hashes;
pub(super) use writer::{WriteOp, WriterHandle};
