//! `http.*`: where this server is, who stands before it, whom it lets in from elsewhere.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use ipnet::IpNet;
use url::{Host, Url};

use super::Reader;
use crate::config::{Cors, Http, Tls};

/// An address or a network.
struct Network(IpNet);

impl FromStr for Network {
    type Err = ipnet::AddrParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse()
            .or_else(|error| text.parse().map(|address: IpAddr| address.into()).map_err(|_| error))
            .map(Self)
    }
}

/// A name without a port.
struct HostName(String);

impl FromStr for HostName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match Host::parse(text) {
            Ok(Host::Domain(name)) => Ok(Self(name)),
            _ => Err(()),
        }
    }
}

/// What a browser sends as `Origin`, or `*`.
struct Origin(String);

impl FromStr for Origin {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let as_sent = |url: Url| url.origin().ascii_serialization();
        let is_origin =
            text == "*" || Url::parse(text).is_ok_and(|url| as_sent(url) == text && text != "null");
        is_origin.then(|| Self(text.to_owned())).ok_or(())
    }
}

impl Reader<'_> {
    pub(super) fn http(&mut self) -> Option<Http> {
        let listen = self.parse("http.listen", "an address and port such as 127.0.0.1:8080");
        let public_url = self.optional("http.public_url", |reader, key| {
            let url: Url = reader.parse(key, "a URL such as https://basira.example.com")?;
            let plain =
                matches!(url.scheme(), "http" | "https") && url.path() == "/" && url.query().is_none();
            if !plain {
                reader.wrong(key, "must be http:// or https:// and a host, without a path");
            }
            plain.then_some(url)
        });
        let hosts = self.parse_list("http.hosts", "a host name such as basira.internal");
        let proxies = self.parse_list("http.trusted_proxies", "an address or a network such as 10.0.0.0/8");
        let origins =
            self.parse_list("http.cors.origins", "an origin such as https://status.example.com, or *");
        let tls = self.tls();
        Some(Http {
            listen: listen?,
            public_url: public_url?,
            hosts: hosts?.into_iter().map(|HostName(name)| name).collect(),
            trusted_proxies: proxies?.into_iter().map(|Network(network)| network).collect(),
            cors: Cors { origins: origins?.into_iter().map(|Origin(origin)| origin).collect() },
            tls: tls?,
        })
    }

    /// Both files or none.
    fn tls(&mut self) -> Option<Option<Tls>> {
        let [cert, key] = ["http.tls.cert_file", "http.tls.key_file"];
        match (self.text(cert).map(PathBuf::from), self.text(key).map(PathBuf::from)) {
            (None, None) => Some(None),
            (Some(cert_file), Some(key_file)) => Some(Some(Tls { cert_file, key_file })),
            (Some(_), None) => self.alone(cert, key),
            (None, Some(_)) => self.alone(key, cert),
        }
    }

    fn alone<T>(&mut self, key: &str, other: &str) -> Option<T> {
        self.wrong(key, &format!("is of no use alone: set {other} too"));
        None
    }
}
