//! Bytes that were not written by us give an error and never a panic, also when their checksum is right.

use pco::DecompressorScratch;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;

use super::frame::{self, Kind};
use super::{Head, Stripe, Sums, Table, decode_record, decode_series, pack_stripe};
use basira_test_support::fuzz;

use basira_actors::model::streams::STATEMENTS;

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..400)
}

fn open_all(blob: &[u8], wanted: usize) {
    let _ = decode_record(blob, wanted);
    let _ = decode_series(blob);
    let _ = Sums::decode(blob, wanted);
    if let Ok(head) = Head::decode(blob) {
        let _ = head.blocks();
        for stripe in &head.stripes {
            let _ = Stripe::open(stripe, &vec![true; wanted]);
        }
    }
}

#[test]
fn any_bytes_are_refused() {
    fuzz((bytes(), 0_usize..40), |(blob, wanted)| {
        open_all(&blob, wanted);
        let _ = Stripe::open(&blob, &vec![true; wanted]);
    });
}

#[test]
fn any_content_under_a_good_checksum_is_refused() {
    let kind = proptest::sample::select(&[Kind::Record, Kind::Head, Kind::Page, Kind::Sums]);
    fuzz((kind, bytes(), 0_usize..40), |(kind, raw, wanted)| {
        let blob = frame::close(kind, &raw).expect("it can be framed");
        open_all(&blob, wanted);
    });
}

#[test]
fn damaged_stripes_and_pages_are_refused() {
    let mut table = Table::new(STATEMENTS.columns.len());
    for row in 0..60_usize {
        let cells: Vec<i64> = (0_i64..).take(STATEMENTS.columns.len()).map(|cell| cell * 31).collect();
        table.push((row / 6) as u64, (row, row), &cells);
    }
    let packed = pack_stripe(&STATEMENTS, &table).expect("a stripe");
    let damage = proptest::collection::vec((any::<Index>(), any::<u8>()), 1..6);
    fuzz((damage.clone(), damage, 0_usize..200), |(of_head, of_page, rows)| {
        let (mut head, page) = (packed.head.clone(), &packed.pages[0]);
        let mut content =
            frame::open(Kind::Page, &page.bytes).map_or_else(|_| page.bytes.clone(), |raw| raw.to_vec());
        for (at, byte) in &of_page {
            let at = at.index(content.len());
            content[at] = *byte;
        }
        let damaged = frame::close(Kind::Page, &content).expect("it can be framed");
        let wanted = vec![true; STATEMENTS.columns.len()];
        let mut scratch = DecompressorScratch::default();
        let whole = Stripe::open(&head, &wanted).expect("a good stripe");
        for bytes in [&content, &damaged] {
            let _ = whole.page(bytes, rows, 1 << 20, &mut scratch);
        }
        for (at, byte) in of_head {
            let at = at.index(head.len());
            head[at] = byte;
        }
        if let Ok(stripe) = Stripe::open(&head, &wanted) {
            let _ = stripe.page(&page.bytes, page.rows, 1 << 20, &mut scratch);
        }
    });
}
