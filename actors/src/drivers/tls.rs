//! TLS connections to servers, with the modes of libpq.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::model::TlsMode;

/// Returns a client configuration that verifies what `mode` requires.
///
/// # Errors
/// The fault of `ca_pem`.
pub fn client_config(mode: TlsMode, ca_pem: Option<&str>) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let chain = match mode {
        TlsMode::VerifyFull => {
            return Ok(builder.with_root_certificates(roots(ca_pem)?).with_no_client_auth());
        }
        TlsMode::VerifyCa => Some(chain(roots(ca_pem)?, &provider)?),
        TlsMode::Disable | TlsMode::Prefer | TlsMode::Require => None,
    };
    let verifier = Arc::new(RelaxedVerifier { provider, chain });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Returns a client configuration for HTTPS that verifies everything, by the authorities in `ca_pem` or the public ones.
///
/// # Errors
/// The fault of `ca_pem`.
pub fn https_config(ca_pem: Option<&str>) -> Result<ClientConfig, String> {
    client_config(TlsMode::VerifyFull, ca_pem)
}

fn chain(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Result<Arc<WebPkiServerVerifier>, String> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| error.to_string())
}

/// Checks that `pem` contains certificates of authorities and no other PEM.
///
/// # Errors
/// The fault of `pem`.
pub fn check_authorities(pem: &str) -> Result<(), String> {
    roots(Some(pem)).map(|_| ())
}

fn roots(ca_pem: Option<&str>) -> Result<RootCertStore, String> {
    let Some(pem) = ca_pem else {
        return Ok(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() });
    };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("tls_ca_pem is not PEM: {error:?}"))?;
        store
            .add(certificate)
            .map_err(|error| format!("tls_ca_pem contains no certificate authority: {error}"))?;
    }
    if store.is_empty() {
        return Err("tls_ca_pem contains no certificate".to_owned());
    }
    Ok(store)
}

/// Verifies less than rustls does by default. Without `chain` nothing is verified (`prefer`, `require`); with it, everything
/// but the host name (`verify-ca`).
#[derive(Debug)]
struct RelaxedVerifier {
    provider: Arc<CryptoProvider>,
    chain: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for RelaxedVerifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verdict => verdict,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
