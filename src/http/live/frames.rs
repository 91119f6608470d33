//! Frames as they are sent: made once, shared by all streams of a database.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use basira_actors::model::DatabaseId;
use bytes::Bytes;
use warp::ws::Message;

/// The newest frame of each database that somebody follows; cheap to clone.
#[derive(Debug, Default, Clone)]
pub struct Frames(Arc<Mutex<HashMap<DatabaseId, Made>>>);

/// A message and what it was made of, which is held so that its address stays its own.
#[derive(Debug)]
struct Made {
    of: Bytes,
    message: Message,
}

impl Frames {
    /// The text message with `frame`. Cloning one copies nothing; making one copies the frame.
    pub(super) fn message(&self, database: DatabaseId, frame: &Bytes) -> Message {
        let mut newest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(made) = newest.get(&database)
            && (made.of.as_ptr(), made.of.len()) == (frame.as_ptr(), frame.len())
        {
            return made.message.clone();
        }
        // serialised by serde, and so UTF-8 already
        let message = Message::text(String::from_utf8_lossy(frame));
        newest.insert(database, Made { of: frame.clone(), message: message.clone() });
        message
    }

    /// Lets go of the frame of a database that was deleted.
    pub(super) fn forget(&self, database: DatabaseId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&database);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_made_once_and_a_new_one_replaces_it() {
        let (frames, id) = (Frames::default(), DatabaseId::generate());
        let (one, two) = (Bytes::from_static(b"{\"seq\":1}"), Bytes::from_static(b"{\"seq\":2}"));
        let sent = |frame: &Bytes| frames.message(id, frame).as_bytes().as_ptr();
        assert_eq!(sent(&one), sent(&one), "shared");
        assert_eq!(frames.message(id, &two).as_bytes(), two);
        assert_eq!(frames.message(id, &one).as_bytes(), one, "a slower stream still gets its own");
        frames.forget(id);
        assert_eq!(frames.message(id, &two).as_bytes(), two);
    }
}
