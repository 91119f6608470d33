//! What a health rule is.

use std::time::Duration;

use serde::Serialize;

use super::RuleContext;
use crate::model::{Engine, Stream};

/// One thing that can be wrong with a database. Everything here is documentation too: `docs/rules.md`.
pub struct Rule {
    /// `category.name`; the file is called `category_name.rs`. It never changes once released.
    pub id: &'static str,
    pub scope: Scope,
    pub category: Category,
    /// What is wrong, as a headline.
    pub title: &'static str,
    /// What it looks at, and why that matters.
    pub description: &'static str,
    /// Without one of these it is not evaluated, and says why.
    pub needs: &'static [Need],
    /// The span that [`Need::Totals`] and its like are about, or for how long something must have been counted; zero when
    /// there is none.
    pub window: Duration,
    /// How long ago the span began that [`Need::Baseline`] is about.
    pub baseline: Duration,
    pub measure: Measure,
    pub threshold: Threshold,
    /// How long it must be so before it counts.
    pub hold_for: Duration,
    pub curve: Curve,
    /// Whether each object becomes advice that is kept until it is followed or dismissed: for what stays until somebody
    /// does something.
    pub makes_recommendations: bool,
    pub recommendation: &'static str,
    /// SQL to run.
    pub investigate: &'static str,
    /// SQL or a setting, as a pattern; an [`Object`] has its own. Never carried out by Basira.
    pub fix: &'static str,
    /// Where the figures come from.
    pub source: &'static str,
    /// What there is, with its value; what is within the threshold may be left out.
    pub check: fn(&RuleContext<'_>) -> CheckResult,
}

/// The objects concerned, or why nobody knows.
pub type CheckResult = Result<Vec<Object>, Unknown>;

/// Why a rule was not evaluated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown(pub String);

impl Unknown {
    #[must_use]
    pub fn because(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}

/// Something that a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Names it for people and stays the same while it exists: `public.orders`, `pid 123`, `max_connections`.
    pub name: String,
    /// In the unit of the rule.
    pub value: f64,
    /// One sentence about it, with its figures.
    pub note: String,
    /// The SQL or setting that helps, with its own name in it.
    pub fix: Option<String>,
}

/// On which servers a rule makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Only(Engine),
    Any,
}

impl Scope {
    /// Whether databases of `engine` have it.
    #[must_use]
    pub fn takes(self, engine: Engine) -> bool {
        self == Self::Any || self == Self::Only(engine)
    }
}

/// What a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    Collection,
    Availability,
    Connections,
    Transactions,
    Locks,
    Queries,
    Memory,
    Storage,
    Vacuum,
    Indexes,
    Replication,
    Checkpoints,
    Settings,
    Merges,
    Inserts,
}

impl Category {
    /// As it begins the ids of its rules.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Collection => "collection",
            Self::Availability => "availability",
            Self::Connections => "connections",
            Self::Transactions => "transactions",
            Self::Locks => "locks",
            Self::Queries => "queries",
            Self::Memory => "memory",
            Self::Storage => "storage",
            Self::Vacuum => "vacuum",
            Self::Indexes => "indexes",
            Self::Replication => "replication",
            Self::Checkpoints => "checkpoints",
            Self::Settings => "settings",
            Self::Merges => "merges",
            Self::Inserts => "inserts",
        }
    }
}

/// How bad a finding is, by what it costs: from 20 points on critical, from 5 a warning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Info,
    Warning,
    Critical,
}

impl Severity {
    /// The severity of a penalty in percent.
    #[must_use]
    pub fn of(penalty: f64) -> Self {
        match penalty {
            penalty if penalty >= 20.0 => Self::Critical,
            penalty if penalty >= 5.0 => Self::Warning,
            _ => Self::Info,
        }
    }

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// What a rule cannot do without. Each names a collector, which must have worked lately.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// What it saw last.
    Now(&'static str),
    /// What its stream came to over the rule's window.
    Totals(&'static str, &'static Stream),
    /// How its stream went over the window, in [`Need::STEPS`] steps.
    Course(&'static str, &'static Stream),
    /// What its stream came to over a window as long that ended a baseline ago.
    Baseline(&'static str, &'static Stream),
}

impl Need {
    /// In how many steps a course is cut.
    pub const STEPS: u32 = 12;

    #[must_use]
    pub const fn collector(self) -> &'static str {
        let (Self::Now(name) | Self::Totals(name, _) | Self::Course(name, _) | Self::Baseline(name, _)) =
            self;
        name
    }
}

/// What becomes of the values of the objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The highest one counts; objects below the threshold are none.
    Highest,
    /// The lowest one counts; objects above the threshold are none.
    Lowest,
    /// How many there are.
    Count,
    /// Their sum.
    Sum,
}

/// When a rule begins and ceases to apply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    pub enter: f64,
    /// Once it applies, it does until the value is back behind this one: no flapping.
    pub leave: f64,
    pub unit: Unit,
}

/// In what a value is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// From 0 to 100.
    Pct,
    Seconds,
    Days,
    Bytes,
    Count,
    /// How many times as much.
    Ratio,
    PerMinute,
}

impl Unit {
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pct => "%",
            Self::Seconds => "seconds",
            Self::Days => "days",
            Self::Bytes => "bytes",
            Self::Count => "",
            Self::Ratio => "times",
            Self::PerMinute => "per minute",
        }
    }
}

/// What a finding costs, in percent of the score that is left: `least` at the threshold, `most` from `worst` on, in a
/// straight line between them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub least: f64,
    pub worst: f64,
    pub most: f64,
}

impl Curve {
    /// Costs `penalty` however bad it is.
    #[must_use]
    pub const fn flat(penalty: f64) -> Self {
        Self { least: penalty, worst: f64::INFINITY, most: penalty }
    }

    /// The penalty of `value` where `threshold` is where it begins, in percent of what is left.
    #[must_use]
    pub fn at(self, value: f64, threshold: f64, measure: Measure) -> f64 {
        if self.worst.is_infinite() {
            return self.least;
        }
        let sign = if measure == Measure::Lowest { -1.0 } else { 1.0 };
        let way = (self.worst - threshold) * sign;
        // somebody may have set the threshold beyond the worst
        let part = if way > 0.0 { (value - threshold) * sign / way } else { 1.0 };
        self.least + (self.most - self.least) * part.clamp(0.0, 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{Curve, Measure};

    #[test]
    fn penalties_rise_on_a_line_between_threshold_and_worst() {
        let curve = Curve { least: 10.0, worst: 98.0, most: 50.0 };
        for (value, threshold, expected) in [
            (78.0, 80.0, 10.0),
            (80.0, 80.0, 10.0),
            (89.0, 80.0, 30.0),
            (99.0, 80.0, 50.0),
            (99.0, 99.0, 50.0),
        ] {
            let found = curve.at(value, threshold, Measure::Highest);
            assert!((found - expected).abs() < 1e-9, "{value} at {threshold}: {found}");
        }
        let falling = Curve { least: 5.0, worst: 50.0, most: 25.0 };
        for (value, expected) in [(95.0, 5.0), (90.0, 5.0), (70.0, 15.0), (40.0, 25.0)] {
            let found = falling.at(value, 90.0, Measure::Lowest);
            assert!((found - expected).abs() < 1e-9, "{value}: {found}");
        }
        assert!((Curve::flat(7.0).at(1e9, 1.0, Measure::Sum) - 7.0).abs() < 1e-9);
    }
}
