//! Tests that normalising takes time linear in the length of the text.

use std::time::{Duration, Instant};

use super::secrets::redact;
use super::{Engine, failure, names, normalise, plannable, writes};

const BYTES: usize = 4 * 1024;
const TIMES: usize = 8;
/// The largest accepted ratio of times: between 8, which is linear, and 64, which is quadratic.
const MAX_RATIO: u32 = 40;
/// Repeated because other processes may disturb a measurement.
const TRIES: usize = 40;

/// Pieces that, when repeated, make a parser look ahead or back.
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

/// Compares the shortest times for a text and for one that is `TIMES` as long.
fn is_linear(work: Work<'_>, piece: &str) -> bool {
    // an even number, so that a quote that a piece opens is closed in both
    let short = piece.repeat(BYTES / piece.len() / 2 * 2);
    let long = short.repeat(TIMES);
    let mut least = [Duration::MAX; 2];
    (0..TRIES).any(|_| {
        least = [least[0].min(took(work, &short)), least[1].min(took(work, &long))];
        least[1] <= least[0].max(Duration::from_micros(200)) * MAX_RATIO
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
