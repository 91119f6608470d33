//! The route table against the API reference.

use std::collections::BTreeMap;

use crate::http::routes;

/// Every path of the public API.
const REFERENCE: &str = include_str!("../../../tests/reference.txt");

/// `GET /api/v1/databases/{}` for `GET /api/v1/databases/{id}`.
fn without_names(route: &str) -> String {
    let mut pieces = route.split('{');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |route, piece| route + "{}" + piece.split_once('}').map_or("", |(_, rest)| rest))
}

#[test]
fn each_path_of_the_reference_has_exactly_one_route() {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for route in routes::all() {
        *counts.entry(without_names(&format!("{route:?}"))).or_default() += 1;
    }
    for line in REFERENCE.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert_eq!(counts.get(&without_names(line)), Some(&1), "{line}");
    }
    let twice: Vec<_> = counts.iter().filter(|(_, count)| **count > 1).collect();
    assert!(twice.is_empty(), "routed twice: {twice:?}");
}
