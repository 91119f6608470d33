//! What a provider says of a person.

use serde_json::{Map, Value};

use crate::auth::signup::acceptable_email;

/// The claims of an ID token, or of the answer to who it was.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Claims(pub(super) Map<String, Value>);

impl Claims {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    /// Seconds since the Unix epoch; fractions are legal.
    pub(super) fn seconds(&self, name: &str) -> Option<i64> {
        let value = self.0.get(name)?;
        #[expect(clippy::cast_possible_truncation, reason = "a time beyond 64 bits saturates")]
        let rounded = |seconds: f64| seconds as i64;
        value.as_i64().or_else(|| value.as_f64().map(rounded))
    }

    /// The texts at `path`: the claim of that name, else what dots lead to. One text counts as a list of it.
    pub(super) fn texts(&self, path: &str) -> Vec<&str> {
        let named = self.0.get(path).or_else(|| {
            let mut steps = path.split('.');
            let first = self.0.get(steps.next()?)?;
            steps.try_fold(first, |value, step| value.get(step))
        });
        match named {
            Some(Value::String(text)) => vec![text],
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The address, in lower case, if the provider says that it is the person's own.
    pub(super) fn proved_email(&self) -> Option<String> {
        // some providers write their booleans as texts
        let proved = match self.0.get("email_verified")? {
            Value::Bool(proved) => *proved,
            Value::String(proved) => proved == "true",
            _ => false,
        };
        acceptable_email(self.text("email")?).ok().filter(|_| proved)
    }

    /// Adds what `others` say and these do not.
    pub(super) fn complete(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    #[cfg(test)]
    pub(super) fn of(value: &Value) -> Self {
        Self(value.as_object().cloned().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_counts_only_when_it_is_proved() {
        let cases = [
            (json!({"email": " Ada@X.org", "email_verified": true}), Some("ada@x.org")),
            (json!({"email": "ada@x.org", "email_verified": "true"}), Some("ada@x.org")),
            (json!({"email": "ada@x.org", "email_verified": false}), None),
            (json!({"email": "ada@x.org", "email_verified": "false"}), None),
            (json!({"email": "ada@x.org", "email_verified": 1}), None),
            (json!({"email": "ada@x.org"}), None),
            (json!({"email": "ada", "email_verified": true}), None),
            (json!({"email_verified": true}), None),
        ];
        for (claims, expected) in cases {
            assert_eq!(Claims::of(&claims).proved_email().as_deref(), expected, "{claims}");
        }
    }

    #[test]
    fn what_is_said_first_stays() {
        let mut claims = Claims::of(&json!({"sub": "1", "exp": 1.5}));
        claims.complete(Claims::of(&json!({"sub": "2", "name": "Ada"})));
        assert_eq!((claims.text("sub"), claims.text("name")), (Some("1"), Some("Ada")));
        assert_eq!(claims.seconds("exp"), Some(1));
    }
}
