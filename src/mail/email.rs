//! The mails that Basira sends: templates in plain text and HTML, filled in.

use basira_actors::model::Secret;

use super::safe_name::safe_name;

/// The frame of every mail in HTML.
const LAYOUT: &str = include_str!("templates/layout.html");

/// The content of a mail, without a recipient.
#[derive(Debug, Clone)]
pub struct Email {
    pub(super) subject: String,
    text: &'static str,
    html: &'static str,
    /// The values of `{{name}}`; links contain tokens.
    values: Vec<(&'static str, Secret)>,
}

macro_rules! templates {
    ($name:literal) => {
        (
            include_str!(concat!("templates/", $name, ".txt")),
            include_str!(concat!("templates/", $name, ".html")),
        )
    };
}

impl Email {
    /// Asks to open `link` within a day, to verify the address.
    #[must_use]
    pub fn verify_email(link: &Secret) -> Self {
        let values = vec![("link", link.clone())];
        Self::new("Verify your e-mail address", templates!("verify_email"), values)
    }

    /// Offers a new password at `link` for an hour.
    #[must_use]
    pub fn reset_password(link: &Secret) -> Self {
        let values = vec![("link", link.clone())];
        Self::new("Choose a new password", templates!("reset_password"), values)
    }

    /// Tells that the password was changed, with a sentence on the sign-in `providers`; at `link` another one can be
    /// requested.
    #[must_use]
    pub fn password_changed(providers: &str, link: &str) -> Self {
        let values = vec![("providers", Secret::new(providers)), ("link", Secret::new(link))];
        Self::new("Your password was changed", templates!("password_changed"), values)
    }

    /// Tells that the second factor was changed, and how; at `link` one can ask for another password.
    #[must_use]
    pub fn second_factor_changed(change: &str, link: &str) -> Self {
        let values = vec![("change", Secret::new(change)), ("link", Secret::new(link))];
        Self::new("Your second factor was changed", templates!("second_factor_changed"), values)
    }

    /// Tells that a sign-in provider was linked or unlinked; at `link` one can ask for another password.
    #[must_use]
    pub fn sign_in_changed(change: &str, link: &str) -> Self {
        let values = vec![("change", Secret::new(change)), ("link", Secret::new(link))];
        Self::new("How you sign in was changed", templates!("sign_in_changed"), values)
    }

    /// Invites to `organization` at `link`, for so many days. The subject is ours alone: whoever invites a stranger
    /// must not choose it.
    #[must_use]
    pub fn invitation(inviter: &str, organization: &str, days: u64, link: &Secret) -> Self {
        let values = vec![
            ("inviter", Secret::new(safe_name(inviter))),
            ("organization", Secret::new(safe_name(organization))),
            ("days", Secret::new(days.to_string())),
            ("link", link.clone()),
        ];
        Self::new("You are invited to an organization on Basira", templates!("invitation"), values)
    }

    fn new(
        subject: &str,
        (text, html): (&'static str, &'static str),
        values: Vec<(&'static str, Secret)>,
    ) -> Self {
        Self { subject: subject.to_owned(), text, html, values }
    }

    /// The letter in plain text, with the line ends of mail.
    pub(super) fn plain(&self) -> String {
        let values = self.values.iter().map(|(name, value)| (*name, value.expose().to_owned()));
        fill(self.text, values.collect()).replace('\n', "\r\n")
    }

    /// The letter in HTML, likewise.
    pub(super) fn html(&self) -> String {
        let values = self.values.iter().map(|(name, value)| (*name, escaped(value.expose())));
        let content = fill(self.html, values.collect());
        let around = vec![("subject", escaped(&self.subject)), ("content", content)];
        fill(LAYOUT, around).replace('\n', "\r\n")
    }
}

/// Puts values where their names stand, once: what looks like a name within a value stays.
fn fill(template: &str, values: Vec<(&'static str, String)>) -> String {
    let mut pieces = template.split("{{");
    let mut filled = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (name, rest) = piece.split_once("}}").unwrap_or((piece, ""));
        let value = values.iter().find(|(known, _)| *known == name).map_or("", |(_, value)| value.as_str());
        filled.push_str(value);
        filled.push_str(rest);
    }
    filled
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letters() -> [Email; 6] {
        let link = Secret::new("https://basira.example/page#token=t0k3n");
        [
            Email::verify_email(&link),
            Email::reset_password(&link),
            Email::password_changed("No sign-in provider is linked.", link.expose()),
            Email::second_factor_changed("turned on", link.expose()),
            Email::sign_in_changed("corp was linked", link.expose()),
            Email::invitation("Ada", "Acme", 7, &link),
        ]
    }

    /// The names that a template wants filled.
    fn names(template: &str) -> Vec<&str> {
        template.split("{{").skip(1).map(|piece| piece.split_once("}}").unwrap().0).collect()
    }

    #[test]
    fn every_name_has_a_value_and_both_forms_use_all_of_them() {
        for email in letters() {
            for template in [email.text, email.html] {
                let mut used = names(template);
                used.sort_unstable();
                used.dedup();
                let mut known: Vec<_> = email.values.iter().map(|(name, _)| *name).collect();
                known.sort_unstable();
                assert_eq!(used, known, "{template}");
            }
            for form in [email.plain(), email.html()] {
                assert!(form.contains("https://basira.example/page#token=t0k3n") && form.ends_with("\r\n"));
                assert!(!form.contains("{{") && !form.replace("\r\n", "").contains(['\r', '\n']), "{form}");
            }
        }
    }

    #[test]
    fn display_names_are_escaped_and_not_templates() {
        let email = Email::invitation("<b>Ada</b>", "\"{{link}}\" & Söhne", 7, &Secret::new("https://x"));
        assert!(email.plain().contains("<b>Ada</b> invites you to join \"{{link}}\" & Söhne"));
        assert!(email.html().contains("&lt;b&gt;Ada&lt;/b&gt;"), "{}", email.html());
        assert!(email.html().contains("&quot;{{link}}&quot; &amp; Söhne"), "{}", email.html());
    }

    #[test]
    fn a_link_is_not_printed() {
        for email in letters() {
            assert!(!format!("{email:?}").contains("t0k3n"));
        }
    }
}
