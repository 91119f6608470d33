//! Embeds the page into the binary: `ui/dist` when `make ui` has built it, else `ui/release` of the last release, else
//! none. Needs neither Node.js nor the network.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let built = ["ui/dist", "ui/release"].map(|folder| root.join(folder));
    let files = match built.iter().find(|folder| folder.join("index.html").is_file()) {
        Some(folder) => {
            println!("cargo::rerun-if-changed={}", folder.display());
            files(folder)?
        }
        None => BTreeMap::new(),
    };
    // a folder that does not exist would have the crate compiled each time: `make ui` touches this file
    println!("cargo::rerun-if-changed=build.rs");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("page.rs"), table(&files)?)
}

/// Every file below `folder` by its path from there.
fn files(folder: &Path) -> io::Result<BTreeMap<String, PathBuf>> {
    let (mut found, mut folders) = (BTreeMap::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(name) = path.strip_prefix(folder) {
                found.insert(format!("/{}", name.display()), path);
            }
        }
    }
    Ok(found)
}

/// The source of the table of files. Those that end in `.br` and `.gz` belong to the file of the name before.
fn table(files: &BTreeMap<String, PathBuf>) -> io::Result<String> {
    let mut table = "static FILES: &[File] = &[\n".to_owned();
    for (name, path) in files {
        if name.ends_with(".br") || name.ends_with(".gz") {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        fs::read(path)?.hash(&mut hasher);
        let compressed = |ending: &str| match files.get(&format!("{name}{ending}")) {
            Some(path) => format!("Some(include_bytes!({path:?}))"),
            None => "None".to_owned(),
        };
        let (brotli, gzip) = (compressed(".br"), compressed(".gz"));
        let _ = writeln!(
            table,
            "    File {{ path: {name:?}, content_type: {:?}, hash: \"{:016x}\", plain: include_bytes!({path:?}), \
             brotli: {brotli}, gzip: {gzip} }},",
            content_type(name),
            hasher.finish(),
        );
    }
    table.push_str("];\n");
    Ok(table)
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "css" => "text/css; charset=utf-8",
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "png" => "image/png",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
