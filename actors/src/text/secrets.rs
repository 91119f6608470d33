//! Removes secrets from settings and command lines and keeps the rest readable.

use super::limits::cut;
use crate::model::Secret;

/// The replacement for a secret.
const HIDDEN: &str = "***";

/// Endings of names of secrets, in lower case and with letters and digits only.
const ENDINGS: [&str; 12] = [
    "password",
    "passwd",
    "passphrase",
    "pass",
    "pwd",
    "secret",
    "token",
    "key",
    "credential",
    "credentials",
    "signature",
    "salt",
];
/// Parts of names of secrets.
const PARTS: [&str; 4] = ["password", "passphrase", "secret", "authorization"];
/// Endings of names of locations of secrets, which are not secret.
const LOCATIONS: [&str; 4] = ["file", "path", "dir", "sslkey"];

/// The longest user name that is expected before a password.
const MAX_USER_BYTES: usize = 256;

/// Removes `secret` from `text`, verbatim and as quoted in SQL.
#[must_use]
pub fn without(text: &str, secret: Option<&Secret>) -> String {
    match secret.map(Secret::expose).filter(|secret| !secret.is_empty()) {
        Some(secret) => {
            text.replace(&super::sql_quote::escape_clickhouse(secret), HIDDEN).replace(secret, HIDDEN)
        }
        None => text.to_owned(),
    }
}

/// Removes secrets from the `value` of the setting `name`: all of it when the name is that of a secret.
#[must_use]
pub fn redact_setting(name: &str, value: &str) -> String {
    if !value.is_empty() && is_secret_name(name) { HIDDEN.to_owned() } else { redact(value) }
}

/// Removes passwords and keys from `text`, a command line or a connection string: those in URLs, in `name=value`,
/// `--name value` and `Name: value` with the name of a secret, in `-u user:password`, and after `Bearer`. Takes time linear in
/// the length of the text.
#[must_use]
pub fn redact(text: &str) -> String {
    let mut redacted =
        Redacted { text: String::with_capacity(text.len()), quotes: Quotes::default(), counted: 0 };
    // the number of bytes after the last URL, which has at most one user
    let mut behind_url = text.len();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("://") {
            redacted.text.push_str("://");
            rest = after;
            if after.len() <= behind_url {
                let end = after.find(|c: char| c.is_whitespace() || matches!(c, '\'' | '"'));
                let (url, behind) = after.split_at(end.unwrap_or(after.len()));
                behind_url = behind.len();
                rest = &after[user_info(url, &mut redacted.text)..];
            }
        } else if is_name_part(first) {
            let end = rest.find(|c| !is_name_part(c)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            redacted.text.push_str(name);
            let quotes = redacted.quotes();
            rest = value_of(name, after, quotes, &mut redacted.text);
        } else {
            redacted.text.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    redacted.text
}

/// Whether `name` is the name of a secret.
fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if LOCATIONS.iter().any(|location| plain.ends_with(location)) {
        return false;
    }
    plain == "sig"
        || ENDINGS.iter().any(|ending| plain.ends_with(ending))
        || PARTS.iter().any(|part| plain.contains(part))
}

const fn is_name_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The redacted text so far, with its quotes counted up to `counted`.
struct Redacted {
    text: String,
    quotes: Quotes,
    counted: usize,
}

impl Redacted {
    /// Returns the quotes that are open at the end.
    fn quotes(&mut self) -> Quotes {
        for byte in self.text.as_bytes()[self.counted..].iter() {
            match byte {
                b'\'' => self.quotes.single = !self.quotes.single,
                b'"' => self.quotes.double = !self.quotes.double,
                _ => {}
            }
        }
        self.counted = self.text.len();
        self.quotes
    }
}

/// The quotes that a value is inside of.
#[derive(Clone, Copy, Default)]
struct Quotes {
    single: bool,
    double: bool,
}

/// Redacts the password in `url`, which begins after `://`: everything between the first colon and the last `@`. Returns the
/// number of bytes consumed.
fn user_info(url: &str, redacted: &mut String) -> usize {
    match (url.find(':'), url.rfind('@')) {
        (Some(colon), Some(at)) if colon < at => {
            redacted.push_str(&url[..=colon]);
            redacted.push_str(HIDDEN);
            at
        }
        _ => 0,
    }
}

/// Redacts the value of `name`, if it is a secret. Returns the rest.
fn value_of<'a>(name: &str, after: &'a str, quotes: Quotes, redacted: &mut String) -> &'a str {
    let lower = name.to_ascii_lowercase();
    let value = after.trim_start();
    let is_flag = lower.starts_with('-');
    let separated = after.len() > value.len() && !value.is_empty();
    if let Some(assigned) = value.strip_prefix('=').map(str::trim_start) {
        if is_secret_name(&lower) {
            return hide(after, assigned, length(assigned, quotes), redacted);
        }
        return if is_user_flag(&lower) {
            hide_behind_colon(after, assigned, quotes, redacted)
        } else {
            after
        };
    }
    if let Some(header) = value.strip_prefix(':').filter(|rest| !rest.starts_with("//")) {
        if !is_secret_name(&lower) {
            return after;
        }
        let header = header.trim_start();
        let end = header.find(['\'', '"', '\n']).unwrap_or(header.len());
        return hide(after, header, end, redacted);
    }
    if separated && is_user_flag(&lower) {
        return hide_behind_colon(after, value, quotes, redacted);
    }
    let is_scheme = matches!(lower.as_str(), "bearer" | "basic");
    let has_value = separated && !value.starts_with('-');
    if has_value && (is_scheme || (is_flag && is_secret_name(&lower))) {
        return hide(after, value, length(value, quotes), redacted);
    }
    after
}

fn is_user_flag(name: &str) -> bool {
    matches!(name, "-u" | "--user" | "--proxy-user")
}

/// Redacts the first `length` bytes of `value`, which is the end of `after`. Returns the rest.
fn hide<'a>(after: &'a str, value: &'a str, length: usize, redacted: &mut String) -> &'a str {
    if length > 0 {
        redacted.push_str(&after[..after.len() - value.len()]);
        redacted.push_str(HIDDEN);
        return &value[length..];
    }
    after
}

/// Redacts the password of `user:password`; everything, if the user name is too long.
fn hide_behind_colon<'a>(after: &'a str, value: &'a str, quotes: Quotes, redacted: &mut String) -> &'a str {
    let start = cut(value, MAX_USER_BYTES);
    let named = length(start, quotes);
    match start[..named].find(':') {
        Some(colon) => {
            let password = &value[colon + 1..];
            hide(after, password, length(value, quotes) - colon - 1, redacted)
        }
        None if named < start.len() || start.len() == value.len() => after,
        None => hide(after, value, length(value, quotes), redacted),
    }
}

/// Returns the length of the value at the start of `text`, as a shell or libpq reads it. It ends at a quote that it is inside
/// of; other quotes are part of it.
fn length(text: &str, quotes: Quotes) -> usize {
    for escaped in ["\\'", "\\\""] {
        if let Some(end) = text.strip_prefix(escaped).and_then(|rest| rest.find(escaped)) {
            return end + 2 * escaped.len();
        }
    }
    let mut open = None;
    let mut characters = text.char_indices();
    while let Some((at, c)) = characters.next() {
        match (open, c) {
            (_, '\\') => drop(characters.next()),
            (Some(quote), c) if c == quote => open = None,
            (Some(_), _) => {}
            (None, '\'') if quotes.single => return at,
            (None, '"') if quotes.double => return at,
            (None, '\'' | '"') => open = Some(c),
            (None, '&' | ';' | '|' | ')') => return at,
            (None, c) if c.is_whitespace() => return at,
            (None, _) => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Secret, redact, redact_setting, without};

    #[test]
    fn secrets_are_removed_and_the_rest_is_kept() {
        let cases = [
            ("cp %p /archive/%f", "cp %p /archive/%f"),
            ("test ! -f /mnt/%f && cp %p /mnt/%f", "test ! -f /mnt/%f && cp %p /mnt/%f"),
            ("host=db1 user=repl password=hunter2 port=5432", "host=db1 user=repl password=*** port=5432"),
            ("password = 'it''s; \\'x y' host=a", "password = *** host=a"),
            ("host=a sslpassword=p sslkey=/k passfile=/p", "host=a sslpassword=*** sslkey=/k passfile=/p"),
            ("postgres://repl:hunter2@db1:5432/x", "postgres://repl:***@db1:5432/x"),
            ("postgres://repl:p@ss/w@db1/x y@z", "postgres://repl:***@db1/x y@z"),
            ("scp %p https://host:80/x", "scp %p https://host:80/x"),
            ("AWS_SECRET_ACCESS_KEY=abc/+= wal-g wal-push %p", "AWS_SECRET_ACCESS_KEY=*** wal-g wal-push %p"),
            ("PGPASSWORD=\"a b\" x", "PGPASSWORD=*** x"),
            ("PGPASSWORD=a\"b c\" x", "PGPASSWORD=*** x"),
            ("sh -c 'PGPASSWORD=hunter2' x", "sh -c 'PGPASSWORD=***' x"),
            ("sh -c 'PGPASSWORD=\"a b\" y' x", "sh -c 'PGPASSWORD=*** y' x"),
            ("sh -c \"curl -u joe:hunter2 ftp://x/%f\"", "sh -c \"curl -u joe:*** ftp://x/%f\""),
            ("tool --password=hunter2 -v", "tool --password=*** -v"),
            ("tool --password hunter2 -v", "tool --password *** -v"),
            ("tool --password -v", "tool --password -v"),
            ("tool --secret-key 'a b' %p", "tool --secret-key *** %p"),
            ("tool --user=joe:hunter2 --key-file /k", "tool --user=joe:*** --key-file /k"),
            ("curl -H 'Authorization: Bearer abc.def' x", "curl -H 'Authorization: ***' x"),
            ("curl -H \"X-Vault-Token: s.abc\" x", "curl -H \"X-Vault-Token: ***\" x"),
            ("put https://b/%f?sv=1&sig=abc%3D&x=1", "put https://b/%f?sv=1&sig=***&x=1"),
            ("password=\\'a b\\' host=x", "password=*** host=x"),
            ("dbname=monkey application_name=a", "dbname=monkey application_name=a"),
            ("password=", "password="),
            ("schl\u{fc}ssel=\u{e4} token=\u{e4}\u{f6} x", "schl\u{fc}ssel=\u{e4} token=*** x"),
        ];
        for (text, expected) in cases {
            assert_eq!(redact(text), expected, "{text}");
        }
    }

    #[test]
    fn a_long_value_hides_what_it_may_hold() {
        let long = "x".repeat(1_000);
        assert_eq!(redact(&format!("curl -u {long}:hunter2 y")), "curl -u *** y");
        assert_eq!(redact(&format!("curl -u joe:{long} y")), "curl -u joe:*** y");
        assert_eq!(redact(&format!("curl -u joe {long}:y")), format!("curl -u joe {long}:y"));
        let urls = "a://b a://c:d a://e:f@g://h:i@j://k:l";
        assert_eq!(redact(urls), "a://b a://c:d a://e:***@j://k:l");
    }

    #[test]
    fn a_known_secret_is_removed_anywhere_in_a_text() {
        let secret = Secret::new("it's");
        assert_eq!(without("near 'it\\'s', it's", Some(&secret)), "near '***', ***");
        assert_eq!(without("as it is", None), "as it is");
        assert_eq!(without("as it is", Some(&Secret::new(""))), "as it is");
    }

    #[test]
    fn a_setting_whose_name_denotes_a_secret_is_hidden_whole() {
        let cases = [
            ("ssl_passphrase_command", "echo hunter2", "***"),
            ("ssl_passphrase_command", "", ""),
            ("vault.api_key", "abc", "***"),
            ("app.jwt_secret", "abc", "***"),
            ("ldap_bind_password", "abc", "***"),
            ("ssl_key_file", "server.key", "server.key"),
            ("krb_server_keyfile", "/k", "/k"),
            ("search_path", "\"$user\", public", "\"$user\", public"),
            ("log_line_prefix", "%m [%p] ", "%m [%p] "),
        ];
        for (name, value, expected) in cases {
            assert_eq!(redact_setting(name, value), expected, "{name}");
        }
    }
}
