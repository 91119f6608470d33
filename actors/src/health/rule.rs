//! What a health rule is.

use std::time::Duration;

use serde::Serialize;

use super::RuleContext;
use crate::model::{Engine, Stream};

/// One possible problem of a database. `docs/rules.md` is generated from these fields.
pub struct Rule {
    /// `category.name`, in the file `category_name.rs`. It never changes once released.
    pub id: &'static str,
    pub scope: Scope,
    pub category: Category,
    /// The headline of its issues.
    pub title: &'static str,
    /// What it evaluates, and why that matters.
    pub description: &'static str,
    /// What it needs; if one is not available, the rule is listed as not evaluated, with the reason.
    pub needs: &'static [Need],
    /// The window of [`Need::Totals`] and [`Need::Course`], or how long something must have been counted; zero for none.
    pub window: Duration,
    /// How long before the window the window of [`Need::Baseline`] is.
    pub baseline: Duration,
    pub measure: Measure,
    pub threshold: Threshold,
    /// How long the threshold must be exceeded before the rule applies, as `for` in Prometheus.
    pub hold_for: Duration,
    pub curve: Curve,
    /// Whether each object becomes a recommendation that stays open until it is resolved or dismissed.
    pub makes_recommendations: bool,
    pub recommendation: &'static str,
    /// SQL to run.
    pub investigate: &'static str,
    /// SQL or a setting, as a pattern; an [`Object`] has its own. Basira never executes it.
    pub fix: &'static str,
    /// The source of its figures.
    pub source: &'static str,
    /// Returns the objects with their values; objects within the threshold may be left out.
    pub check: fn(&RuleContext<'_>) -> CheckResult,
}

impl Rule {
    /// What most rules have in common: they evaluate the present, apply at once, and give no recommendations.
    pub(crate) const DEFAULT: Self = Self {
        id: "",
        scope: Scope::Any,
        category: Category::Collection,
        title: "",
        description: "",
        needs: &[],
        window: Duration::ZERO,
        baseline: Duration::ZERO,
        measure: Measure::Highest,
        threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
        hold_for: Duration::ZERO,
        curve: Curve::flat(0.0),
        makes_recommendations: false,
        recommendation: "",
        investigate: "",
        fix: "",
        source: "",
        check: |_| Ok(Vec::new()),
    };
}

/// The objects that a rule found, or why it could not be evaluated.
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

/// An object that a rule found.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Its displayed name, which stays the same while it exists: `public.orders`, `pid 123`, `max_connections`.
    pub name: String,
    /// In the unit of the rule.
    pub value: f64,
    /// One sentence about it, with its figures.
    pub note: String,
    /// The SQL or setting that fixes it, with its name filled in.
    pub fix: Option<String>,
}

/// The engines that a rule applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Only(Engine),
    Any,
}

impl Scope {
    /// Whether the rule applies to databases of `engine`.
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
    /// The prefix of the ids of its rules.
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

/// The severity of a finding, by its penalty: critical from 20 points, a warning from 5.
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

/// What a rule needs, with the name of the collector, whose last run must be recent and successful.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Need {
    /// Its latest snapshot.
    Now(&'static str),
    /// The totals of its stream over the rule's window.
    Totals(&'static str, &'static Stream),
    /// The course of its stream over the window, in [`Need::STEPS`] steps.
    Course(&'static str, &'static Stream),
    /// The totals of its stream over a window of the same length that ended a baseline ago.
    Baseline(&'static str, &'static Stream),
}

impl Need {
    /// The number of steps of a course.
    pub const STEPS: u32 = 12;

    #[must_use]
    pub const fn collector(self) -> &'static str {
        let (Self::Now(name) | Self::Totals(name, _) | Self::Course(name, _) | Self::Baseline(name, _)) =
            self;
        name
    }
}

/// How the values of the objects are combined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// The highest one; objects below the threshold are left out.
    Highest,
    /// The lowest one; objects above the threshold are left out.
    Lowest,
    /// Their number.
    Count,
    /// Their sum.
    Sum,
}

/// When a rule starts and stops to apply.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Threshold {
    pub enter: f64,
    /// A rule that applies stops when the value is back behind this one, so that it does not flap.
    pub leave: f64,
    pub unit: Unit,
}

/// The unit of a value.
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

/// The penalty of a finding, in percent of the remaining score: `least` at the threshold, `most` from `worst` on, linear
/// in between.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Curve {
    pub least: f64,
    pub worst: f64,
    pub most: f64,
}

impl Curve {
    /// The same penalty for every value.
    #[must_use]
    pub const fn flat(penalty: f64) -> Self {
        Self { least: penalty, worst: f64::INFINITY, most: penalty }
    }

    /// Returns the penalty of `value` for a rule that starts at `threshold`, in percent of the remaining score.
    #[must_use]
    pub fn at(self, value: f64, threshold: f64, measure: Measure) -> f64 {
        if self.worst.is_infinite() {
            return self.least;
        }
        let sign = if measure == Measure::Lowest { -1.0 } else { 1.0 };
        let way = (self.worst - threshold) * sign;
        // the threshold may be configured beyond the worst
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
