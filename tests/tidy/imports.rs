//! Which file imports which, read from the text: enough to find circles.

use std::collections::{BTreeMap, BTreeSet};

/// A module as the segments of its path; the crate's root has none.
type Module = Vec<String>;

/// The modules of one crate and what each imports.
pub(crate) struct Imports {
    files: BTreeMap<Module, String>,
    texts: BTreeMap<Module, String>,
    /// Every path of every `use` of a module.
    uses: BTreeMap<Module, Vec<String>>,
}

impl Imports {
    /// Of the crate whose sources are below `folder`; `sources` are paths with their texts. Tests are left out.
    pub(crate) fn of(folder: &str, sources: &[(String, String)]) -> Self {
        let (mut files, mut texts, mut uses) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (path, text) in sources {
            let Some(module) = path.strip_prefix(folder).and_then(module) else { continue };
            let text = code(text);
            uses.insert(module.clone(), use_paths(&text, |_| true));
            files.insert(module.clone(), path.clone());
            texts.insert(module, text);
        }
        Self { files, texts, uses }
    }

    /// The files of each circle.
    pub(crate) fn circles(&self) -> Vec<Vec<&str>> {
        let edges: BTreeMap<&Module, BTreeSet<&Module>> =
            self.texts.keys().map(|module| (module, self.imported_by(module))).collect();
        let reached: BTreeMap<&Module, BTreeSet<&Module>> =
            edges.keys().map(|module| (*module, reached(module, &edges))).collect();
        let mut circles = BTreeSet::new();
        for (module, others) in &reached {
            if others.contains(module) {
                let circle = others.iter().filter(|other| reached[**other].contains(module));
                circles.insert(circle.map(|module| self.files[*module].as_str()).collect::<Vec<_>>());
            }
        }
        circles.into_iter().collect()
    }

    fn imported_by(&self, module: &Module) -> BTreeSet<&Module> {
        let text = &self.texts[module];
        let body: String = text.split_inclusive(';').filter(|item| !is_use_or_mod(item)).collect();
        let words: BTreeSet<_> =
            body.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        let mut paths = use_paths(text, |visibility| visibility.starts_with("pub"));
        // what is only handed on is no import of this file: whoever uses it imports the file that defines it
        paths.retain(|path| path.rsplit("::").next().is_some_and(|name| words.contains(name)));
        paths.extend(use_paths(text, |visibility| !visibility.starts_with("pub")));
        paths.extend(inline_paths(&body));
        let absolute = paths.iter().filter_map(|path| self.absolute(module, path));
        absolute.filter_map(|path| self.defined_in(&path, 0)).filter(|found| *found != module).collect()
    }

    /// `path` as written in `module`, from the crate's root; `None` for what is of another crate.
    fn absolute(&self, module: &[String], path: &str) -> Option<Module> {
        let mut segments = path.split("::").map(str::to_owned).peekable();
        let mut base = module.to_vec();
        match segments.peek()?.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                while segments.next_if(|segment| segment == "super").is_some() {
                    base.pop()?;
                }
                return Some(base.into_iter().chain(segments).collect());
            }
            child => {
                base.push(child.to_owned());
                return self
                    .files
                    .contains_key(&base)
                    .then(|| base.into_iter().chain(segments.skip(1)).collect());
            }
        }
        Some(base.into_iter().chain(segments.skip(1)).collect())
    }

    /// The module that defines what `path` names, through modules that only hand it on.
    fn defined_in(&self, path: &[String], depth: usize) -> Option<&Module> {
        let length = (0..=path.len()).rev().find(|length| self.files.contains_key(&path[..*length]))?;
        let (module, _) = self.files.get_key_value(&path[..length])?;
        let handed_on = path.get(length).filter(|_| depth < 8).and_then(|item| {
            let same = |path: &&String| path.rsplit("::").next() == Some(item);
            let origin = self.uses[module].iter().find(same)?;
            self.defined_in(&self.absolute(module, origin)?, depth + 1)
        });
        Some(handed_on.unwrap_or(module))
    }
}

fn reached<'a>(
    start: &'a Module,
    edges: &BTreeMap<&'a Module, BTreeSet<&'a Module>>,
) -> BTreeSet<&'a Module> {
    let (mut found, mut next) = (BTreeSet::new(), vec![start]);
    while let Some(module) = next.pop() {
        next.extend(edges[module].iter().filter(|other| found.insert(**other)));
    }
    found
}

/// The module of the file at `path` below the sources; none for the binary and for tests.
fn module(path: &str) -> Option<Module> {
    let mut segments: Vec<_> = path.strip_suffix(".rs")?.split('/').map(str::to_owned).collect();
    if segments == ["main"] || segments.iter().any(|segment| segment == "tests") {
        return None;
    }
    segments.pop_if(|last| last == "mod" || last == "lib");
    Some(segments)
}

/// The rooms, which are the modules of the crate's root, that the file at `path` below the sources names; tests too.
pub(crate) fn rooms(path: &str, text: &str) -> BTreeSet<String> {
    let depth = path.trim_end_matches("/mod.rs").matches('/').count() + 1;
    let text = without_comments_and_strings(text);
    let paths = [use_paths(&text, |_| true), inline_paths(&text)].concat();
    let room = |path: &String| {
        let supers = path.split("::").take_while(|segment| *segment == "super").count();
        let prefix = if path.starts_with("crate::") { 1 } else { supers };
        let is_from_the_root = path.starts_with("crate::") || supers == depth;
        path.split("::").nth(prefix).filter(|_| is_from_the_root).map(str::to_owned)
    };
    paths.iter().filter_map(room).collect()
}

/// `text` without comments, strings, and what is compiled for tests only: one line, or the module of the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut parts = text.split("#[cfg(test)]\n");
    let first = parts.next().unwrap_or_default().to_owned();
    let without_line = |part: &str| match part.split_once('\n') {
        Some((line, rest)) if line.ends_with(';') => rest.to_owned(),
        _ => part.to_owned(),
    };
    without_comments_and_strings(&parts.fold(first, |code, part| code + &without_line(part)))
}

/// Without visibilities such as `(in crate::a)` too, which import nothing.
fn without_comments_and_strings(text: &str) -> String {
    let is_comment = |line: &str, at| line[..at].trim_end().len() < at || at == 0;
    let without_comment = |line: &'_ str| {
        let comment = line.match_indices("//").map(|(at, _)| at).find(|at| is_comment(line, *at));
        line[..comment.unwrap_or(line.len())].replace("\\\"", "").replace("'\"'", "")
    };
    let text = text.lines().map(without_comment).collect::<Vec<_>>().join("\n");
    let text = text.split('"').step_by(2).collect::<Vec<_>>().join("\"\"");
    let mut parts = text.split("(in crate::");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |code, part| code + part.split_once(')').map_or(part, |(_, rest)| rest))
}

/// The paths of the `use` items whose visibility is `wanted`, groups spelled out.
fn use_paths(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let mut paths = Vec::new();
    for item in text.split(';') {
        let Some(at) = item.rfind("use ").filter(|at| item[..*at].ends_with([' ', '\n']) || *at == 0) else {
            continue;
        };
        let visibility = item[..at].rsplit('\n').next().unwrap_or_default().trim();
        if wanted(visibility) {
            spell_out("", &item[at + 4..], &mut paths);
        }
    }
    paths
}

/// Adds each path of `tree`, such as `a::{b, c::{d, e as f}}`, behind `prefix`.
fn spell_out(prefix: &str, tree: &str, paths: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((before, group)) = tree.split_once('{') else {
        let name = tree.split(" as ").next().unwrap_or_default();
        if !name.is_empty() {
            paths.push(format!("{prefix}{}", name.trim()));
        }
        return;
    };
    let group = group.rsplit_once('}').map_or(group, |(group, _)| group);
    let prefix = format!("{prefix}{}", before.trim());
    let (mut depth, mut start) = (0, 0);
    for (at, character) in group.char_indices() {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                spell_out(&prefix, &group[start..at], paths);
                start = at + 1;
            }
            _ => {}
        }
    }
    spell_out(&prefix, &group[start..], paths);
}

fn is_use_or_mod(item: &str) -> bool {
    let item = item.trim_start();
    let visibility = if item.starts_with("pub") { item.find(' ').map_or(0, |at| at + 1) } else { 0 };
    item[visibility..].starts_with("use ") || item[visibility..].starts_with("mod ")
}

/// Paths of two segments and more.
fn inline_paths(text: &str) -> Vec<String> {
    let is_path = |character: char| character.is_alphanumeric() || character == '_' || character == ':';
    let words = text.split(|character| !is_path(character));
    words.filter(|word| word.contains("::") && !word.starts_with(':')).map(str::to_owned).collect()
}

#[test]
fn a_circle_is_found_through_modules_that_hand_on() {
    let sources = [
        ("src/lib.rs", "mod a;\nmod b;\nmod c;"),
        ("src/a/mod.rs", "mod one;\npub use one::One;"),
        ("src/a/one.rs", "use crate::{b::Two, c};\npub struct One(Two);"),
        ("src/b.rs", "// crate::c::Three\nuse crate::a::One;\npub struct Two(Box<One>);"),
        ("src/c.rs", "pub struct Three;\n#[cfg(test)]\nmod tests { use crate::a::One; }"),
    ];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.to_owned()));
    assert_eq!(Imports::of("src/", &sources).circles(), [["src/a/one.rs", "src/b.rs"]]);
}
