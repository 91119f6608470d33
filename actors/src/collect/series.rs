//! Series that are the hash of names.

use xxhash_rust::xxh3::xxh3_64;

/// Returns the series named by `parts`. Series are stored: the bytes that are hashed, separators included, never change.
#[must_use]
pub fn series(parts: &[&[u8]]) -> u64 {
    xxh3_64(&parts.concat())
}

#[cfg(test)]
mod tests {
    use super::series;

    #[test]
    fn the_series_of_a_name_never_changes() {
        assert_eq!(series(&[b"Lock", b"\0", b"relation"]), xxhash_rust::xxh3::xxh3_64(b"Lock\0relation"));
    }
}
