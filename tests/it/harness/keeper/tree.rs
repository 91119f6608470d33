//! What a Keeper keeps: nodes by their paths, and who wants to hear of them.

use std::collections::{BTreeMap, HashMap};

use tokio::sync::mpsc::UnboundedSender;

use super::wire::Writer;

/// Refusals, by their numbers.
const RUNTIME_INCONSISTENCY: i32 = -2;
pub(super) const UNIMPLEMENTED: i32 = -6;
const NO_NODE: i32 = -101;
const BAD_VERSION: i32 = -103;
const NODE_EXISTS: i32 = -110;
const NOT_EMPTY: i32 = -111;

/// What happened to a node that somebody watches, by its number.
#[derive(Debug, Clone, Copy)]
enum Event {
    Created = 1,
    Deleted = 2,
    Changed = 3,
    Children = 4,
}

#[derive(Debug, Clone, Default)]
struct Node {
    data: Vec<u8>,
    created: i64,
    changed: i64,
    version: i32,
    /// How often its children came and went; also what the next sequential one is numbered by.
    children_version: i32,
    /// The session that it goes with, or 0.
    owner: i64,
}

/// A change or a question, as it came over the wire.
#[derive(Debug, Clone)]
pub(super) enum Ask {
    Create { path: String, data: Vec<u8>, ephemeral: bool, sequential: bool },
    Delete { path: String, version: i32 },
    Exists { path: String, watch: bool },
    Get { path: String, watch: bool },
    Set { path: String, data: Vec<u8>, version: i32 },
    List { path: String, watch: bool },
    Check { path: String, version: i32 },
}

pub(super) struct Tree {
    nodes: BTreeMap<String, Node>,
    /// Counts every change.
    pub(super) changes: i64,
    watches: HashMap<String, Vec<i64>>,
    /// What those who watch were not told yet.
    news: Vec<(String, Event)>,
    sessions: HashMap<i64, UnboundedSender<Vec<u8>>>,
}

impl Tree {
    pub(super) fn new() -> Self {
        let nodes = BTreeMap::from([(String::new(), Node::default())]);
        Self { nodes, changes: 0, watches: HashMap::new(), news: Vec::new(), sessions: HashMap::new() }
    }

    pub(super) fn join(&mut self, session: i64, messages: UnboundedSender<Vec<u8>>) {
        self.sessions.insert(session, messages);
    }

    /// What was there only as long as `session` goes with it.
    pub(super) fn leave(&mut self, session: i64) {
        self.sessions.remove(&session);
        let own = self.nodes.iter().filter(|(_, node)| node.owner == session);
        for path in own.map(|(path, _)| path.clone()).collect::<Vec<_>>() {
            // nothing can be below one that goes with its session
            let _ = self.delete(path, -1);
        }
        self.tell();
    }

    /// The answer to `ask`, or the number of why there is none.
    pub(super) fn answer(&mut self, session: i64, ask: Ask) -> Result<Writer, i32> {
        let answer = self.apply(session, ask);
        self.tell();
        answer
    }

    fn apply(&mut self, session: i64, ask: Ask) -> Result<Writer, i32> {
        let empty = Writer::default();
        match ask {
            Ask::Create { path, data, ephemeral, sequential } => {
                let owner = if ephemeral { session } else { 0 };
                self.create(path, data, owner, sequential).map(|path| empty.bytes(path.as_bytes()))
            }
            Ask::Delete { path, version } => self.delete(path, version).map(|()| empty),
            Ask::Exists { path, watch } => {
                if watch {
                    self.watches.entry(path.clone()).or_default().push(session);
                }
                self.node(&path, -1)?;
                Ok(self.described(&path, empty))
            }
            Ask::Get { path, watch } => {
                let data = empty.bytes(&self.node(&path, -1)?.data);
                if watch {
                    self.watches.entry(path.clone()).or_default().push(session);
                }
                Ok(self.described(&path, data))
            }
            Ask::Set { path, data, version } => {
                self.node(&path, version)?;
                self.set(&path, data);
                Ok(self.described(&path, empty))
            }
            Ask::List { path, watch } => {
                self.node(&path, -1)?;
                if watch {
                    self.watches.entry(path.clone()).or_default().push(session);
                }
                let names = self.children(&path);
                let list = empty.int(names.len().try_into().expect("few children"));
                let list = names.iter().fold(list, |list, name| list.bytes(name.as_bytes()));
                Ok(self.described(&path, list))
            }
            Ask::Check { path, version } => self.node(&path, version).map(|_| empty),
        }
    }

    /// All of `asks` or none: what each came to, or what each failed with.
    pub(super) fn answer_all(&mut self, session: i64, asks: Vec<Ask>) -> Result<Vec<Writer>, Vec<i32>> {
        let (nodes, count) = (self.nodes.clone(), asks.len());
        let mut answers = Vec::new();
        for ask in asks {
            match self.apply(session, ask) {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    self.nodes = nodes;
                    self.news.clear();
                    let mut errors = vec![0; answers.len()];
                    errors.push(error);
                    errors.resize(count, RUNTIME_INCONSISTENCY);
                    return Err(errors);
                }
            }
        }
        self.tell();
        Ok(answers)
    }

    fn node(&self, path: &str, version: i32) -> Result<&Node, i32> {
        let node = self.nodes.get(path).ok_or(NO_NODE)?;
        if version == -1 || version == node.version { Ok(node) } else { Err(BAD_VERSION) }
    }

    fn children(&self, path: &str) -> Vec<String> {
        let below = format!("{path}/");
        let all = self.nodes.range(below.clone()..).map_while(|(path, _)| path.strip_prefix(&below));
        all.filter(|name| !name.contains('/')).map(str::to_owned).collect()
    }

    fn create(&mut self, path: String, data: Vec<u8>, owner: i64, sequential: bool) -> Result<String, i32> {
        let parent = parent(&path).to_owned();
        let number = self.node(&parent, -1)?.children_version;
        let path = if sequential { format!("{path}{number:010}") } else { path };
        if self.nodes.contains_key(&path) {
            return Err(NODE_EXISTS);
        }
        self.changes += 1;
        let node = Node { data, owner, created: self.changes, changed: self.changes, ..Node::default() };
        self.nodes.insert(path.clone(), node);
        self.news.push((path.clone(), Event::Created));
        self.touch(&parent);
        Ok(path)
    }

    fn delete(&mut self, path: String, version: i32) -> Result<(), i32> {
        self.node(&path, version)?;
        if !self.children(&path).is_empty() {
            return Err(NOT_EMPTY);
        }
        self.changes += 1;
        self.nodes.remove(&path);
        self.touch(parent(&path));
        self.news.push((path, Event::Deleted));
        Ok(())
    }

    fn set(&mut self, path: &str, data: Vec<u8>) {
        self.changes += 1;
        if let Some(node) = self.nodes.get_mut(path) {
            (node.data, node.changed, node.version) = (data, self.changes, node.version + 1);
        }
        self.news.push((path.to_owned(), Event::Changed));
    }

    fn touch(&mut self, parent: &str) {
        if let Some(node) = self.nodes.get_mut(parent) {
            node.children_version += 1;
        }
        self.news.push((parent.to_owned(), Event::Children));
    }

    /// Tells those who watch, once. To be told more than one asked for does no harm: all ask again.
    fn tell(&mut self) {
        let (connected, of_no_request) = (3, -1);
        for (path, event) in std::mem::take(&mut self.news) {
            for session in self.watches.remove(&path).unwrap_or_default() {
                let head = Writer::default().int(of_no_request).long(-1).int(0);
                let message = head.int(event as i32).int(connected).bytes(path.as_bytes()).framed();
                if let Some(messages) = self.sessions.get(&session) {
                    // one that is gone hears nothing
                    let _ = messages.send(message);
                }
            }
        }
    }

    /// What is said of each node, after `answer`.
    fn described(&self, path: &str, answer: Writer) -> Writer {
        let node = self.nodes.get(path).cloned().unwrap_or_default();
        let (length, children) = (node.data.len(), self.children(path).len());
        answer
            .long(node.created)
            .long(node.changed)
            .long(0)
            .long(0)
            .int(node.version)
            .int(node.children_version)
            .int(0)
            .long(node.owner)
            .int(length.try_into().expect("short data"))
            .int(children.try_into().expect("few children"))
            .long(node.changed)
    }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}
