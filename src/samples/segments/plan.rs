//! Chooses the segments that answer a window: the coarsest that are exact, each record once. Pure.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use crate::samples::Window;
use crate::samples::aggregate::Accumulator;
use crate::samples::retention::Resolution;

/// A segment as its row describes it.
#[derive(Debug, Clone, Copy)]
pub(in crate::samples) struct SegmentRef {
    pub(in crate::samples) id: Uuid,
    pub(in crate::samples) resolution_ms: i64,
    /// Segments of one roll-up hold the same records at different resolutions.
    pub(in crate::samples) rollup: Option<Uuid>,
    /// The earliest start, the earliest end and the latest end of the records it was made of.
    pub(in crate::samples) first: i64,
    pub(in crate::samples) first_end: i64,
    pub(in crate::samples) last: i64,
}

impl SegmentRef {
    /// Whether every record of it is in `window`.
    fn is_whole(&self, window: Window) -> bool {
        window.covers(self.first_end) && window.covers(self.last)
    }

    /// The sums of a day are stored with its hours.
    fn has_sums(&self) -> bool {
        self.resolution_ms != Resolution::Minute.millis()
    }
}

/// The segments whose sums are read, and those whose pages are.
#[derive(Debug, Default)]
pub(in crate::samples) struct Plan {
    pub(in crate::samples) sums: Vec<SegmentRef>,
    pub(in crate::samples) pages: Vec<SegmentRef>,
}

/// The roll-ups of which `window` takes only a part: for these it matters which resolutions are still kept.
pub(in crate::samples) fn cut(places: &[SegmentRef], window: Window) -> Vec<Uuid> {
    let cut = places.iter().filter(|place| !place.is_whole(window)).filter_map(|place| place.rollup);
    cut.collect::<HashSet<_>>().into_iter().collect()
}

/// Decides for `places`, all that overlap `window`; `finest` has the finest resolution that is kept of each roll-up
/// that is [`cut`].
pub(in crate::samples) fn plan<G: Accumulator>(
    places: Vec<SegmentRef>,
    finest: &HashMap<Uuid, i64>,
    window: Window,
    accumulator: &G,
) -> Plan {
    let mut plan = Plan::default();
    let mut rollups: HashMap<Uuid, Vec<SegmentRef>> = HashMap::new();
    for place in places {
        match place.rollup {
            Some(rollup) => rollups.entry(rollup).or_default().push(place),
            None => plan.add(place, window, accumulator),
        }
    }
    for (rollup, places) in rollups {
        let chosen = finest.get(&rollup).copied().unwrap_or_else(|| coarsest(&places, accumulator));
        for place in places.into_iter().filter(|place| place.resolution_ms == chosen) {
            plan.add(place, window, accumulator);
        }
    }
    plan
}

/// The coarsest resolution of a roll-up, all of which counts, that answers exactly; or else as fine as there is.
fn coarsest<G: Accumulator>(places: &[SegmentRef], accumulator: &G) -> i64 {
    let exact = |place: &&SegmentRef| {
        accumulator.accepts(place.resolution_ms) || (place.has_sums() && is_one_cell(place, accumulator))
    };
    let resolutions = |place: &SegmentRef| place.resolution_ms;
    let exact = places.iter().filter(exact).map(resolutions).max();
    exact.or_else(|| places.iter().map(resolutions).min()).unwrap_or_default()
}

fn is_one_cell<G: Accumulator>(place: &SegmentRef, accumulator: &G) -> bool {
    accumulator.bucket(place.first_end) == accumulator.bucket(place.last)
}

impl Plan {
    /// Sums answer when all of a segment counts and goes into one cell.
    fn add<G: Accumulator>(&mut self, place: SegmentRef, window: Window, accumulator: &G) {
        if place.has_sums() && place.is_whole(window) && is_one_cell(&place, accumulator) {
            self.sums.push(place);
        } else {
            self.pages.push(place);
        }
    }
}
