//! A batch with its records encoded, ready to be written.

use std::sync::Arc;

use basira_actors::model::{Batch, Record, Stream};
use basira_actors::ports::RepositoryError;

use crate::blocking;
use crate::samples::DatabaseScope;
use crate::samples::codec::encode_record;

/// A batch ready to be written.
pub(super) struct Prepared {
    pub(super) scope: DatabaseScope,
    pub(super) records: Vec<PreparedRecord>,
    /// The batch itself, for all but its records.
    pub(super) batch: Arc<Batch>,
}

/// A record as it is stored.
pub(super) struct PreparedRecord {
    pub(super) stream: &'static Stream,
    pub(super) from_ms: i64,
    pub(super) at_ms: i64,
    pub(super) blob: Vec<u8>,
}

impl Prepared {
    /// Encodes the records, in the task of the caller.
    pub(super) fn new(batch: Arc<Batch>) -> Result<Self, RepositoryError> {
        let scope = DatabaseScope { organization: batch.organization, database: batch.database };
        let encode = |record: &Record| {
            let blob = encode_record(record).map_err(|error| {
                RepositoryError(format!("a record of {} is refused: {error}", record.stream.name))
            })?;
            let (from_ms, at_ms) = (record.from.as_millis(), record.at.as_millis());
            Ok(PreparedRecord { stream: record.stream, from_ms, at_ms, blob })
        };
        let cells: usize =
            batch.records.iter().map(|record| record.series.len() * record.columns.len()).sum();
        let encode_all = || batch.records.iter().map(encode).collect::<Result<_, RepositoryError>>();
        let records = blocking::with_bytes(cells * size_of::<i64>(), encode_all)?;
        Ok(Self { scope, records, batch })
    }
}
