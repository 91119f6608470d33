//! Parquet files of our rows: series, time and the ten counters, all of them 64-bit integers.

use std::io::Write;
use std::sync::Arc;

use basira_benches::Failure;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::reader::get_typed_column_reader;
use parquet::data_type::Int64Type;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::RowGroupReader;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::day::COUNTERS;

const LEVEL: i32 = 3;

/// A file that is written to `out`.
pub(crate) fn writer<W: Write + Send>(out: W) -> Result<SerializedFileWriter<W>, Failure> {
    let columns: Vec<_> =
        ["series", "at"].iter().chain(&COUNTERS).map(|name| format!("required int64 {name};")).collect();
    let schema = parse_message_type(&format!("message statements {{ {} }}", columns.concat()))?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(LEVEL)?))
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::DELTA_BINARY_PACKED)
        .build();
    Ok(SerializedFileWriter::new(out, Arc::new(schema), Arc::new(properties))?)
}

/// Adds one row group of these columns.
pub(crate) fn write_group<'a, W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    mut columns: impl Iterator<Item = &'a [i64]>,
) -> Result<(), Failure> {
    let mut group = writer.next_row_group()?;
    while let Some(mut column) = group.next_column()? {
        let values = columns.next().ok_or("a column is missing")?;
        column.typed::<Int64Type>().write_batch(values, None, None)?;
        column.close()?;
    }
    group.close()?;
    Ok(())
}

/// One whole column of a row group.
pub(crate) fn read(group: &dyn RowGroupReader, place: usize) -> Result<Vec<i64>, Failure> {
    let rows = usize::try_from(group.metadata().num_rows())?;
    read_rows(group, place, 0, rows)
}

/// `rows` values of a column, after as many as `skipped`.
pub(crate) fn read_rows(
    group: &dyn RowGroupReader,
    place: usize,
    skipped: usize,
    rows: usize,
) -> Result<Vec<i64>, Failure> {
    let mut reader = get_typed_column_reader::<Int64Type>(group.get_column_reader(place)?);
    reader.skip_records(skipped)?;
    let mut values = Vec::with_capacity(rows);
    while values.len() < rows {
        if reader.read_records(rows - values.len(), None, None, &mut values)?.0 == 0 {
            return Err("the column ends too early".into());
        }
    }
    Ok(values)
}
