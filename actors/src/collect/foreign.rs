//! How much is kept of a text that a watched server sent. Each is cut once, where it comes in.

use crate::text::MAX_INPUT_BYTES;

/// What a text that was cut ends in.
pub const CUT_MARK: &str = "... [cut]";

/// The most that is kept of an error message: PostgreSQL's and ClickHouse's own are below 500 bytes.
const MESSAGE_BYTES: usize = 1_000;

/// The most that is kept of a cell that holds a name, a version, the value of a setting and the like.
const CELL_BYTES: usize = 8 * 1024;

/// The most that is kept of a statement. One that is cut is longer than what [`crate::text::normalise`] reads.
const STATEMENT_BYTES: usize = MAX_INPUT_BYTES + 1024;

/// The most that is kept of a piece of a log: 1 MiB is asked for, and comes in hexadecimal.
const LOG_BYTES: usize = 4 << 20;

/// The most bytes that are kept of a text in the column `name`.
#[must_use]
pub fn longest_cell(name: &str) -> usize {
    match name {
        "command" | "command_text" | "query" | "query_text" => STATEMENT_BYTES,
        "content" => LOG_BYTES,
        _ => CELL_BYTES,
    }
}

/// The longest prefix of `text` of at most `max_bytes` that ends between two characters, if `text` is longer than that.
#[must_use]
pub fn cut(text: &str, max_bytes: usize) -> Option<&str> {
    (text.len() > max_bytes).then(|| &text[..text.floor_char_boundary(max_bytes)])
}

/// An error message on one line, cut beyond [`MESSAGE_BYTES`].
#[must_use]
pub fn message(text: &str) -> String {
    let (kept, mark) = cut(text, MESSAGE_BYTES).map_or((text, ""), |kept| (kept, CUT_MARK));
    let printable = kept.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.chain(mark.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::{CUT_MARK, MESSAGE_BYTES, cut, longest_cell, message};
    use crate::text::MAX_INPUT_BYTES;

    #[test]
    fn a_message_is_one_short_line() {
        assert_eq!(message("relation \"a\"\n\tis \u{1b}[31mgone"), "relation \"a\"  is  [31mgone");
        let long = message(&"\u{e4}".repeat(MESSAGE_BYTES));
        assert_eq!(long.len(), MESSAGE_BYTES + CUT_MARK.len());
        assert!(long.ends_with(CUT_MARK));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("a\u{e4}", 3), None);
        assert_eq!(cut("a\u{e4}", 2), Some("a"));
    }

    #[test]
    fn a_statement_that_is_cut_is_read_as_one_that_has_no_end() {
        assert!(longest_cell("query") > MAX_INPUT_BYTES);
        assert!(longest_cell("setting") < MAX_INPUT_BYTES);
    }
}
