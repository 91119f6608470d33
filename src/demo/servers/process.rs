//! Child processes that outlive nobody: found by their working directory, ended even when we are killed.

use std::env;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use uuid::Uuid;

use super::ServerError;
use super::command::{is_root, run};

/// PostgreSQL refuses to run as root.
#[derive(Debug, Clone, Copy)]
pub(super) struct Account {
    uid: u32,
    gid: u32,
}

impl Account {
    /// Who servers should run as: `None` means as we are.
    pub(super) fn unprivileged() -> Option<Self> {
        if !is_root() {
            return None;
        }
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(find_account(&users, "postgres").or_else(|| find_account(&users, "nobody")).unwrap_or(NOBODY))
    }

    /// Makes `command` run as this account.
    pub(super) fn applied_to(self, command: &mut Command) -> &mut Command {
        command.uid(self.uid).gid(self.gid)
    }
}

/// What Linux calls nobody, with or without a name for it.
const NOBODY: Account = Account { uid: 65534, gid: 65534 };

fn find_account(passwd: &str, name: &str) -> Option<Account> {
    let mut fields =
        passwd.lines().map(|line| line.split(':')).find(|fields| fields.clone().next() == Some(name))?;
    let uid = fields.nth(2)?.parse().ok()?;
    Some(Account { uid, gid: fields.next()?.parse().ok()? })
}

/// A new private folder for throwaway data.
///
/// # Errors
/// [`ServerError::Io`] when it cannot be made.
pub fn scratch_directory() -> Result<PathBuf, ServerError> {
    let parent =
        fs::canonicalize(env::temp_dir()).map_err(ServerError::io("finding the temporary folder"))?;
    let path = parent.join(format!("basira-{}", Uuid::now_v7()));
    fs::DirBuilder::new()
        .mode(0o700)
        .create(&path)
        .map_err(ServerError::io(format!("creating {}", path.display())))?;
    Ok(path)
}

/// Hands `path` to the account that servers run as.
///
/// # Errors
/// [`ServerError::Io`] when its owner cannot be changed.
pub fn give_away(path: &Path) -> Result<(), ServerError> {
    let Some(Account { uid, gid }) = Account::unprivileged() else { return Ok(()) };
    chown(path, Some(uid), Some(gid)).map_err(ServerError::io(format!("giving away {}", path.display())))
}

/// The processes that work in `directory`: a server and all of its children, whatever their process group.
pub(super) fn working_in(directory: &Path) -> Vec<u32> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd == directory))
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

/// Sends `name` (`STOP`, `KILL`, ...) to each of `processes`; those already gone are no error.
///
/// # Errors
/// [`ServerError`] when one cannot be signalled.
pub fn signal(name: &str, processes: &[u32]) -> Result<(), ServerError> {
    let ids = processes.iter().map(u32::to_string);
    let script = format!("for id; do kill -{name} \"$id\" 2>/dev/null || [ ! -d \"/proc/$id\" ]; done");
    run(Command::new("sh").args(["-c", &script, "sh"]).args(ids)).map(drop)
}

/// Waits until its standard input ends, which happens however we end.
const GUARD: &str = r#"
workplace=$1 everything=$2
cat >/dev/null
each() { for p in /proc/[0-9]*; do [ "$p/cwd" -ef "$workplace" ] && "$@" "${p#/proc/}"; done 2>/dev/null; }
each kill -QUIT
each kill -CONT
tries=0
while [ -n "$(each echo)" ] && [ $tries -lt 50 ]; do sleep 0.1; tries=$((tries + 1)); done
each kill -KILL
rm -rf "$everything"
"#;

/// While this lives, so may the processes that work in a directory; afterwards nothing of them is left.
#[derive(Debug)]
pub struct Guardian(Child);

impl Guardian {
    /// Guards those who will work in `workplace`, and the folder `everything` around it.
    ///
    /// # Errors
    /// [`ServerError::Io`] when no shell can be started.
    pub fn watch(workplace: &Path, everything: &Path) -> Result<Self, ServerError> {
        let mut shell = Command::new("sh");
        shell.args(["-c", GUARD, "sh"]).arg(workplace).arg(everything).current_dir("/").stdin(Stdio::piped());
        // A group of its own: Ctrl-C in the terminal must not reach it.
        shell.stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
        shell.spawn().map(Self).map_err(ServerError::io("starting sh"))
    }
}

impl Drop for Guardian {
    /// Waits for a moment until everything is gone.
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        drop(self.0.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_read_by_their_whole_name() {
        let passwd = "postgres-old:x:1:1::/:/bin/sh\npostgres:x:101:104:,,,:/var/lib:/bin/bash\n";
        let Account { uid, gid } = find_account(passwd, "postgres").unwrap();
        assert_eq!((uid, gid), (101, 104));
        assert!(find_account(passwd, "nobody").is_none());
    }
}
