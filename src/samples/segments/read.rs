//! Reads all records of a window in one snapshot: sums and pages of segments first, then the tail.

use std::collections::HashMap;
use std::sync::Arc;

use basira_actors::model::Gap;
use pco::DecompressorScratch;
use sea_orm::sea_query::Expr;
use sea_orm::{
    AccessMode, ColumnTrait, Condition, ConnectionTrait as _, DatabaseConnection, DatabaseTransaction,
    DbBackend, DbErr, EntityTrait, IsolationLevel, QueryFilter, QuerySelect, TransactionTrait,
};
use uuid::Uuid;

use super::decoded_cache::{DecodedCache, DecodedTail, Tail};
use super::lookup;
use super::plan::{Plan, SegmentRef, cut, plan};
use crate::samples::aggregate::{Accumulator, CompactRecord, Summed};
use crate::samples::codec::{CodecError, Head, Stripe, Sums};
use crate::samples::entity::{block, segment, tail};
use crate::samples::local::{damaged_gap, decode_or_gap, off_thread};
use crate::samples::{DatabaseScope, StoreError, Window};

/// Records of the tail, blobs of sums, and heads, fetched at a time.
const RECORDS: usize = 64;
const SUMS: usize = 8;
const HEADS: usize = 32;
/// Blocks fetched at a time, some 20 KB each.
const BLOCKS: usize = 64;
/// The sum of a tail is cached from this number of records on.
const SUMMED: usize = 8;
/// Records older than this are sealed, and not cached any longer.
const KEPT_MS: i64 = 2 * 3_600_000;

/// A read of one window.
pub(in crate::samples) struct Walk<G> {
    pub(in crate::samples) scope: DatabaseScope,
    pub(in crate::samples) window: Window,
    pub(in crate::samples) accumulator: G,
    /// The spans that could not be decoded.
    pub(in crate::samples) damaged: Vec<Gap>,
}

/// A transaction in which no record moves from the tail into a segment.
pub(in crate::samples) async fn snapshot(reader: &DatabaseConnection) -> Result<DatabaseTransaction, DbErr> {
    match reader.get_database_backend() {
        // a transaction of SQLite is a snapshot
        DbBackend::Sqlite => reader.begin().await,
        _ => reader.begin_with_config(Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly)).await,
    }
}

/// Part of a segment that is to be opened: its head, and which of its blocks.
struct Opened {
    place: SegmentRef,
    head: Head,
    blocks: Vec<usize>,
}

impl<G: Accumulator> Walk<G> {
    pub(in crate::samples) async fn run(
        mut self,
        snapshot: &DatabaseTransaction,
        decoded: &DecodedCache,
    ) -> Result<Self, StoreError> {
        let Plan { sums, pages } = self.plan(snapshot).await?;
        for places in sums.chunks(SUMS) {
            self = self.sums(snapshot, places, decoded).await?;
        }
        for places in pages.chunks(HEADS) {
            self = self.pages(snapshot, places).await?;
        }
        self.tail(snapshot, decoded).await
    }

    async fn plan(&self, snapshot: &DatabaseTransaction) -> Result<Plan, DbErr> {
        let places =
            lookup::overlapping(snapshot, self.scope, self.accumulator.stream(), self.window).await?;
        let finest = lookup::finest(snapshot, &cut(&places, self.window)).await?;
        Ok(plan(places, &finest, self.window, &self.accumulator))
    }

    async fn sums(
        self,
        snapshot: &DatabaseTransaction,
        places: &[SegmentRef],
        decoded: &DecodedCache,
    ) -> Result<Self, StoreError> {
        let mut known = Vec::with_capacity(places.len());
        let mut missing = Vec::new();
        for &place in places {
            match decoded.sums(place.id) {
                Some(sums) => known.push(sums),
                None => missing.push(place),
            }
        }
        let blobs = if missing.is_empty() {
            Vec::new()
        } else {
            blobs(snapshot, &missing, segment::Column::Sums).await?
        };
        let (walk, read) = off_thread(move || self.add_sums(&known, &blobs)).await?;
        read.into_iter().for_each(|(id, sums)| decoded.keep_sums(id, sums));
        Ok(walk)
    }

    async fn pages(self, snapshot: &DatabaseTransaction, places: &[SegmentRef]) -> Result<Self, StoreError> {
        let heads = blobs(snapshot, places, segment::Column::Head).await?;
        let (mut walk, opened) = off_thread(move || self.open(&heads)).await?;
        let mut part = Vec::new();
        let mut blocks = 0;
        for opened in opened {
            blocks += opened.blocks.len();
            part.push(opened);
            if blocks >= BLOCKS {
                walk = walk.blocks(snapshot, std::mem::take(&mut part)).await?;
                blocks = 0;
            }
        }
        walk.blocks(snapshot, part).await
    }

    async fn blocks(self, snapshot: &DatabaseTransaction, opened: Vec<Opened>) -> Result<Self, StoreError> {
        let mut wanted = Condition::any();
        for Opened { place, blocks, .. } in &opened {
            for run in blocks.chunk_by(|left, right| left + 1 == *right) {
                let (Some(&first), Some(&last)) = (run.first(), run.last()) else { continue };
                wanted = wanted.add(
                    Condition::all()
                        .add(block::Column::SegmentId.eq(place.id))
                        .add(block::Column::Number.between(as_i32(first), as_i32(last))),
                );
            }
        }
        if wanted.is_empty() {
            return Ok(self);
        }
        let found = block::Entity::find().filter(wanted).all(snapshot).await?;
        off_thread(move || self.add_blocks(&opened, &found)).await
    }

    async fn tail(
        mut self,
        snapshot: &DatabaseTransaction,
        decoded: &DecodedCache,
    ) -> Result<Self, StoreError> {
        let (database, stream) = (self.scope.database, self.accumulator.stream().name);
        let ends = self.ends_in_tail(snapshot).await?;
        let known = decoded.tail(database, stream);
        let missing: Vec<i64> = ends.iter().copied().filter(|at| !known.tail.contains_key(at)).collect();
        let mut records: Tail =
            ends.iter().filter_map(|at| Some((*at, Arc::clone(known.tail.get(at)?)))).collect();
        for ends in missing.chunks(RECORDS) {
            let rows: Vec<(i64, i64, Vec<u8>)> = self
                .of_tail()
                .filter(tail::Column::AtMs.is_in(ends.iter().copied()))
                .select_only()
                .columns([tail::Column::FromMs, tail::Column::AtMs, tail::Column::Record])
                .into_tuple()
                .all(snapshot)
                .await?;
            let read;
            (self, read) = off_thread(move || self.read_records(&rows)).await?;
            records.extend(read);
        }
        let (walk, known) = off_thread(move || self.add_records(records, known)).await?;
        decoded.keep_tail(database, stream, known);
        Ok(walk)
    }

    /// The ends of the records that count. As one row: several hundred would take longer to hand over than to find.
    async fn ends_in_tail(&self, snapshot: &DatabaseTransaction) -> Result<Vec<i64>, StoreError> {
        let joined = match snapshot.get_database_backend() {
            DbBackend::Sqlite => "group_concat(at_ms, ',')",
            _ => "string_agg(at_ms::text, ',')",
        };
        let query = self.of_tail().select_only().column_as(Expr::cust(joined), "ends");
        let ends = query.into_tuple::<Option<String>>().one(snapshot).await?.flatten().unwrap_or_default();
        let ends = ends.split_terminator(',').map(str::parse).collect::<Result<Vec<i64>, _>>();
        let mut ends = ends.map_err(|error| StoreError::Decoding(error.to_string()))?;
        ends.sort_unstable();
        Ok(ends)
    }

    fn of_tail(&self) -> sea_orm::Select<tail::Entity> {
        tail::Entity::find()
            .filter(tail::Column::DatabaseId.eq(self.scope.database.0))
            .filter(tail::Column::OrganizationId.eq(self.scope.organization.0))
            .filter(tail::Column::Stream.eq(self.accumulator.stream().name))
            .filter(tail::Column::AtMs.gt(self.window.since.as_millis()))
            .filter(tail::Column::AtMs.lte(self.window.until.as_millis()))
    }

    fn read_records(mut self, rows: &[(i64, i64, Vec<u8>)]) -> (Self, Tail) {
        let mut read = Tail::new();
        for (from, at, blob) in rows {
            match decode_or_gap(self.scope.database, self.accumulator.stream(), (*from, *at), blob) {
                Ok(rows) => drop(read.insert(*at, Arc::new(CompactRecord::new(rows)))),
                Err(gap) => self.damaged.push(gap),
            }
        }
        (self, read)
    }

    /// Adds the records; what is now known of the tail.
    fn add_records(mut self, records: Tail, known: DecodedTail) -> (Self, DecodedTail) {
        let buckets = records.keys().map(|&at| self.accumulator.bucket(at));
        let one_cell = records.len() >= SUMMED && self.accumulator.series().is_none() && all_equal(buckets);
        // a part of the tail is seldom read twice
        let whole = known.tail.keys().all(|at| records.contains_key(at) || *at < first_of(&records));
        if !(one_cell && whole) {
            records.values().for_each(|record| self.accumulator.add_record(self.window, record));
            return (self, DecodedTail { tail: merged(&known.tail, records), summed: known.summed });
        }
        let ends: Vec<i64> = records.keys().copied().collect();
        let usable = known.summed.filter(|summed| ends.starts_with(&summed.ends));
        let mut summed = usable.unwrap_or_else(|| Arc::new(Summed::new(self.accumulator.stream())));
        if summed.ends.len() < ends.len() {
            let longer = Arc::make_mut(&mut summed);
            let from = longer.ends.len();
            ends[from..].iter().filter_map(|at| records.get(at)).for_each(|record| longer.add(record));
        }
        self.accumulator.add_summed(&summed);
        (self, DecodedTail { tail: merged(&known.tail, records), summed: Some(summed) })
    }

    /// Adds sums that are known and those in `blobs`; answers the latter.
    fn add_sums(
        mut self,
        known: &[Arc<Sums>],
        blobs: &[(SegmentRef, Vec<u8>)],
    ) -> (Self, Vec<(Uuid, Arc<Sums>)>) {
        known.iter().for_each(|sums| self.accumulator.add_sums(sums));
        let columns = self.accumulator.stream().columns.len();
        let mut read = Vec::with_capacity(blobs.len());
        for (place, blob) in blobs {
            match Sums::decode(blob, columns) {
                Ok(sums) => {
                    self.accumulator.add_sums(&sums);
                    read.push((place.id, Arc::new(sums)));
                }
                Err(error) => self.note(&error, place.first, place.last),
            }
        }
        (self, read)
    }

    fn open(mut self, heads: &[(SegmentRef, Vec<u8>)]) -> (Self, Vec<Opened>) {
        let mut opened = Vec::with_capacity(heads.len());
        for &(place, ref head) in heads {
            match Head::decode(head) {
                Ok(head) => {
                    let is_wanted = |&block: &usize| {
                        let mut pages = head.pages[head.pages_of(block)].iter();
                        pages.any(|page| self.accumulator.wants(page.first_series, page.last_series))
                    };
                    let blocks = (0..head.blocks()).filter(is_wanted).collect();
                    opened.push(Opened { place, head, blocks });
                }
                Err(error) => self.note(&error, place.first, place.last),
            }
        }
        (self, opened)
    }

    fn add_blocks(mut self, opened: &[Opened], found: &[block::Model]) -> Self {
        let found: HashMap<(Uuid, i32), &block::Model> =
            found.iter().map(|block| ((block.segment_id, block.number), block)).collect();
        let mut scratch = DecompressorScratch::default();
        for opened in opened {
            let mut stripes = HashMap::new();
            for &number in &opened.blocks {
                let block = found.get(&(opened.place.id, as_i32(number)));
                let data = block.map_or(&[][..], |block| &block.data);
                if let Err(error) = self.add_block(opened, number, data, &mut stripes, &mut scratch) {
                    self.note(&error, opened.place.first, opened.place.last);
                }
            }
        }
        self
    }

    fn add_block(
        &mut self,
        Opened { head, .. }: &Opened,
        number: usize,
        data: &[u8],
        stripes: &mut HashMap<usize, Stripe>,
        scratch: &mut DecompressorScratch,
    ) -> Result<(), CodecError> {
        let mut outcome = Ok(());
        for (page, bytes) in head.slices(number, data) {
            if !self.accumulator.wants(page.first_series, page.last_series) {
                continue;
            }
            let table =
                open_page(head, page.stripe, self.accumulator.columns().mask(), stripes).and_then(|stripe| {
                    stripe.page(bytes.ok_or(CodecError::Truncated)?, page.rows, head.records.len(), scratch)
                });
            match table {
                Ok(table) => self.accumulator.add_table(self.window, &head.records, &table),
                // the other pages are still good
                Err(error) => outcome = Err(error),
            }
        }
        outcome
    }

    fn note(&mut self, error: &CodecError, from: i64, to: i64) {
        let gap = damaged_gap(self.scope.database, self.accumulator.stream(), (from, to), error);
        self.damaged.push(gap);
    }
}

/// The stripe `number` of `head`, opened once.
pub(in crate::samples) fn open_page<'a>(
    head: &Head,
    number: usize,
    columns: &[bool],
    stripes: &'a mut HashMap<usize, Stripe>,
) -> Result<&'a Stripe, CodecError> {
    match stripes.entry(number) {
        std::collections::hash_map::Entry::Occupied(open) => Ok(open.into_mut()),
        std::collections::hash_map::Entry::Vacant(place) => {
            let stripe = head.stripes.get(number).ok_or(CodecError::Malformed)?;
            Ok(place.insert(Stripe::open(stripe, columns)?))
        }
    }
}

/// One blob of each of `places`, as far as they are there.
async fn blobs(
    snapshot: &DatabaseTransaction,
    places: &[SegmentRef],
    column: segment::Column,
) -> Result<Vec<(SegmentRef, Vec<u8>)>, DbErr> {
    let blobs: Vec<(Uuid, Vec<u8>)> = segment::Entity::find()
        .filter(segment::Column::Id.is_in(places.iter().map(|place| place.id)))
        .select_only()
        .columns([segment::Column::Id, column])
        .into_tuple()
        .all(snapshot)
        .await?;
    let of = |(id, blob)| Some((*places.iter().find(|place| place.id == id)?, blob));
    Ok(blobs.into_iter().filter_map(of).collect())
}

/// What was known before, without what must be sealed by now, and what was read.
fn merged(known: &Tail, read: Tail) -> Arc<Tail> {
    let newest = known.keys().chain(read.keys()).max().copied().unwrap_or_default();
    let recent = known.range(newest.saturating_sub(KEPT_MS)..);
    let mut all: Tail = recent.map(|(at, record)| (*at, Arc::clone(record))).collect();
    all.extend(read);
    Arc::new(all)
}

fn first_of(records: &Tail) -> i64 {
    records.first_key_value().map_or(i64::MAX, |(at, _)| *at)
}

fn all_equal(mut values: impl Iterator<Item = i64>) -> bool {
    let first = values.next();
    values.all(|value| Some(value) == first)
}

fn as_i32(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
