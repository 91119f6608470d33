//! A Keeper for the servers of tests, none of which brings one along: ClickHouse's own client talks to it in `ZooKeeper`'s
//! protocol, and cannot tell. It keeps all in memory, alone; a session ends with its connection.

mod session;
mod tree;
mod wire;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::tree::Tree;

/// Answers until it is dropped.
pub(crate) struct Keeper {
    pub(crate) port: u16,
    accepting: JoinHandle<()>,
}

impl Keeper {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let tree = Arc::new(Mutex::new(Tree::new()));
        let accepting = tokio::spawn(async move {
            let mut session = 0;
            while let Ok((client, _)) = listener.accept().await {
                session += 1;
                tokio::spawn(session::serve(client, session, Arc::clone(&tree)));
            }
        });
        Self { port, accepting }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}
