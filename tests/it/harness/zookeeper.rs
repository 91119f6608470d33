//! A real `ZooKeeper`, by which replicas of `ClickHouse` know each other: Debian's, run where it was unpacked.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use basira_test_support::{Guardian, ServerError, cached, run, scratch_directory};

use super::eventually;

/// The server, and what of its dependencies it loads.
const PACKAGES: [&str; 5] =
    ["libzookeeper-java", "libslf4j-java", "libnetty-java", "libsnappy-java", "libdropwizard-metrics-java"];
const RUNTIME: &str = "openjdk-17-jre-headless";
const READY_WITHIN: Duration = Duration::from_secs(60);

/// Runs until it is dropped.
pub(crate) struct ZooKeeper {
    pub(crate) port: u16,
    // ended first, so that the guardian has nothing to wait for
    _process: tokio::process::Child,
    _guardian: Guardian,
}

impl ZooKeeper {
    pub(crate) async fn start() -> Self {
        let fetched = tokio::task::spawn_blocking(|| Ok::<_, ServerError>((java()?, jars()?)));
        let fetched = fetched.await.expect("the fetch does not panic");
        let (java, jars) = fetched.unwrap_or_else(|error| panic!("{error}"));
        let folder = scratch_directory().expect("a folder");
        let guardian = Guardian::watch(&folder, &folder).expect("a guardian");
        let port = free_port();
        let settings = format!(
            "dataDir={}\nclientPort={port}\nclientPortAddress=127.0.0.1\ntickTime=500\nadmin.enableServer=false\n\
             4lw.commands.whitelist=srvr\n",
            folder.display()
        );
        fs::write(folder.join("zoo.cfg"), settings).expect("written");
        let log = fs::File::create(folder.join("log")).expect("a log file");
        let process = tokio::process::Command::new(java)
            .args(["-Xmx128m", "-cp"])
            .arg(jars.join("*"))
            .args(["org.apache.zookeeper.server.ZooKeeperServerMain", "zoo.cfg"])
            .current_dir(&folder)
            .stdout(log.try_clone().expect("a log file"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("java starts");
        eventually(READY_WITHIN, async || match mode(port) {
            Ok(mode) if mode.contains("Mode: standalone") => Ok(()),
            answer => Err((answer, fs::read_to_string(folder.join("log")))),
        })
        .await;
        Self { port, _process: process, _guardian: guardian }
    }
}

/// What the server says of itself.
fn mode(port: u16) -> std::io::Result<String> {
    let mut client = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_read_timeout(Some(Duration::from_secs(5)))?;
    client.write_all(b"srvr")?;
    let mut answer = String::new();
    client.read_to_string(&mut answer)?;
    Ok(answer)
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn jars() -> Result<PathBuf, ServerError> {
    let home = cached("zookeeper-3.8", |directory| unpack(&PACKAGES, directory))?;
    Ok(home.join("usr/share/java"))
}

/// The one of this machine, or one of our own.
fn java() -> Result<PathBuf, ServerError> {
    if Command::new("java").arg("-version").output().is_ok_and(|output| output.status.success()) {
        return Ok(PathBuf::from("java"));
    }
    let home = cached("openjdk-17", |directory| {
        unpack(&[RUNTIME], directory)?;
        // its files of settings are where they would be if it were installed
        let links = run(Command::new("find").arg(directory).args(["-type", "l", "-lname", "/etc/java*"]))?;
        for link in links.lines() {
            let target = fs::read_link(link).expect("a link");
            fs::remove_file(link).expect("removed");
            let above = "../"
                .repeat(Path::new(link).strip_prefix(directory).expect("in it").components().count() - 1);
            symlink(format!("{above}{}", target.display().to_string().trim_start_matches('/')), link)
                .expect("a link");
        }
        Ok(())
    })?;
    let runtimes = fs::read_dir(home.join("usr/lib/jvm")).expect("a folder").flatten();
    let runtime = runtimes.map(|entry| entry.path().join("bin/java")).find(|java| java.exists());
    Ok(runtime.expect("a runtime"))
}

fn unpack(packages: &[&str], directory: &Path) -> Result<(), ServerError> {
    run(Command::new("apt-get").arg("download").args(packages).current_dir(directory))?;
    for archive in fs::read_dir(directory).expect("a folder").flatten().map(|entry| entry.path()) {
        if archive.extension().is_some_and(|extension| extension == "deb") {
            run(Command::new("dpkg").arg("-x").arg(&archive).arg(directory))?;
            fs::remove_file(&archive).expect("removed");
        }
    }
    Ok(())
}
