//! Statements: what each cost over a window and by which plans it ran; and the sessions, locks and waits of now.

mod active;
mod detail;
mod explain;
mod list;
mod locks;
mod waits;

use crate::http::{ApiError, Route};

pub(super) fn routes() -> Vec<Route> {
    Route::family(
        "Queries",
        [
            active::routes(),
            detail::routes(),
            explain::routes(),
            list::routes(),
            locks::routes(),
            waits::routes(),
        ],
    )
}

/// Exactly 16 lower-case hex digits.
fn parse_hash(text: &str) -> Result<u64, ApiError> {
    let well_formed = text.len() == 16 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let parsed = well_formed.then(|| u64::from_str_radix(text, 16).ok()).flatten();
    parsed.ok_or_else(|| ApiError::field("hash", "must be 16 lower-case hex digits"))
}

#[cfg(test)]
mod tests {
    use super::parse_hash;

    #[test]
    fn a_hash_is_sixteen_lower_case_digits() {
        let cases = [
            ("00000000000000ff", Some(255)),
            ("ffffffffffffffff", Some(u64::MAX)),
            ("00000000000000FF", None),
            ("ff", None),
            ("", None),
            ("+0000000000000ff", None),
            ("00000000000000fff", None),
            ("0000000000000äa", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_hash(text).ok(), expected, "{text}");
        }
    }
}
