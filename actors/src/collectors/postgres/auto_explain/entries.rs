//! Plans among the entries of a log: JSON lines, CSV, or plain text.

use serde_json::{Map, Value};

use super::line_prefix::LinePrefix;

/// What `auto_explain` writes before a plan, in whatever language the server speaks.
const PLAN: &str = " ms  plan:";
const DURATION: &str = "duration: ";

/// How a log is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Format {
    Json,
    Csv,
    /// Text whose lines begin as `log_line_prefix` says, and name the database.
    Plain(LinePrefix),
}

impl Format {
    /// As `log_destination` calls it.
    pub(super) const fn destination(&self) -> &'static str {
        match self {
            Self::Json => "jsonlog",
            Self::Csv => "csvlog",
            Self::Plain(_) => "stderr",
        }
    }
}

/// One plan as it was logged; it holds users' literals.
#[derive(Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) duration_ms: f64,
    pub(super) json: String,
}

/// The plans of `database` in `content`, and how many bytes of it need not be read again: an entry may be cut at its end.
pub(super) fn read(format: &Format, content: &[u8], database: &str) -> (Vec<Entry>, usize) {
    match format {
        Format::Json => json_lines(content, database),
        Format::Csv => csv(content, database),
        Format::Plain(line_prefix) => plain(content, line_prefix, database),
    }
}

fn json_lines(content: &[u8], database: &str) -> (Vec<Entry>, usize) {
    let Some(end) = content.iter().rposition(|byte| *byte == b'\n') else { return (Vec::new(), 0) };
    let entry = |line: &[u8]| {
        let line: Map<String, Value> = serde_json::from_str(&String::from_utf8_lossy(line)).ok()?;
        let text = |name: &str| line.get(name).and_then(Value::as_str);
        if text("dbname") == Some(database) { logged(text("message")?) } else { None }
    };
    (content[..end].split(|byte| *byte == b'\n').filter_map(entry).collect(), end + 1)
}

/// `duration: 1.5 ms  plan:` and a plan.
fn logged(message: &str) -> Option<Entry> {
    let (duration, json) = message.strip_prefix(DURATION)?.split_once(PLAN)?;
    Some(Entry { duration_ms: duration.parse().ok()?, json: json.trim().to_owned() })
}

/// Places in a line of CSV, the same in all versions.
const DATABASE: usize = 2;
const MESSAGE: usize = 13;

fn csv(content: &[u8], database: &str) -> (Vec<Entry>, usize) {
    let (mut found, mut read) = (Vec::new(), 0);
    while let Some((fields, length)) = csv_line(&content[read..]) {
        read += length;
        let text = |position: usize| fields.get(position).map(|field| String::from_utf8_lossy(field));
        if text(DATABASE).is_some_and(|name| name == database) {
            found.extend(text(MESSAGE).and_then(|message| logged(&message)));
        }
    }
    (found, read)
}

/// The fields of the first line, and its length; nothing when its end is not there yet.
fn csv_line(content: &[u8]) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut fields = vec![Vec::new()];
    let mut quoted = false;
    let mut bytes = content.iter().copied().enumerate().peekable();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' if quoted && bytes.next_if(|(_, next)| *next == b'"').is_some() => {
                fields.last_mut()?.push(b'"')
            }
            b'"' => quoted = !quoted,
            b',' if !quoted => fields.push(Vec::new()),
            b'\n' if !quoted => return Some((fields, at + 1)),
            _ => fields.last_mut()?.push(byte),
        }
    }
    None
}

fn plain(content: &[u8], line_prefix: &LinePrefix, database: &str) -> (Vec<Entry>, usize) {
    let text = with_each_length(content);
    let Some(end) = text.rfind('\n').map(|at| at + 1) else { return (Vec::new(), 0) };
    let (mut found, mut read) = (Vec::new(), 0);
    while let Some(at) = text[read..end].find(PLAN).map(|at| read + at) {
        let line = text[..at].rfind('\n').map_or(0, |before| before + 1);
        let body = &text[at + PLAN.len()..end];
        let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>();
        match values.next() {
            Some(Ok(value)) => {
                read = at + PLAN.len() + values.byte_offset();
                if let Some((prefix, duration)) = text[line..at].rsplit_once(DURATION)
                    && let Ok(duration_ms) = duration.parse()
                    && line_prefix.names(prefix, database)
                {
                    found.push(Entry { duration_ms, json: value.to_string() });
                }
            }
            Some(Err(error)) if error.is_eof() => return (found, line),
            None => return (found, line),
            Some(Err(_)) => read = at + PLAN.len(),
        }
    }
    (found, end.max(read))
}

/// `content` as text of the same length: a question mark for each byte that is not valid.
fn with_each_length(content: &[u8]) -> String {
    let mut text = String::with_capacity(content.len());
    for chunk in content.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}
