//! The real binary, serving from a throwaway folder.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::{FailingFiles, TestClient};

/// In the folder, where no server looks by itself.
const CONFIG: &str = "basira.toml";
/// All tests come from one address, and ask more often than people do; every organization has databases on this machine.
const NO_LIMITS: [(&str, &str); 10] = [
    ("BASIRA__LIMITS__AUTH__SIGNUP_PER_HOUR", "0"),
    ("BASIRA__LIMITS__AUTH__LOGIN_FAILURES_PER_HOUR", "0"),
    ("BASIRA__LIMITS__AUTH__REFRESH_PER_HOUR", "0"),
    ("BASIRA__LIMITS__AUTH__FORGOT_PASSWORD_PER_HOUR", "0"),
    ("BASIRA__LIMITS__AUTH__RESET_PASSWORD_PER_HOUR", "0"),
    ("BASIRA__LIMITS__AUTH__RESEND_VERIFICATION_PER_HOUR", "0"),
    ("BASIRA__LIMITS__AUTH__MAIL_PAUSE_SECONDS", "0"),
    ("BASIRA__LIMITS__API__PER_SECOND", "0"),
    ("BASIRA__TARGETS__PRIVATE", ""),
    ("BASIRA__LIMITS__DATABASE_TESTS__PER_HOUR", "0"),
];
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running `basira serve`; ended when dropped.
pub(crate) struct TestApp {
    pub(crate) url: String,
    folder: TempDir,
    settings: BTreeMap<String, String>,
    process: Child,
}

impl TestApp {
    /// With the defaults.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With settings such as `("LIMITS__API__PER_SECOND", "5")`.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings =
            settings.iter().map(|(key, value)| (format!("BASIRA__{key}"), (*value).to_owned())).collect();
        let (process, url) = serve(folder.path(), &settings).await;
        Self { url, folder, settings, process }
    }

    /// With files that fail when `files` is told so.
    pub(crate) async fn start_on(files: &FailingFiles) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = files.environment().into();
        let (process, url) = serve(folder.path(), &settings).await;
        Self { url, folder, settings, process }
    }

    /// From a data directory that `fill` made.
    pub(crate) async fn start_from(fill: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data_dir = folder.path().join("data");
        DirBuilder::new().mode(0o700).create(&data_dir).expect("a data directory");
        fill(&data_dir);
        let settings = BTreeMap::new();
        let (process, url) = serve(folder.path(), &settings).await;
        Self { url, folder, settings, process }
    }

    /// With a configuration file that says `text`.
    pub(crate) async fn start_configured(text: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join(CONFIG);
        fs::write(&file, text).expect("a configuration file");
        let settings = BTreeMap::from([("BASIRA_CONFIG".to_owned(), file.display().to_string())]);
        let (process, url) = serve(folder.path(), &settings).await;
        Self { url, folder, settings, process }
    }

    /// Lets the configuration file say `text` from now on; nobody is told.
    pub(crate) fn configure(&self, text: &str) {
        fs::write(self.folder.path().join(CONFIG), text).expect("a configuration file");
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id().expect("a running process")
    }

    /// Whether the process has ended by itself.
    pub(crate) fn is_gone(&mut self) -> bool {
        self.process.try_wait().expect("a child").is_some()
    }

    /// Why another server does not start in `data_dir` with `settings`, beside this one.
    pub(crate) async fn second(&self, data_dir: &Path, settings: &[(&str, &str)]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
        command.arg("serve").env("BASIRA__HTTP__LISTEN", "127.0.0.1:0").env("BASIRA__DATA_DIR", data_dir);
        command.envs(settings.iter().copied()).current_dir(self.folder.path()).kill_on_drop(true);
        let ended = timeout(READY_WITHIN, command.output()).await.expect("an end in time").expect("it runs");
        assert!(!ended.status.success(), "{ended:?}");
        String::from_utf8_lossy(&ended.stderr).into_owned()
    }

    /// Sends the process a signal such as `HUP`.
    pub(crate) async fn signal(&self, name: &str) {
        let pid = self.pid().to_string();
        let sent = Command::new("kill").args([&format!("-{name}"), &pid]).status().await.expect("kill runs");
        assert!(sent.success(), "kill: {sent}");
    }

    /// Whether it ends after SIGTERM.
    pub(crate) async fn stops_within(&mut self, limit: Duration) -> bool {
        self.signal("TERM").await;
        self.ends_within(limit).await
    }

    /// What `basira admin` says with `arguments`, run beside this server with its settings.
    pub(crate) async fn admin(&self, arguments: &[&str]) -> Output {
        self.admin_command(arguments).output().await.expect("the binary runs")
    }

    /// The same, still to be run; it ends when it is dropped.
    pub(crate) fn admin_command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_basira"));
        command.arg("admin").args(arguments).envs(&self.settings);
        command.env("BASIRA__DATA_DIR", self.data_dir()).current_dir(self.folder.path());
        command.kill_on_drop(true);
        command
    }

    /// From the next start on, with another setting.
    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.settings.insert(format!("BASIRA__{key}"), value.to_owned());
    }

    /// As a power cut would.
    pub(crate) async fn kill(&mut self) {
        self.process.kill().await.expect("a process to kill");
    }

    /// Waits until the process has ended by itself; false when it has not after `limit`.
    pub(crate) async fn ends_within(&mut self, limit: Duration) -> bool {
        timeout(limit, self.process.wait()).await.is_ok()
    }

    /// Serves again from the same folder, on another port.
    pub(crate) async fn start_again(&mut self) {
        (self.process, self.url) = serve(self.folder.path(), &self.settings).await;
    }

    pub(crate) fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The memory of the process now.
    pub(crate) fn resident_mb(&self) -> u64 {
        let pid = self.pid();
        let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("kilobytes") / 1024
    }

    /// Lets the process open no more than `free` further files and sockets from now on.
    pub(crate) async fn limit_free_descriptors(&self, free: usize) {
        let pid = self.process.id().expect("a running process").to_string();
        let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("its descriptors").count();
        let limit = format!("--nofile={}:", open + free);
        let set = Command::new("prlimit").args(["--pid", &pid, &limit]).status().await.expect("prlimit runs");
        assert!(set.success(), "prlimit: {set}");
    }

    /// Everything that was logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(log_of(self.folder.path())).unwrap_or_default()
    }

    pub(crate) fn anonymous(&self) -> TestClient {
        TestClient::anonymous(&self.url)
    }

    /// The token in the newest mail to `address`, whatever its encoding.
    pub(crate) fn mailed_token(&self, address: &str) -> String {
        let mails = fs::read_dir(self.data_dir().join("mail")).expect("a folder of mails");
        let mut mails: Vec<_> = mails.map(|entry| entry.expect("a mail").path()).collect();
        mails.retain(|path| path.extension().is_some_and(|extension| extension == "eml"));
        mails.sort();
        let mut texts = mails.iter().map(|path| fs::read_to_string(path).expect("a readable mail"));
        let mail = texts.rfind(|mail| mail.contains(address)).expect("a mail to them");
        let text = mail.replace("=\r\n", "").replace("=\n", "").replace("=3D", "=");
        let token = text.split_once("token=").expect("a token").1;
        token.chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.~%".contains(*c)).collect()
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- log of basira ---\n{}", self.log());
        }
    }
}

fn log_of(folder: &Path) -> PathBuf {
    folder.join("stderr.log")
}

async fn serve(folder: &Path, settings: &BTreeMap<String, String>) -> (Child, String) {
    let log = OpenOptions::new().create(true).append(true).open(log_of(folder)).expect("a log file");
    let mut process = Command::new(env!("CARGO_BIN_EXE_basira"))
        .arg("serve")
        .env("BASIRA__HTTP__LISTEN", "127.0.0.1:0")
        .env("BASIRA__DATA_DIR", folder.join("data"))
        .envs(NO_LIMITS)
        .envs(settings)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let mut lines = BufReader::new(process.stdout.take().expect("its stdout")).lines();
    let first = timeout(READY_WITHIN, lines.next_line()).await;
    let line = first.expect("a line in time").expect("readable").unwrap_or_default();
    let Some(url) = line.strip_prefix("listening on ") else {
        panic!("basira did not start: {line}\n{}", fs::read_to_string(log_of(folder)).unwrap_or_default());
    };
    (process, url.to_owned())
}
