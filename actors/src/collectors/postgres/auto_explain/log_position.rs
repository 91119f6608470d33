//! The position in the log: files are read from the end that they had at the first run.

use crate::collect::Param;

/// The number of bytes read at once.
pub(super) const MOST_BYTES: i64 = 1024 * 1024;
/// If reading is further behind than this, the part in between is skipped.
const MOST_BEHIND: i64 = 10 * 1024 * 1024;

/// A position in a log file, and the file that the server writes to.
pub(super) struct LogPosition {
    path: String,
    offset: i64,
    current: String,
    size: i64,
}

impl LogPosition {
    pub(super) fn at_end(path: &str, size: i64) -> Self {
        Self { path: path.to_owned(), offset: size, current: path.to_owned(), size }
    }

    /// Takes the file that is written to and its size. Returns whether a part is skipped.
    pub(super) fn update(&mut self, current: &str, size: i64) -> bool {
        current.clone_into(&mut self.current);
        self.size = size;
        if self.path != self.current {
            return false; // the rest of the file before comes first
        }
        if size < self.offset {
            self.offset = 0; // rewritten under its old name
        }
        let behind = size - self.offset > MOST_BEHIND;
        if behind {
            self.offset = size;
        }
        behind
    }

    /// Returns the file, the offset and the length to read; none when there is nothing new.
    pub(super) fn read_params(&self) -> Option<Vec<Param>> {
        let done = self.path == self.current && self.offset >= self.size;
        (!done).then(|| {
            vec![Param::Text(self.path.clone()), Param::BigInt(self.offset), Param::BigInt(MOST_BYTES)]
        })
    }

    /// Advances: of `got` bytes, `read` were parsed. Returns whether an entry was too long to be read.
    pub(super) fn advance(&mut self, read: usize, got: usize) -> bool {
        let full = i64::try_from(got).is_ok_and(|got| got >= MOST_BYTES);
        let too_long = full && read == 0;
        let moved = if too_long { got } else { read };
        self.offset = self.offset.saturating_add(i64::try_from(moved).unwrap_or(i64::MAX));
        if self.path != self.current && !full {
            self.path.clone_from(&self.current);
            self.offset = 0;
        }
        too_long
    }
}

/// Decodes `hex`.
pub(super) fn bytes(hex: &str) -> Vec<u8> {
    let digit =
        |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).unwrap_or(0);
    hex.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}
