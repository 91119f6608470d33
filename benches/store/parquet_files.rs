//! A row group an hour in one Parquet file, by series, then time; read with the crate parquet and nothing else.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;

use async_trait::async_trait;
use basira_benches::Failure;
use parquet::file::reader::{FileReader as _, RowGroupReader, SerializedFileReader};
use parquet::file::writer::SerializedFileWriter;
use tempfile::TempDir;

use super::columns;
use super::day::{COUNTERS, Counters, Poll, Row};
use super::peer::{Bucket, Peer, Ranked, Span, add, bucket, ranked};

const FILE: &str = "day.parquet";
/// Places of columns.
const SERIES: usize = 0;
const AT: usize = 1;
const COUNTED: usize = 2;

pub(crate) struct ParquetFile {
    writer: Option<SerializedFileWriter<File>>,
    /// First and last time of each row group; the file knows them too, this saves a look.
    groups: Vec<(i64, i64)>,
    directory: TempDir,
}

impl ParquetFile {
    pub(crate) fn start() -> Result<Self, Failure> {
        let directory = tempfile::tempdir()?;
        let writer = columns::writer(File::create(directory.path().join(FILE))?)?;
        Ok(Self { writer: Some(writer), groups: Vec::new(), directory })
    }

    /// Hands every row group that overlaps `span` to `visit`, with the places of its rows when not all of them count.
    fn visit(
        &self,
        span: Span,
        mut visit: impl FnMut(&dyn RowGroupReader) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let reader = SerializedFileReader::new(File::open(self.directory.path().join(FILE))?)?;
        for (place, (first, last)) in self.groups.iter().enumerate() {
            if *last > span.since && *first <= span.until {
                visit(reader.get_row_group(place)?.as_ref())?;
            }
        }
        Ok(())
    }
}

/// Adds `polls` as one row group, by series, then time.
pub(crate) fn write_hour<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    polls: &[Poll],
) -> Result<(), Failure> {
    let mut rows: Vec<(i64, &Row)> =
        polls.iter().flat_map(|poll| poll.rows.iter().map(|row| (poll.at, row))).collect();
    rows.sort_unstable_by_key(|(at, row)| (row.series, *at));
    let mut all = vec![Vec::with_capacity(rows.len()); COUNTED + COUNTERS.len()];
    for (at, row) in rows {
        let values = [row.series.cast_signed(), at].into_iter().chain(row.counters);
        all.iter_mut().zip(values).for_each(|(column, value)| column.push(value));
    }
    columns::write_group(writer, all.iter().map(Vec::as_slice))
}

#[async_trait]
impl Peer for ParquetFile {
    fn name(&self) -> &'static str {
        "parquet"
    }

    async fn load(&mut self, polls: &[Poll]) -> Result<(), Failure> {
        write_hour(self.writer.as_mut().ok_or("the file is finished")?, polls)?;
        let times = polls.iter().map(|poll| poll.at);
        self.groups.extend(times.clone().min().zip(times.max()));
        Ok(())
    }

    async fn finish(&mut self) -> Result<(), Failure> {
        let writer = self.writer.take().ok_or("the file is finished")?;
        Ok(writer.into_inner()?.sync_all()?)
    }

    async fn bytes(&self) -> Result<Option<u64>, Failure> {
        Ok(Some(std::fs::metadata(self.directory.path().join(FILE))?.len()))
    }

    async fn top(&self, span: Span) -> Result<Vec<Ranked>, Failure> {
        let mut sums: HashMap<u64, Counters> = HashMap::new();
        self.visit(span, |group| {
            let (series, times) = (columns::read(group, SERIES)?, columns::read(group, AT)?);
            for place in 0..COUNTERS.len() {
                let values = columns::read(group, COUNTED + place)?;
                let mut row = 0;
                for run in series.chunk_by(|one, other| one == other) {
                    let rows = row..row + run.len();
                    row = rows.end;
                    let inside = rows.filter(|row| times[*row] > span.since && times[*row] <= span.until);
                    sums.entry(run[0].cast_unsigned()).or_default()[place] +=
                        inside.map(|row| values[row]).sum::<i64>();
                }
            }
            Ok(())
        })?;
        Ok(ranked(sums))
    }

    async fn series(&self, series: u64, span: Span) -> Result<Vec<Bucket>, Failure> {
        let mut buckets: Vec<Bucket> = Vec::new();
        self.visit(span, |group| {
            let all = columns::read(group, SERIES)?;
            let first = all.partition_point(|other| other.cast_unsigned() < series);
            let rows = all.partition_point(|other| other.cast_unsigned() <= series) - first;
            let times = columns::read_rows(group, AT, first, rows)?;
            let counters: Vec<_> = (0..COUNTERS.len())
                .map(|place| columns::read_rows(group, COUNTED + place, first, rows))
                .collect::<Result<_, _>>()?;
            for (row, at) in times.into_iter().enumerate() {
                let values: Counters = std::array::from_fn(|place| counters[place][row]);
                match buckets.last_mut() {
                    _ if at <= span.since || at > span.until => {}
                    Some((start, sums)) if *start == bucket(at) => add(sums, &values),
                    _ => buckets.push((bucket(at), values)),
                }
            }
            Ok(())
        })?;
        Ok(buckets)
    }
}
