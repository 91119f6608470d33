//! A socket in `data_dir`, which only the user that runs the server may open: `basira admin reload` connects to it.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Reloader;
use crate::accept::AcceptFailures;

const NAME: &str = "control.sock";
/// The only command.
const RELOAD: &str = "reload";
/// How long a client may take to send its command, and a server to answer it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
const QUESTION_BYTES: u64 = 64;

/// The server's end of the socket; dropping it removes the file.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

/// The server could not be asked to reload.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    #[error("no server runs with data_dir {}: start it with `basira serve`, or name its data_dir with --data-dir", .0.display())]
    NotRunning(PathBuf),
    #[error("{} cannot be used: {error}", .path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("the server refuses: {0}")]
    Refused(String),
    #[error("the server did not answer within {} s", ANSWER_TIMEOUT.as_secs())]
    Silent,
}

impl ControlSocket {
    /// Listens in `data_dir`; only its owner can connect.
    ///
    /// # Errors
    /// [`ControlError::Io`] when the socket cannot be made, for instance because its path is too long.
    pub async fn listen(data_dir: &Path) -> Result<Self, ControlError> {
        let path = data_dir.join(NAME);
        let io = |error| ControlError::Io { path: path.clone(), error };
        if UnixStream::connect(&path).await.is_err() {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(io(error)),
                // left over from a server that was killed, or absent
                _ => {}
            }
        }
        let listener = UnixListener::bind(&path).map_err(io)?;
        tokio::fs::set_permissions(&path, Permissions::from_mode(0o600)).await.map_err(io)?;
        Ok(Self { listener, path })
    }

    /// Answers until `shutdown`, each command in its own task.
    pub async fn run(self, reloader: Arc<Reloader>, shutdown: CancellationToken) {
        let mut failures = AcceptFailures::of("control socket");
        while let Some(accepted) = shutdown.run_until_cancelled(self.listener.accept()).await {
            match accepted {
                Ok((stream, _)) => {
                    failures.accepted();
                    let reloader = Arc::clone(&reloader);
                    tokio::spawn(async move {
                        match timeout(ANSWER_TIMEOUT, answer(stream, &reloader)).await {
                            Ok(Ok(())) => {}
                            Ok(Err(error)) => {
                                tracing::debug!(%error, "who asked at the control socket is gone")
                            }
                            Err(_) => tracing::debug!("who came to the control socket said nothing"),
                        }
                    });
                }
                Err(error) => failures.pause(&error).await,
            }
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "the control socket was gone already");
        }
    }
}

async fn answer(stream: UnixStream, reloader: &Reloader) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut question = String::new();
    BufReader::new(reader.take(QUESTION_BYTES)).read_line(&mut question).await?;
    let answer = if question.trim() == RELOAD {
        match reloader.reload_by_operator("basira admin reload").await {
            Ok(reloaded) => json!(reloaded),
            Err(error) => json!({"error": error.to_string()}),
        }
    } else {
        json!({"error": format!("unknown question; known is {RELOAD}")})
    };
    writer.write_all(answer.to_string().as_bytes()).await?;
    writer.shutdown().await
}

/// Asks the server that runs with `data_dir` to read its configuration again; returns `{changed, needs_restart}`.
///
/// # Errors
/// [`ControlError`] when no server runs there or it refuses.
pub async fn ask(data_dir: &Path) -> Result<Value, ControlError> {
    let path = data_dir.join(NAME);
    let Ok(mut stream) = UnixStream::connect(&path).await else {
        return Err(ControlError::NotRunning(data_dir.to_owned()));
    };
    let talk = async {
        stream.write_all(format!("{RELOAD}\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        serde_json::from_slice::<Value>(&answer).map_err(io::Error::from)
    };
    let answer = timeout(ANSWER_TIMEOUT, talk).await.map_err(|_| ControlError::Silent)?;
    let answer = answer.map_err(|error| ControlError::Io { path: path.clone(), error })?;
    match answer["error"].as_str() {
        Some(error) => Err(ControlError::Refused(error.to_owned())),
        None => Ok(answer),
    }
}
