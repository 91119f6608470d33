//! What a cell is likely to be, given the rows of its series before it: only the difference is stored.

use basira_actors::model::NULL;

use super::CodecError;
use super::bytes::Bytes;
use super::table::Table;

/// How the cells of a column are predicted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Predictor {
    /// Not at all.
    Zero,
    /// As the known one before.
    Previous,
    /// In the proportion that the column had so far to the one at this place: rows follow calls, and times follow blocks.
    Ratio(usize),
}

/// A prediction on its way down one series.
struct State {
    previous: i64,
    own_sum: f64,
    base_sum: f64,
    ratio: f64,
}

impl State {
    const START: Self = Self { previous: 0, own_sum: 0.0, base_sum: 0.0, ratio: 0.0 };

    fn guess(&self, predictor: Predictor, base: i64) -> i64 {
        match predictor {
            Predictor::Zero => 0,
            Predictor::Previous => self.previous,
            // the same on every machine: one multiplication, one addition, cut off
            Predictor::Ratio(_) => (as_number(base) * self.ratio + 0.5) as i64,
        }
    }

    fn learn(&mut self, predictor: Predictor, base: i64, cell: i64) {
        match predictor {
            Predictor::Zero => {}
            Predictor::Previous => self.previous = cell,
            Predictor::Ratio(_) => {
                self.own_sum += cell as f64;
                self.base_sum += as_number(base);
                self.ratio = if self.base_sum > 0.0 { self.own_sum / self.base_sum } else { 0.0 };
            }
        }
    }
}

fn as_number(base: i64) -> f64 {
    if base == NULL { 0.0 } else { base as f64 }
}

impl Predictor {
    fn base(self, columns: &[Vec<i64>]) -> &[i64] {
        match self {
            Self::Ratio(base) => columns.get(base).map_or(&[], Vec::as_slice),
            _ => &[],
        }
    }

    /// The differences of the first `rows` cells of a column from their prediction; 0 where nothing is known.
    pub(super) fn differences(self, table: &Table, column: usize, rows: usize) -> Vec<i64> {
        let (cells, base) = (&table.columns[column], self.base(&table.columns));
        let mut differences = Vec::with_capacity(rows);
        for (_, run) in table.runs() {
            let mut state = State::START;
            let run = run.start..run.end.min(rows);
            for (row, &cell) in run.clone().zip(&cells[run]) {
                let base = base.get(row).copied().unwrap_or(NULL);
                if cell == NULL {
                    differences.push(0);
                    continue;
                }
                differences.push(cell.wrapping_sub(state.guess(self, base)));
                state.learn(self, base, cell);
            }
            if differences.len() >= rows {
                break;
            }
        }
        differences
    }

    /// Turns `differences` back into cells; `is_known` tells which there are.
    pub(super) fn restore(
        self,
        table: &Table,
        mut differences: Vec<i64>,
        is_known: impl Fn(usize) -> bool,
    ) -> Vec<i64> {
        let base = self.base(&table.columns);
        for (_, run) in table.runs() {
            let mut state = State::START;
            for row in run {
                if !is_known(row) {
                    differences[row] = NULL;
                    continue;
                }
                let base = base.get(row).copied().unwrap_or(NULL);
                let cell = differences[row].wrapping_add(state.guess(self, base));
                state.learn(self, base, cell);
                differences[row] = cell;
            }
        }
        differences
    }

    pub(super) fn code(self) -> u64 {
        match self {
            Self::Zero => 0,
            Self::Previous => 1,
            Self::Ratio(base) => 2 + base as u64,
        }
    }

    /// The predictor of `column`: what it rests on stands before it.
    pub(super) fn read(bytes: &mut Bytes<'_>, column: usize) -> Result<Self, CodecError> {
        match bytes.varint()? {
            0 => Ok(Self::Zero),
            1 => Ok(Self::Previous),
            code => {
                let base = usize::try_from(code - 2).ok().filter(|&base| base < column);
                base.map(Self::Ratio).ok_or(CodecError::Malformed)
            }
        }
    }
}
