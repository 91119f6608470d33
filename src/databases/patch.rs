//! How one field of a body can stand: absent, null, or with a value.

use serde::de::Error;
use serde::{Deserialize, Deserializer};

/// A field of a body. With `#[serde(default)]`, one that is not there is [`Patch::Absent`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// As it was.
    #[default]
    Absent,
    /// Back to the default.
    Null,
    /// As given.
    Value(T),
}

/// A whole number from `MIN` to `MAX`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoundedInt<const MIN: u64, const MAX: u64>(pub u64);

impl<T> Patch<T> {
    /// Whether the body has this field.
    pub(super) const fn is_present(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// Whether it is the default from now on; nothing when it stays as it was.
    pub(super) const fn follows_default(&self) -> Option<bool> {
        match self {
            Self::Absent => None,
            Self::Null => Some(true),
            Self::Value(_) => Some(false),
        }
    }

    /// What the field changes when every value will do.
    pub(super) fn or_default(self, default: T) -> Option<T> {
        match self {
            Self::Absent => None,
            Self::Null => Some(default),
            Self::Value(value) => Some(value),
        }
    }

    pub(super) fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)),
        }
    }

    /// What the field changes: nothing, to the default, or to what `check` makes of the value.
    pub(super) fn resolve<U, E>(
        self,
        default: impl FnOnce() -> Result<U, E>,
        check: impl FnOnce(T) -> Result<U, E>,
    ) -> Result<Option<U>, E> {
        match self {
            Self::Absent => Ok(None),
            Self::Null => default().map(Some),
            Self::Value(value) => check(value).map(Some),
        }
    }
}

impl<T> From<Option<T>> for Patch<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Self::from)
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for BoundedInt<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = serde_json::Value::deserialize(deserializer)?.as_u64();
        let in_range = number.filter(|number| (MIN..=MAX).contains(number));
        in_range
            .map(Self)
            .ok_or_else(|| D::Error::custom(format_args!("must be an integer from {MIN} to {MAX}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_stay_in_range() {
        for (json, expected) in [
            ("1", Some(1)),
            ("65535", Some(65_535)),
            ("0", None),
            ("65536", None),
            ("-1", None),
            ("99999999999999999999", None),
            ("80.0", None),
            ("80.5", None),
            ("\"80\"", None),
            ("[80]", None),
        ] {
            let parsed = serde_json::from_str::<BoundedInt<1, 65_535>>(json);
            assert_eq!(parsed.as_ref().ok().map(|number| number.0), expected, "{json}");
            if let Err(error) = parsed {
                assert!(error.to_string().starts_with("must be an integer from 1 to 65535"), "{error}");
            }
        }
    }
}
