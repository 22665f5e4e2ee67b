//! TLS: which certificates are believed, for each `sslmode`
//! (<https://www.postgresql.org/docs/current/libpq-ssl.html#LIBPQ-SSL-PROTECTION>).

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::params::{Params, SslMode, SslRoot};
use crate::{Error, Result};

/// The TLS side of a connection in this mode.
pub fn connector(mode: SslMode, params: &Params) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(verifier(mode, params, &provider)?);
    let versions: &[_] = match params.tls13_only {
        true => &[&rustls::version::TLS13],
        false => rustls::DEFAULT_VERSIONS,
    };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .map_err(|e| Error::config(format!("can't set up TLS: {e}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match (&params.ssl_cert, &params.ssl_key) {
        _ if mode == SslMode::Disable => builder.with_no_client_auth(),
        (None, None) => builder.with_no_client_auth(),
        (Some(_), None) => return Err(Error::config("`sslcert` is given without `sslkey`")),
        (None, Some(_)) => return Err(Error::config("`sslkey` is given without `sslcert`")),
        (Some(cert), Some(key)) => builder
            .with_client_auth_cert(certificates(cert, "sslcert")?, private_key(key)?)
            .map_err(|e| Error::config(format!("`sslcert` and `sslkey` can't be used: {e}")))?,
    };
    Ok(MakeRustlsConnect::new(config))
}

fn verifier(mode: SslMode, params: &Params, provider: &Arc<CryptoProvider>) -> Result<Verifier> {
    let mut verifier = Verifier { provider: provider.clone(), chain: None, pinned: vec![], names: false };
    match (mode, &params.ssl_root) {
        (SslMode::Disable | SslMode::Allow | SslMode::Prefer, _) | (SslMode::Require, None) => {}
        // As in libpq: with the system's roots anybody may have a certificate, so only its name says something.
        (SslMode::Require | SslMode::VerifyCa, Some(SslRoot::System)) => {
            return Err(Error::config("`sslrootcert=system` needs `sslmode=verify-full`"));
        }
        (SslMode::VerifyCa, None) => return Err(Error::config("`sslmode=verify-ca` needs `sslrootcert`")),
        (SslMode::VerifyFull, None | Some(SslRoot::System)) => {
            let system = rustls_platform_verifier::Verifier::new(provider.clone())
                .map_err(|e| Error::config(format!("can't read the system's root certificates: {e}")))?;
            verifier.chain = Some(Arc::new(system));
            verifier.names = true;
        }
        (_, Some(SslRoot::File(path))) => {
            verifier.pinned = certificates(path, "sslrootcert")?;
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(verifier.pinned.iter().cloned());
            let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
                .build()
                .map_err(|e| Error::config(format!("the certificates of `sslrootcert` can't be used: {e}")))?;
            verifier.chain = Some(chain);
            verifier.names = mode == SslMode::VerifyFull;
        }
    }
    Ok(verifier)
}

fn certificates(path: &Path, parameter: &str) -> Result<Vec<CertificateDer<'static>>> {
    let wrong =
        |e: rustls::pki_types::pem::Error| Error::config(format!("can't read the file named by `{parameter}`: {e}"));
    let found: Vec<_> = CertificateDer::pem_file_iter(path).map_err(wrong)?.collect::<Result<_, _>>().map_err(wrong)?;
    match found.is_empty() {
        true => Err(Error::config(format!("the file named by `{parameter}` holds no certificate"))),
        false => Ok(found),
    }
}

/// libpq refuses a key that others can read, except a root-owned one that its group may read.
fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>> {
    #[cfg(unix)]
    if let Ok(metadata) = std::fs::metadata(path) {
        use std::os::unix::fs::MetadataExt;
        let forbidden = if metadata.uid() == 0 { 0o027 } else { 0o077 };
        if metadata.mode() & forbidden != 0 {
            return Err(Error::config("the file named by `sslkey` can be read by others").hint("`chmod 600` it"));
        }
    }
    PrivateKeyDer::from_pem_file(path).map_err(|e| Error::config(format!("can't read the file named by `sslkey`: {e}")))
}

/// Chain and name as separate questions, which is what tells `verify-ca` from `verify-full`.
#[derive(Debug)]
struct Verifier {
    provider: Arc<CryptoProvider>,
    /// `None`: encrypt only.
    chain: Option<Arc<dyn ServerCertVerifier>>,
    /// A server's own self-signed certificate given as root. OpenSSL, hence libpq, believes it; webpki does not take
    /// a CA's certificate (what `openssl req -x509` makes) for a server's.
    pinned: Vec<CertificateDer<'static>>,
    names: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is looked at last: an error about it says that the chain is good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !self.names => Ok(ServerCertVerified::assertion()),
            // webpki looks at the validity period before the basic constraints: this one is in its time.
            Err(e) if is_ca_as_server(&e) && self.pinned.iter().any(|pinned| pinned == end_entity) => {
                if self.names {
                    rustls::client::verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                }
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// webpki's `CaUsedAsEndEntity`, which rustls wraps without a name of its own.
fn is_ca_as_server(error: &rustls::Error) -> bool {
    matches!(error, rustls::Error::InvalidCertificate(CertificateError::Other(other))
        if format!("{other:?}").contains("CaUsedAsEndEntity"))
}
