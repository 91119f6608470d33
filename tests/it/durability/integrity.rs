//! SQLite's own judgement of a file.

use std::path::Path;

use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};

/// Fails unless the database in `file` is as SQLite means it to be.
pub(super) async fn is_intact(file: &Path) {
    let connection = Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
    let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
    let rows = connection.query_all_raw(check).await.unwrap();
    let lines: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert_eq!(lines, ["ok"]);
    connection.close().await.unwrap();
}
