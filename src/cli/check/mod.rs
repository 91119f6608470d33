//! `basira check DSN`: checks a database once, and prints a report as text or JSON.

mod report;

use std::process::ExitCode;
use std::sync::Arc;

use basira_actors::health::DoctorStatus;
use basira_actors::model::{CollectorState, DatabaseId, OrganizationId, Target};
use basira_actors::monitor::{self, CheckReport};
use clap::Args;

use crate::config::{Config, Dsn, DsnError};
use crate::output;

/// The options of `basira check`.
#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    /// postgres://user:pass@host:port/dbname?sslmode=... or clickhouse://user:pass@host:port/dbname?secure=true
    dsn: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The DSN cannot be used, or the report cannot be printed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckError {
    #[error("the DSN {0}")]
    Dsn(#[from] DsnError),
    #[error("printing the report failed: {0}")]
    Json(#[from] serde_json::Error),
    #[error("printing the report failed: {0}")]
    Print(#[from] std::io::Error),
}

/// Connects, runs every collector once, and stores nothing.
pub(super) async fn run(options: &CheckOptions, config: &Config) -> Result<ExitCode, CheckError> {
    let target = target(Dsn::parse(&options.dsn)?, config);
    // only the operator of this machine can run it
    let settings = config.connect_settings(Arc::new(config.networks_denied_to(true)));
    let report = monitor::check(&target, &settings, &config.health.rules).await;
    if options.json {
        output::print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else {
        output::print(&report::write(target.engine, &report))?;
    }
    Ok(ExitCode::from(verdict(&report)))
}

fn target(dsn: Dsn, config: &Config) -> Target {
    let port = dsn.port.unwrap_or_else(|| dsn.engine.default_port());
    let target =
        Target::new(DatabaseId::generate(), OrganizationId::generate(), dsn.engine, (dsn.host, port));
    Target {
        database: dsn.database.unwrap_or_else(|| dsn.engine.default_database().to_owned()),
        username: dsn.username,
        password: dsn.password,
        tls: dsn.tls.unwrap_or_default(),
        poll_interval: config.collect.poll_interval,
        ..target
    }
}

/// 0 healthy, 1 degraded, 2 unhealthy or no collector works, 3 no connection.
fn verdict(report: &CheckReport) -> u8 {
    let none_works = !report.collectors.iter().any(|check| check.state == CollectorState::Ok);
    match report.doctor.status {
        _ if !report.connected => 3,
        _ if none_works => 2,
        DoctorStatus::Healthy => 0,
        DoctorStatus::Degraded => 1,
        DoctorStatus::Unhealthy => 2,
    }
}
