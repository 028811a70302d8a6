//! Discord's name on loopback: TLS with a certificate for `discord.com` in front of a sandbox.
//!
//! serenity's rate limiter ignores a proxy address and always calls `https://discord.com`. With a
//! client that resolves this name to the loopback, what production runs can be tested: no other
//! host is ever reached, because the client knows no other name's address and trusts no other
//! authority for it.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// The name that serenity calls.
pub const NAME: &str = "discord.com";

/// A running terminator; dropping it ends it and its connections.
pub struct Terminator {
    addr: SocketAddr,
    /// The authority's certificate.
    authority: Vec<u8>,
    task: JoinHandle<()>,
}

impl Terminator {
    /// Takes TLS on a free loopback port and passes what is inside on to `plain`.
    pub async fn start(plain: SocketAddr) -> anyhow::Result<Self> {
        assert!(plain.ip().is_loopback(), "{plain} is not this computer");
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(vec![NAME.to_owned()])?.signed_by(&key, &authority)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let addr = listener.local_addr()?;
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let task = tokio::spawn(serve(listener, acceptor, plain));
        Ok(Self { addr, authority: authority.der().to_vec(), task })
    }

    /// A client for which `discord.com` is this terminator.
    pub fn client(&self) -> anyhow::Result<reqwest::Client> {
        Ok(reqwest::Client::builder()
            // Only this authority: if the name ever led elsewhere, the handshake would fail.
            .tls_built_in_root_certs(false)
            .add_root_certificate(reqwest::Certificate::from_der(&self.authority)?)
            .resolve(NAME, self.addr)
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()?)
    }
}

impl Drop for Terminator {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, plain: SocketAddr) {
    // Owned here, so that the connections end with the terminator.
    let mut connections = JoinSet::new();
    while let Ok((outside, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        connections.spawn(async move {
            // A connection that breaks is the client's to notice; the sandbox breaks some on
            // purpose.
            if let (Ok(mut outside), Ok(mut inside)) =
                (acceptor.accept(outside).await, TcpStream::connect(plain).await)
            {
                let _broken = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

#[tokio::test]
async fn discord_is_the_sandbox_and_nothing_else_is() {
    let sandbox = crate::limits::sandbox().await;
    let terminator = Terminator::start(sandbox.addr()).await.unwrap();
    let client = terminator.client().unwrap();
    let gateway: serde_json::Value = client
        .get(format!("https://{NAME}/api/v10/gateway"))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(gateway["url"], sandbox.gateway());
    // The certificate is for this name alone.
    let other = client.get(format!("https://localhost:{}/", terminator.addr.port()));
    let refused = other.send().await.unwrap_err();
    assert!(refused.is_connect(), "{refused}");
    sandbox.stop().await;
}
