//! Tests that the queries of all collectors fit versions that are not available in tests, by the columns of these.

use std::fs;
use std::path::{Path, PathBuf};

use super::column_fallback::SystemColumns;

/// The columns of the tables of `system` that collectors read, one line per table.
const VERSIONS: [(u32, &str); 3] = [
    (2408, include_str!("columns/24.8.txt")),
    (2505, include_str!("columns/25.5.txt")),
    (2609, include_str!("columns/26.9.txt")),
];

fn known(columns: &str) -> SystemColumns {
    let mut known = SystemColumns::default();
    for (table, columns) in columns.lines().filter_map(|line| line.split_once(':')) {
        columns.split_whitespace().for_each(|column| known.insert(table, column));
    }
    known
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.collect()
}

/// The version in the name of a file: 2010 for `20.10.sql`; none for a file that is for all versions.
fn lowest(file: &Path) -> Option<u32> {
    let (year, month) = file.file_stem()?.to_str()?.split_once('.')?;
    Some(year.parse::<u32>().ok()? * 100 + month.parse::<u32>().ok()?)
}

/// The queries for `version`: of the files in a folder with a version in their name one, and all others.
fn queries(folder: &Path, version: u32) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    let best = files.iter().filter_map(|file| lowest(file)).filter(|lowest| *lowest <= version).max();
    let fit = files.into_iter().filter(|file| lowest(file).is_none_or(|lowest| Some(lowest) == best));
    fit.chain(folders.iter().flat_map(|folder| queries(folder, version))).collect()
}

#[test]
fn every_query_fits_every_version() {
    let collectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collectors/clickhouse/sql");
    let (newest, _) = VERSIONS[VERSIONS.len() - 1];
    let (mut checked, mut faults) = (0, Vec::new());
    for (version, columns) in VERSIONS {
        let known = known(columns);
        for file in queries(&collectors, version) {
            let sql = fs::read_to_string(&file).expect("a query");
            match known.adapt(&sql, None) {
                Err(error) => faults.push(format!("{version}: {}: {error}", file.display())),
                Ok(adapted) if version == newest && !adapted.missing_columns.is_empty() => {
                    faults.push(format!(
                        "{version}: {} reads missing columns {:?}",
                        file.display(),
                        adapted.missing_columns
                    ));
                }
                Ok(_) => checked += 1,
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(checked >= VERSIONS.len(), "no query was checked");
}

#[test]
fn a_column_that_a_version_lacks_is_reported() {
    let known = known(VERSIONS[0].1);
    let sql = |select: &str, filter: &str| {
        format!("SELECT /* basira */\n    {select} AS x\nFROM system.parts AS p\nWHERE p.{filter} = 1")
    };
    let adapted = known.adapt(&sql("toInt64(p.files)", "active"), None).expect("a column of the result");
    assert_eq!(adapted.missing_columns, ["system.parts.files"]);
    assert!(known.adapt(&sql("toInt64(p.rows)", "files"), None).is_err(), "it selects the rows");
}
