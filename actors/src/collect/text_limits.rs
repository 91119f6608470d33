//! Limits of texts received from watched servers. Each is truncated once, when it is received.

use crate::text::MAX_INPUT_BYTES;

/// The end of a truncated text.
pub const TRUNCATION_MARK: &str = "... [cut]";

/// The limit of an error message: PostgreSQL's and ClickHouse's own are below 500 bytes.
const MESSAGE_BYTES: usize = 1_000;

/// The limit of a cell with a name, a version, the value of a setting and the like.
const CELL_BYTES: usize = 8 * 1024;

/// The limit of a statement. A truncated one is longer than what [`crate::text::normalise`] reads.
const STATEMENT_BYTES: usize = MAX_INPUT_BYTES + 1024;

/// The limit of a part of a log: 1 MiB is requested, and received in hexadecimal.
const LOG_BYTES: usize = 4 << 20;

/// Returns the limit of texts in the column `name`.
#[must_use]
pub fn max_cell_bytes(name: &str) -> usize {
    match name {
        "command" | "command_text" | "query" | "query_text" => STATEMENT_BYTES,
        "content" => LOG_BYTES,
        _ => CELL_BYTES,
    }
}

/// Returns the longest prefix of at most `max_bytes` that ends between two characters; none when `text` is not longer.
#[must_use]
pub fn truncated(text: &str, max_bytes: usize) -> Option<&str> {
    (text.len() > max_bytes).then(|| &text[..text.floor_char_boundary(max_bytes)])
}

/// Returns an error message on one line, truncated to [`MESSAGE_BYTES`].
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
