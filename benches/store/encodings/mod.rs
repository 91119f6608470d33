//! Which encoding a segment should have: bytes, and time to write and read, of four candidates on the same rows.

mod bytes;
mod parquet;
mod pco;
mod segment;
mod varint;

use std::time::Instant;

use basira_benches::Failure;

use self::parquet::Parquet;
use self::pco::Pco;
use self::segment::Segment;
use self::varint::Varints;
use super::day::{COUNTERS, Day, HOURS};

/// Hours per segment.
const SPANS: [usize; 3] = [1, 6, 24];

/// One way to write a segment; nothing is lost.
trait Encoding {
    fn name(&self) -> &'static str;
    /// All of it: who, when, and the counters.
    fn encode(&self, segment: &Segment) -> Result<Vec<u8>, Failure>;
    fn decode(&self, bytes: &[u8]) -> Result<Segment, Failure>;
}

/// What a whole day came to.
#[derive(Default)]
struct Cost {
    bytes: usize,
    rows: usize,
    encode_s: f64,
    decode_s: f64,
}

impl Cost {
    fn add(&mut self, encoding: &dyn Encoding, segment: &Segment) -> Result<(), Failure> {
        let started = Instant::now();
        let bytes = encoding.encode(segment)?;
        self.encode_s += started.elapsed().as_secs_f64();
        let started = Instant::now();
        let decoded = encoding.decode(&bytes)?;
        self.decode_s += started.elapsed().as_secs_f64();
        if decoded != *segment {
            return Err(format!("{} does not give back what it was given", encoding.name()).into());
        }
        self.bytes += bytes.len();
        self.rows += segment.rows();
        Ok(())
    }
}

/// Prints the table. Takes a few minutes.
pub(crate) fn compare() -> Result<(), Failure> {
    let encodings: [&dyn Encoding; 4] = [&Varints, &Parquet, &Pco::Plain, &Pco::Guessed];
    println!("one day of {} counters per row, as segments of so many hours; one thread", COUNTERS.len());
    println!(
        "{:<8}{:<26}{:>14}{:>16}{:>12}{:>12}",
        "hours", "encoding", "bytes a row", "bytes a counter", "encode", "decode"
    );
    for hours in SPANS {
        let mut costs: [Cost; 4] = Default::default();
        let mut day = Day::new();
        for _ in 0..HOURS / hours {
            let segment = Segment::next(&mut day, hours);
            for (encoding, cost) in encodings.iter().zip(&mut costs) {
                cost.add(*encoding, &segment)?;
            }
        }
        for (encoding, cost) in encodings.iter().zip(costs) {
            let per_row = cost.bytes as f64 / cost.rows as f64;
            let (name, per_counter) = (encoding.name(), per_row / COUNTERS.len() as f64);
            let (encode, decode) = (cost.encode_s, cost.decode_s);
            println!(
                "{hours:<8}{name:<26}{per_row:>14.2}{per_counter:>16.3}{encode:>10.2} s{decode:>10.2} s"
            );
        }
    }
    Ok(())
}
