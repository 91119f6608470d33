//! The progress of mutations between two runs.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::model::Mutation;

/// A mutation that finished no part for this long, in seconds, seems stuck.
const PATIENCE_SECONDS: i64 = 15 * 60;

/// How far each mutation has come.
#[derive(Default)]
pub(super) struct Progress {
    known: HashMap<u64, Mark>,
    round: u32,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    parts_to_do: i64,
    /// The age of the mutation when it was first read or last finished a part.
    moved_at_seconds: i64,
    round: u32,
}

impl Progress {
    pub(super) fn begin_sample(&mut self) {
        self.round = self.round.wrapping_add(1);
    }

    /// Forgets what is gone.
    pub(super) fn end_sample(&mut self) {
        let round = self.round;
        self.known.retain(|_, mark| mark.round == round);
    }

    /// Whether `mutation`, which is `age_seconds` old by the server's clock, finished no part for too long. With no part
    /// left it waits for an insert to end, which is not its fault.
    pub(super) fn is_idle(&mut self, mutation: &Mutation, age_seconds: Option<i64>) -> bool {
        let (Some(parts_to_do), Some(age)) = (mutation.parts_to_do, age_seconds) else { return false };
        let fresh = Mark { parts_to_do, moved_at_seconds: age, round: self.round };
        let mark = self.known.entry(key(mutation)).or_insert(fresh);
        if parts_to_do < mark.parts_to_do {
            *mark = fresh;
        }
        (mark.parts_to_do, mark.round) = (parts_to_do, self.round);
        parts_to_do > 0 && age - mark.moved_at_seconds >= PATIENCE_SECONDS
    }
}

fn key(mutation: &Mutation) -> u64 {
    let host_name = mutation.host_name.as_deref().unwrap_or_default();
    let names = [host_name, &mutation.database, &mutation.table, &mutation.mutation_id];
    xxh3_64(names.join("\0").as_bytes())
}
