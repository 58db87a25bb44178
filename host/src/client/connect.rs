//! How connections are made: which certificates are trusted, and which addresses a name may have.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::service::TowerToHyperService;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use tower_service::Service;

use super::addresses::is_public;
use super::proxy::{Proxy, TunnelError};
use super::socket::Socket;
use crate::error::Error;

/// For each connection, within the deadline of the whole call.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Makes connections.
pub(super) type Connector = TowerToHyperService<HttpsConnector<TcpConnector>>;

/// The stream of a connection.
pub(super) type Stream = MaybeHttpsStream<Socket>;

/// The TCP connection below a stream.
pub(super) fn socket(stream: &Stream) -> &Socket {
    match stream {
        MaybeHttpsStream::Http(socket) => socket,
        MaybeHttpsStream::Https(tls) => tls.inner().get_ref().0.inner(),
    }
}

/// Makes connections to the addresses of this resolver, with TLS where the URL has it. With a proxy, the resolver is for the proxy's
/// name alone: the proxy looks the others up.
pub(super) fn connector(tls: ClientConfig, resolver: Resolver, proxy: Option<&Proxy>) -> Connector {
    let mut tcp = HttpConnector::new_with_resolver(resolver);
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_http1()
        .wrap_connector(TcpConnector::new(tcp, proxy));
    TowerToHyperService::new(connector)
}

/// Makes TCP connections.
#[derive(Clone)]
pub(super) enum TcpConnector {
    Direct(HttpConnector<Resolver>),
    Tunnel(Tunnel<HttpConnector<Resolver>>),
}

impl TcpConnector {
    fn new(tcp: HttpConnector<Resolver>, proxy: Option<&Proxy>) -> Self {
        let Some(proxy) = proxy else {
            return Self::Direct(tcp);
        };
        let tunnel = Tunnel::new(proxy.address.clone(), tcp);
        Self::Tunnel(match &proxy.authorization {
            Some(authorization) => tunnel.with_auth(authorization.clone()),
            None => tunnel,
        })
    }
}

impl Service<Uri> for TcpConnector {
    type Response = Socket;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Socket, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        match self {
            Self::Direct(tcp) => tcp.poll_ready(context).map_err(Into::into),
            Self::Tunnel(tunnel) => tunnel.poll_ready(context).map_err(Into::into),
        }
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        match self {
            Self::Direct(tcp) => {
                let connecting = tcp.call(target);
                Box::pin(async move { Ok(Socket::new(connecting.await?)) })
            }
            Self::Tunnel(tunnel) => {
                let connecting = with_port(target).map(|target| tunnel.call(target));
                Box::pin(async move {
                    // The proxy, too, takes its time to connect.
                    let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting?).await;
                    let connected = connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut));
                    match connected.map_err(Into::into) {
                        Ok(Ok(stream)) => Ok(Socket::new(stream)),
                        Ok(Err(error)) => Err(TunnelError(error.into()).into()),
                        Err(error) => Err(TunnelError(error).into()),
                    }
                })
            }
        }
    }
}

/// The target with its port, without which a tunnel would lead to that of https.
fn with_port(target: Uri) -> Result<Uri, http::Error> {
    let (Some(host), None) = (target.host(), target.port()) else {
        return Ok(target);
    };
    let is_http = target.scheme() == Some(&http::uri::Scheme::HTTP);
    let authority = format!("{host}:{}", if is_http { 80 } else { 443 });
    http::uri::Builder::from(target.clone())
        .authority(authority)
        .build()
}

/// The TLS settings of every connection.
pub(crate) fn tls(certificates: Option<&[u8]>) -> Result<ClientConfig, Error> {
    let mut roots = RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    if let Some(pem) = certificates {
        let before = roots.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(Error::root_certificates)?;
            roots.add(certificate).map_err(Error::root_certificates)?;
        }
        if roots.len() == before {
            return Err(Error::root_certificates(
                "expected certificates in PEM, but found none",
            ));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    Ok(versions
        .map_err(Error::tls)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

/// Looks names up, and leaves out addresses that a name may not have.
///
/// Connections are made to these addresses and to no other, so nothing can change between check and
/// use.
#[derive(Clone)]
pub(crate) struct Resolver {
    system: GaiResolver,
    public_only: bool,
    /// The address of every name, in place of the system's.
    #[cfg(test)]
    pub(super) fixed: Option<SocketAddr>,
}

impl Resolver {
    /// A resolver that gives public addresses only.
    pub(super) fn public() -> Self {
        Self {
            public_only: true,
            ..Self::any()
        }
    }

    /// A resolver that gives every address.
    pub(super) fn any() -> Self {
        Self {
            system: GaiResolver::new(),
            public_only: false,
            #[cfg(test)]
            fixed: None,
        }
    }

    async fn look_up(mut self, name: Name) -> Result<Vec<SocketAddr>, NameError> {
        #[cfg(test)]
        if let Some(address) = self.fixed {
            return Ok(vec![address]);
        }
        let found = self.system.call(name).await;
        Ok(found.map_err(NameError::Lookup)?.collect())
    }
}

/// Why a name gives no address.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NameError {
    /// The system cannot look it up.
    #[error("{0}")]
    Lookup(#[source] io::Error),
    /// It has only addresses that it may not have, this one among them.
    #[error("{0} is not a public address")]
    NotPublic(IpAddr),
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = NameError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, NameError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NameError>> {
        self.system.poll_ready(context).map_err(NameError::Lookup)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let public_only = self.public_only;
        let found = self.clone().look_up(name);
        Box::pin(async move {
            let found = found.await?;
            if !public_only {
                return Ok(found.into_iter());
            }
            let (public, others): (Vec<_>, Vec<_>) = found
                .into_iter()
                .partition(|address| is_public(address.ip()));
            match others.first() {
                Some(other) if public.is_empty() => Err(NameError::NotPublic(other.ip())),
                _ => Ok(public.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn local_name_is_not_public() {
        let name = || "localhost".parse().unwrap();
        let error = Resolver::public().call(name()).await.unwrap_err();
        assert!(
            matches!(error, NameError::NotPublic(address) if address.is_loopback()),
            "{error:?}"
        );
        assert!(Resolver::any().call(name()).await.unwrap().count() > 0);
    }

    #[test]
    fn invalid_certificate_fails() {
        assert!(matches!(
            tls(Some(b"nothing")),
            Err(Error::RootCertificates(_))
        ));
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        assert!(matches!(tls(Some(broken)), Err(Error::RootCertificates(_))));
        tls(None).unwrap();
    }
}
