//! The standard output of commands. A reader that closes it early, as `head` does, is no error.

use std::io::{self, ErrorKind, Write as _};

/// Prints a line about work that goes on whether or not anybody reads of it.
macro_rules! outln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($text)*);
    }};
}

/// Prints `text`, which is what the command was asked for; without its colours unless a terminal shows it.
///
/// # Errors
/// When it cannot be written whole, unless its reader went away.
pub fn print(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}
