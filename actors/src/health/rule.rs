//! What a health rule is.

use std::time::Duration;

use serde::Serialize;

use super::{Curve, EffectiveSettings, Facts, Measure, Need, RuleContext, Threshold, Unit, Unknown};
use crate::model::Engine;

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

    /// Returns the context of this rule for `facts`, with the `threshold` that it starts or stops to apply at.
    pub(super) const fn context<'a>(
        &self,
        facts: &'a Facts,
        set: EffectiveSettings,
        threshold: f64,
    ) -> RuleContext<'a> {
        RuleContext { facts, measure: self.measure, needs: self.needs, set, threshold }
    }
}

/// The objects that a rule found, or why it could not be evaluated.
pub type CheckResult = Result<Vec<Object>, Unknown>;

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
