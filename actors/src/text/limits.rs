//! How much of a text is read, and how much is stored.

/// The size to which a normalised text is truncated.
pub const MAX_TEXT_BYTES: usize = 16 * 1024;

/// How much of a text is read. Longer texts count as truncated.
pub const MAX_INPUT_BYTES: usize = 1024 * 1024;

/// Returns the longest prefix of at most `max_bytes` that ends between two characters.
pub(super) fn cut(text: &str, max_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(max_bytes)]
}
