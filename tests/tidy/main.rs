//! The rules of the house that the compiler does not check.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod imports;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const MOST_LINES: usize = 500;

/// A crate, and the only folders that may name it.
const HOMES: [(&str, &[&str]); 6] = [
    (
        "sea_orm",
        &[
            "src/storage/",
            "src/samples/",
            "migrations/",
            "benches/",
            "tests/it/durability/",
            "tests/it/admin_commands/",
            "tests/it/literals/",
        ],
    ),
    ("tokio_postgres", &["actors/src/drivers/", "src/demo/", "tests/", "benches/"]),
    // below the samples and the drivers it is not the crate, but a room or a file of ours that is called so
    (
        "clickhouse",
        &[
            "src/samples/clickhouse/",
            "actors/src/drivers/",
            "actors/src/collectors/mod.rs",
            "actors/src/model/",
            "actors/src/text/lexer/mod.rs",
            "src/http/routes/databases/",
            "src/samples/mod.rs",
            "src/samples/open.rs",
            "src/demo/servers/lib.rs",
            "benches/poll/main.rs",
            "benches/store/",
            "tests/it/",
            "tests/support/",
        ],
    ),
    ("lettre", &["src/mail/", "src/config/", "src/auth/signup.rs"]),
    ("ractor", &["actors/src/monitor/", "actors/src/supervisor/"]),
    ("warp", &["src/http/", "benches/"]),
];

/// A folder, and the rooms above it that it may not name: imports go down only.
const UPSTAIRS: [(&str, &[&str]); 18] = [
    (
        "actors/src/model/",
        &["analysis", "collect", "collectors", "drivers", "monitor", "supervisor", "health", "ports"],
    ),
    ("actors/src/ports", &["collect", "collectors", "drivers", "monitor", "supervisor", "health"]),
    ("actors/src/text/", &["collect", "collectors", "drivers", "monitor", "supervisor", "health"]),
    ("actors/src/collect/", &["collectors", "drivers", "monitor", "supervisor", "health"]),
    ("actors/src/plan/", &["collectors", "drivers", "monitor", "supervisor", "health"]),
    ("actors/src/collectors/", &["drivers", "monitor", "supervisor"]),
    ("actors/src/health/", &["collectors", "drivers", "monitor", "supervisor"]),
    ("actors/src/drivers/", &["monitor", "supervisor", "health"]),
    ("actors/src/monitor/", &["supervisor"]),
    (
        "actors/src/analysis/",
        &["collect", "collectors", "drivers", "monitor", "supervisor", "health", "ports"],
    ),
    ("src/config/", &["http", "auth", "cli", "app", "demo", "views", "databases", "storage", "reload"]),
    ("src/storage/", &["http", "auth", "cli", "app", "demo", "views"]),
    ("src/samples/", &["http", "auth", "cli", "app", "demo", "views"]),
    ("src/views/", &["http", "auth", "cli", "app", "demo"]),
    ("src/auth/", &["http", "cli", "demo"]),
    ("src/mail/", &["http", "auth", "cli", "app", "demo"]),
    ("src/limits/", &["http", "auth", "storage", "cli", "app", "demo"]),
    ("src/http/", &["cli", "demo"]),
];

/// Rooms whose members do not know each other, the list that names each of them, and how.
const ROOMS: [Room; 11] = [
    Room {
        folder: "actors/src/collectors/postgres",
        list: "actors/src/collectors/postgres/mod.rs",
        entry: "NAME::SPEC",
    },
    Room {
        folder: "actors/src/collectors/clickhouse",
        list: "actors/src/collectors/clickhouse/mod.rs",
        entry: "NAME::SPEC",
    },
    Room { folder: "actors/src/health/rules", list: "actors/src/health/rules/mod.rs", entry: "NAME::RULE" },
    Room { folder: "src/http/routes", list: "src/http/routes/mod.rs", entry: "NAME::routes(" },
    Room {
        folder: "src/http/routes/account",
        list: "src/http/routes/account/mod.rs",
        entry: "NAME::routes(",
    },
    Room {
        folder: "src/http/routes/databases",
        list: "src/http/routes/databases/mod.rs",
        entry: "NAME::routes(",
    },
    Room {
        folder: "src/http/routes/databases/clickhouse",
        list: "src/http/routes/databases/clickhouse/mod.rs",
        entry: "NAME::routes(",
    },
    Room {
        folder: "src/http/routes/databases/postgres",
        list: "src/http/routes/databases/postgres/mod.rs",
        entry: "NAME::routes(",
    },
    Room { folder: "src/http/routes/health", list: "src/http/routes/health/mod.rs", entry: "NAME::routes(" },
    Room {
        folder: "src/http/routes/instance",
        list: "src/http/routes/instance/mod.rs",
        entry: "NAME::routes(",
    },
    Room {
        folder: "src/http/routes/organization",
        list: "src/http/routes/organization/mod.rs",
        entry: "NAME::routes(",
    },
];

/// Macros that print or give up.
const BANNED: [&str; 7] = ["todo!", "unimplemented!", "dbg!", "println!", "eprintln!", "print!", "eprint!"];
/// Who talks to a terminal, or is a test.
const TALKERS: [&str; 4] = ["src/cli/", "src/demo/", "tests/", "benches/"];

struct Room {
    folder: &'static str,
    list: &'static str,
    entry: &'static str,
}

#[test]
fn each_crate_has_one_home() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (name, homes) in HOMES {
            let at_home = homes.iter().any(|home| path.starts_with(home));
            if !at_home
                && !path.starts_with("tests/tidy/")
                && code_lines(&text).any(|line| names(line, &format!("{name}::")))
            {
                faults.push(format!("{path} names {name}, whose home is {homes:?}"));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_actors_know_neither_the_web_nor_the_orm() {
    let manifest = read("actors/Cargo.toml");
    for name in ["warp", "sea-orm", "hyper", "jsonwebtoken", "reqwest"] {
        assert!(
            !manifest.lines().any(|line| line.split(['.', ' ', '=']).next() == Some(name)),
            "actors/Cargo.toml depends on {name}"
        );
    }
}

#[test]
fn imports_go_down_only() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        for (folder, above) in UPSTAIRS.iter().filter(|(folder, _)| path.starts_with(folder)) {
            for room in *above {
                if code_lines(&text).any(|line| names(line, &format!("crate::{room}::"))) {
                    faults.push(format!("{path} looks up to {room} from {folder}"));
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn no_two_files_import_each_other() {
    let sources = sources();
    let crates = ["src/", "actors/src/"].map(|folder| imports::Imports::of(folder, &sources));
    let circles = crates.iter().flat_map(imports::Imports::circles);
    assert_none(&circles.map(|files| format!("a circle: {}", files.join(", "))).collect::<Vec<_>>());
}

#[test]
fn members_of_a_room_do_not_know_each_other_and_are_all_listed() {
    let mut faults = Vec::new();
    for room in &ROOMS {
        let members = members(room);
        let list = if members.is_empty() { String::new() } else { read(room.list) };
        for member in &members {
            if !list.contains(&room.entry.replace("NAME", member)) {
                faults.push(format!("{} does not list {member}", room.list));
            }
        }
        let last = room.folder.rsplit('/').next().unwrap();
        for (path, text) in sources() {
            let Some(own) = path.strip_prefix(room.folder).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let own_name = own.split(['/', '.']).next().unwrap();
            let parent = "super::".repeat(own.matches('/').count() + 1);
            for other in members.iter().filter(|other| *other != own_name && own_name != "mod") {
                let ways = [format!("{parent}{other}::"), format!("{last}::{other}::")];
                if code_lines(&text).any(|line| ways.iter().any(|way| names(line, way))) {
                    faults.push(format!("{path} knows its sibling {other}"));
                }
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn the_rooms_that_must_have_members_have_some() {
    for room in [&ROOMS[0], &ROOMS[3]] {
        assert!(!members(room).is_empty(), "nothing in {}: was it moved?", room.folder);
    }
}

#[test]
fn no_file_is_too_long() {
    let too_long = sources().into_iter().filter(|(_, text)| text.lines().count() > MOST_LINES);
    assert_none(&too_long.map(|(path, _)| format!("{path} has over {MOST_LINES} lines")).collect::<Vec<_>>());
}

#[test]
fn nobody_prints_or_gives_up() {
    let mut faults = Vec::new();
    for (path, text) in sources() {
        if TALKERS.iter().any(|talker| path.starts_with(talker)) {
            continue;
        }
        for banned in BANNED {
            if code_lines(&text).any(|line| names(line, banned)) {
                faults.push(format!("{path} uses {banned}"));
            }
        }
    }
    assert_none(&faults);
}

#[test]
fn each_sql_file_is_used_once_and_says_what_it_reads() {
    let mut uses: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for (path, text) in sources() {
        for included in text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let file = root().join(&path).parent().unwrap().join(included);
            *uses.entry(fs::canonicalize(file).unwrap_or_default()).or_default() += 1;
        }
    }
    let mut faults = Vec::new();
    for file in files("sql") {
        let used = uses.get(&fs::canonicalize(root().join(&file)).unwrap()).copied().unwrap_or_default();
        if used != 1 {
            faults.push(format!("{file} is included {used} times"));
        }
        let text = read(&file);
        let first = text.lines().next().unwrap_or_default();
        let says =
            !file.starts_with("actors/") || (first.starts_with("-- source: ") && first.contains("needs "));
        if !first.starts_with("-- ") || !says {
            faults.push(format!("{file} does not start with `-- source: VIEW, VERSION; needs PRIVILEGE`"));
        }
    }
    assert_none(&faults);
}

/// Names of the files and folders of a room, `mod.rs` and `sql` aside.
fn members(room: &Room) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(room.folder)).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.path().file_stem().unwrap().to_string_lossy().into_owned());
    names.filter(|name| name != "mod" && name != "sql").collect()
}

/// Whether `line` has `word` where a word begins.
fn names(line: &str, word: &str) -> bool {
    line.match_indices(word)
        .any(|(at, _)| !line[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_'))
}

fn code_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// Every Rust file of the workspace with its text.
fn sources() -> Vec<(String, String)> {
    files("rs").into_iter().map(|path| (path.clone(), read(&path))).collect()
}

fn files(extension: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = ["src", "actors/src", "migrations/src", "tests", "benches"]
        .iter()
        .map(|name| root().join(name))
        .collect();
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert!(names("use ractor::Actor;", "ractor::") && !names("use extractor::Actor;", "ractor::"));
    assert!(names("    println!(\"x\")", "println!") && !names("eprintln!(\"x\")", "println!"));
}
