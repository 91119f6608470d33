//! `basira check DSN`: one look at a database, for people or machines.

use std::collections::BTreeSet;
use std::process::ExitCode;

use basira_actors::collect::Flavour;
use basira_actors::model::{
    CollectorState, DatabaseId, Databases, Engine, OrganizationId, RuleSettings, Target,
};
use basira_actors::monitor::{self, CheckReport};
use clap::Args;

use crate::config::{Config, Dsn, DsnError};
use crate::run::connect_settings;

/// What to look at, and how to say it.
#[derive(Debug, Args)]
pub(super) struct CheckOptions {
    /// postgres://user:pass@host:port/dbname?sslmode=... or clickhouse://user:pass@host:port/dbname?secure=true
    dsn: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The DSN cannot be used, or the answer not be printed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CheckError {
    #[error("the DSN {0}")]
    Dsn(#[from] DsnError),
    #[error("printing the report failed: {0}")]
    Json(#[from] serde_json::Error),
}

/// Connects once, runs every collector once, keeps nothing.
pub(super) async fn run(options: &CheckOptions, config: &Config) -> Result<ExitCode, CheckError> {
    let target = target(Dsn::parse(&options.dsn)?, config);
    let report = monitor::check(&target, &connect_settings(config)).await;
    if options.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(target.engine, &report);
    }
    Ok(ExitCode::from(verdict(&report)))
}

fn target(dsn: Dsn, config: &Config) -> Target {
    Target {
        id: DatabaseId::generate(),
        organization_id: OrganizationId::generate(),
        engine: dsn.engine,
        port: dsn.port.unwrap_or_else(|| dsn.engine.default_port()),
        host: dsn.host,
        database: dsn.database.unwrap_or_else(|| dsn.engine.default_database().to_owned()),
        databases: Databases::default(),
        cluster: None,
        let_idle: false,
        try_indexes_on_primary: false,
        username: dsn.username,
        password: dsn.password,
        tls: dsn.tls.unwrap_or_default(),
        tls_ca_pem: None,
        poll_interval: config.collect.poll_interval,
        collect_explain_plans: false,
        collect_replication: false,
        disabled_collectors: BTreeSet::new(),
        rules: RuleSettings::default(),
        dismissed: BTreeSet::new(),
    }
}

/// 0 all collectors work, 1 some do, 2 none does, 3 no connection.
fn verdict(report: &CheckReport) -> u8 {
    let working = report.collectors.iter().filter(|check| check.state == CollectorState::Ok).count();
    match (report.connected, working) {
        (false, _) => 3,
        (true, 0) => 2,
        (true, working) if working < report.collectors.len() => 1,
        (true, _) => 0,
    }
}

fn print(engine: Engine, report: &CheckReport) {
    match (&report.error, &report.engine_version) {
        (Some(error), _) => println!("no connection: {error}"),
        (None, version) => {
            let flavour = report.flavour.filter(|flavour| *flavour != Flavour::Plain);
            let flavour = flavour.map(|flavour| format!(" ({})", flavour.as_str())).unwrap_or_default();
            println!("connected to {} {}{flavour}", engine.title(), version.as_deref().unwrap_or("?"));
        }
    }
    if let Some(fix) = &report.fix {
        println!("  fix: {fix}");
    }
    for check in &report.collectors {
        let state = match check.state {
            CollectorState::Ok => "ok",
            CollectorState::Skipped => "skipped",
            CollectorState::Failing => "failing",
            CollectorState::Disabled => "disabled",
        };
        let rows =
            check.rows.map_or_else(String::new, |rows| format!("{rows} rows in {} ms", check.duration_ms));
        println!("{:<24} {state:<9} {rows}", check.name);
        if let Some(reason) = &check.reason {
            println!("  reason: {reason}");
        }
        if let Some(fix) = &check.fix {
            println!("  fix: {fix}");
        }
    }
}
