//! The texts of sessions without their literals, as far as the role may see them.

use std::collections::HashMap;
use std::sync::Arc;

use xxhash_rust::xxh3::xxh3_64;

use super::{Notice, Server, advice};
use crate::model::Engine;
use crate::text::{self, Fingerprint};

/// What PostgreSQL shows in place of a text that the role may not see.
const HIDDEN: &str = "<insufficient privilege>";
/// The number of cached texts before the cache is cleared.
const REMEMBERED: usize = 4_096;

/// A cache of normalised texts, by the hash of the raw one, so that no literal is kept.
#[derive(Debug, Default)]
pub struct TextCache {
    normalised: HashMap<u64, NormalisedText>,
}

/// A text without its literals, and its fingerprint.
pub type NormalisedText = (Arc<str>, Fingerprint);

/// The text of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionText {
    /// The session has no text.
    None,
    /// The role may not see it.
    Hidden,
    Known(NormalisedText),
}

impl TextCache {
    /// Returns the normalised text of the column `query` of a session.
    pub fn session_text(&mut self, raw: Option<&str>) -> SessionText {
        match raw {
            None | Some("") => SessionText::None,
            Some(HIDDEN) => SessionText::Hidden,
            Some(raw) => SessionText::Known(self.normalise(Engine::Postgres, raw)),
        }
    }

    /// Returns `raw`, a statement sent to a server of `engine`, without its literals.
    pub fn normalise(&mut self, engine: Engine, raw: &str) -> NormalisedText {
        let key = xxh3_64(raw.as_bytes());
        if let Some(known) = self.normalised.get(&key) {
            return known.clone();
        }
        if self.normalised.len() >= REMEMBERED {
            self.normalised.clear();
        }
        let normalised = text::normalise(engine, raw);
        let value = (Arc::from(normalised.text), normalised.fingerprint);
        self.normalised.insert(key, value.clone());
        value
    }
}

impl SessionText {
    #[must_use]
    pub const fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }

    /// Returns the text and its fingerprint, if it is known.
    #[must_use]
    pub const fn known(&self) -> Option<&NormalisedText> {
        match self {
            Self::Known(normal) => Some(normal),
            Self::None | Self::Hidden => None,
        }
    }
}

/// Returns the notice that `count` sessions of other roles are hidden; none for zero.
#[must_use]
pub fn hidden_notice(server: &Server, count: usize) -> Option<Notice> {
    (count > 0).then(|| {
        Notice::hiding(
            format!("{count} sessions of other roles are hidden from role {}", server.role),
            advice::grant_monitor(&server.role),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::{SessionText, TextCache};

    #[test]
    fn texts_lose_their_literals_and_what_is_hidden_is_no_text() {
        let mut texts = TextCache::default();
        assert_eq!(texts.session_text(None), SessionText::None);
        assert_eq!(texts.session_text(Some("")), SessionText::None);
        assert!(texts.session_text(Some("<insufficient privilege>")).is_hidden());
        for _ in 0..2 {
            let text = texts.session_text(Some("select 'secret' from a"));
            assert_eq!(text.known().map(|(text, _)| text.as_ref()), Some("select $1 from a"));
        }
    }
}
