use std::collections::HashMap;

use super::outcome::{Context, Tried, advices};
use super::proposals::{Existing, Facts, Planned, Table, Tables, proposals, size_bytes};
use crate::model::{Evidence, Timestamp};
use crate::plan::{Candidate, Column};
use crate::text::Fingerprint;

/// `public.t` with a, b, c, .. of 10,000 values each and `few` of three.
fn tables(rows: f64) -> Tables {
    let facts = |number, name: &str, distinct| {
        let facts = Facts {
            number,
            quoted: name.to_owned(),
            is_varchar: false,
            indexable: name != "json",
            distinct,
            width: Some(4),
        };
        (name.to_owned(), facts)
    };
    let columns = HashMap::from([
        facts(1, "a", Some(10_000.0)),
        facts(2, "b", Some(9_000.0)),
        facts(3, "c", Some(8_000.0)),
        facts(4, "few", Some(3.0)),
        facts(5, "json", Some(5_000.0)),
        facts(6, "new", None),
    ]);
    let table = Table { oid: 7, quoted: "public.t".to_owned(), rows, pages: 1_000, written: 0, columns };
    Tables::from([(("public".to_owned(), "t".to_owned()), table)])
}

/// A statement of cost 4,000 whose scan would look at 10 rows.
fn statement(number: u64, equal: &[&str], tail: &[&str]) -> Planned {
    let columns = |names: &[&str]| {
        names.iter().map(|name| Column { name: (*name).to_owned(), as_text: false }).collect()
    };
    let candidate = Candidate {
        schema: "public".to_owned(),
        table: "t".to_owned(),
        equal: columns(equal),
        tail: columns(tail),
        rows: 10.0,
        scan_cost: 3_900.0,
    };
    Planned { fingerprint: Fingerprint(number), cost: 4_000.0, candidates: vec![candidate] }
}

fn proposed(planned: &[Planned], rows: f64, existing: &[Existing]) -> Vec<String> {
    let mut shown: Vec<String> = proposals(planned, &tables(rows), existing)
        .iter()
        .map(|proposal| format!("{} for {}", proposal.columns().join(", "), proposal.statements.len()))
        .collect();
    shown.sort();
    shown
}

#[test]
fn a_prefix_of_another_candidate_is_merged_into_it() {
    for (statements, expected) in [
        (vec![statement(1, &["a"], &[]), statement(2, &["a", "b"], &[])], &["a, b for 2"][..]),
        (vec![statement(1, &["b"], &[]), statement(2, &["a", "b"], &[])], &["b, a for 2"]),
        (vec![statement(1, &["b"], &[]), statement(2, &["a"], &[])], &["a for 1", "b for 1"]),
        (vec![statement(1, &["a"], &[]), statement(2, &["a"], &["b"])], &["a, b for 2"]),
        (vec![statement(1, &["a"], &[]), statement(2, &["a"], &[])], &["a for 2"]),
        (vec![statement(1, &["a"], &["b"]), statement(2, &["a"], &["c"])], &["a, b for 1", "a, c for 1"]),
        (
            vec![
                statement(1, &["c"], &[]),
                statement(2, &["b", "c"], &[]),
                statement(3, &["a", "b", "c"], &[]),
            ],
            &["c, b, a for 3"],
        ),
    ] {
        assert_eq!(proposed(&statements, 100_000.0, &[]), expected);
    }
}

#[test]
fn unselective_and_unindexable_columns_are_left_out() {
    let none: [&str; 0] = [];
    assert_eq!(proposed(&[statement(1, &["few", "a"], &[])], 100_000.0, &[]), ["a for 1"]);
    assert_eq!(proposed(&[statement(1, &["few"], &[])], 100_000.0, &[]), none);
    assert_eq!(proposed(&[statement(1, &["json"], &[])], 100_000.0, &[]), none);
    assert_eq!(proposed(&[statement(1, &["a"], &[])], 9_999.0, &[]), none);
    assert_eq!(proposed(&[statement(1, &["new"], &[])], 100_000.0, &[]), ["new for 1"]);
}

#[test]
fn an_existing_index_is_not_proposed() {
    let index = |is_unique, keys: &[i64]| Existing { table_oid: 7, is_unique, keys: keys.to_vec() };
    for (existing, is_there) in [
        (index(false, &[1, 2]), true),
        (index(false, &[2, 1, 3]), true),
        (index(true, &[1]), true),
        (index(false, &[1]), false),
        (index(false, &[1, 3, 2]), false),
        (index(false, &[0, 1, 2]), false),
        (Existing { table_oid: 8, ..index(false, &[1, 2]) }, false),
    ] {
        let found = proposed(&[statement(1, &["a", "b"], &[])], 100_000.0, std::slice::from_ref(&existing));
        assert_eq!(found.is_empty(), is_there, "{existing:?}");
    }
}

#[test]
fn advice_names_its_evidence() {
    let tables = tables(100_000.0);
    let proposals = proposals(&[statement(1, &["a"], &[])], &tables, &[]);
    let context = Context {
        database: "shop",
        tables: &tables,
        writes_per_second: None,
        why_not: Some("not tried: why"),
        at: Timestamp(1),
    };
    let guess = advices(&proposals, &[Tried::default()], &context).0.remove(0);
    assert_eq!(guess.create_sql, "CREATE INDEX CONCURRENTLY ON public.t (a)");
    assert_eq!((guess.evidence, guess.cost_after), (Evidence::Hypothesis, None));
    assert!((guess.gain_pct - 96.25).abs() < 0.01, "{}", guess.gain_pct);
    assert_eq!(guess.note.as_deref(), Some("not tried: why"));

    let tried = |after| Tried { size_bytes: Some(8_192), costs_after: vec![Some(after)] };
    let known = advices(&proposals, &[tried(1_000.0)], &context).0.remove(0);
    assert_eq!((known.evidence, known.cost_after, known.note), (Evidence::Hypopg, Some(1_000.0), None));
    assert_eq!((known.gain_pct, known.estimated_size_bytes), (75.0, Some(8_192)));
    assert_eq!(advices(&proposals, &[tried(4_000.0)], &context).0, []);
}

#[test]
fn a_size_needs_every_width() {
    assert_eq!(size_bytes(90.0, &[Some(4), Some(4)]), Some(2_000));
    assert_eq!(size_bytes(90.0, &[Some(4), None]), None);
}
