//! Which segments answer a window, and how: the coarsest that is exact, each record counted once. Pure.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Window;
use super::fold::Gather;
use super::retention::Resolution;

/// A segment as its row describes it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) id: Uuid,
    pub(super) resolution_ms: i64,
    /// Segments of one roll-up hold the same records at different resolutions.
    pub(super) rollup: Option<Uuid>,
    /// The earliest start, the earliest end, the latest start and the latest end of the records it was made of.
    pub(super) first: i64,
    pub(super) first_end: i64,
    pub(super) last_start: i64,
    pub(super) last: i64,
}

impl Place {
    /// Whether every record in it counts.
    fn is_whole(&self, window: Window) -> bool {
        window.covers(self.last_start, self.first_end)
    }

    /// Sums per day stand beside the hours, for both are made at once.
    fn has_sums(&self) -> bool {
        self.resolution_ms != Resolution::Minute.millis()
    }
}

/// What is read of the segments of a window.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) sums: Vec<Place>,
    pub(super) pages: Vec<Place>,
}

/// The roll-ups of which `window` takes only a part: for these it matters which resolutions are still kept.
pub(super) fn cut(places: &[Place], window: Window) -> Vec<Uuid> {
    let cut = places.iter().filter(|place| !place.is_whole(window)).filter_map(|place| place.rollup);
    cut.collect::<HashSet<_>>().into_iter().collect()
}

/// Decides for `places`, all that overlap `window`; `finest` has the finest resolution that is kept of each roll-up
/// that is [`cut`].
pub(super) fn plan<G: Gather>(
    places: Vec<Place>,
    finest: &HashMap<Uuid, i64>,
    window: Window,
    gather: &G,
) -> Plan {
    let mut plan = Plan::default();
    let mut rollups: HashMap<Uuid, Vec<Place>> = HashMap::new();
    for place in places {
        match place.rollup {
            Some(rollup) => rollups.entry(rollup).or_default().push(place),
            None => plan.add(place, window, gather),
        }
    }
    for (rollup, places) in rollups {
        let chosen = finest.get(&rollup).copied().unwrap_or_else(|| coarsest(&places, gather));
        for place in places.into_iter().filter(|place| place.resolution_ms == chosen) {
            plan.add(place, window, gather);
        }
    }
    plan
}

/// The coarsest resolution of a roll-up, all of which counts, that answers exactly; or else as fine as there is.
fn coarsest<G: Gather>(places: &[Place], gather: &G) -> i64 {
    let exact = |place: &&Place| {
        gather.accepts(place.resolution_ms) || (place.has_sums() && is_one_cell(place, gather))
    };
    let resolutions = |place: &Place| place.resolution_ms;
    let exact = places.iter().filter(exact).map(resolutions).max();
    exact.or_else(|| places.iter().map(resolutions).min()).unwrap_or_default()
}

fn is_one_cell<G: Gather>(place: &Place, gather: &G) -> bool {
    gather.bucket(place.first_end) == gather.bucket(place.last)
}

impl Plan {
    /// Sums answer when all of a segment counts and goes into one cell.
    fn add<G: Gather>(&mut self, place: Place, window: Window, gather: &G) {
        if place.has_sums() && place.is_whole(window) && is_one_cell(&place, gather) {
            self.sums.push(place);
        } else {
            self.pages.push(place);
        }
    }
}
