//! Settings that take effect at the next restart.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    quote_name,
};
use crate::model::{Engine, Setting, SettingSnapshot};

pub(crate) static RULE: Rule = Rule {
    id: "settings.pending_restart",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Settings,
    title: "Settings pending restart",
    description: "Settings whose configured value differs from the active one, because they only change at \
                  server start. The next restart, planned or not, applies the new values, and may fail because \
                  of them.",
    needs: &[Need::Now("pg_settings")],
    measure: Measure::Count,
    threshold: Threshold { enter: 1.0, leave: 1.0, unit: Unit::Count },
    hold_for: Duration::from_secs(900),
    curve: Curve { least: 1.0, worst: 10.0, most: 4.0 },
    makes_recommendations: true,
    recommendation: "Restart the server at a suitable time, or revert the new values.",
    investigate: "SELECT f.name, f.setting AS waiting, s.setting AS now, f.sourcefile, f.sourceline\n  FROM pg_file_settings f \
                  JOIN pg_settings s USING (name)\n WHERE s.pending_restart;",
    fix: "-- restart the server, or keep the value that it has:\nALTER SYSTEM RESET ...;\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, pg_settings: pending_restart.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<SettingSnapshot>()?;
    let waiting = seen.settings.iter().filter(|setting| setting.pending_restart == Some(true));
    Ok(waiting.map(object).collect())
}

fn object(setting: &Setting) -> Object {
    let name = &setting.name;
    // a setting of an extension has two names
    let parts: Vec<&str> = name.split('.').collect();
    Object {
        name: name.clone(),
        value: 1.0,
        note: format!(
            "{name} is {} until the server is restarted",
            setting.shown.as_deref().unwrap_or("what it was")
        ),
        fix: Some(format!(
            "-- restart the server, or keep the value that it has:\nALTER SYSTEM RESET {};\nSELECT pg_reload_conf();",
            quote_name(&parts)
        )),
    }
}
