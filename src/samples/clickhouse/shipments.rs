//! The state of shipping in the local storage: unsent records, shipments, and up to when all records arrived.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use basira_actors::model::{DatabaseId, Gap, OrganizationId, Stream, streams};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ColumnTrait, DbErr, EntityTrait, IntoActiveModel, JoinType, QueryFilter, QueryOrder, QuerySelect,
    RelationDef,
};
use uuid::Uuid;

use super::plan::day_of;
use crate::samples::entity::{shipment, shipped, tail};
use crate::samples::local::{Local, OWN_CLOCK, insert_gaps, newest_end};
use crate::samples::{DatabaseScope, Timestamp};
use crate::storage::Transaction;

/// Records read at a time.
const CHUNK: u64 = 1_000;
/// Records of one shipment, in bytes of the tail; one record may be more. This bounds what is in memory.
const SHIPMENT_BYTES: i64 = 1 << 20;

/// The records to be sent to the server.
pub(super) struct Shipments {
    pub(super) local: Arc<Local>,
}

/// The key of a record within its stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) scope: DatabaseScope,
    pub(super) at_ms: i64,
}

/// Records of one stream and day that are inserted together. It is stored before it is sent and never changes.
pub(super) struct Shipment {
    pub(super) id: Uuid,
    pub(super) stream: &'static Stream,
    pub(super) keys: Vec<Key>,
}

/// A record in the tail.
pub(super) struct Waiting {
    pub(super) stream: &'static Stream,
    pub(super) key: Key,
    bytes: i64,
}

impl Shipments {
    /// Shipments that may have been sent and are not known to have arrived.
    pub(super) async fn pending(&self) -> Result<Vec<Shipment>, DbErr> {
        let rows = shipment::Entity::find()
            .order_by_asc(shipment::Column::ShipmentId)
            .order_by_asc(shipment::Column::DatabaseId)
            .order_by_asc(shipment::Column::AtMs)
            .all(&self.local.reader)
            .await?;
        let mut shipments: Vec<Shipment> = Vec::new();
        for row in rows {
            let Some(stream) = streams::find(&row.stream) else { continue };
            let key = Key { scope: scope(row.organization_id, row.database_id), at_ms: row.at_ms };
            match shipments.last_mut() {
                Some(shipment) if shipment.id == row.shipment_id => shipment.keys.push(key),
                _ => shipments.push(Shipment { id: row.shipment_id, stream, keys: vec![key] }),
            }
        }
        Ok(shipments)
    }

    /// The next records of the tail, and whether there are more.
    pub(super) async fn waiting(&self) -> Result<(Vec<Waiting>, bool), DbErr> {
        let found: Vec<(Uuid, Uuid, String, i64, i64)> = tail::Entity::find()
            .filter(tail::Column::Stream.is_in(streams::ALL.iter().map(|stream| stream.name)))
            .order_by_asc(tail::Column::DatabaseId)
            .order_by_asc(tail::Column::Stream)
            .order_by_asc(tail::Column::AtMs)
            .limit(CHUNK)
            .select_only()
            .columns([tail::Column::OrganizationId, tail::Column::DatabaseId])
            .columns([tail::Column::Stream, tail::Column::AtMs])
            .expr_as(Expr::cust("CAST(length(record) AS bigint)"), "bytes")
            .into_tuple()
            .all(&self.local.reader)
            .await?;
        let more = found.len() as u64 == CHUNK;
        let waiting = found.into_iter().filter_map(|(organization, database, stream, at_ms, bytes)| {
            let key = Key { scope: scope(organization, database), at_ms };
            Some(Waiting { stream: streams::find(&stream)?, key, bytes })
        });
        Ok((waiting.collect(), more))
    }

    /// Up to when all records of the streams of `waiting` have arrived.
    pub(super) async fn newest_of(&self, waiting: &[Waiting]) -> Result<HashMap<(Uuid, String), i64>, DbErr> {
        let mut databases: Vec<_> = waiting.iter().map(|waiting| waiting.key.scope.database.0).collect();
        databases.dedup();
        let rows = shipped::Entity::find()
            .filter(shipped::Column::DatabaseId.is_in(databases))
            .all(&self.local.reader)
            .await?;
        Ok(rows.into_iter().map(|row| ((row.database_id, row.stream), row.newest_ms)).collect())
    }

    /// The end of the newest record that has arrived.
    pub(super) async fn newest(&self, database: DatabaseId, stream: &Stream) -> Result<Option<i64>, DbErr> {
        let row =
            shipped::Entity::find_by_id((database.0, stream.name.to_owned())).one(&self.local.reader).await?;
        Ok(row.map(|row| row.newest_ms))
    }

    /// Groups `waiting` into shipments and stores these.
    pub(super) async fn assign(&self, waiting: &[Waiting]) -> Result<Vec<Shipment>, DbErr> {
        let shipments = pack(waiting);
        let models = shipments.iter().flat_map(|shipment| {
            shipment.keys.iter().map(|key| shipment::Model {
                database_id: key.scope.database.0,
                organization_id: key.scope.organization.0,
                stream: shipment.stream.name.to_owned(),
                at_ms: key.at_ms,
                shipment_id: shipment.id,
            })
        });
        let models: Vec<_> = models.map(IntoActiveModel::into_active_model).collect();
        if !models.is_empty() {
            let transaction = self.local.connection.begin().await?;
            shipment::Entity::insert_many(models).exec_without_returning(&transaction).await?;
            transaction.commit().await?;
        }
        Ok(shipments)
    }

    /// The records of `shipment` that are still in the tail, in the order of their keys.
    pub(super) async fn records(&self, shipment: &Shipment) -> Result<Vec<tail::Model>, DbErr> {
        let same: RelationDef = tail::Entity::belongs_to(shipment::Entity)
            .from((tail::Column::DatabaseId, tail::Column::Stream, tail::Column::AtMs))
            .to((shipment::Column::DatabaseId, shipment::Column::Stream, shipment::Column::AtMs))
            .into();
        tail::Entity::find()
            .join(JoinType::InnerJoin, same)
            .filter(shipment::Column::ShipmentId.eq(shipment.id))
            .order_by_asc(tail::Column::DatabaseId)
            .order_by_asc(tail::Column::AtMs)
            .all(&self.local.reader)
            .await
    }

    /// In one transaction, deletes the records of `shipment` from the tail and stores gaps for the `damaged` ones.
    pub(super) async fn arrived(
        &self,
        shipment: &Shipment,
        damaged: &[(DatabaseScope, Gap)],
    ) -> Result<(), DbErr> {
        let transaction = self.local.connection.begin().await?;
        for (scope, ends) in by_scope(&shipment.keys) {
            delete_tail(&transaction, shipment.stream, scope, &ends).await?;
            raise_newest(&transaction, shipment.stream, scope, &ends).await?;
        }
        shipment::Entity::delete_many()
            .filter(shipment::Column::ShipmentId.eq(shipment.id))
            .exec(&transaction)
            .await?;
        insert_gaps(&transaction, damaged).await?;
        transaction.commit().await
    }

    /// Deletes records from the tail that had arrived before they were appended again.
    pub(super) async fn drop_repeated(&self, stream: &Stream, repeated: &[Key]) -> Result<(), DbErr> {
        let transaction = self.local.connection.begin().await?;
        for (scope, ends) in by_scope(repeated) {
            delete_tail(&transaction, stream, scope, &ends).await?;
        }
        transaction.commit().await
    }

    /// Deletes the state of a database.
    pub(super) async fn forget(&self, scope: DatabaseScope) -> Result<(), DbErr> {
        let transaction = self.local.connection.begin().await?;
        macro_rules! delete_from {
            ($($table:ident),*) => {$(
                $table::Entity::delete_many()
                    .filter($table::Column::DatabaseId.eq(scope.database.0))
                    .filter($table::Column::OrganizationId.eq(scope.organization.0))
                    .exec(&transaction)
                    .await?;
            )*};
        }
        delete_from!(shipment, shipped);
        transaction.commit().await
    }

    /// The end of the newest sample, by the clocks of the monitored servers, here or arrived.
    pub(super) async fn newest_sample(&self) -> Result<Option<Timestamp>, DbErr> {
        let here = self.local.newest_sample().await?;
        let not_own = shipped::Column::Stream.is_not_in(OWN_CLOCK);
        let end = shipped::Column::NewestMs;
        Ok(here.max(newest_end::<shipped::Entity>(&self.local.reader, end, not_own).await?))
    }
}

/// Groups records by stream and day, so that each shipment becomes one part of one partition.
fn pack(waiting: &[Waiting]) -> Vec<Shipment> {
    let mut shipments = Vec::new();
    let mut open: BTreeMap<(&str, i64), (Shipment, i64)> = BTreeMap::new();
    for Waiting { stream, key, bytes } in waiting {
        let place = (stream.name, day_of(key.at_ms));
        let new = || (Shipment { id: Uuid::now_v7(), stream, keys: Vec::new() }, 0);
        let (shipment, size) = open.entry(place).or_insert_with(new);
        shipment.keys.push(*key);
        *size += bytes;
        if *size >= SHIPMENT_BYTES {
            shipments.extend(open.remove(&place).map(|(shipment, _)| shipment));
        }
    }
    shipments.extend(open.into_values().map(|(shipment, _)| shipment));
    shipments
}

const fn scope(organization: Uuid, database: Uuid) -> DatabaseScope {
    DatabaseScope { organization: OrganizationId(organization), database: DatabaseId(database) }
}

fn by_scope(keys: &[Key]) -> Vec<(DatabaseScope, Vec<i64>)> {
    let mut ends: BTreeMap<DatabaseId, (DatabaseScope, Vec<i64>)> = BTreeMap::new();
    for key in keys {
        ends.entry(key.scope.database).or_insert((key.scope, Vec::new())).1.push(key.at_ms);
    }
    ends.into_values().collect()
}

/// Raises the end of the newest record that has arrived; the shipper is the only writer.
async fn raise_newest(
    transaction: &Transaction,
    stream: &Stream,
    scope: DatabaseScope,
    ends: &[i64],
) -> Result<(), DbErr> {
    let known = shipped::Entity::find_by_id((scope.database.0, stream.name.to_owned()))
        .one(transaction)
        .await?
        .map(|row| row.newest_ms);
    let Some(newest_ms) = ends.iter().copied().max().max(known) else { return Ok(()) };
    let model = shipped::Model {
        database_id: scope.database.0,
        stream: stream.name.to_owned(),
        organization_id: scope.organization.0,
        newest_ms,
    };
    let update = OnConflict::columns([shipped::Column::DatabaseId, shipped::Column::Stream])
        .update_column(shipped::Column::NewestMs)
        .to_owned();
    let insert = shipped::Entity::insert(model.into_active_model()).on_conflict(update);
    insert.exec_without_returning(transaction).await.map(drop)
}

async fn delete_tail(
    transaction: &Transaction,
    stream: &Stream,
    scope: DatabaseScope,
    ends: &[i64],
) -> Result<(), DbErr> {
    tail::Entity::delete_many()
        .filter(tail::Column::DatabaseId.eq(scope.database.0))
        .filter(tail::Column::Stream.eq(stream.name))
        .filter(tail::Column::AtMs.is_in(ends.iter().copied()))
        .exec(transaction)
        .await
        .map(drop)
}
