//! Secrets in files: `NAME` holds the one in use, `NAME.previous` those before it with the time of their end.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use basira_actors::model::{Secret, Timestamp};
use rand::RngCore as _;

use super::SecretsError;

/// The current secret of one purpose, and those that it replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ring {
    /// New tokens and ciphertexts are made with it.
    pub current: Secret,
    /// Older tokens and ciphertexts were made with them; newest first.
    pub previous: Vec<RetiredSecret>,
}

/// A secret that was replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetiredSecret {
    pub secret: Secret,
    /// When it was replaced; unknown for a configured one.
    pub since: Option<Timestamp>,
}

/// Who is in the group may look, as with the data of PostgreSQL; nobody else may.
const NOBODY_ELSE: u32 = 0o027;

impl Ring {
    /// All of them, the one in use first.
    pub fn all(&self) -> impl Iterator<Item = &Secret> {
        std::iter::once(&self.current).chain(self.previous.iter().map(|retired| &retired.secret))
    }
}

/// Makes the directory for us alone, or makes sure that the one that is there is closed to others.
pub(super) fn make_private(directory: &Path) -> Result<(), SecretsError> {
    let io = |error| SecretsError::Io { path: directory.to_owned(), error };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(io)?;
    let mode = fs::metadata(directory).map_err(io)?.permissions().mode();
    if mode & NOBODY_ELSE == 0 { Ok(()) } else { Err(SecretsError::OpenDirectory(directory.to_owned())) }
}

/// Where the secrets before the one at `path` are.
pub(super) fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".previous");
    PathBuf::from(name)
}

/// Makes the secret at `path` if there is none. Of two starts at once, one makes it.
pub(super) fn keep(path: &Path) -> Result<(), SecretsError> {
    if path.is_file() {
        return Ok(());
    }
    let io = |error| SecretsError::Io { path: path.to_owned(), error };
    let made = partial(path);
    write_private(&made, &generate()).map_err(io)?;
    // linking fails when the other start was quicker, and never shows half a file
    let linked = fs::hard_link(&made, path);
    fs::remove_file(&made).map_err(io)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(io(error)),
        _ => Ok(()),
    }
}

/// Reads the secret at `path` and those before it. In this order: what a rotation replaces is kept before it is replaced.
pub(super) fn read(path: &Path) -> Result<Ring, SecretsError> {
    let current = read_private(path)?;
    let damaged = |path: &Path| SecretsError::Damaged(path.to_owned());
    let current = secret(current.trim()).ok_or_else(|| damaged(path))?;
    let beside = previous(path);
    let text = match read_private(&beside) {
        Err(SecretsError::Io { error, .. }) if error.kind() == io::ErrorKind::NotFound => String::new(),
        text => text?,
    };
    let retired: Option<Vec<RetiredSecret>> = text.lines().map(retired).collect();
    let mut previous = retired.ok_or_else(|| damaged(&beside))?;
    previous.retain(|retired| retired.secret != current);
    Ok(Ring { current, previous })
}

/// Replaces what is at `path`, and what is before it, so that a crash leaves either the old or the new.
pub(super) fn replace(path: &Path, ring: &Ring) -> io::Result<()> {
    let line = |retired: &RetiredSecret| {
        let since = retired.since.map(|since| format!(" {since}")).unwrap_or_default();
        format!("{}{since}\n", retired.secret.expose())
    };
    replace_private(&previous(path), &ring.previous.iter().map(line).collect::<String>())?;
    replace_private(path, ring.current.expose())
}

/// Forgets the secrets before the one at `path`.
pub(super) fn forget_previous(path: &Path) -> io::Result<()> {
    match fs::remove_file(previous(path)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// 256 random bits, in hexadecimal digits.
pub(super) fn generate() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    hex::encode(bytes)
}

fn retired(line: &str) -> Option<RetiredSecret> {
    let (text, since) = match line.split_once(' ') {
        Some((text, since)) => (text, Some(since.parse::<Timestamp>().ok()?)),
        None => (line, None),
    };
    Some(RetiredSecret { secret: secret(text)?, since })
}

fn secret(text: &str) -> Option<Secret> {
    from_hex(text).map(|_| Secret::new(text))
}

fn read_private(path: &Path) -> Result<String, SecretsError> {
    let io = |error| SecretsError::Io { path: path.to_owned(), error };
    if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
        return Err(SecretsError::Exposed(path.to_owned()));
    }
    fs::read_to_string(path).map_err(io)
}

fn partial(path: &Path) -> PathBuf {
    path.with_extension(format!("new-{}", std::process::id()))
}

fn replace_private(path: &Path, text: &str) -> io::Result<()> {
    // nobody else is here: the lock of rotations is held
    let made = path.with_extension("new");
    // left by a rotation that was killed
    let _ = fs::remove_file(&made);
    write_private(&made, text)?;
    fs::rename(&made, path)?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The 32 bytes that 64 hex digits stand for.
#[must_use]
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}
