//! The report of a check as text, aligned, and coloured if the terminal supports it.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use anstyle::{AnsiColor, Style};
use basira_actors::collect::HostingProvider;
use basira_actors::health::{Diagnosis, DoctorStatus, Issue, Severity};
use basira_actors::model::{CollectorState, Engine};
use basira_actors::monitor::{CheckReport, CollectorCheck};

const GOOD: Style = AnsiColor::Green.on_default();
const FAIR: Style = AnsiColor::Yellow.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const DIM: Style = Style::new().dimmed();
const BOLD: Style = Style::new().bold();

/// Names of collectors are shorter than this.
const NAME_WIDTH: usize = 24;
/// The indentation of lines about a collector or an issue.
const INDENT: &str = "      ";

/// The whole report, with ANSI colours.
pub(super) fn write(engine: Engine, report: &CheckReport) -> String {
    let mut page = String::new();
    // writing to a String cannot fail
    let _ = connection(&mut page, engine, report);
    if report.connected {
        let _ = collectors(&mut page, &report.collectors);
        let _ = doctor(&mut page, &report.doctor);
    }
    page
}

fn connection(page: &mut String, engine: Engine, report: &CheckReport) -> fmt::Result {
    match &report.error {
        Some(error) => writeln!(page, "{BAD}no connection{BAD:#}: {error}")?,
        None => {
            let version = report.engine_version.as_deref().unwrap_or("?");
            let flavour = report.flavour.filter(|flavour| *flavour != HostingProvider::Plain);
            let flavour = flavour.map(|flavour| format!(" ({})", flavour.as_str())).unwrap_or_default();
            writeln!(page, "{GOOD}connected{GOOD:#} to {} {version}{flavour}", engine.title())?;
        }
    }
    report.fix.as_deref().map_or(Ok(()), |fix| below(page, "fix", fix))
}

fn collectors(page: &mut String, checks: &[CollectorCheck]) -> fmt::Result {
    let working = checks.iter().filter(|check| check.state == CollectorState::Ok).count();
    writeln!(page, "\n{BOLD}Collectors{BOLD:#}  {working} of {} work", checks.len())?;
    for check in checks {
        let (style, state) = match check.state {
            CollectorState::Ok if check.reason.is_some() => (FAIR, "limited"),
            CollectorState::Ok => (GOOD, "ok"),
            CollectorState::Skipped => (FAIR, "skipped"),
            CollectorState::Failing => (BAD, "failing"),
            CollectorState::Disabled => (DIM, "disabled"),
        };
        write!(page, "  {style}{state:<9}{style:#}")?;
        let (name, took_ms) = (check.name, check.duration_ms);
        match check.rows {
            Some(rows) => writeln!(page, "{name:<NAME_WIDTH$}{DIM}{rows:>7} rows {took_ms:>6} ms{DIM:#}")?,
            None => writeln!(page, "{name}")?,
        }
        if let Some(reason) = &check.reason {
            below(page, "why", reason)?;
        }
        if let Some(fix) = &check.fix {
            below(page, "fix", fix)?;
        }
    }
    Ok(())
}

fn doctor(page: &mut String, diagnosis: &Diagnosis) -> fmt::Result {
    let style = match diagnosis.status {
        DoctorStatus::Healthy => GOOD,
        DoctorStatus::Degraded => FAIR,
        DoctorStatus::Unhealthy => BAD,
    };
    let score = diagnosis.score.map_or_else(|| "no score".to_owned(), |score| format!("{score} of 100"));
    let status = diagnosis.status.as_str();
    writeln!(
        page,
        "\n{BOLD}Health{BOLD:#}  {style}{status}{style:#}, {score}; {} rules evaluated",
        diagnosis.evaluated
    )?;
    for found in &diagnosis.top_issues {
        issue(page, found)?;
    }
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for line in &diagnosis.not_evaluated {
        reasons.entry(&line.reason).or_default().push(line.rule_id);
    }
    if !reasons.is_empty() {
        writeln!(page, "\n{BOLD}Not evaluated{BOLD:#}  {}", diagnosis.not_evaluated.len())?;
    }
    for (reason, rules) in reasons {
        writeln!(page, "  {DIM}{reason}{DIM:#}")?;
        lines(page, &wrapped(&rules.join(", ")))?;
    }
    Ok(())
}

fn issue(page: &mut String, issue: &Issue) -> fmt::Result {
    let style = match issue.severity {
        Severity::Critical => BAD,
        Severity::Warning => FAIR,
        Severity::Info => DIM,
    };
    let severity = issue.severity.as_str();
    let penalty = format!("-{}", issue.penalty);
    writeln!(
        page,
        "  {style}{severity:<9}{style:#}{penalty:>4}  {BOLD}{}{BOLD:#}  {DIM}{}{DIM:#}",
        issue.title, issue.rule_id
    )?;
    lines(page, &wrapped(&issue.detail))?;
    lines(page, &wrapped(issue.recommendation))?;
    below(page, "look", &issue.how_to_investigate)?;
    below(page, "fix", &issue.how_to_fix)
}

/// `label` and a text, which may have several lines.
fn below(page: &mut String, label: &str, text: &str) -> fmt::Result {
    for (number, line) in text.lines().enumerate() {
        let label = if number == 0 { format!("{label}:") } else { String::new() };
        writeln!(page, "{INDENT}{DIM}{label:<6}{DIM:#}{line}")?;
    }
    Ok(())
}

fn lines(page: &mut String, text: &str) -> fmt::Result {
    text.lines().try_for_each(|line| writeln!(page, "{INDENT}{line}"))
}

/// Broken at blanks, so that no line is wider than a terminal.
fn wrapped(text: &str) -> String {
    const WIDTH: usize = 90;
    let mut wrapped = String::new();
    let mut width = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if width > 0 {
            let breaks = width + 1 + length > WIDTH;
            wrapped.push(if breaks { '\n' } else { ' ' });
            width = if breaks { 0 } else { width + 1 };
        }
        wrapped.push_str(word);
        width += length;
    }
    wrapped
}

#[cfg(test)]
mod tests {
    use super::wrapped;

    #[test]
    fn long_texts_are_broken_at_blanks() {
        let text = "word ".repeat(40);
        let lines: Vec<String> = wrapped(&text).lines().map(str::to_owned).collect();
        assert_eq!(lines.iter().map(|line| line.len()).collect::<Vec<_>>(), [89, 89, 19]);
        assert_eq!(wrapped("short"), "short");
    }
}
