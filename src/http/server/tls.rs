//! TLS of this server: the certificate, which is reloaded when its files change.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::write_timeout::WriteTimeout;
use crate::config::{LiveConfig, Tls};

/// A client that has not finished the handshake after this is disconnected.
const HANDSHAKE_TIME_LIMIT: Duration = Duration::from_secs(10);
/// How often the files are checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// The certificate cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("{file} cannot be read: {source}; see http.tls")]
    Unreadable { file: PathBuf, source: io::Error },
    #[error("{file} holds no {what} in PEM; see http.tls")]
    NotPem { file: PathBuf, what: &'static str },
    #[error(
        "the certificate of {cert_file} cannot be used with the key of {key_file}: {source}; see http.tls"
    )]
    Unusable { cert_file: PathBuf, key_file: PathBuf, source: rustls::Error },
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
}

/// The certificate of this server with its key.
#[derive(Debug)]
pub struct Certificates {
    config: Arc<ServerConfig>,
    current: Arc<Current>,
    /// The hash of the files as last read, valid or not; 0 if they could not be read.
    last_hash: u64,
}

#[derive(Debug)]
struct Current(RwLock<Arc<CertifiedKey>>);

/// The contents of both files.
struct Contents {
    cert: Vec<u8>,
    key: Vec<u8>,
}

impl Certificates {
    /// Loads the certificate and the key from `files`.
    ///
    /// # Errors
    /// [`CertificateError`] when they cannot be read or do not fit together.
    pub async fn load(files: Tls) -> Result<Self, CertificateError> {
        let contents = Contents::read(&files).await?;
        let current = Arc::new(Current(RwLock::new(Arc::new(contents.certified(&files)?))));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(CertificateError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::<Current>::clone(&current));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config), current, last_hash: contents.hash() })
    }

    /// Performs handshakes with the current certificate.
    pub(super) fn handshakes(&self) -> Handshakes {
        Handshakes(TlsAcceptor::from(Arc::clone(&self.config)))
    }

    /// Reloads the certificate whenever its files change. Files that cannot be used are logged once, and change nothing.
    pub(super) async fn follow(mut self, config: LiveConfig) {
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let Some(files) = config.current().http.tls.clone() else { continue };
            let contents = match Contents::read(&files).await {
                Ok(contents) => contents,
                Err(error) => {
                    self.warn_once(0, &error);
                    continue;
                }
            };
            let hash = contents.hash();
            if hash == self.last_hash {
                continue;
            }
            match contents.certified(&files) {
                Ok(certified) => {
                    self.last_hash = hash;
                    *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(certified);
                    tracing::info!(file = %files.cert_file.display(), "the certificate was reloaded");
                }
                Err(error) => self.warn_once(hash, &error),
            }
        }
    }

    fn warn_once(&mut self, hash: u64, error: &CertificateError) {
        if self.last_hash != hash {
            self.last_hash = hash;
            tracing::warn!(%error, "the certificate could not be reloaded; the previous one stays in use");
        }
    }
}

/// Performs TLS handshakes.
#[derive(Clone)]
pub(super) struct Handshakes(TlsAcceptor);

impl Handshakes {
    /// Performs the handshake on `stream`, within [`HANDSHAKE_TIME_LIMIT`].
    pub(super) async fn handshake(
        &self,
        stream: WriteTimeout<TcpStream>,
    ) -> io::Result<TlsStream<WriteTimeout<TcpStream>>> {
        tokio::time::timeout(HANDSHAKE_TIME_LIMIT, self.0.accept(stream)).await?
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Contents {
    async fn read(files: &Tls) -> Result<Self, CertificateError> {
        let read = async |file: &Path| {
            let unreadable = |source| CertificateError::Unreadable { file: file.to_owned(), source };
            tokio::fs::read(file).await.map_err(unreadable)
        };
        Ok(Self { cert: read(&files.cert_file).await?, key: read(&files.key_file).await? })
    }

    /// The hash of both files, to detect changes.
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.cert, &self.key).hash(&mut hasher);
        hasher.finish()
    }

    fn certified(&self, files: &Tls) -> Result<CertifiedKey, CertificateError> {
        let not_pem = |file: &Path, what| CertificateError::NotPem { file: file.to_owned(), what };
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.cert).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| not_pem(&files.cert_file, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| not_pem(&files.key_file, "key"))?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| {
            let Tls { cert_file, key_file } = files.clone();
            CertificateError::Unusable { cert_file, key_file, source }
        })
    }
}
