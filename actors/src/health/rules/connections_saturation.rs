//! Connection slots nearly exhausted.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit,
    format_pct, share_pct,
};
use crate::model::{ConnectionSnapshot, Engine};

pub(crate) static RULE: Rule = Rule {
    id: "connections.saturation",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Connections,
    title: "Connections are nearly exhausted",
    description: "Client sessions as a share of the `max_connections` available to ordinary roles. When none \
                  is left, clients are refused.",
    needs: &[Need::Now("connections")],
    measure: Measure::Highest,
    threshold: Threshold { enter: 80.0, leave: 75.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(30),
    curve: Curve { least: 10.0, worst: 98.0, most: 50.0 },
    recommendation: "Use a connection pooler such as PgBouncer, or close idle sessions. Raising \
                     max_connections takes memory and needs a restart.",
    investigate: "SELECT usename, application_name, client_addr, state, count(*)\n  FROM pg_stat_activity\n WHERE \
                  backend_type = 'client backend'\n GROUP BY 1, 2, 3, 4\n ORDER BY 5 DESC;",
    fix: "ALTER SYSTEM SET idle_session_timeout = '10min';\nSELECT pg_reload_conf();",
    source: "PostgreSQL documentation, 20.3 Connections and Authentication: superuser_reserved_connections and \
             reserved_connections are not available to ordinary roles.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<ConnectionSnapshot>()?;
    let reserved = seen.superuser_reserved_connections + seen.reserved_connections.unwrap_or(0);
    let open = (seen.max_connections - reserved).max(1);
    let used_pct = share_pct(seen.total, open);
    if !context.exceeds(used_pct) {
        return Ok(Vec::new());
    }
    let busiest = seen.by_user.first().and_then(|user| Some((user.name.as_deref()?, user.count)));
    let most = busiest.map(|(name, count)| format!(", {count} of them by {name}")).unwrap_or_default();
    let note = format!("{} of {open} connections are in use ({}){most}", seen.total, format_pct(used_pct));
    Ok(vec![Object { name: "max_connections".to_owned(), value: used_pct, note, fix: None }])
}
