//! Stands before a PostgreSQL and cuts one connection at a COMMIT.

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A simple query of the protocol, after its length.
const COMMIT: &[u8] = b"COMMIT\0";

/// Where the connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The server never hears of the COMMIT, and rolls back.
    BeforeCommit,
    /// The server has committed; its client does not hear of it.
    BeforeAnswer,
}

/// Forwards until it is dropped.
pub(crate) struct CommitProxy {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct State {
    commits: u64,
    /// The number of the commit that is cut.
    cut: Option<(u64, Cut)>,
}

impl CommitProxy {
    pub(crate) async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let state = Arc::new(Mutex::new(State::default()));
        let of_connections = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server_port, Arc::clone(&of_connections)));
            }
        });
        Self { port, state, accepting }
    }

    /// Counts commits from now on, and cuts none.
    pub(crate) fn count(&self) {
        *self.state.lock().expect("a state") = State::default();
    }

    /// Commits since [`Self::count`] or [`Self::cut`].
    pub(crate) fn commits(&self) -> u64 {
        self.state.lock().expect("a state").commits
    }

    /// Cuts the connection that asks for the `nth` commit from now on.
    pub(crate) fn cut(&self, cut: Cut, nth: u64) {
        *self.state.lock().expect("a state") = State { commits: 0, cut: Some((nth, cut)) };
    }
}

impl Drop for CommitProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn carry(mut client: TcpStream, server_port: u16, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let mut server = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await?;
    let ((mut asks, mut is_told), (mut answers, mut is_asked)) = (client.split(), server.split());
    let asking = async {
        let mut chunk = vec![0; 1 << 16];
        loop {
            let length = asks.read(&mut chunk).await?;
            if length == 0 {
                return Ok(None);
            }
            let cut = cut_of(&chunk[..length], &state);
            if cut != Some(Cut::BeforeCommit) {
                is_asked.write_all(&chunk[..length]).await?;
            }
            if cut.is_some() {
                return Ok::<_, std::io::Error>(cut);
            }
        }
    };
    let cut = tokio::select! {
        // what has been asked is looked at first: nothing of the answer to a commit that is cut gets through
        biased;
        asked = asking => asked?,
        told = copy(&mut answers, &mut is_told) => return told.map(drop),
    };
    if cut == Some(Cut::BeforeAnswer) {
        // the server answers once it has committed
        answers.read_u8().await?;
    }
    Ok(())
}

/// What becomes of the connection whose client sends `bytes`.
fn cut_of(bytes: &[u8], state: &Mutex<State>) -> Option<Cut> {
    if !bytes.windows(COMMIT.len()).any(|window| window == COMMIT) {
        return None;
    }
    let mut state = state.lock().expect("a state");
    state.commits += 1;
    let (nth, cut) = state.cut?;
    (nth == state.commits).then_some(cut)
}
