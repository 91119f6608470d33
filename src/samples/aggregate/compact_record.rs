//! A decoded record, held in as little memory as its values allow.

use basira_actors::model::NULL;

use crate::samples::codec::Rows;

/// A record as it was read.
#[derive(Debug)]
pub(in crate::samples) struct CompactRecord {
    pub(in crate::samples) from: i64,
    pub(in crate::samples) at: i64,
    pub(in crate::samples) series: Vec<u64>,
    columns: Vec<CompactColumn>,
}

/// A column in as few bytes per cell as its largest needs.
#[derive(Debug)]
enum CompactColumn {
    Unknown,
    Zero,
    Two(Vec<u16>),
    Four(Vec<u32>),
    Eight(Vec<i64>),
}

impl CompactRecord {
    pub(in crate::samples) fn new(rows: Rows) -> Self {
        let columns = rows.columns.into_iter().map(CompactColumn::new).collect();
        Self { from: rows.from, at: rows.at, series: rows.series, columns }
    }

    pub(in crate::samples) fn cell(&self, column: usize, row: usize) -> i64 {
        match &self.columns[column] {
            CompactColumn::Unknown => NULL,
            CompactColumn::Zero => 0,
            CompactColumn::Two(cells) => cells[row].into(),
            CompactColumn::Four(cells) => cells[row].into(),
            CompactColumn::Eight(cells) => cells[row],
        }
    }

    pub(in crate::samples) fn bytes(&self) -> usize {
        let columns: usize = self.columns.iter().map(|column| column.width() * self.series.len()).sum();
        size_of::<Self>() + self.series.len() * 8 + self.columns.len() * size_of::<CompactColumn>() + columns
    }
}

impl CompactColumn {
    fn new(cells: Vec<i64>) -> Self {
        let all = |fits: fn(i64) -> bool| cells.iter().all(|&cell| fits(cell));
        if all(|cell| cell == NULL) {
            Self::Unknown
        } else if all(|cell| cell == 0) {
            Self::Zero
        } else if all(|cell| u16::try_from(cell).is_ok()) {
            Self::Two(cells.into_iter().map(|cell| cell as u16).collect())
        } else if all(|cell| u32::try_from(cell).is_ok()) {
            Self::Four(cells.into_iter().map(|cell| cell as u32).collect())
        } else {
            Self::Eight(cells)
        }
    }

    const fn width(&self) -> usize {
        match self {
            Self::Unknown | Self::Zero => 0,
            Self::Two(_) => 2,
            Self::Four(_) => 4,
            Self::Eight(_) => 8,
        }
    }
}
