//! Sessions write the pages that others should have written for them.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, amount,
    bytes, float, pct, span,
};
use crate::model::streams::IO;
use crate::model::{Engine, History};

pub(crate) static RULE: Rule = Rule {
    id: "checkpoints.backend_writes",
    scope: Scope::Only(Engine::Postgres),
    category: Category::Checkpoints,
    title: "Sessions wait for their own writes",
    description: "Of the changed pages that were written, how many by sessions themselves, which needed room in the cache and \
               found none that was clean, rather than by the checkpointer or the background writer. Nothing is said of less \
               than 256 kB a second. PostgreSQL 16 and later: before, such writes are counted together with tables that \
               grow.",
    needs: &[Need::Totals("pg_stat_io", &IO), Need::Now("pg_settings")],
    window: Duration::from_secs(3600),
    baseline: Duration::ZERO,
    measure: Measure::Highest,
    threshold: Threshold { enter: 30.0, leave: 20.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(300),
    curve: Curve { least: 3.0, worst: 90.0, most: 12.0 },
    makes_recommendations: false,
    recommendation: "Let the background writer clean more pages in advance, and give shared_buffers more, up to about a \
                     quarter of the memory, so that pages are changed more than once before they are written.",
    investigate: "SELECT backend_type, context, writes, evictions\n  FROM pg_stat_io\n WHERE object = 'relation' AND writes > \
                  0\n ORDER BY writes DESC;",
    fix: "ALTER SYSTEM SET bgwriter_delay = '20ms';\nALTER SYSTEM SET bgwriter_lru_maxpages = 1000;\nALTER SYSTEM SET \
          bgwriter_lru_multiplier = 4;\nSELECT pg_reload_conf();\nALTER SYSTEM SET shared_buffers = '...';\n-- the last takes \
          effect when the server is restarted",
    source: "PostgreSQL documentation, pg_stat_io: client backends that write much show that shared buffers are too \
             few or the checkpointer and the background writer do too little.",
    check,
};

const MEGABYTE: f64 = 1024.0 * 1024.0;
/// Below this no session waits long.
const LEAST_BYTES_PER_SECOND: f64 = MEGABYTE / 4.0;
/// Less than this is no advice for a server of today.
const LEAST_CACHE: f64 = 256.0 * MEGABYTE;

fn check(context: &RuleContext<'_>) -> CheckResult {
    let past = context.totals(&IO)?;
    let by_sessions = written(&past, "client backend");
    let in_all = by_sessions + written(&past, "checkpointer") + written(&past, "background writer");
    if by_sessions < LEAST_BYTES_PER_SECOND * context.window().as_secs_f64() {
        return Ok(Vec::new());
    }
    let share = by_sessions * 100.0 / in_all;
    if !context.exceeds(share) {
        return Ok(Vec::new());
    }
    let cache = context.setting_bytes("shared_buffers")?;
    let note = format!(
        "sessions wrote {} of {} themselves within {} ({}); shared_buffers are {}",
        bytes(by_sessions),
        bytes(in_all),
        span(context.window()),
        pct(share),
        bytes(cache)
    );
    let fix = RULE.fix.replace("'...'", &format!("'{}'", amount((cache * 2.0).max(LEAST_CACHE))));
    Ok(vec![Object { name: "shared_buffers".to_owned(), value: share, note, fix: Some(fix) }])
}

/// Bytes of tables and indexes that `backend_type` wrote, but for those of scans and loads, which are meant to write
/// what they pass.
fn written(past: &History, backend_type: &str) -> f64 {
    let is = |value: Option<i64>, text: &str| value.and_then(|word| past.text(word)) == Some(text);
    let of_type = past.series.iter().filter(|series| {
        is(series.get(&IO, "backend_type"), backend_type)
            && is(series.get(&IO, "object"), "relation")
            && is(series.get(&IO, "context"), "normal")
    });
    of_type.filter_map(|series| series.get(&IO, "write_bytes")).map(float).sum()
}
