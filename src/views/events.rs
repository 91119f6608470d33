//! What happened, read back: events one by one, and gaps of many streams as one line where they are one thing.

use std::collections::BTreeMap;

use basira_actors::model::streams::{self, EVENTS};
use basira_actors::model::{Gap, Timestamp};
use serde::Serialize;

use super::json_cells;
use crate::samples::{DatabaseScope, MAX_GAPS, Projection, SampleStore, StoreError, Window};

/// What a gap is called among events.
pub const GAP: &str = "gap";
/// Gaps of one reason whose ends are no further apart are one thing that several collectors noticed in turn.
const TOGETHER_MS: i64 = 60_000;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Happened {
    pub ts: Timestamp,
    /// As [`basira_actors::model::EventKind`] names it, or [`GAP`].
    pub kind: String,
    /// What it happened to; of a gap, its reason.
    pub subject: Option<String>,
    pub before: Option<String>,
    pub after: Option<String>,
    /// The end of a gap, and the streams that have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<&'static str>,
}

/// The events of `window`, newest first.
///
/// # Errors
/// When the store cannot be read.
pub async fn read(
    store: &dyn SampleStore,
    scope: DatabaseScope,
    window: Window,
) -> Result<Vec<Happened>, StoreError> {
    let totals = store.totals(scope, &EVENTS, window, &Projection::ALL).await?;
    let hashes = json_cells::words(&EVENTS, totals.iter().map(|total| &total.values[..]));
    let texts = store.words(scope.organization, &hashes).await?;
    let mut happened: Vec<Happened> = totals
        .iter()
        .filter_map(|total| {
            let text = |name| json_cells::text(&EVENTS, &total.values, &texts, name).map(ToString::to_string);
            Some(Happened {
                ts: Timestamp(json_cells::cell(&EVENTS, &total.values, "happened_at_ms")?),
                kind: text("kind")?,
                subject: text("subject"),
                before: text("before"),
                after: text("after"),
                until: None,
                streams: Vec::new(),
            })
        })
        .collect();
    sort(&mut happened);
    Ok(happened)
}

/// The gaps of a span, as far as a store reads them at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gaps {
    /// Newest first.
    pub lines: Vec<Happened>,
    /// Streams that may have older gaps in the span, which are not among these.
    pub cut: Vec<&'static str>,
}

/// The gaps of all streams in `window`.
///
/// # Errors
/// When the store cannot be read.
pub async fn gaps(store: &dyn SampleStore, scope: DatabaseScope, window: Window) -> Result<Gaps, StoreError> {
    let mut gaps = Vec::new();
    let mut cut = Vec::new();
    for stream in streams::ALL {
        let of_stream = store.gaps(scope, stream, window).await?;
        if of_stream.len() == MAX_GAPS {
            cut.push(stream.name);
        }
        gaps.extend(of_stream);
    }
    let mut lines = merged(gaps);
    sort(&mut lines);
    Ok(Gaps { lines, cut })
}

/// Newest first; what happened at once, by kind and subject.
pub fn sort(happened: &mut [Happened]) {
    happened.sort_by(|a, b| (b.ts, &a.kind, &a.subject).cmp(&(a.ts, &b.kind, &b.subject)));
}

/// Gaps of one reason over nearly the same stretch, as one line from the first beginning to the last end.
fn merged(gaps: Vec<Gap>) -> Vec<Happened> {
    let mut by_reason: BTreeMap<&str, Vec<Gap>> = BTreeMap::new();
    for gap in gaps {
        by_reason.entry(gap.reason.as_str()).or_default().push(gap);
    }
    by_reason.into_values().flat_map(of_one_reason).collect()
}

fn of_one_reason(mut gaps: Vec<Gap>) -> Vec<Happened> {
    gaps.sort_by_key(|gap| (gap.from, gap.to, gap.stream.name));
    // each with the stretch of the gap that began it, so that a chain of gaps does not become one
    let mut lines: Vec<(Gap, Happened)> = Vec::new();
    for gap in gaps {
        let near = |a: Timestamp, b: Timestamp| a.as_millis().abs_diff(b.as_millis()) <= TOGETHER_MS as u64;
        let mut begun_near = lines.iter_mut().rev().take_while(|(first, _)| near(first.from, gap.from));
        let same = begun_near
            .find(|(first, line)| near(first.to, gap.to) && !line.streams.contains(&gap.stream.name));
        match same {
            Some((_, line)) => {
                line.until = line.until.max(Some(gap.to));
                line.streams.push(gap.stream.name);
                line.streams.sort_unstable();
            }
            None => lines.push((gap, line(&gap))),
        }
    }
    lines.into_iter().map(|(_, line)| line).collect()
}

fn line(gap: &Gap) -> Happened {
    Happened {
        ts: gap.from,
        kind: GAP.to_owned(),
        subject: Some(gap.reason.as_str().to_owned()),
        before: None,
        after: None,
        until: Some(gap.to),
        streams: vec![gap.stream.name],
    }
}

#[cfg(test)]
mod tests {
    use basira_actors::model::streams::{ACTIVITY, DATABASES, STATEMENTS};
    use basira_actors::model::{GapReason, Stream};

    use super::*;

    fn gap(stream: &'static Stream, from: i64, to: i64, reason: GapReason) -> Gap {
        Gap { stream, from: Timestamp(from * 1000), to: Timestamp(to * 1000), reason }
    }

    #[test]
    fn gaps_of_one_cause_are_one_row() {
        let gaps = vec![
            gap(&STATEMENTS, 100, 110, GapReason::Restarted),
            gap(&ACTIVITY, 98, 112, GapReason::Restarted),
            gap(&DATABASES, 90, 125, GapReason::Restarted),
            gap(&STATEMENTS, 105, 115, GapReason::Restarted),
            gap(&STATEMENTS, 100, 110, GapReason::Evicted),
            gap(&ACTIVITY, 100, 400, GapReason::Restarted),
        ];
        let mut lines = merged(gaps);
        sort(&mut lines);
        let seen: Vec<_> = lines
            .iter()
            .map(|line| {
                (line.ts.as_millis() / 1000, line.subject.as_deref().unwrap_or(""), line.streams.len())
            })
            .collect();
        assert_eq!(
            seen,
            [(105, "restarted", 1), (100, "evicted", 1), (100, "restarted", 1), (90, "restarted", 3)]
        );
        assert_eq!(lines[3].until, Some(Timestamp(125_000)));
        assert_eq!(lines[3].streams, ["activity", "databases", "statements"]);
    }
}
