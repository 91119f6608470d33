//! The URL under which users and their browsers reach this server.

use url::Url;

/// The URL under which users and their browsers reach this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(pub Url);

impl PublicUrl {
    /// Whether cookies may be limited to encrypted connections.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Whether the `Origin` header `value` names this server.
    #[must_use]
    pub fn is_origin(&self, value: &str) -> bool {
        Url::parse(value).is_ok_and(|origin| origin.origin() == self.0.origin())
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn origins_are_compared_and_not_texts() {
        let url = PublicUrl("https://basira.example/app".parse().expect("a URL"));
        let cases = [
            ("https://basira.example", true),
            ("https://BASIRA.example:443", true),
            ("http://basira.example", false),
            ("https://basira.example:8443", false),
            ("https://basira.example.evil.example", false),
            ("null", false),
            ("", false),
        ];
        for (origin, expected) in cases {
            assert_eq!(url.is_origin(origin), expected, "{origin}");
        }
    }
}
