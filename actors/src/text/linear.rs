//! A text of a stranger takes time in proportion to its length: eight times as long, not sixty-four times the time.

use std::time::{Duration, Instant};

use super::secrets::redact;
use super::{Engine, failure, names, normalise, plannable, writes};

const BYTES: usize = 4 * 1024;
const TIMES: usize = 8;
/// Between eight times, which is linear, and sixty-four times, which is quadratic.
const MOST: u32 = 40;
/// The machine may do something else meanwhile.
const TRIES: usize = 40;

/// Pieces that make a parser look ahead, or back, when they are repeated.
const REPEATED: [&str; 34] = [
    "a ",
    "a=b ",
    "a: ",
    "a:",
    "://",
    "a://b@",
    "://:",
    "'",
    "\"",
    "\\'",
    "-u ",
    "-u \"",
    "-u '\\",
    "-u a ",
    "--token ",
    "password=",
    "$",
    "$a$",
    "$1",
    "a$1",
    "/*",
    "*/",
    "--\n",
    "(",
    "((1),",
    "[1,",
    "in (",
    "values (1),",
    "array[",
    "1",
    "- ",
    "e'",
    "u&\"",
    "`",
];

type Work<'w> = &'w dyn Fn(&str);

fn took(work: Work<'_>, text: &str) -> Duration {
    let started = Instant::now();
    work(text);
    started.elapsed()
}

/// The least of what some tries took, of a text and of one that is `TIMES` as long.
fn is_linear(work: Work<'_>, piece: &str) -> bool {
    // an even number, so that what a piece opens is closed in both
    let short = piece.repeat(BYTES / piece.len() / 2 * 2);
    let long = short.repeat(TIMES);
    let mut least = [Duration::MAX; 2];
    (0..TRIES).any(|_| {
        least = [least[0].min(took(work, &short)), least[1].min(took(work, &long))];
        least[1] <= least[0].max(Duration::from_micros(200)) * MOST
    })
}

#[test]
fn time_grows_with_the_length_of_the_text() {
    let works: [(&str, Work<'_>); 7] = [
        ("redact", &|text| drop(redact(text))),
        ("normalise PostgreSQL", &|text| drop(normalise(Engine::Postgres, text))),
        ("normalise ClickHouse", &|text| drop(normalise(Engine::Clickhouse, text))),
        ("plannable", &|text| assert!(plannable(text) != Ok(()) || !text.is_empty())),
        ("writes", &|text| assert!(!writes(text) || !text.is_empty())),
        ("names", &|text| drop(names(text))),
        ("failure", &|text| drop(failure(&text[..text.len().min(8_192)], text))),
    ];
    for (name, work) in works {
        for piece in REPEATED {
            assert!(is_linear(work, piece), "{name} of {piece:?} repeated");
        }
    }
}
