//! Moves records from the local tail to ClickHouse, each exactly once, even after failures.
//!
//! ClickHouse ignores an insert whose token it knows, but stores the token before the rows are durable: after a crash or
//! on a full disk it may ignore rows that it does not have. So after a failed insert the rows are looked up.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use basira_actors::model::{DatabaseId, Gap, OrganizationId, Stream};
use uuid::Uuid;

use super::error::ClickHouseError;
use super::plan::day_of;
use super::row_binary::{DecodedRecord, chunks, target};
use super::schema::table;
use super::shipments::{Key, Shipment, Shipments, Waiting};
use super::tables::RemoteTables;
use crate::clock_guard::ClockGuard;
use crate::samples::entity::tail;
use crate::samples::local::{decode_or_gap, off_thread};
use crate::samples::{DatabaseScope, Resolution, StoreError};

const ARRIVED: &str = include_str!("sql/arrived.sql");
const FORGET: &str = include_str!("sql/forget.sql");
/// The tokens tried when the server ignores rows that it does not have.
const TOKENS: u32 = 4;
/// Records looked up in one query.
const LOOKED_UP: usize = 1_000;

/// The only writer of the tables: nothing is dropped or deleted while it ships.
pub(super) struct Shipper {
    pub(super) remote: Arc<RemoteTables>,
    pub(super) shipments: Arc<Shipments>,
    pub(super) clock: ClockGuard,
}

impl Shipper {
    pub(super) fn new(remote: Arc<RemoteTables>, shipments: Arc<Shipments>) -> Self {
        Self { remote, shipments, clock: ClockGuard::default() }
    }

    /// Ships the whole tail.
    pub(super) async fn ship(&mut self) -> Result<(), StoreError> {
        self.remote.first_days().await?;
        for shipment in self.shipments.pending().await? {
            self.deliver(&shipment, true).await?;
        }
        loop {
            let (waiting, more) = self.shipments.waiting().await?;
            let waiting = self.leave_out_repeated(waiting).await?;
            for shipment in self.shipments.assign(&waiting).await? {
                self.deliver(&shipment, false).await?;
            }
            if !more {
                return Ok(());
            }
        }
    }

    /// Deletes everything of a database from the server, after shipping its tail, which would be inserted later otherwise.
    pub(super) async fn forget(&mut self, scope: DatabaseScope) -> Result<(), StoreError> {
        let there = self.forget_there(scope).await;
        self.shipments.forget(scope).await?;
        there
    }

    async fn forget_there(&mut self, scope: DatabaseScope) -> Result<(), StoreError> {
        self.ship().await?;
        for (table, ..) in RemoteTables::tables() {
            let sql = FORGET.replace("$table", &table);
            self.remote.server.execute_for("forgetting a database", &sql, scope).await?;
        }
        Ok(())
    }

    async fn deliver(&self, shipment: &Shipment, in_doubt: bool) -> Result<(), StoreError> {
        let stream = shipment.stream;
        let stored = self.shipments.records(shipment).await?;
        let (records, damaged) = off_thread(move || decode(stream, &stored)).await?;
        if let Some(first) = records.first() {
            for resolution in Resolution::ALL {
                self.insert(shipment, resolution, &records, in_doubt.then_some(first)).await?;
            }
        }
        Ok(self.shipments.arrived(shipment, &damaged).await?)
    }

    /// `sample` is a record to look up when the result of an earlier insert is unknown: all records were inserted, or none.
    pub(super) async fn insert(
        &self,
        shipment: &Shipment,
        resolution: Resolution,
        records: &[DecodedRecord],
        sample: Option<&DecodedRecord>,
    ) -> Result<(), StoreError> {
        let table = table(shipment.stream, resolution);
        let into = target(&table, shipment.stream, resolution);
        let send = async |number: u32| {
            let token = format!("{}-{number}", shipment.id.simple());
            self.remote.server.insert(&into, &token, chunks(shipment.stream, records, resolution)).await
        };
        let Some(sample) = sample else { return Ok(send(0).await?) };
        for number in 0..TOKENS {
            if self.has(&table, sample).await? {
                return Ok(());
            }
            send(number).await?;
        }
        if self.has(&table, sample).await? {
            return Ok(());
        }
        Err(ClickHouseError::Lost { doing: "inserting samples" }.into())
    }

    async fn has(&self, table: &str, record: &DecodedRecord) -> Result<bool, ClickHouseError> {
        let key = Key { scope: record.scope, at_ms: record.rows.at };
        Ok(!self.arrived(table, &[key]).await?.is_empty())
    }

    /// Which of `keys` are in `table`.
    async fn arrived(
        &self,
        table: &str,
        keys: &[Key],
    ) -> Result<HashSet<(DatabaseId, i64)>, ClickHouseError> {
        let mut arrived = HashSet::new();
        for keys in keys.chunks(LOOKED_UP) {
            let days: BTreeSet<_> = keys.iter().map(|key| day_of(key.at_ms).to_string()).collect();
            let records: Vec<_> = keys
                .iter()
                .map(|Key { scope: DatabaseScope { organization, database }, at_ms }| {
                    let series = at_ms.cast_unsigned();
                    format!(
                        "organization = '{organization}' AND database = '{database}' AND series = {series}"
                    )
                })
                .collect();
            let days: Vec<_> = days.into_iter().collect();
            let sql = ARRIVED
                .replace("$table", table)
                .replace("$days", &days.join(", "))
                .replace("$records", &records.join(" OR "));
            let rows: Vec<(String, i64)> =
                self.remote.server.rows("looking up records", self.remote.server.query(&sql)).await?;
            arrived.extend(
                rows.into_iter().filter_map(|(database, at_ms)| {
                    Some((DatabaseId(Uuid::parse_str(&database).ok()?), at_ms))
                }),
            );
        }
        Ok(arrived)
    }

    /// Drops records from the tail that the server has already, so that none counts twice.
    async fn leave_out_repeated(&self, mut waiting: Vec<Waiting>) -> Result<Vec<Waiting>, StoreError> {
        let newest = self.shipments.newest_of(&waiting).await?;
        let mut late: BTreeMap<&str, (&'static Stream, Vec<Key>)> = BTreeMap::new();
        for Waiting { stream, key, .. } in &waiting {
            let newest = newest.get(&(key.scope.database.0, stream.name.to_owned()));
            if newest.is_some_and(|&newest| key.at_ms <= newest) {
                late.entry(stream.name).or_insert((stream, Vec::new())).1.push(*key);
            }
        }
        for (stream, keys) in late.into_values() {
            // the hourly roll-up has the longest retention
            let arrived = self.arrived(&table(stream, Resolution::Hour), &keys).await?;
            let has = |key: &Key| arrived.contains(&(key.scope.database, key.at_ms));
            let repeated: Vec<_> = keys.into_iter().filter(has).collect();
            self.shipments.drop_repeated(stream, &repeated).await?;
            waiting.retain(|waiting| waiting.stream != stream || !has(&waiting.key));
        }
        Ok(waiting)
    }
}

/// The decoded records, and a gap for each one that cannot be decoded.
pub(super) fn decode(
    stream: &'static Stream,
    stored: &[tail::Model],
) -> (Vec<DecodedRecord>, Vec<(DatabaseScope, Gap)>) {
    let (mut records, mut damaged) = (Vec::with_capacity(stored.len()), Vec::new());
    for row in stored {
        let scope = DatabaseScope {
            organization: OrganizationId(row.organization_id),
            database: DatabaseId(row.database_id),
        };
        match decode_or_gap(scope.database, stream, (row.from_ms, row.at_ms), &row.record) {
            Ok(rows) => records.push(DecodedRecord { scope, rows }),
            Err(gap) => damaged.push((scope, gap)),
        }
    }
    (records, damaged)
}
