//! Messages of a server without what it quotes of a query.

/// `throwIf`, whose message is a literal.
const THROWN: &str = "Code: 395.";

/// `message` without what may be a literal: everything from its first to its last quotation mark, since what is quoted may
/// hold one itself, and what the server was doing at the time.
#[must_use]
pub fn without_quoted(message: &str) -> String {
    if let Some(at) = message.find(THROWN) {
        return format!("{} ?", &message[..at + THROWN.len()]);
    }
    let doing = [": while ", ": While ", ": In scope "];
    let end = doing.iter().filter_map(|words| message.find(words)).min().unwrap_or(message.len());
    let message = &message[..end];
    let is_mark = |c: char| matches!(c, '\'' | '"');
    let (Some(first), Some(last)) = (opening(message), message.rfind(is_mark)) else {
        return message.to_owned();
    };
    // an end that was cut off may belong to it
    let rest = if last > first { &message[last + 1..] } else { "" };
    format!("{}?{rest}", &message[..first])
}

/// The first quotation mark that is no apostrophe.
fn opening(message: &str) -> Option<usize> {
    let mut before = ' ';
    message.char_indices().find_map(|(at, c)| {
        let opens = matches!(c, '\'' | '"') && !before.is_alphanumeric();
        before = c;
        opens.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::without_quoted;

    #[test]
    fn nothing_quoted_is_left() {
        let cases = [
            ("Memory limit exceeded: would use 4.00 GiB", "Memory limit exceeded: would use 4.00 GiB"),
            ("Cannot parse string 'secret' as UInt8", "Cannot parse string ? as UInt8"),
            ("Cannot parse 'O'Brien' as UInt8", "Cannot parse ? as UInt8"),
            ("Bad 'a' and \"b\" here", "Bad ? here"),
            ("Bad 'cut off", "Bad ?"),
            ("Part doesn't exist", "Part doesn't exist"),
            ("Division by zero: while executing intDiv(42, 0)", "Division by zero"),
            ("Code: 395. DB::Exception: secret: while executing throwIf", "Code: 395. ?"),
            ("", ""),
        ];
        for (message, expected) in cases {
            assert_eq!(without_quoted(message), expected, "{message}");
        }
    }
}
