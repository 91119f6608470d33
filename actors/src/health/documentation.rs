//! The documentation of the rules: `docs/rules.md` and `GET /api/v1/rules`.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use super::{Category, Measure, Need, Rule, Scope, Severity, Unit, format_duration, rules};
use crate::model::Engine;

/// A rule as the API describes it.
#[derive(Debug, Serialize)]
pub struct Described {
    pub id: &'static str,
    /// Null for both engines.
    pub engine: Option<Engine>,
    pub category: Category,
    pub title: &'static str,
    pub looks_at: &'static str,
    pub unit: Unit,
    pub threshold: f64,
    pub leave_threshold: f64,
    pub for_seconds: u64,
    /// Null when it evaluates the present.
    pub window_seconds: Option<u64>,
    pub baseline_seconds: Option<u64>,
    /// In percent of the remaining score, at the threshold and at worst.
    pub least_penalty_pct: f64,
    pub most_penalty_pct: f64,
    pub recommendation: &'static str,
    pub how_to_investigate: &'static str,
    pub how_to_fix: &'static str,
    pub source: &'static str,
}

/// Every rule, in the order of its list.
#[must_use]
pub fn describe() -> Vec<Described> {
    let seconds = |span: Duration| Some(span.as_secs()).filter(|seconds| *seconds > 0);
    let describe = |rule: &&'static Rule| Described {
        id: rule.id,
        engine: match rule.scope {
            Scope::Only(engine) => Some(engine),
            Scope::Any => None,
        },
        category: rule.category,
        title: rule.title,
        looks_at: rule.description,
        unit: rule.threshold.unit,
        threshold: rule.threshold.enter,
        leave_threshold: rule.threshold.leave,
        for_seconds: rule.hold_for.as_secs(),
        window_seconds: seconds(rule.window),
        baseline_seconds: seconds(rule.baseline),
        least_penalty_pct: rule.curve.least,
        most_penalty_pct: rule.curve.most,
        recommendation: rule.recommendation,
        how_to_investigate: rule.investigate,
        how_to_fix: rule.fix,
        source: rule.source,
    };
    rules::ALL.iter().map(describe).collect()
}

const HEAD: &str = "\
# Health rules

This page is generated from the rules by `make rules`; a test compares them. Each rule is one file in
`actors/src/health/rules`. [health.md](health.md) describes how the score is computed.
";

/// `docs/rules.md`.
#[must_use]
pub fn document() -> String {
    let mut page = HEAD.to_owned();
    let parts = [
        ("Both engines", Scope::Any),
        ("PostgreSQL", Scope::Only(Engine::Postgres)),
        ("ClickHouse", Scope::Only(Engine::Clickhouse)),
    ];
    for (title, scope) in parts {
        // writing to a String cannot fail
        let _ = write!(page, "\n## {title}\n");
        for rule in rules::ALL.iter().filter(|rule| rule.scope == scope) {
            section(&mut page, rule);
        }
    }
    page
}

fn section(page: &mut String, rule: &Rule) {
    let _ = write!(page, "\n### `{}`\n\n**{}** {}\n\n", rule.id, headline(rule.title), rule.description);
    let _ = writeln!(page, "| | |\n|---|---|");
    let _ = writeln!(page, "| category | {} |", rule.category.as_str());
    let (least, most) = (Severity::of(rule.curve.least), Severity::of(rule.curve.most));
    let severity = if least == most {
        least.as_str().to_owned()
    } else {
        format!("{} to {}", least.as_str(), most.as_str())
    };
    let _ = writeln!(page, "| severity | {severity} |");
    let _ = writeln!(page, "| threshold | {} |", threshold(rule));
    if !rule.window.is_zero() {
        let _ = writeln!(page, "| window | {} |", format_duration(rule.window));
    }
    if !rule.baseline.is_zero() {
        let _ = writeln!(page, "| baseline | {} earlier |", format_duration(rule.baseline));
    }
    if !rule.hold_for.is_zero() {
        let _ = writeln!(page, "| for at least | {} |", format_duration(rule.hold_for));
    }
    let _ = writeln!(page, "| penalty | {} |", costs(rule));
    let _ = writeln!(page, "| needs | {} |", needs(rule.needs));
    let _ = writeln!(
        page,
        "| recommendations | {} |",
        if rule.makes_recommendations { "one per object" } else { "none" }
    );
    let _ = write!(page, "\n{}\n", rule.recommendation);
    for (title, text) in [("Investigate", rule.investigate), ("Fix", rule.fix)] {
        let _ = write!(page, "\n{title}:\n\n```sql\n{text}\n```\n");
    }
    let _ = write!(page, "\nSource: {}\n", rule.source);
}

fn headline(title: &str) -> String {
    if title.ends_with('.') { title.to_owned() } else { format!("{title}.") }
}

fn threshold(rule: &Rule) -> String {
    let (enter, leave, unit) = (rule.threshold.enter, rule.threshold.leave, rule.threshold.unit.as_str());
    let word = if rule.measure == Measure::Lowest { "at most" } else { "at least" };
    let of = match rule.measure {
        Measure::Highest | Measure::Lowest => "",
        Measure::Count => " objects",
        Measure::Sum => " in total",
    };
    let back = if (enter - leave).abs() < f64::EPSILON {
        String::new()
    } else {
        format!(", until it is back at {leave}")
    };
    format!("{word} {enter} {unit}{of}{back}")
}

fn costs(rule: &Rule) -> String {
    let curve = rule.curve;
    if curve.worst.is_infinite() || (curve.least - curve.most).abs() < f64::EPSILON {
        return format!("{} % of the remaining score", curve.least);
    }
    format!("{} % of the remaining score, rising to {} % at {}", curve.least, curve.most, curve.worst)
}

fn needs(needs: &[Need]) -> String {
    let mut names: Vec<String> = needs.iter().map(|need| format!("`{}`", need.collector())).collect();
    names.dedup();
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
