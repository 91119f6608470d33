//! The address of a client behind a trusted proxy.

use reqwest::Method;
use reqwest::header::HeaderValue;
use serde_json::json;

use super::key_of;
use crate::harness::{Organization, TestApp};

const FORWARDED_FOR: &str = "x-forwarded-for";

#[tokio::test]
async fn a_client_address_that_cannot_be_parsed_is_never_replaced_by_the_proxys() {
    let app = TestApp::start_with(&[("HTTP__TRUSTED_PROXIES", "127.0.0.0/8,10.0.0.0/8")]).await;
    let organization = Organization::verified(&app, "proxied").await;
    // good for the network of the proxies, and for one client
    let limits = json!({"allowed_addresses": ["127.0.0.0/8", "10.0.0.0/8", "198.51.100.7", "2001:db8::/32"]});
    let key = key_of(&organization.owner, &app, limits).await;
    let status = async |headers: &[(&'static str, &[u8])]| {
        let mut request = key.request(Method::GET, "/databases");
        for (name, value) in headers {
            request = request.header(*name, HeaderValue::from_bytes(value).unwrap());
        }
        request.send().await.unwrap().status().as_u16()
    };
    for good in [
        b"198.51.100.7".as_slice(),
        b"198.51.100.7:4711",
        b"198.51.100.7, 10.0.0.1",
        b"\x80\xff, 198.51.100.7",
        b"203.0.113.9, 198.51.100.7",
        b"[2001:db8::1]:4711",
    ] {
        assert_eq!(status(&[(FORWARDED_FOR, good)]).await, 200, "{good:?}");
    }
    for bad in [
        b"\x80".as_slice(),
        b"198.51.100.7\x80",
        b"198.51.100.7, \xc3\xa4",
        b"198.51.100.7,",
        b"unknown",
        b"",
        b"203.0.113.9",
        b"198.51.100.7, 203.0.113.9",
        b"\x80, 10.0.0.1",
    ] {
        assert_eq!(status(&[(FORWARDED_FOR, bad)]).await, 403, "{bad:?}");
    }
    // the last line is the nearest
    let lines: [(&str, &[u8]); 2] = [(FORWARDED_FOR, b"198.51.100.7"), (FORWARDED_FOR, b"\x80")];
    assert_eq!(status(&lines).await, 403);
    assert_eq!(status(&[lines[1], lines[0]]).await, 200);
    assert_eq!(status(&[("forwarded", b"for=198.51.100.7")]).await, 403);
}

#[tokio::test]
async fn an_unreadable_forwarding_header_does_not_bypass_the_limits() {
    let settings = [("HTTP__TRUSTED_PROXIES", "127.0.0.1"), ("LIMITS__AUTH__SIGNUP_PER_HOUR", "2")];
    let app = TestApp::start_with(&settings).await;
    let mut last = 0;
    for _ in 0..3 {
        let request = app.anonymous().request(Method::POST, "/auth/signup").json(&json!({}));
        let header = HeaderValue::from_bytes(b"\x80").unwrap();
        last = request.header(FORWARDED_FOR, header).send().await.unwrap().status().as_u16();
    }
    assert_eq!(last, 429);
}
