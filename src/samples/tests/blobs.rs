//! Whatever happens to the bytes, reading them gives the rows or an error.

use basira_actors::model::Record;
use basira_actors::model::streams::{ACTIVITY, STATEMENTS};
use pco::DecompressorScratch;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::model::records;
use crate::samples::codec::{CodecError, Head, Stripe, Sums, decode_record, encode_record};
use crate::samples::segments::build;

fn random_records(seed: u64, count: i64) -> Vec<Record> {
    let mut random = StdRng::seed_from_u64(seed);
    let stream = if seed.is_multiple_of(2) { &STATEMENTS } else { &ACTIVITY };
    let series: Vec<u64> = (0..seed * 3 + 1).map(|_| random.random()).collect();
    records(&mut random, stream, &series, count, 1)
}

#[test]
fn records_are_decoded_as_encoded() {
    for record in (0..20).flat_map(|seed| random_records(seed, 10)) {
        let rows = decode_record(&encode_record(&record).unwrap(), record.columns.len()).unwrap();
        assert_eq!((rows.from, rows.at), (record.from.0, record.at.0));
        assert_eq!((rows.series, rows.columns), (record.series, record.columns));
    }
}

/// Opens every page of a segment; how many rows there are.
fn open_pages(head: &[u8], blocks: &[Vec<u8>], columns: usize) -> Result<usize, CodecError> {
    let head = Head::decode(head)?;
    let mut rows = 0;
    for (number, block) in blocks.iter().enumerate() {
        for (page, bytes) in head.slices(number, block) {
            let stripe = Stripe::open(&head.stripes[page.stripe], &vec![true; columns])?;
            let bytes = bytes.ok_or(CodecError::Truncated)?;
            let mut scratch = DecompressorScratch::default();
            rows += stripe.page(bytes, page.rows, head.records.len(), &mut scratch)?.len();
        }
    }
    Ok(rows)
}

/// Every truncation and every flipped bit of `blob` must be noticed.
fn notices_damage<T>(blob: &[u8], open: impl Fn(&[u8]) -> Result<T, CodecError>) {
    assert!(open(blob).is_ok());
    for length in 0..blob.len() {
        assert!(open(&blob[..length]).is_err(), "cut to {length} bytes");
    }
    let mut damaged = blob.to_vec();
    for bit in 0..blob.len() * 8 {
        damaged[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&damaged).is_err(), "bit {bit} flipped");
        damaged[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn damage_is_detected() {
    for seed in [2, 3] {
        let records = random_records(seed, 12);
        let columns = records[0].columns.len();
        let blobs: Vec<_> = records.iter().map(|record| encode_record(record).unwrap()).collect();
        notices_damage(&blobs[3], |blob| decode_record(blob, columns));
        let segment = build(records[0].stream, &blobs).unwrap();
        assert_eq!(open_pages(&segment.head, &segment.blocks, columns).unwrap(), segment.row_count);
        notices_damage(&segment.head, Head::decode);
        let block = &segment.blocks[0];
        notices_damage(block, |block| open_pages(&segment.head, &[block.to_vec()], columns));
        notices_damage(&segment.sums, |blob| Sums::decode(blob, columns));
    }
}

#[test]
fn a_blob_is_bound_to_its_identity() {
    let record = &random_records(4, 1)[0];
    let blob = encode_record(record).unwrap();
    assert!(matches!(Sums::decode(&blob, 1), Err(CodecError::Kind)));
    let newer = [&[9], &blob[1..]].concat();
    assert!(matches!(decode_record(&newer, 1), Err(CodecError::Version(9))));
}
