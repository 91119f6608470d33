//! Secrets that are made on the first start and kept in `data_dir`.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use basira_actors::model::Secret;
use rand::RngCore as _;

use super::Config;

const JWT_SECRET: &str = "jwt_secret";
const ENCRYPTION_KEY: &str = "encryption_key";

/// What signs tokens and what encrypts credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secrets {
    pub jwt_secret: Secret,
    pub encryption_key: [u8; 32],
}

/// The secrets cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretsError {
    #[error("{} cannot be used: {error}; check data_dir and its permissions", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("{} can be read by others; run: chmod 600 {}", .0.display(), .0.display())]
    Exposed(PathBuf),
    #[error("{} does not hold 64 hex digits; restore it from a backup", .0.display())]
    Damaged(PathBuf),
}

impl Secrets {
    /// What is configured, else what `data_dir` holds, else made now.
    ///
    /// # Errors
    /// [`SecretsError`] when a file cannot be made, is damaged or open to others.
    pub fn of(config: &Config) -> Result<Self, SecretsError> {
        make_private(&config.data_dir)?;
        let kept = |configured: &Option<Secret>, name: &str| match configured {
            Some(secret) => Ok(secret.clone()),
            None => keep(&config.data_dir.join(name)),
        };
        let jwt_secret = kept(&config.auth.jwt_secret, JWT_SECRET)?;
        let encryption_key = kept(&config.auth.encryption_key, ENCRYPTION_KEY)?;
        let encryption_key = from_hex(encryption_key.expose())
            .ok_or_else(|| SecretsError::Damaged(config.data_dir.join(ENCRYPTION_KEY)))?;
        Ok(Self { jwt_secret, encryption_key })
    }

    /// The files of those that are not configured.
    #[must_use]
    pub fn files(config: &Config) -> Vec<PathBuf> {
        let secrets = [(&config.auth.encryption_key, ENCRYPTION_KEY), (&config.auth.jwt_secret, JWT_SECRET)];
        let made = secrets.into_iter().filter(|(configured, _)| configured.is_none());
        made.map(|(_, name)| config.data_dir.join(name)).collect()
    }
}

/// Makes the directory for us alone; one that is there is left as it is.
fn make_private(directory: &Path) -> Result<(), SecretsError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(directory);
    made.map_err(|error| SecretsError::Io { path: directory.to_owned(), error })
}

/// Reads the secret at `path`, or makes it. Of two starts at once, one makes it and both read the same.
fn keep(path: &Path) -> Result<Secret, SecretsError> {
    let io = |error| SecretsError::Io { path: path.to_owned(), error };
    if !path.is_file() {
        let made = path.with_extension(format!("new-{}", std::process::id()));
        write_private(&made, &random_hex()).map_err(io)?;
        // linking fails when the other start was quicker, and never shows half a file
        let linked = fs::hard_link(&made, path);
        fs::remove_file(&made).map_err(io)?;
        if let Err(error) = linked
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(io(error));
        }
    }
    if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
        return Err(SecretsError::Exposed(path.to_owned()));
    }
    let text = fs::read_to_string(path).map_err(io)?;
    let text = text.trim();
    from_hex(text).map(|_| Secret::new(text)).ok_or_else(|| SecretsError::Damaged(path.to_owned()))
}

fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn random_hex() -> String {
    let mut bytes = [0_u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    }
    Some(bytes)
}
