//! The log on stderr, whose level can be changed while the server runs.

use std::fmt;
use std::io::IsTerminal as _;
use std::sync::Arc;

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::config::{Log as LogSettings, LogFormat};

/// A handle of the running log.
#[derive(Clone)]
pub struct Log(Arc<dyn Fn(EnvFilter) -> Result<(), tracing_subscriber::reload::Error> + Send + Sync>);

impl Log {
    /// Starts to log; once per process.
    pub fn start(settings: &LogSettings) -> Self {
        let log = tracing_subscriber::fmt()
            .with_env_filter(filter(settings.level))
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr);
        match settings.format {
            LogFormat::Text => {
                let log = log.with_filter_reloading();
                let handle = log.reload_handle();
                log.init();
                Self(Arc::new(move |filter| handle.reload(filter)))
            }
            LogFormat::Json => {
                let log = log.json().with_filter_reloading();
                let handle = log.reload_handle();
                log.init();
                Self(Arc::new(move |filter| handle.reload(filter)))
            }
        }
    }

    /// A log that is not written, for tests.
    #[cfg(test)]
    pub(crate) fn disconnected() -> Self {
        Self(Arc::new(|_| Ok(())))
    }

    /// Sets the level from which messages are logged.
    pub fn set_level(&self, level: Level) {
        if let Err(error) = (self.0)(filter(level)) {
            tracing::error!(%error, "the log level was not changed");
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

/// Libraries log warnings and errors only.
fn filter(level: Level) -> EnvFilter {
    EnvFilter::new(format!("warn,basira={level},basira_actors={level}"))
}
