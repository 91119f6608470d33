//! The command line. Errors go to stderr, with an exit code other than zero.

mod admin;
mod check;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use basira_actors::health;
use clap::{Args, Parser, Subcommand};

use self::admin::AdminCommand;
use crate::config::{self, Config, ConfigError, Flag, LiveConfig, Source};
use crate::demo::{self, DemoOptions};
use crate::http;
use crate::log::Log;
use crate::{output, run};

/// Watches fleets of PostgreSQL and ClickHouse databases.
#[derive(Debug, Parser)]
#[command(name = "basira", version, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

/// The options of every command that reads the configuration.
#[derive(Debug, Args)]
struct Settings {
    /// The configuration file [default: $BASIRA_CONFIG, ./config/basira.toml, /etc/basira/basira.toml]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where data, secrets and mails are kept (data_dir)
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// How much to log: error, warn, info, debug, trace (log.level)
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server: API and live streams
    Serve {
        /// Where to listen; port 0 takes a free one (http.listen)
        #[arg(long, value_name = "ADDRESS")]
        listen: Option<String>,
    },
    /// Run a demo with nothing installed: a throwaway PostgreSQL and ClickHouse with a workload, and Basira watching them
    Demo(DemoOptions),
    /// Check one database: which collectors work, how to fix the others, and how healthy it is.
    /// Exits 0 healthy, 1 degraded, 2 unhealthy, 3 no connection
    Check(check::CheckOptions),
    /// Print every health rule, with its threshold and penalty, as Markdown
    Rules,
    /// Print the API as an OpenAPI 3.1 document
    Openapi,
    /// Check the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Administer this instance
    Admin {
        #[command(subcommand)]
        command: AdminCommand,
    },
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Validate the configuration and print the effective values, secrets masked
    Check,
}

impl Cli {
    /// Runs the command.
    pub async fn run(self) -> ExitCode {
        match self.run_command().await {
            Ok(code) => code,
            Err(error) => {
                print_error(&*error);
                ExitCode::FAILURE
            }
        }
    }

    async fn run_command(self) -> Result<ExitCode, Box<dyn std::error::Error>> {
        match &self.command {
            Command::Serve { listen } => {
                let config = LiveConfig::load(self.settings.source(listen.as_deref()))?;
                let log = Log::start(&config.current().log);
                run::serve(config, log, |url| outln!("listening on {url}")).await?;
            }
            Command::Demo(options) => demo::run(options.clone()).await?,
            Command::Check(options) => {
                return Ok(check::run(options, &self.settings.load(None)?).await?);
            }
            Command::Openapi => output::print(&(http::routes::document().to_pretty_json()? + "\n"))?,
            Command::Rules => output::print(&health::document())?,
            Command::Config { command: ConfigCommand::Check } => {
                let file = self.settings.config.as_deref();
                output::print(&config::show(file, environment(), &self.settings.flags(None))?)?;
            }
            Command::Admin { command } => command.run(&self.settings.load(None)?).await?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Settings {
    fn source(&self, listen: Option<&str>) -> Source {
        let environment = environment().collect();
        Source { file: self.config.clone(), environment, flags: self.flags(listen) }
    }

    fn load(&self, listen: Option<&str>) -> Result<Config, ConfigError> {
        Config::load(self.config.as_deref(), environment(), &self.flags(listen))
    }

    fn flags(&self, listen: Option<&str>) -> Vec<Flag> {
        let given = [
            ("--listen", "http.listen", listen),
            ("--data-dir", "data_dir", self.data_dir.as_deref()),
            ("--log-level", "log.level", self.log_level.as_deref()),
        ];
        let flag =
            |(flag, key, value): (_, _, Option<&str>)| Some(Flag { flag, key, value: value?.to_owned() });
        given.into_iter().filter_map(flag).collect()
    }
}

/// `std::env::vars` would panic at any variable that is not UTF-8.
fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |text: OsString| text.to_string_lossy().into_owned();
    std::env::vars_os().map(move |(name, value)| (text(name), text(value)))
}

#[expect(clippy::print_stderr, reason = "errors of commands go to stderr")]
fn print_error(error: &dyn std::error::Error) {
    eprintln!("basira: {error}");
}
