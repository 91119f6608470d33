//! The name by which a client reached this server.

use url::Host;
use warp::http::header::{HOST, HeaderMap};

use super::ApiError;
use crate::config::PublicUrl;

/// Refuses cookies that were sent to another name than one of this server's: a page of a name that was rebound to this
/// server's address is of one origin with it, as far as its browser knows.
///
/// Known are the host of `public_url`, `others`, `localhost`, and every IP address, which nobody can rebind.
///
/// # Errors
/// 403 `bad_host`.
pub(super) fn check(headers: &HeaderMap, public_url: &PublicUrl, others: &[String]) -> Result<(), ApiError> {
    let sent = headers.get(HOST).and_then(|value| value.to_str().ok()).and_then(host_of);
    let is_known = sent.is_some_and(|host| match &host {
        Host::Ipv4(_) | Host::Ipv6(_) => true,
        Host::Domain(name) => {
            let ours = public_url.0.host_str().into_iter().chain(others.iter().map(String::as_str));
            ours.chain(["localhost"]).any(|known| known.eq_ignore_ascii_case(name))
        }
    });
    if is_known {
        return Ok(());
    }
    Err(ApiError::forbidden(
        "bad_host",
        "the Host header must name this server where cookies are sent: see http.public_url and http.hosts",
    ))
}

/// The host of `host` or `host:port`.
fn host_of(text: &str) -> Option<Host> {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => text,
    };
    Host::parse(host).ok()
}

#[cfg(test)]
mod tests {
    use warp::http::header::{HOST, HeaderMap, HeaderValue};

    use super::{PublicUrl, check};

    fn passes(host: Option<&str>) -> bool {
        let host = host.map(|host| (HOST, HeaderValue::from_str(host).expect("a header")));
        let ours = PublicUrl("https://basira.example:8443".parse().expect("a URL"));
        check(&host.into_iter().collect::<HeaderMap>(), &ours, &["basira.internal".to_owned()]).is_ok()
    }

    #[test]
    fn a_name_that_is_not_this_servers_is_refused() {
        for host in [
            "basira.example",
            "BASIRA.example:8443",
            "basira.internal:80",
            "localhost:8080",
            "127.0.0.1:8080",
            "192.0.2.7",
            "[::1]:8080",
            "[2001:db8::1]",
        ] {
            assert!(passes(Some(host)), "{host}");
        }
        for host in [
            "evil.example",
            "basira.example.evil.example",
            "evil.example:8443",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            ":8080",
        ] {
            assert!(!passes(Some(host)), "{host}");
        }
        assert!(!passes(None));
    }
}
