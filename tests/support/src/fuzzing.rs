//! Helpers of fuzz tests: many generated values, for a moment or for `FUZZ_SECONDS`.

use std::env;
use std::fmt::Debug;
use std::time::{Duration, Instant};

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestRunner};

/// Asserts that `holds` panics for no value of `strategy`. A value that fails is shrunk and shown.
pub fn fuzz<S: Strategy>(strategy: S, holds: impl Fn(S::Value))
where
    S::Value: Debug,
{
    let seconds = env::var("FUZZ_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(0));
    loop {
        let config = Config { cases: 256, failure_persistence: None, ..Config::default() };
        let checked = TestRunner::new(config).run(&strategy, |value| {
            holds(value);
            Ok(())
        });
        if let Err(error) = checked {
            panic!("{error}");
        }
        if Instant::now() >= until {
            return;
        }
    }
}

/// Generates texts of up to `most` pieces: those in `pieces`, or arbitrary ones.
pub fn text(pieces: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    let piece = proptest::prop_oneof![
        4 => proptest::sample::select(pieces).prop_map(str::to_owned),
        1 => proptest::collection::vec(proptest::char::any(), 0..8).prop_map(String::from_iter),
    ];
    proptest::collection::vec(piece, 0..most).prop_map(|pieces| pieces.concat())
}
