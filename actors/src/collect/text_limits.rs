//! How much is kept of a text that a watched server sent. Each is cut once, where it comes in.

use crate::text::MAX_INPUT_BYTES;

/// What a text that was cut ends in.
pub const TRUNCATION_MARK: &str = "... [cut]";

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
pub fn max_cell_bytes(name: &str) -> usize {
    match name {
        "command" | "command_text" | "query" | "query_text" => STATEMENT_BYTES,
        "content" => LOG_BYTES,
        _ => CELL_BYTES,
    }
}

/// The longest prefix of `text` of at most `max_bytes` that ends between two characters, if `text` is longer than that.
#[must_use]
pub fn truncated(text: &str, max_bytes: usize) -> Option<&str> {
    (text.len() > max_bytes).then(|| &text[..text.floor_char_boundary(max_bytes)])
}

/// An error message on one line, cut beyond [`MESSAGE_BYTES`].
#[must_use]
pub fn one_line(text: &str) -> String {
    let (kept, mark) = truncated(text, MESSAGE_BYTES).map_or((text, ""), |kept| (kept, TRUNCATION_MARK));
    let printable = kept.chars().map(|c| if c.is_control() { ' ' } else { c });
    printable.chain(mark.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::{MESSAGE_BYTES, TRUNCATION_MARK, max_cell_bytes, one_line, truncated};
    use crate::text::MAX_INPUT_BYTES;

    #[test]
    fn a_message_is_one_short_line() {
        assert_eq!(one_line("relation \"a\"\n\tis \u{1b}[31mgone"), "relation \"a\"  is  [31mgone");
        let long = one_line(&"\u{e4}".repeat(MESSAGE_BYTES));
        assert_eq!(long.len(), MESSAGE_BYTES + TRUNCATION_MARK.len());
        assert!(long.ends_with(TRUNCATION_MARK));
    }

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(truncated("a\u{e4}", 3), None);
        assert_eq!(truncated("a\u{e4}", 2), Some("a"));
    }

    #[test]
    fn a_statement_that_is_cut_is_read_as_one_that_has_no_end() {
        assert!(max_cell_bytes("query") > MAX_INPUT_BYTES);
        assert!(max_cell_bytes("setting") < MAX_INPUT_BYTES);
    }
}
