//! Stores a segment: its blocks first, then its row.

use basira_actors::model::{Stream, Timestamp};
use uuid::Uuid;

use super::changes::StoreBlocks;
use super::write::Segment;
use crate::samples::entity::{block, orphan, segment};
use crate::samples::local::WriterHandle;
use crate::samples::retention::Resolution;
use crate::samples::{DatabaseScope, StoreError};

/// Bytes of blocks in one transaction, which an append may have to wait for.
const TRANSACTION_BYTES: usize = 256 << 10;

/// What a new segment is of.
#[derive(Clone, Copy)]
pub(super) struct SegmentIdentity {
    pub(super) scope: DatabaseScope,
    pub(super) stream: &'static Stream,
    pub(super) resolution: Resolution,
    pub(super) rollup: Option<Uuid>,
}

/// Stores the blocks of `segment` in several short transactions; they are not visible before the segment is.
pub(super) async fn store_blocks(
    writer: &WriterHandle,
    segment: &Segment,
    now: Timestamp,
) -> Result<Uuid, StoreError> {
    let id = Uuid::now_v7();
    let (mut number, mut rest) = (0, segment.blocks.as_slice());
    while !rest.is_empty() {
        let mut bytes = 0;
        let has_room = |block: &&Vec<u8>| {
            let has_room = bytes < TRANSACTION_BYTES;
            bytes += block.len();
            has_room
        };
        let (some, later) = rest.split_at(rest.iter().take_while(has_room).count());
        let numbered = (number..).zip(some);
        let blocks =
            numbered.map(|(number, data)| block::Model { segment_id: id, number, data: data.clone() });
        let orphan = orphan::Model { segment_id: id, since_ms: now.as_millis() };
        writer.change(StoreBlocks { orphan, blocks: blocks.collect() }).await?;
        number += i32::try_from(some.len()).unwrap_or(i32::MAX);
        rest = later;
    }
    Ok(id)
}

/// The row of a segment whose blocks are stored under `id`.
pub(super) fn model(id: Uuid, what: SegmentIdentity, segment: Segment) -> segment::Model {
    let starts = segment.records.iter().map(|record| record.0);
    let ends = segment.records.iter().map(|record| record.1);
    segment::Model {
        id,
        database_id: what.scope.database.0,
        organization_id: what.scope.organization.0,
        stream: what.stream.name.to_owned(),
        resolution: i32::try_from(what.resolution.millis()).unwrap_or(i32::MAX),
        rollup_id: what.rollup,
        first_ms: starts.clone().min().unwrap_or_default(),
        first_end_ms: ends.clone().min().unwrap_or_default(),
        last_start_ms: starts.max().unwrap_or_default(),
        last_ms: ends.max().unwrap_or_default(),
        row_count: i64::try_from(segment.row_count).unwrap_or(i64::MAX),
        size_bytes: i64::try_from(segment.bytes()).unwrap_or(i64::MAX),
        head: segment.head,
        sums: segment.sums,
    }
}
