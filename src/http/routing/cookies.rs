//! Cookies: nothing but this server reads them, and other sites cannot make a browser change anything with them.
//!
//! Over https every cookie is called `__Host-NAME`, and only those are read: browsers take a cookie with this prefix from
//! this very host alone, so that no other host of the domain can put one in its place (RFC 6265bis, section 4.1.3.2). It
//! takes the path `/`. Over plain http no browser keeps such a cookie, and the names stand as they are.

use std::borrow::Cow;
use std::time::Duration;

use warp::http::HeaderValue;
use warp::http::header::{COOKIE, HeaderMap, SET_COOKIE};

use super::{Answer, ApiError, Response};
use crate::app::App;
use crate::auth::{ACCESS_LIFETIME, DEVICE_LIFETIME, FLOW_LIFETIME, REFRESH_LIFETIME, Tokens};
use crate::config::PublicUrl;

/// The access token.
pub(in crate::http) const ACCESS: Cookie =
    Cookie { name: "basira_access", path: "/", lifetime: ACCESS_LIFETIME };
/// The refresh token.
pub(in crate::http) const REFRESH: Cookie =
    Cookie { name: "basira_refresh", path: AUTH_PATH, lifetime: REFRESH_LIFETIME };
/// The mark of a browser in which an account has logged in.
pub(in crate::http) const DEVICE: Cookie =
    Cookie { name: "basira_device", path: AUTH_PATH, lifetime: DEVICE_LIFETIME };
/// The state of a sign-in with a provider.
pub(in crate::http) const SIGN_IN: Cookie =
    Cookie { name: "basira_sign_in", path: "/", lifetime: FLOW_LIFETIME };

const AUTH_PATH: &str = "/api/v1/auth";

/// A cookie as it is over plain http.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct Cookie {
    name: &'static str,
    path: &'static str,
    lifetime: Duration,
}

impl Cookie {
    /// Its name at `public_url`.
    fn name_at(self, public_url: &PublicUrl) -> Cow<'static, str> {
        if public_url.is_https() { format!("__Host-{}", self.name).into() } else { self.name.into() }
    }

    /// Its value among `headers`, sent to the server at `public_url`.
    pub(in crate::http) fn value_in<'a>(
        self,
        headers: &'a HeaderMap,
        public_url: &PublicUrl,
    ) -> Option<&'a str> {
        find(headers, &self.name_at(public_url))
    }

    /// Sets it in the browser that reads `response`.
    ///
    /// # Errors
    /// When `value` is no cookie, which is a fault of ours.
    pub(in crate::http) fn set(
        self,
        public_url: &PublicUrl,
        response: &mut Response,
        value: &str,
    ) -> Result<(), ApiError> {
        self.write(public_url, response, value, self.lifetime)
    }

    /// Removes it from the browser that reads `response`.
    ///
    /// # Errors
    /// As [`Self::set`].
    pub(in crate::http) fn drop(
        self,
        public_url: &PublicUrl,
        response: &mut Response,
    ) -> Result<(), ApiError> {
        self.write(public_url, response, "", Duration::ZERO)
    }

    fn write(
        self,
        public_url: &PublicUrl,
        response: &mut Response,
        value: &str,
        lifetime: Duration,
    ) -> Result<(), ApiError> {
        let (path, secure) = if public_url.is_https() { ("/", "; Secure") } else { (self.path, "") };
        let (name, max_age) = (self.name_at(public_url), lifetime.as_secs());
        let cookie =
            format!("{name}={value}; Path={path}; Max-Age={max_age}; HttpOnly; SameSite=Lax{secure}");
        let mut cookie = HeaderValue::from_str(&cookie).map_err(ApiError::internal)?;
        cookie.set_sensitive(true);
        response.headers_mut().append(SET_COOKIE, cookie);
        Ok(())
    }
}

/// `response`, with a browser's session in cookies.
///
/// # Errors
/// As [`Cookie::set`].
pub(in crate::http) fn with_session(app: &App, mut response: Response, tokens: &Tokens) -> Answer {
    ACCESS.set(&app.public_url, &mut response, tokens.access.expose())?;
    REFRESH.set(&app.public_url, &mut response, tokens.refresh.expose())?;
    Ok(response)
}

/// `response`, with the mark of a browser in which the account of `email` has logged in: its failed logins are counted by
/// themselves.
///
/// # Errors
/// As [`Cookie::set`].
pub(in crate::http) fn with_device_mark(app: &App, mut response: Response, email: &str) -> Answer {
    let mark = app.accounts.devices().mark(email);
    DEVICE.set(&app.public_url, &mut response, &mark)?;
    Ok(response)
}

/// Removes the session from the browser that reads `response`.
///
/// # Errors
/// As [`Cookie::set`].
pub(in crate::http) fn drop_session(public_url: &PublicUrl, response: &mut Response) -> Result<(), ApiError> {
    ACCESS.drop(public_url, response)?;
    REFRESH.drop(public_url, response)
}

/// The value of the cookie `name`, in whichever `Cookie` header it is. Cookies of other applications on the same host may
/// hold any bytes; they hide none of ours.
fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes);
    let pairs = lines.flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
    let mut values = pairs.filter_map(|pair| pair.strip_prefix(name.as_bytes())?.strip_prefix(b"="));
    std::str::from_utf8(values.next()?).ok()
}

#[cfg(test)]
mod tests {
    use warp::http::header::{COOKIE, HeaderMap, HeaderValue};

    use super::{ACCESS, PublicUrl};

    fn found<'a>(headers: &'a HeaderMap, public_url: &str) -> Option<&'a str> {
        ACCESS.value_in(headers, &PublicUrl(public_url.parse().expect("a URL")))
    }

    fn headers(lines: &[&[u8]]) -> HeaderMap {
        let line = |bytes: &&[u8]| (COOKIE, HeaderValue::from_bytes(bytes).expect("a header"));
        lines.iter().map(line).collect()
    }

    #[test]
    fn one_cookie_is_found_among_many() {
        let cases: [(&[&[u8]], Option<&str>); 7] = [
            (&[b"a=1; basira_access=x.y=z; basira_access2=no"], Some("x.y=z")),
            (&[b"a=1;b"], None),
            (&[b"a=1", b"b=2;basira_access=x"], Some("x")),
            (&[b"theme=\xff\xfe", b"basira_access=x"], Some("x")),
            (&[b"theme=\xff\xfe; basira_access=x"], Some("x")),
            (&[b"basira_access"], None),
            (&[b"basira_access=\xff"], None),
        ];
        for (lines, expected) in cases {
            assert_eq!(found(&headers(lines), "http://127.0.0.1:8080"), expected, "{lines:?}");
        }
    }

    #[test]
    fn over_https_a_cookie_that_another_host_may_have_set_is_not_read() {
        let theirs = headers(&[b"basira_access=theirs"]);
        assert_eq!(found(&theirs, "https://basira.example"), None);
        let both = headers(&[b"basira_access=theirs; __Host-basira_access=ours"]);
        assert_eq!(found(&both, "https://basira.example"), Some("ours"));
        assert_eq!(found(&both, "http://basira.example"), Some("theirs"));
    }
}
