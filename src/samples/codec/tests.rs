//! Whatever rows a stripe is given, its pages give them back, all columns or some.

use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use basira_actors::model::{NULL, Stream};
use pco::DecompressorScratch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Stripe, Table, pack_stripe};

fn cell(random: &mut StdRng, shape: usize, calls: i64) -> i64 {
    match shape % 6 {
        0 => calls,
        1 => calls * 7 + random.random_range(0..3),
        2 => 0,
        3 => NULL,
        4 if random.random_bool(0.3) => NULL,
        4 => random.random_range(i64::MIN + 1..=i64::MAX),
        _ => [i64::MAX, i64::MIN + 1, -1, 0][random.random_range(0..4)],
    }
}

/// Rows of `series` series with up to `most` rows each; when `rolled`, they start before they end.
fn table(random: &mut StdRng, stream: &Stream, series: u64, most: usize, rolled: bool) -> Table {
    let mut table = Table::new(stream.columns.len());
    for number in 0..series {
        let mut last = random.random_range(0..3);
        for _ in 0..random.random_range(1..=most) {
            let calls = random.random_range(1..1_000);
            let cells: Vec<i64> =
                (0..stream.columns.len()).map(|column| cell(random, column, calls)).collect();
            let first = if rolled { last - random.random_range(0..=last.min(2)) } else { last };
            table.push(number << 40, (first, last), &cells);
            last += random.random_range(1..4);
        }
    }
    table
}

/// All pages of a stripe behind one another.
fn unpack(stream: &Stream, packed: &super::stripe::PackedStripe, wanted: &[bool]) -> Vec<Table> {
    assert_eq!(wanted.len(), stream.columns.len());
    let stripe = Stripe::open(&packed.head, wanted).unwrap();
    let mut scratch = DecompressorScratch::default();
    packed
        .pages
        .iter()
        .map(|page| stripe.page(&page.bytes, page.rows, 1 << 20, &mut scratch).unwrap())
        .collect()
}

#[test]
fn every_cell_is_decoded_as_encoded() {
    let mut random = StdRng::seed_from_u64(4);
    for (stream, series, most, rolled) in [
        (&STATEMENTS, 1, 1, false),
        (&STATEMENTS, 900, 9, false),
        (&ACTIVITY, 300, 40, true),
        (&STATEMENTS, 3, 3_000, true),
    ] {
        let table = table(&mut random, stream, series, most, rolled);
        let packed = pack_stripe(stream, &table).unwrap();
        for every in [1, 2, 5] {
            let wanted: Vec<bool> = (0..stream.columns.len()).map(|column| column % every == 0).collect();
            let mut row = 0;
            let mut found = Vec::new();
            for page in unpack(stream, &packed, &wanted) {
                for (series, run) in page.runs() {
                    found.push((series, run.len()));
                    for of_page in run {
                        assert_eq!(
                            (page.first(of_page), page.last[of_page]),
                            (table.first(row), table.last[row])
                        );
                        for column in (0..wanted.len()).filter(|&column| wanted[column]) {
                            assert_eq!(
                                page.cell(column, of_page),
                                table.cell(column, row),
                                "{column} of {row}"
                            );
                        }
                        row += 1;
                    }
                }
            }
            let expected: Vec<_> = table.runs().map(|(series, run)| (series, run.len())).collect();
            assert_eq!(found, expected);
        }
    }
}

#[test]
fn columns_correlated_with_calls_compress_well() {
    let mut random = StdRng::seed_from_u64(5);
    let packed_bytes = |random: &mut StdRng, follows: bool| {
        let mut table = Table::new(STATEMENTS.columns.len());
        for series in 0..100_u64 {
            for last in 0..60 {
                let calls = random.random_range(1..10_000);
                let rows = if follows { calls * 37 } else { random.random_range(37..370_000) };
                let mut cells = vec![NULL; STATEMENTS.columns.len()];
                (cells[0], cells[2]) = (calls, rows);
                table.push(series, (last, last), &cells);
            }
        }
        let packed = pack_stripe(&STATEMENTS, &table).unwrap();
        packed.pages.iter().map(|page| page.bytes.len()).sum::<usize>()
    };
    let (following, free) = (packed_bytes(&mut random, true), packed_bytes(&mut random, false));
    assert!(following * 3 < free * 2, "{following} and {free} bytes");
}
