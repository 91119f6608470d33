//! Files that fail when a test says so: a library in C that is preloaded into the server under test.

use std::fs::{self, File, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const SOURCE: &str = include_str!("shim.c");
const LIBRARY: &str = "shim.so";
const CONTROL: &str = "control";

/// What happens to a call that fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Writing finds no space left (ENOSPC).
    DiskFull,
    /// Writing, syncing or truncating fails with an input/output error (EIO).
    InputOutput,
    /// Syncing fails (EIO): what was written may be on the disk or not.
    FailedSync,
    /// Everything that changes a file is refused (EROFS).
    ReadOnly,
    /// Reading fails (EIO).
    FailedRead,
    /// Half of the write is done, then the process is killed (SIGKILL).
    Kill,
}

/// The integers of the control file, in order; `shim.c` says what they mean.
#[derive(Debug, Clone, Copy)]
enum Slot {
    Calls,
    First,
    Last,
    Effect,
    Kinds,
    Failed,
    Mapped,
}

const SLOTS: usize = 7;
const SLOT_BYTES: usize = size_of::<u64>();

/// The files whose path contains a given text, of each process that was started with [`Self::environment`].
pub(crate) struct FailingFiles {
    path_part: String,
    folder: TempDir,
    control: File,
}

impl FailingFiles {
    /// None of them fails yet. Servers that run as another account can read and map what they need.
    pub(crate) fn containing(path_part: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("a folder for all to read");
        compile_into(folder.path());
        let path = folder.path().join(CONTROL);
        fs::write(&path, [0; SLOTS * SLOT_BYTES]).expect("a control file");
        fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("a control file for all to write");
        let control = OpenOptions::new().read(true).write(true).open(path).expect("the control file");
        Self { path_part: path_part.to_owned(), folder, control }
    }

    /// What the server under test must be started with.
    pub(crate) fn environment(&self) -> [(String, String); 3] {
        let path = |name: &str| self.folder.path().join(name).display().to_string();
        [
            ("LD_PRELOAD".to_owned(), path(LIBRARY)),
            ("FAULT_CONTROL".to_owned(), path(CONTROL)),
            ("FAULT_PATH".to_owned(), self.path_part.clone()),
        ]
    }

    /// Numbers the calls that `fault` can strike, from 1; none fails.
    pub(crate) fn count_for(&self, fault: Fault) {
        self.heal();
        self.set(Slot::Kinds, fault.kinds());
        self.set(Slot::Effect, fault.effect());
        self.set(Slot::Calls, 0);
        self.set(Slot::Failed, 0);
    }

    /// Lets the `nth` call from now on fail, and no other.
    pub(crate) fn fail_at(&self, fault: Fault, nth: u64) {
        self.fail_between(fault, nth, nth);
    }

    /// Lets the `nth` call from now on fail, and all after it until [`Self::heal`].
    pub(crate) fn fail_from(&self, fault: Fault, nth: u64) {
        self.fail_between(fault, nth, u64::MAX);
    }

    /// Lets the calls from number `first` to number `last` from now on fail.
    pub(crate) fn fail_between(&self, fault: Fault, first: u64, last: u64) {
        self.count_for(fault);
        self.set(Slot::Last, last);
        self.set(Slot::First, first);
    }

    /// From now on nothing fails.
    pub(crate) fn heal(&self) {
        self.set(Slot::First, 0);
    }

    /// Calls since the last [`Self::count_for`].
    pub(crate) fn calls(&self) -> u64 {
        assert!(self.get(Slot::Mapped) > 0, "the library was not loaded by the server under test");
        self.get(Slot::Calls)
    }

    /// How many of them failed.
    pub(crate) fn failed(&self) -> u64 {
        self.get(Slot::Failed)
    }

    fn get(&self, slot: Slot) -> u64 {
        let mut bytes = [0; SLOT_BYTES];
        self.control.read_exact_at(&mut bytes, slot.offset()).expect("a readable control file");
        u64::from_ne_bytes(bytes)
    }

    fn set(&self, slot: Slot, value: u64) {
        self.control.write_all_at(&value.to_ne_bytes(), slot.offset()).expect("a writable control file");
    }
}

impl Slot {
    const fn offset(self) -> u64 {
        (self as usize * SLOT_BYTES) as u64
    }
}

impl Fault {
    /// WRITES 1, SYNCS 2, TRUNCATES 4, READS 8.
    const fn kinds(self) -> u64 {
        match self {
            Self::DiskFull => 1 | 4,
            Self::InputOutput | Self::ReadOnly | Self::Kill => 1 | 2 | 4,
            Self::FailedSync => 2,
            Self::FailedRead => 8,
        }
    }

    /// The number of the error on Linux, or KILL of `shim.c`.
    const fn effect(self) -> u64 {
        match self {
            Self::InputOutput | Self::FailedSync | Self::FailedRead => 5,
            Self::DiskFull => 28,
            Self::ReadOnly => 30,
            Self::Kill => 1000,
        }
    }
}

/// Compiles the library into `folder`.
fn compile_into(folder: &Path) {
    let source = folder.join("shim.c");
    fs::write(&source, SOURCE).expect("the source");
    let mut compile = Command::new("cc");
    compile.args(["-shared", "-fPIC", "-O1", "-o"]).arg(folder.join(LIBRARY)).arg(&source).arg("-ldl");
    let output = compile.output().expect("a C compiler named cc: install gcc or clang to run this test");
    assert!(output.status.success(), "cc: {}", String::from_utf8_lossy(&output.stderr));
}
