//! A TCP proxy on loopback that can fail as networks do.

use std::net::Ipv4Addr;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the proxy does with connections, old and new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Forward,
    /// Accepts and holds, but nothing passes any more.
    BlackHole,
    /// Closes each connection at once, those open too.
    Cut,
}

/// Stands before one server until dropped.
pub(crate) struct ChaosProxy {
    pub(crate) port: u16,
    mode: watch::Sender<Mode>,
    accepting: JoinHandle<()>,
}

impl ChaosProxy {
    pub(crate) async fn before(server_port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let (mode, modes) = watch::channel(Mode::Forward);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server_port, modes.clone()));
            }
        });
        Self { port, mode, accepting }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for ChaosProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Follows the mode for one connection; a connection once held is never resumed.
async fn carry(mut client: TcpStream, server_port: u16, mut modes: watch::Receiver<Mode>) {
    let mode = *modes.borrow_and_update();
    if mode == Mode::Forward {
        let Ok(mut server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server_port)).await else { return };
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = modes.wait_for(|mode| *mode != Mode::Forward) => {}
        }
    }
    if *modes.borrow() == Mode::BlackHole {
        let _ = modes.wait_for(|mode| *mode != Mode::BlackHole).await;
    }
}
