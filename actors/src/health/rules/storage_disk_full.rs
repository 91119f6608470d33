//! Disks that are nearly full.

use std::time::Duration;

use crate::health::{
    Category, CheckResult, Curve, Measure, Need, Object, Rule, RuleContext, Scope, Threshold, Unit, as_f64,
    format_bytes, format_duration, format_pct, trend,
};
use crate::model::streams::DISKS;
use crate::model::{Disk, Engine, History, ServerMetrics};

pub(crate) static RULE: Rule = Rule {
    id: "storage.disk_full",
    scope: Scope::Only(Engine::Clickhouse),
    category: Category::Storage,
    title: "Disk is nearly full",
    description: "The used share of each disk of each node. A full disk stops inserts and merges, and a merge \
                  needs as much free space as the parts that it merges.",
    needs: &[Need::Now("ch_server_metrics"), Need::Course("ch_server_metrics", &DISKS)],
    window: Duration::from_secs(21600),
    measure: Measure::Highest,
    threshold: Threshold { enter: 90.0, leave: 88.0, unit: Unit::Pct },
    hold_for: Duration::from_secs(60),
    curve: Curve { least: 5.0, worst: 97.0, most: 50.0 },
    recommendation: "Drop old partitions, give tables a TTL, check the size of the system log tables, or add a \
                     disk.",
    investigate: "SELECT database, table, formatReadableSize(sum(bytes_on_disk)) AS size\n  FROM \
                  system.parts\n GROUP BY 1, 2\n ORDER BY sum(bytes_on_disk) DESC\n LIMIT 10;",
    fix: "-- ALTER TABLE database.table DROP PARTITION ID '202401';",
    source: "ClickHouse documentation, system.disks; keep_free_space_bytes.",
    check,
    ..Rule::DEFAULT
};

fn check(context: &RuleContext<'_>) -> CheckResult {
    let seen = context.newest::<ServerMetrics>()?;
    // without it there is only no forecast
    let course = context.course(&DISKS).ok();
    let disks = seen.hosts.iter().flat_map(|host| host.disks.iter().map(move |disk| (host, disk)));
    let found = disks.filter_map(|(host, disk)| {
        let used_pct = disk.used_pct.filter(|used| context.exceeds(*used))?;
        let host_name = host.host_name.as_deref().unwrap_or_default();
        let full = forecast(course.as_deref(), host_name, disk)
            .map(|within| format!("; at this rate it is full in {}", format_duration(within)))
            .unwrap_or_default();
        let free = size(disk.free_bytes?);
        let note = format!(
            "disk {} of {host_name} is {} full, {free} are free{full}",
            disk.name,
            format_pct(used_pct)
        );
        Some(Object { name: format!("{} on {host_name}", disk.name), value: used_pct, note, fix: None })
    });
    Ok(found.collect())
}

fn size(free_bytes: i64) -> String {
    format_bytes(as_f64(free_bytes))
}

fn forecast(course: Option<&History>, host_name: &str, disk: &Disk) -> Option<Duration> {
    let past = course?;
    let is = |word: Option<i64>, text: &str| word.and_then(|word| past.text(word)) == Some(text);
    let of_disk = past.series.iter().find(|series| {
        is(series.get(&DISKS, "host_name"), host_name) && is(series.get(&DISKS, "name"), &disk.name)
    })?;
    let readings: Vec<_> =
        of_disk.course(&DISKS, "free_bytes").into_iter().map(|(at, free)| (at, as_f64(free))).collect();
    trend(&readings)?.reaches(0.0)
}
