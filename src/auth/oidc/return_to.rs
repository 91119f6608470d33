//! Where a browser goes after a sign-in: a path of this server and nothing else.

use url::Url;

use super::OidcError;

const MOST_BYTES: usize = 500;

/// `path` in its normalised form, if a browser that is at `base` stays on that server when it follows it. A stranger may
/// have written `path`.
///
/// It is the normalised form that is judged, as it is what is sent: `/..//evil.example` is a path until its dot segments
/// are removed, and names another host afterwards (RFC 3986, sections 4.2 and 5.2.4).
///
/// # Errors
/// [`OidcError::ReturnTo`] for everything else.
pub(super) fn local_path(base: &Url, path: &str) -> Result<String, OidcError> {
    let is_path = path.starts_with('/') && path.len() <= MOST_BYTES;
    // browsers read a backslash as a slash, and leave control characters out
    if !is_path || path.contains(|c: char| c == '\\' || c.is_control()) {
        return Err(OidcError::ReturnTo);
    }
    let target = base.join(path).map_err(|_| OidcError::ReturnTo)?;
    let normalised = &target[url::Position::BeforePath..];
    let again = base.join(normalised).map_err(|_| OidcError::ReturnTo)?;
    let stays = target.origin() == base.origin() && !normalised.starts_with("//");
    if stays && again == target { Ok(normalised.to_owned()) } else { Err(OidcError::ReturnTo) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(path: &str) -> Option<String> {
        local_path(&Url::parse("https://basira.example:8443/app").unwrap(), path).ok()
    }

    #[test]
    fn a_path_of_this_server_is_normalised() {
        for (path, expected) in [
            ("/", "/"),
            ("/databases?tag=a#top", "/databases?tag=a#top"),
            ("/a/../b", "/b"),
            ("/%2e%2e/b", "/b"),
            ("/a?next=//evil.example", "/a?next=//evil.example"),
            ("/%5Cevil.example", "/%5Cevil.example"),
            ("/a//b", "/a//b"),
            ("/@evil.example", "/@evil.example"),
        ] {
            assert_eq!(checked(path).as_deref(), Some(expected), "{path}");
        }
    }

    #[test]
    fn a_path_that_leads_to_another_server_is_refused() {
        for path in [
            "",
            "databases",
            "https://evil.example/",
            "//evil.example/",
            "///evil.example/",
            "/..//evil.example",
            "/.//evil.example",
            "/./..//evil.example",
            "/a/..//evil.example",
            "/a/b/../..//evil.example",
            "/%2e%2e//evil.example",
            "/%2E//evil.example",
            "/.%2e//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/..\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/..\r//evil.example",
            "/\u{0}/evil.example",
            "javascript:alert(1)",
        ] {
            assert_eq!(checked(path), None, "{path:?}");
        }
        assert_eq!(checked(&format!("/{}", "a".repeat(500))), None);
    }
}
