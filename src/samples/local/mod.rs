//! The tables in our own storage that every engine uses: the tail, the dictionaries, the gaps, and the task that writes them.

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
mod tables;
mod text_budget;
mod word_hashes;
mod writer;

pub(super) use cache::{Cache, StreamKey};
pub(super) use changes::delete_segments;
pub(super) use decode::{damaged_gap, decode_or_gap, off_thread};
pub(super) use dictionary::counts;
pub(super) use insert::{CHUNK, insert_gaps};
pub(super) use newest::{OWN_CLOCK, newest_end};
pub(super) use sealed::segments_of;
pub(super) use tables::{Local, WriterTask};
pub use word_hashes::word_hashes;
pub(super) use writer::{WriteOp, WriterHandle};
