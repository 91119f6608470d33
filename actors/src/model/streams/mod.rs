//! The streams that the collectors fill and the API reads. The ending of a column's name gives its unit and how it is
//! shown: `_us` as floating-point `_ms`, `_at_ms` as a timestamp without that ending.

/// Declares streams. One text defines the columns of a stream and the type of its rows:
///
/// ```ignore
/// streams! {
///     /// The documentation of the stream.
///     WAL, WalRow = "wal" { wal_records: Sum, wal_bytes: Sum, }
/// }
/// ```
///
/// Columns are only ever appended: their order is the order of the values on disk.
macro_rules! streams {
    ($(
        $(#[$stream_doc:meta])*
        $stream:ident, $row:ident = $name:literal {
            $($(#[$column_doc:meta])* $column:ident: $kind:ident,)+
        }
    )+) => {$(
        $(#[$stream_doc])*
        pub static $stream: Stream = Stream {
            name: $name,
            columns: &[$(Column { name: stringify!($column), kind: ColumnKind::$kind }),+],
        };

        #[doc = concat!("A row of [`", stringify!($stream), "`]; [`NULL`] where a value is not known.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $row {
            $($(#[$column_doc])* pub $column: i64,)+
        }

        impl $row {
            /// A row without any value.
            pub const NULL: Self = Self { $($column: NULL),+ };

            /// Returns the values in the order of the columns.
            #[must_use]
            pub const fn values(self) -> [i64; $stream.columns.len()] {
                [$(self.$column),+]
            }
        }
    )+};
}

mod clickhouse;
mod common;
mod postgres;

pub use clickhouse::*;
pub use common::*;
pub use postgres::*;

use super::common::Stream;

/// Every stream.
pub static ALL: &[&Stream] = &[
    &ACTIVITY,
    &ARCHIVER,
    &BGWRITER,
    &CONNECTIONS,
    &DATABASES,
    &DISKS,
    &ERRORS,
    &EVENTS,
    &EVICTIONS,
    &HEALTH,
    &INDEXES,
    &IO,
    &LOCKS,
    &LOG_TABLES,
    &PARTS,
    &PLANS,
    &QUERIES,
    &QUERY_DURATIONS,
    &QUERY_EXCEPTIONS,
    &REPLICATION,
    &REPLICATION_SLOTS,
    &SERVER,
    &SERVER_METRICS,
    &SETTINGS,
    &STATEMENTS,
    &TABLES,
    &WAITS,
    &WAL,
];

/// Returns the stream called `name`.
#[must_use]
pub fn find(name: &str) -> Option<&'static Stream> {
    ALL.iter().copied().find(|stream| stream.name == name)
}

#[cfg(test)]
mod tests {
    use super::{ALL, WAL, WalRow};
    use crate::model::{NULL, Stream};

    #[test]
    fn names_and_order_of_columns_are_those_on_disk() {
        let line = |stream: &&Stream| {
            let columns = stream.columns.iter().map(|column| format!("{} {:?}", column.name, column.kind));
            format!("{}: {}\n", stream.name, columns.collect::<Vec<_>>().join(", "))
        };
        assert_eq!(ALL.iter().map(line).collect::<String>(), include_str!("columns.txt"));
    }

    #[test]
    fn a_row_has_its_values_in_the_order_of_the_columns() {
        let values = WalRow { wal_records: 1, wal_bytes: 2, ..WalRow::NULL }.values();
        let value = |name| values[WAL.column(name).expect("a column of WAL")];
        assert_eq!((value("wal_records"), value("wal_bytes"), value("wal_fpi")), (1, 2, NULL));
    }
}
