//! Whether anything that was acknowledged is lost or counted twice when the server is killed (SIGKILL) again and again
//! while keys are made and revoked and databases are polled.
//!
//! The number of kills is the only argument; 1,000 without it.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

mod account;
mod keys;
mod samples;
mod server;

use std::time::Duration;

use basira_benches::{Failure, figure, median};
use basira_test_support::{Distribution, Options, PostgresServer};
use futures_util::future::{join_all, try_join_all};
use rand::Rng as _;
use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use tokio::time::sleep;

use self::account::Account;
use self::keys::{Keys, Wrong};
use self::samples::Watched;
use self::server::Server;

const MAJOR: u16 = 16;
const KILLS: u32 = 1_000;
const KEY_WORKERS: usize = 3;
const DATABASES: usize = 4;
/// How long the load runs before a kill, in milliseconds.
const LOADED_MS: std::ops::Range<u64> = 20..1_500;
/// The file is examined after so many kills, and at the end.
const EXAMINED_EVERY: u32 = 10;

/// Everything that runs, and what was found.
struct Bench {
    server: Server,
    account: Account,
    keys: Vec<Keys>,
    databases: Vec<Watched>,
    wrong_keys: Wrong,
    wrong_samples: Wrong,
    damaged: u32,
    restarts_ms: Vec<f64>,
}

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let kills = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(KILLS);
    let distribution = tokio::task::spawn_blocking(|| Distribution::fetch(Some(MAJOR))).await??;
    let postgres = PostgresServer::start(&distribution, Options::default()).await?;
    let mut bench = Bench::start(&postgres).await?;
    for nth in 1..=kills {
        bench.kill_under_load().await?;
        bench.start_again().await?;
        if nth % EXAMINED_EVERY == 0 || nth == kills {
            bench.examine().await?;
            println!("{nth} kills: keys {:?}, samples {:?}", bench.wrong_keys, bench.wrong_samples);
        }
    }
    bench.print(kills).await
}

impl Bench {
    async fn start(postgres: &PostgresServer) -> Result<Self, Failure> {
        let server = Server::start().await?;
        let account = Account::sign_up(&server).await?;
        let mut databases = Vec::new();
        for nth in 0..DATABASES {
            databases.push(Watched::create(postgres, &account, &format!("bench{nth}")).await?);
        }
        try_join_all(databases.iter_mut().map(|database| database.is_polled(&account))).await?;
        let keys = (0..KEY_WORKERS).map(|_| Keys::default()).collect();
        let (wrong_keys, wrong_samples) = (Wrong::default(), Wrong::default());
        Ok(Self {
            server,
            account,
            keys,
            databases,
            wrong_keys,
            wrong_samples,
            damaged: 0,
            restarts_ms: Vec::new(),
        })
    }

    async fn kill_under_load(&mut self) -> Result<(), Failure> {
        let account = &self.account;
        let kill = async {
            sleep(Duration::from_millis(rand::rng().random_range(LOADED_MS))).await;
            self.server.kill().await
        };
        let keys = join_all(self.keys.iter_mut().map(|keys| keys.load(account)));
        let samples = try_join_all(self.databases.iter_mut().map(|database| database.load(account)));
        let (killed, _, loaded) = tokio::join!(kill, keys, samples);
        killed?;
        loaded.map(drop)
    }

    /// Holds the server against what was told, then waits until it polls.
    async fn start_again(&mut self) -> Result<(), Failure> {
        self.restarts_ms.push(self.server.start_again().await?.as_secs_f64() * 1_000.0);
        self.account.moved_to(&self.server);
        for keys in &mut self.keys {
            self.wrong_keys.add(keys.look(&self.account).await?);
        }
        for database in &mut self.databases {
            self.wrong_samples.add(database.look(&self.account).await?);
            database.is_polled(&self.account).await?;
        }
        Ok(())
    }

    /// SQLite's own judgement, beside the server.
    async fn examine(&mut self) -> Result<(), Failure> {
        let file = self.server.directory.join("data/basira.db");
        let connection = Database::connect(format!("sqlite://{}", file.display())).await?;
        let check = Statement::from_string(DbBackend::Sqlite, "PRAGMA integrity_check");
        let row = connection.query_one_raw(check).await?.ok_or("no answer")?;
        let verdict: String = row.try_get_by_index(0)?;
        connection.close().await?;
        if verdict != "ok" {
            println!("integrity_check: {verdict}");
            self.damaged += 1;
        }
        Ok(())
    }

    async fn print(mut self, kills: u32) -> Result<(), Failure> {
        for keys in &self.keys {
            self.wrong_keys.add(keys.look_at_all(&self.account).await?);
        }
        let acknowledged: u64 = self.keys.iter().map(|keys| keys.acknowledged).sum();
        let refused: u64 = self.keys.iter().map(|keys| keys.refused).sum();
        let executed: i64 = self.databases.iter().map(|database| database.executed).sum();
        let (mut shown, mut gaps) = (0, 0);
        for database in &self.databases {
            shown += database.shown(&self.account).await?;
            gaps += database.gaps(&self.account).await?;
        }
        for (name, count) in [
            ("kills", u64::from(kills)),
            ("keys_acknowledged", acknowledged),
            ("keys_refused", refused),
            ("keys_lost", self.wrong_keys.lost),
            ("keys_doubled", self.wrong_keys.doubled),
            ("calls_executed", executed.unsigned_abs()),
            ("calls_shown", shown.unsigned_abs()),
            ("calls_lost_after_shown", self.wrong_samples.lost),
            ("calls_doubled", self.wrong_samples.doubled),
            ("gaps", gaps as u64),
            ("damaged_files", u64::from(self.damaged)),
        ] {
            figure(&format!("kill.{name}"), count as f64, "count");
        }
        figure("kill.restart_ms", median(self.restarts_ms), "ms");
        Ok(())
    }
}

impl Wrong {
    fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
    }
}
