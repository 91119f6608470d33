//! Whether every question of every collector fits versions that are not at hand, by the columns that these have.

use std::fs;
use std::path::{Path, PathBuf};

use super::column_fallback::Known;

/// The columns of tables of `system` that we read: a line for each table.
const VERSIONS: [(u32, &str); 3] = [
    (2408, include_str!("columns/24.8.txt")),
    (2505, include_str!("columns/25.5.txt")),
    (2609, include_str!("columns/26.9.txt")),
];

fn known(columns: &str) -> Known {
    let mut known = Known::default();
    for (table, columns) in columns.lines().filter_map(|line| line.split_once(':')) {
        columns.split_whitespace().for_each(|column| known.learn(table, column));
    }
    known
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.collect()
}

/// `20.10.sql` is 2010; a file that is not called by a version fits all.
fn lowest(file: &Path) -> Option<u32> {
    let (year, month) = file.file_stem()?.to_str()?.split_once('.')?;
    Some(year.parse::<u32>().ok()? * 100 + month.parse::<u32>().ok()?)
}

/// What is asked of a server of `version`: of the files of a folder that are called by a version one, of the others all.
fn questions(folder: &Path, version: u32) -> Vec<PathBuf> {
    let (folders, files): (Vec<_>, Vec<_>) = entries(folder).into_iter().partition(|path| path.is_dir());
    let best = files.iter().filter_map(|file| lowest(file)).filter(|lowest| *lowest <= version).max();
    let fit = files.into_iter().filter(|file| lowest(file).is_none_or(|lowest| Some(lowest) == best));
    fit.chain(folders.iter().flat_map(|folder| questions(folder, version))).collect()
}

#[test]
fn every_question_fits_every_version() {
    let collectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/collectors/clickhouse/sql");
    let (newest, _) = VERSIONS[VERSIONS.len() - 1];
    let (mut fitted, mut faults) = (0, Vec::new());
    for (version, columns) in VERSIONS {
        let known = known(columns);
        for file in questions(&collectors, version) {
            let sql = fs::read_to_string(&file).expect("a question");
            match known.fit(&sql, None) {
                Err(error) => faults.push(format!("{version}: {}: {error}", file.display())),
                Ok(fit) if version == newest && !fit.missing_columns.is_empty() => {
                    faults.push(format!(
                        "{version}: {} asks in vain for {:?}",
                        file.display(),
                        fit.missing_columns
                    ));
                }
                Ok(_) => fitted += 1,
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(fitted >= VERSIONS.len(), "nothing was asked");
}

#[test]
fn a_column_that_a_version_lacks_is_noticed() {
    let known = known(VERSIONS[0].1);
    let sql = |select: &str, filter: &str| {
        format!("SELECT /* basira */\n    {select} AS x\nFROM system.parts AS p\nWHERE p.{filter} = 1")
    };
    let fitted = known.fit(&sql("toInt64(p.files)", "active"), None).expect("only shown");
    assert_eq!(fitted.missing_columns, ["system.parts.files"]);
    assert!(known.fit(&sql("toInt64(p.rows)", "files"), None).is_err(), "it decides which rows count");
}
