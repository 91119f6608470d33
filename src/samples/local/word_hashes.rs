//! The texts that rows refer to.

use std::collections::HashSet;

use basira_actors::model::{ColumnKind, NULL, Stream};

/// Returns the hashes in the text columns of `rows`, each once.
#[must_use]
pub fn word_hashes<'a>(stream: &Stream, rows: impl IntoIterator<Item = &'a [i64]>) -> Vec<u64> {
    let places: Vec<usize> = stream
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.kind == ColumnKind::Text)
        .map(|(place, _)| place)
        .collect();
    let of_row =
        |row: &'a [i64]| places.iter().filter_map(|&place| row.get(place)).copied().collect::<Vec<_>>();
    let hashes: HashSet<i64> = rows.into_iter().flat_map(of_row).filter(|&value| value != NULL).collect();
    hashes.into_iter().map(i64::cast_unsigned).collect()
}
