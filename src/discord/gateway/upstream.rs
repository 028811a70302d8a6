//! The connection to Discord's gateway: TCP, TLS, the WebSocket handshake and HELLO, each step bounded
//! in time.

use super::frame::{self, Received};
use futures::{SinkExt as _, StreamExt as _};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

/// The largest payload that is taken in. A large server's GUILD_CREATE has some megabytes.
const LARGEST: usize = 64 << 20;
/// How long one of several addresses may take: the next one may answer.
const ADDRESS: Duration = Duration::from_secs(10);
/// How long Discord may take to answer a close.
const CLOSE: Duration = Duration::from_secs(1);

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that has said HELLO.
pub(super) struct Upstream {
    socket: WebSocketStream<Box<dyn Stream>>,
    /// The time between two heartbeats.
    pub(super) interval: Duration,
}

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// It failed at once: an outage.
    Fast(String),
    /// Nothing came within the time limit.
    Hung(&'static str),
}

/// What comes from Discord.
pub(super) enum Incoming {
    Text(Utf8Bytes),
    /// Closed, with a code if there was one.
    Closed(Option<u16>),
    Broken(String),
}

/// Where the gateway is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    url: String,
    host: String,
    port: u16,
    encrypted: bool,
}

impl Address {
    /// Reads an address as Discord gives it. IDENTIFY holds the token, so it must be encrypted or on
    /// this computer.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let mut url = reqwest::Url::parse(url).map_err(|error| error.to_string())?;
        url.set_query(Some("v=10&encoding=json"));
        let host = url.host_str().unwrap_or_default().to_owned();
        let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let loopback = bare == "localhost"
            // 0.0.0.0 is this computer too, and what a server that listens everywhere may call itself.
            || bare
                .parse::<IpAddr>()
                .is_ok_and(|address| address.is_loopback() || address.is_unspecified());
        let encrypted = match url.scheme() {
            "wss" => true,
            "ws" if loopback => false,
            _ => return Err("it is not an encrypted address (wss://)".to_owned()),
        };
        if bare.is_empty() {
            return Err("there is no host in it".to_owned());
        }
        let port = url.port().unwrap_or(if encrypted { 443 } else { 80 });
        Ok(Self { url: url.to_string(), host: bare, port, encrypted })
    }
}

impl Upstream {
    /// Connects and waits for HELLO.
    pub(super) async fn open(address: &Address, deadline: Instant) -> Result<Self, Failure> {
        let tcp = connect(address, deadline).await?;
        // Small payloads back and forth: waiting to fill packets only costs time.
        let _slower = tcp.set_nodelay(true);
        let stream: Box<dyn Stream> = if address.encrypted {
            let name = ServerName::try_from(address.host.clone())
                .map_err(|_| Failure::Fast("its name is not a host name".to_owned()))?;
            let connecting = TlsConnector::from(tls()?).connect(name, tcp);
            let encrypted = timeout_at(deadline, connecting)
                .await
                .map_err(|_| Failure::Hung("the TLS handshake was not answered"))?
                .map_err(|error| Failure::Fast(format!("TLS failed: {error}")))?;
            Box::new(encrypted)
        } else {
            Box::new(tcp)
        };
        let config = WebSocketConfig::default()
            .max_message_size(Some(LARGEST))
            .max_frame_size(Some(LARGEST));
        let shaking =
            tokio_tungstenite::client_async_with_config(&address.url, stream, Some(config));
        let (socket, _) = timeout_at(deadline, shaking)
            .await
            .map_err(|_| Failure::Hung("the WebSocket handshake was not answered"))?
            .map_err(|error| Failure::Fast(what(&error)))?;
        let mut upstream = Self { socket, interval: Duration::ZERO };
        let hello = async {
            loop {
                match upstream.next().await {
                    Incoming::Text(text) => {
                        if let Some(Received::Hello(interval)) = frame::received(&text) {
                            return Ok(interval);
                        }
                    }
                    Incoming::Closed(code) => return Err(closed(code)),
                    Incoming::Broken(why) => return Err(why),
                }
            }
        };
        let said = timeout_at(deadline, hello).await;
        upstream.interval =
            said.map_err(|_| Failure::Hung("HELLO did not come"))?.map_err(Failure::Fast)?;
        Ok(upstream)
    }

    /// What comes next. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Incoming {
        loop {
            return match self.socket.next().await {
                Some(Ok(Message::Text(text))) => Incoming::Text(text),
                Some(Ok(Message::Close(frame))) => {
                    Incoming::Closed(frame.map(|frame| frame.code.into()))
                }
                // Binary payloads come only to those who ask for compression; pings are answered.
                Some(Ok(_)) => continue,
                Some(Err(error)) => Incoming::Broken(what(&error)),
                None => Incoming::Closed(None),
            };
        }
    }

    /// Sends a payload.
    pub(super) async fn send(&mut self, text: &str, deadline: Instant) -> Result<(), Failure> {
        timeout_at(deadline, self.socket.send(Message::text(text)))
            .await
            .map_err(|_| Failure::Hung("nothing can be sent"))?
            .map_err(|error| Failure::Fast(what(&error)))
    }

    /// Closes the connection. 1000 ends the session too; after any other code it can be resumed.
    pub(super) async fn close(mut self, code: u16) {
        let frame = CloseFrame { code: code.into(), reason: Utf8Bytes::default() };
        let closing = async {
            // Gone already, perhaps.
            let _ = self.socket.close(Some(frame)).await;
            while let Some(Ok(_)) = self.socket.next().await {}
        };
        let _too_slow = timeout(CLOSE, closing).await;
    }
}

async fn connect(address: &Address, deadline: Instant) -> Result<TcpStream, Failure> {
    let found = timeout_at(deadline, lookup_host((address.host.as_str(), address.port)))
        .await
        .map_err(|_| Failure::Hung("the name could not be looked up in time"))?
        .map_err(|error| Failure::Fast(format!("its name can't be looked up: {error}")))?;
    let mut failure = Failure::Fast("its name has no address".to_owned());
    for one in found {
        let limit = deadline.min(Instant::now() + ADDRESS);
        failure = match timeout_at(limit, TcpStream::connect(one)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => Failure::Fast(format!("no connection: {error}")),
            Err(_) => Failure::Hung("no connection came about"),
        };
    }
    Err(failure)
}

/// The authorities that are trusted: those of the web, as for REST.
fn tls() -> Result<Arc<ClientConfig>, Failure> {
    static CONFIG: OnceLock<Arc<ClientConfig>> = OnceLock::new();
    if let Some(config) = CONFIG.get() {
        return Ok(Arc::clone(config));
    }
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Failure::Fast(format!("TLS can't be used: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::clone(CONFIG.get_or_init(|| Arc::new(config))))
}

/// A close, in words.
pub(super) fn closed(code: Option<u16>) -> String {
    match code {
        Some(code) => format!("Discord closed the connection with code {code}"),
        None => "Discord closed the connection".to_owned(),
    }
}

/// An error in words. None of them shows what was sent.
fn what(error: &Error) -> String {
    match error {
        Error::Http(response) => format!("it answers with status {}", response.status().as_u16()),
        Error::Io(error) => format!("the connection broke: {error}"),
        Error::Protocol(
            ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete,
        )
        | Error::ConnectionClosed
        | Error::AlreadyClosed => "the connection broke".to_owned(),
        Error::Capacity(_) => "a payload is too large".to_owned(),
        _ => "it does not speak WebSocket properly".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[test]
    fn addresses() {
        let good = |url: &str| Address::parse(url).unwrap();
        let discord = good("wss://gateway.discord.gg");
        assert_eq!(discord.url, "wss://gateway.discord.gg/?v=10&encoding=json");
        assert_eq!((discord.host.as_str(), discord.port), ("gateway.discord.gg", 443));
        assert!(discord.encrypted);
        let sandbox = good("ws://127.0.0.1:4000/gateway");
        assert_eq!(sandbox.url, "ws://127.0.0.1:4000/gateway?v=10&encoding=json");
        assert!(!sandbox.encrypted && sandbox.port == 4000);
        assert_eq!(good("ws://[::1]:9").host, "::1");
        assert_eq!(good("ws://0.0.0.0:9/gateway").host, "0.0.0.0");
        for bad in
            ["ws://example.org", "https://example.org", "gateway", "", "ws://127.0.0.1.example.org"]
        {
            assert!(Address::parse(bad).is_err(), "{bad}");
        }
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(300)
    }

    #[tokio::test]
    async fn each_step_has_an_end() {
        // Nobody listens.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let address = |scheme: &str| Address {
            url: format!("{scheme}://127.0.0.1:{port}/"),
            host: "127.0.0.1".to_owned(),
            port,
            encrypted: scheme == "wss",
        };
        // Connections wait to be accepted, and nobody accepts them.
        let hung = |opened: Result<Upstream, Failure>| opened.err().unwrap();
        assert_eq!(
            hung(Upstream::open(&address("ws"), soon()).await),
            Failure::Hung("the WebSocket handshake was not answered")
        );
        assert_eq!(
            hung(Upstream::open(&address("wss"), soon()).await),
            Failure::Hung("the TLS handshake was not answered")
        );
        drop(listener);
        let refused = hung(Upstream::open(&address("ws"), soon()).await);
        assert!(
            matches!(&refused, Failure::Fast(why) if why.starts_with("no connection")),
            "{refused:?}"
        );

        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let silent = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            tokio_tungstenite::accept_async(stream).await.unwrap()
        });
        assert_eq!(
            hung(Upstream::open(&address("ws"), soon()).await),
            Failure::Hung("HELLO did not come")
        );
        drop(silent.await);
    }
}
