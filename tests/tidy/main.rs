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

/// The rooms of each crate, the highest first: a room imports only rooms of the lines below its own.
/// Not among them are the crate's root, and what all unit tests share.
const LAYERS: [(&str, &[&str]); 2] = [
    (
        "src/",
        &[
            "main",
            "cli",
            "demo run",
            "http",
            "app",
            "reload",
            "auth databases views",
            "limits mail samples",
            "log storage",
            "config",
            "accept fields",
            "blocking clock_guard log_limit output quota role",
        ],
    ),
    (
        "actors/src/",
        &[
            "supervisor",
            "monitor",
            "collectors drivers health",
            "plan",
            "collect",
            "analysis ports text",
            "model",
        ],
    ),
];

/// Rooms whose members do not know each other, and how the `mod.rs` of the room lists each of them.
const ROOMS: [(&str, &str); 11] = [
    ("actors/src/collectors/postgres", "NAME::SPEC"),
    ("actors/src/collectors/clickhouse", "NAME::SPEC"),
    ("actors/src/health/rules", "NAME::RULE"),
    ("src/http/routes", "NAME::routes("),
    ("src/http/routes/account", "NAME::routes("),
    ("src/http/routes/databases", "NAME::routes("),
    ("src/http/routes/databases/clickhouse", "NAME::routes("),
    ("src/http/routes/databases/postgres", "NAME::routes("),
    ("src/http/routes/health", "NAME::routes("),
    ("src/http/routes/instance", "NAME::routes("),
    ("src/http/routes/organization", "NAME::routes("),
];

/// Macros that print or give up.
const BANNED: [&str; 7] = ["todo!", "unimplemented!", "dbg!", "println!", "eprintln!", "print!", "eprint!"];
/// Who talks to a terminal, or is a test.
const TALKERS: [&str; 4] = ["src/cli/", "src/demo/", "tests/", "benches/"];

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
    let sources = sources();
    for (folder, layers) in LAYERS {
        let layer = |room: &str| layers.iter().position(|layer| layer.split(' ').any(|name| name == room));
        let mut missing: BTreeSet<&str> = layers.iter().flat_map(|layer| layer.split(' ')).collect();
        for (path, text) in &sources {
            let Some(file) =
                path.strip_prefix(folder).filter(|file| !["lib.rs", "testing.rs"].contains(file))
            else {
                continue;
            };
            let own = file.split(['/', '.']).next().unwrap();
            missing.remove(own);
            let Some(own_layer) = layer(own) else {
                faults.push(format!("{path} is in a room without a layer"));
                continue;
            };
            let named = imports::rooms(file, text);
            let above =
                named.iter().filter(|room| *room != own && layer(room).is_some_and(|at| at <= own_layer));
            faults.extend(above.map(|room| format!("{path} imports {room}, which is not below {own}")));
        }
        faults.extend(missing.iter().map(|room| format!("{folder}{room} is in a layer, and does not exist")));
    }
    assert_none(&faults);
}

#[test]
fn a_module_with_children_is_a_mod_rs() {
    let sources = sources();
    let has_children = |folder: &str| sources.iter().any(|(path, _)| path.starts_with(&format!("{folder}/")));
    let beside = sources.iter().filter(|(path, _)| path.strip_suffix(".rs").is_some_and(has_children));
    assert_none(&beside.map(|(path, _)| format!("{path} stands beside its folder")).collect::<Vec<_>>());
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
    let sources = sources();
    for (room, entry) in ROOMS {
        let members = members(room);
        if members.is_empty() {
            faults.push(format!("nothing is in {room}: was it moved?"));
            continue;
        }
        let list = read(&format!("{room}/mod.rs"));
        let unlisted = members.iter().filter(|member| !list.contains(&entry.replace("NAME", member)));
        faults.extend(unlisted.map(|member| format!("{room}/mod.rs does not list {member}")));
        let last = room.rsplit('/').next().unwrap();
        for (path, text) in &sources {
            let Some(own) = path.strip_prefix(room).and_then(|rest| rest.strip_prefix('/')) else {
                continue;
            };
            let own_name = own.split(['/', '.']).next().unwrap();
            let parent = "super::".repeat(own.matches('/').count() + 1);
            for other in members.iter().filter(|other| *other != own_name && own_name != "mod") {
                let ways = [format!("{parent}{other}::"), format!("{last}::{other}::")];
                if code_lines(text).any(|line| ways.iter().any(|way| names(line, way))) {
                    faults.push(format!("{path} knows its sibling {other}"));
                }
            }
        }
    }
    assert_none(&faults);
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

/// The sections of the configuration that messages about watched databases name.
const SECTIONS: [&str; 4] = ["collect.", "limits.", "samples.retention.", "targets."];

#[test]
fn every_key_that_a_message_names_exists() {
    let keys = read("src/config/keys.rs");
    let mut faults = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| path.starts_with("actors/src/")) {
        // every second piece of a line is within quotes
        for literal in code_lines(&text).flat_map(|line| line.split('"').skip(1).step_by(2)) {
            let is_part = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
            let words = literal.split(|c| !is_part(c)).map(|word| word.trim_end_matches('.'));
            let is_key = |word: &&str| SECTIONS.iter().any(|section| word.starts_with(section));
            let unknown = words.filter(is_key).filter(|word| !keys.contains(&format!("\"{word}")));
            faults.extend(unknown.map(|word| format!("{path} names {word}, which is no key")));
        }
    }
    assert_none(&faults);
}

/// Names of the files and folders of a room, `mod.rs` and `sql` aside.
fn members(room: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(room)).into_iter().flatten().flatten();
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
