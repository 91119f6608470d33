//! `auth.jwt_secret` and `auth.encryption_key`, each with the one before it.

use basira_actors::model::Secret;

use super::Reader;

/// What a secret must look like.
struct Shape {
    is_met: fn(&str) -> bool,
    expected: &'static str,
}

const LONG: Shape = Shape { is_met: |text| text.len() >= 32, expected: "must have at least 32 characters" };
const HEX: Shape = Shape {
    is_met: |text| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
    expected: "must be 64 hex digits",
};

/// As [`Reader::secret`] reads it.
pub(super) type Read = Option<Option<Secret>>;

impl Reader<'_> {
    /// `auth.jwt_secret` and the one before it.
    pub(super) fn jwt_secrets(&mut self) -> (Read, Read) {
        self.rotated("jwt_secret", LONG)
    }

    /// `auth.encryption_key` and the one before it.
    pub(super) fn encryption_keys(&mut self) -> (Read, Read) {
        self.rotated("encryption_key", HEX)
    }

    /// The secret `auth.NAME`, and `auth.previous_NAME`, which means something beside it only.
    fn rotated(&mut self, name: &str, shape: Shape) -> (Read, Read) {
        let (key, before) = (format!("auth.{name}"), format!("auth.previous_{name}"));
        let current = self.secret(&key, &format!("{key}_file"));
        let previous = self.secret(&before, &format!("{before}_file"));
        for (key, read) in [(&key, &current), (&before, &previous)] {
            if !read.iter().flatten().all(|secret| (shape.is_met)(secret.expose())) {
                self.wrong(key, shape.expected);
            }
        }
        if matches!((&current, &previous), (Some(None), Some(Some(_)))) {
            self.wrong(&before, &format!("takes {key} too: without it, both are kept in data_dir"));
        }
        (current, previous)
    }
}
