//! What Basira shows, stores and logs, and the secrets in it.

use std::path::Path;
use std::time::Duration;

use reqwest::Method;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::harness::{Registered, TestApp, eventually};

/// How a frame of zstd begins.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const DIGITS: usize = 9;
const STORED_WITHIN: Duration = Duration::from_secs(60);

/// Panics if anything that looks like a secret of the generator is shown, stored or logged.
pub(super) async fn assert_clean(app: &TestApp, registered: &Registered) {
    let mut places = shown(registered).await;
    places.extend(stored(app).await);
    places.push(("the log".to_owned(), app.log().into_bytes()));
    let found: Vec<String> = places.iter().flat_map(|(place, bytes)| secrets(place, bytes)).collect();
    assert!(found.is_empty(), "{} secrets: {:#?}", found.len(), &found[..found.len().min(20)]);
}

/// Waits until a text with `part` in it is stored.
pub(super) async fn stores_text(app: &TestApp, part: &str) {
    eventually(STORED_WITHIN, async || {
        let connection = opened(app).await;
        let sql = format!("select count(*) from sample_word where text like '%{part}%'");
        match first_number(&connection, &sql).await {
            0 => Err(format!("no text with {part}")),
            _ => Ok(()),
        }
    })
    .await;
}

/// The answer of each path that shows something of one database.
async fn shown(registered: &Registered) -> Vec<(String, Vec<u8>)> {
    let document = serde_json::to_value(basira::http::routes::document()).unwrap();
    let paths = document["paths"].as_object().unwrap().iter();
    let asked = paths.filter(|(path, item)| !item["get"].is_null() && path.matches('{').count() == 1);
    let mut asked: Vec<String> = asked
        .filter_map(|(path, _)| path.split_once("/databases/{id}").map(|(_, view)| view.to_owned()))
        .collect();
    asked.extend(["/queries?limit=500", "/activity/history?limit=500"].map(str::to_owned));
    assert!(asked.len() > 20, "{asked:?}");
    let mut places = Vec::new();
    for view in asked {
        let path = format!("/databases/{}{view}", registered.id);
        let answer = registered.client.request(Method::GET, &path).send().await.unwrap();
        places.push((view, answer.bytes().await.unwrap().to_vec()));
    }
    places
}

async fn opened(app: &TestApp) -> DatabaseConnection {
    let file = app.data_dir().join("basira.db");
    Database::connect(ConnectOptions::new(format!("sqlite:{}?mode=ro", file.display()))).await.unwrap()
}

async fn first_number(connection: &DatabaseConnection, sql: &str) -> i64 {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap();
    row.expect("a row").try_get_by_index(0).unwrap()
}

/// Every cell of every table, unpacked if it is packed, and every other file.
async fn stored(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let connection = opened(app).await;
    let rows = async |sql: &str| {
        connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await.unwrap()
    };
    let columns = rows(
        "select t.name, c.name from sqlite_master t join pragma_table_info(t.name) c where t.type = 'table'",
    )
    .await;
    let (mut places, mut unpacked) = (Vec::new(), 0);
    for column in columns {
        let name = |at| column.try_get_by_index::<String>(at).unwrap();
        let (table, column) = (name(0), name(1));
        for cell in rows(&format!("select cast(\"{column}\" as blob) from \"{table}\"")).await {
            let Some(mut bytes) = cell.try_get_by_index::<Option<Vec<u8>>>(0).unwrap() else { continue };
            if let Some(at) = bytes.windows(ZSTD.len()).position(|window| window == ZSTD)
                && let Ok(raw) = zstd::stream::decode_all(&bytes[at..])
            {
                unpacked += 1;
                bytes.extend(raw);
            }
            places.push((format!("{table}.{column}"), bytes));
        }
    }
    assert!(unpacked > 0, "nothing was packed");
    files(&app.data_dir(), &mut places);
    places
}

fn files(folder: &Path, places: &mut Vec<(String, Vec<u8>)>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            files(&path, places);
        } else if let Ok(bytes) = std::fs::read(&path) {
            places.push((path.display().to_string(), bytes));
        }
    }
}

/// What looks like a secret of the generator, with what is around it.
fn secrets<'a>(place: &'a str, bytes: &'a [u8]) -> impl Iterator<Item = String> + 'a {
    let is_secret = move |at: &usize| {
        let (begin, digits) = bytes[*at..].split_at(2);
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        begin == b"zq" && count >= DIGITS - 2
            || begin == b"77"
                && digits[..count].starts_with(b"0")
                && count == DIGITS + 2
                && digits[..count].ends_with(b"77")
    };
    (0..bytes.len().saturating_sub(DIGITS + 4)).filter(is_secret).map(move |at| {
        let around = at.saturating_sub(60)..(at + 40).min(bytes.len());
        format!("{place}: {}", String::from_utf8_lossy(&bytes[around]))
    })
}
