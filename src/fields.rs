//! Checks on single fields of what a caller sent.

/// One field is not acceptable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} {message}")]
pub struct FieldError {
    /// As the caller spells it.
    pub field: &'static str,
    /// What it must be; follows the field's name.
    pub message: String,
}

impl FieldError {
    /// `field` is not acceptable: `message` says what it must be, without repeating the value.
    pub fn new(field: &'static str, message: impl Into<String>) -> Self {
        Self { field, message: message.into() }
    }
}

/// `text` without the blanks around it: 1 to `max` characters, none of them a control character.
///
/// # Errors
/// [`FieldError`] that says which of it is not so.
pub fn line(field: &'static str, text: &str, max: usize) -> Result<String, FieldError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(FieldError::new(field, "must not be empty"));
    }
    at_most(field, text, max)?;
    if text.chars().any(char::is_control) {
        return Err(FieldError::new(field, "must not contain control characters"));
    }
    Ok(text.to_owned())
}

/// Fails when `text`, sent as `field`, has more than `max` characters.
///
/// # Errors
/// [`FieldError`] that says how many it may have.
pub fn at_most(field: &'static str, text: &str, max: usize) -> Result<(), FieldError> {
    // a character has a byte at least
    if text.len() > max && text.chars().count() > max {
        return Err(FieldError::new(field, format!("must have at most {max} characters")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_short_and_printable() {
        let check = |text: &str| line("name", text, 5).map_err(|error| error.to_string());
        assert_eq!(check(" añb c "), Ok("añb c".to_owned()));
        assert_eq!(check("  "), Err("name must not be empty".to_owned()));
        assert_eq!(check("abcdef"), Err("name must have at most 5 characters".to_owned()));
        assert_eq!(check("a\0b"), Err("name must not contain control characters".to_owned()));
        assert_eq!(check("a\nb"), Err("name must not contain control characters".to_owned()));
    }
}
