//! Every client is an open file, in this process and in the server.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use basira_benches::Failure;

const TRIED: &str = "BENCH_RAISED_OPEN_FILES";

/// Makes room for `wanted` open files, here and in child processes: begins anew in a shell when there is too little.
pub(crate) fn allow(wanted: usize) -> Result<(), Failure> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let limit = line.and_then(|line| line.split_whitespace().next()).ok_or("no limit of open files")?;
    if limit == "unlimited" || limit.parse::<usize>()? >= wanted {
        return Ok(());
    }
    if std::env::var_os(TRIED).is_some() {
        return Err(
            format!("only {limit} files may be open: raise the hard limit (ulimit -Hn) to {wanted}").into()
        );
    }
    let script = format!("ulimit -n {wanted}; exec \"$0\" \"$@\"");
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).arg(std::env::current_exe()?).args(std::env::args().skip(1)).env(TRIED, "1");
    Err(shell.exec().into())
}
