//! `clusters`: which nodes of the registered cluster answer. ClickHouse 20.1 and later; needs `SELECT` on
//! `system.clusters`, and `REMOTE`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::collect::{
    Answer, CellError, CollectError, Collected, Collector, Cursor, Every, Notice, Param, Server, Spec, Step,
};
use crate::model::{AnySnapshot, ClusterNode, ClusterSnapshot, Engine, Event, EventKind};

pub(crate) static SPEC: Spec = Spec {
    every: Every::Fixed(Duration::from_secs(10)),
    enabled_by: |target| target.cluster.is_some(),
    ..Spec::new("ch_cluster", Engine::Clickhouse, || Box::<Nodes>::default())
};

const VARIANTS: [(u32, &str); 1] = [(1816, include_str!("sql/ch_cluster/18.16.sql"))];
const COLUMNS: &[&str] = &["at", "shard_num", "replica_num", "host_name", "port"];
const ANSWERS: &str = include_str!("sql/ch_cluster/answers.sql");
const ANSWERS_COLUMNS: &[&str] = &["place", "version", "uptime_seconds"];

#[derive(Default)]
struct Nodes {
    /// The nodes that are being queried.
    asked: Option<Vec<ClusterNode>>,
    /// Whether each node answered in the previous run, by name.
    answered: BTreeMap<String, bool>,
}

impl Collector for Nodes {
    fn begin(&mut self, server: &Server) -> Result<Step, CollectError> {
        self.asked = None;
        let cluster = server.cluster.clone().ok_or_else(|| CollectError::Missing {
            reason: "no cluster is registered for this database".to_owned(),
            fix: "set cluster of this database".to_owned(),
        })?;
        let sql = server.variant(&VARIANTS)?;
        Ok(Step::ask_with(sql, vec![Param::Text(cluster)], COLUMNS))
    }

    fn answer(&mut self, server: &Server, answer: Answer<'_>) -> Result<Step, CollectError> {
        let rows = (0..answer.rows.len()).map(|row| Cursor::new(answer.rows, row));
        let Some(mut nodes) = self.asked.take() else {
            self.asked = Some(rows.map(node).collect::<Result<_, _>>()?);
            return Ok(Step::ask(ANSWERS, ANSWERS_COLUMNS));
        };
        let answers = rows.map(answered).collect::<Result<BTreeMap<_, _>, _>>()?;
        let mut places = BTreeSet::new();
        let mut place_of = BTreeMap::new();
        for node in &mut nodes {
            // a node that is listed twice is queried once
            if places.insert(node.name()) {
                place_of.insert(node.name(), places.len() as i64);
            }
            if let Some((version, uptime_seconds)) = place_of.get(&node.name()).and_then(|p| answers.get(p)) {
                (node.answered, node.version) = (true, version.clone());
                node.uptime_seconds = *uptime_seconds;
            }
        }
        Ok(Step::done(Collected {
            rows: nodes.len() as u64,
            notice: notice(&nodes, server),
            events: self.events(&nodes),
            snapshots: vec![AnySnapshot::new(ClusterSnapshot { nodes })],
            ..Collected::default()
        }))
    }
}

impl Nodes {
    /// Returns which nodes went missing and which came back since the previous run.
    fn events(&mut self, nodes: &[ClusterNode]) -> Vec<Event> {
        let word = |answered: bool| Some(if answered { "answers" } else { "missing" }.to_owned());
        let event = |node: &ClusterNode| {
            let before = *self.answered.get(&node.name())?;
            let kind = if node.answered { EventKind::NodeBack } else { EventKind::NodeMissing };
            let (subject, at) = (node.name(), node.ts);
            let event = Event { at, kind, subject, before: word(before), after: word(node.answered) };
            (before != node.answered).then_some(event)
        };
        let events = nodes.iter().filter_map(event).collect();
        self.answered = nodes.iter().map(|node| (node.name(), node.answered)).collect();
        events
    }
}

fn node(mut cursor: Cursor<'_>) -> Result<ClusterNode, CellError> {
    Ok(ClusterNode {
        ts: cursor.required_timestamp()?,
        shard_num: cursor.required_i64()?,
        replica_num: cursor.required_i64()?,
        host_name: cursor.owned_text()?.unwrap_or_default(),
        port: cursor.required_i64()?,
        answered: false,
        version: None,
        uptime_seconds: None,
    })
}

/// Version and uptime of a node that answered.
type Answered = (Option<String>, Option<i64>);

/// The place of a node in the cluster, its version and its uptime.
fn answered(mut cursor: Cursor<'_>) -> Result<(i64, Answered), CellError> {
    Ok((cursor.required_i64()?, (cursor.owned_text()?, cursor.i64()?)))
}

/// The nodes that no collector can read now.
fn notice(nodes: &[ClusterNode], server: &Server) -> Option<Notice> {
    let missing: Vec<String> = nodes.iter().filter(|node| !node.answered).map(ClusterNode::name).collect();
    if missing.is_empty() {
        return None;
    }
    let reason = format!(
        "{} of {} nodes of cluster {} did not answer: {}",
        missing.len(),
        nodes.len(),
        server.cluster.as_deref().unwrap_or_default(),
        missing.join(", ")
    );
    let fix = "check that they run, and that the server connected to reaches them; until then nothing of them is shown";
    Some(Notice::new(reason, fix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::fixture::{Cell, Table, server};

    fn of(table: &Table) -> Answer<'_> {
        Answer { rows: table, took: Duration::ZERO }
    }

    fn look(nodes: &mut Nodes, answering: &[i64]) -> Collected {
        let server = Server { major: 2607, cluster: Some("c".to_owned()), ..server() };
        let definition = [(1, 1, "a"), (1, 2, "b"), (2, 1, "b"), (2, 2, "c")];
        let definition = definition.map(|(shard, replica, host)| {
            let host = Cell::Text(host.to_owned());
            vec![Cell::At(1_000), Cell::Int(shard), Cell::Int(replica), host, Cell::Int(9000)]
        });
        let version = Cell::Text("26.7.2".to_owned());
        let answers = answering.iter().map(|place| vec![Cell::Int(*place), version.clone(), Cell::Int(7)]);
        nodes.begin(&server).expect("a question");
        nodes.answer(&server, of(&Table(definition.to_vec()))).expect("another question");
        match nodes.answer(&server, of(&Table(answers.collect()))).expect("an end") {
            Step::Done(collected) => *collected,
            other => panic!("{other:?}"),
        }
    }

    fn answering(collected: &Collected) -> Vec<bool> {
        let snapshot = collected.snapshots[0].get::<ClusterSnapshot>().expect("nodes");
        snapshot.nodes.iter().map(|node| node.answered).collect()
    }

    #[test]
    fn a_node_that_leaves_or_returns_is_one_event() {
        let mut nodes = Nodes::default();
        let all = look(&mut nodes, &[1, 2, 3]);
        assert_eq!((answering(&all), all.events.len(), all.notice), (vec![true; 4], 0, None));
        // b is listed twice, and queried once
        let without = look(&mut nodes, &[1, 3]);
        assert_eq!(answering(&without), [true, false, false, true]);
        let notice = without.notice.expect("a notice");
        assert!(notice.reason.starts_with("2 of 4 nodes of cluster c did not answer: b:9000"), "{notice:?}");
        assert_eq!((without.events[0].kind, &*without.events[0].subject), (EventKind::NodeMissing, "b:9000"));
        assert!(look(&mut nodes, &[1, 3]).events.is_empty());
        assert_eq!(look(&mut nodes, &[1, 2, 3]).events[0].kind, EventKind::NodeBack);
    }
}
