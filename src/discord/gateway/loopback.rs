//! The library's side of the relay: a listener on this computer, and the one connection that the client
//! library has to it.

use super::frame::{self, Said};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::{SinkExt as _, StreamExt as _};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Message, Utf8Bytes};

/// How long a caller may take to name the secret path.
const KNOCK: Duration = Duration::from_secs(2);
/// Callers that may be looked at together.
const CALLERS: usize = 16;
/// The pause after the system gave no connection, for example because too many files are open.
const NO_CONNECTION: Duration = Duration::from_millis(100);

/// A listener that only the client library finds: its path is a secret, so no other program on this
/// computer can pretend to be the library.
pub(super) struct Loopback {
    url: String,
    callers: mpsc::Receiver<TcpStream>,
    task: JoinHandle<()>,
}

impl Loopback {
    pub(super) async fn open() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let path = secret();
        let url = format!("ws://{}/{path}", listener.local_addr()?);
        let (sender, callers) = mpsc::channel(1);
        let task = tokio::spawn(listen(listener, format!("GET /{path}?"), sender));
        Ok(Self { url, callers, task })
    }

    /// The address for the library. It is a secret.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// The next connection of the library. Pending forever once the listener has ended.
    pub(super) async fn next(&mut self) -> TcpStream {
        match self.callers.recv().await {
            Some(stream) => stream,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[expect(clippy::disallowed_methods, reason = "secrets must not follow from the seed")]
fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 24]>())
}

async fn listen(listener: TcpListener, line: String, library: mpsc::Sender<TcpStream>) {
    let mut callers = JoinSet::new();
    loop {
        if callers.len() >= CALLERS {
            callers.join_next().await;
        }
        match listener.accept().await {
            Ok((stream, _)) => {
                let (line, library) = (line.clone(), library.clone());
                callers.spawn(async move {
                    let knows = timeout(KNOCK, names(&stream, &line)).await;
                    if matches!(knows, Ok(true)) {
                        // The relay has ended, or will take it.
                        let _ = library.send(stream).await;
                    }
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the relay's listener could not take a connection");
                sleep(NO_CONNECTION).await;
            }
        }
        while callers.try_join_next().is_some() {}
    }
}

/// Whether a request begins with this line, without taking it from the stream.
async fn names(stream: &TcpStream, line: &str) -> bool {
    let mut seen = vec![0; line.len()];
    loop {
        match stream.peek(&mut seen).await {
            Ok(length) if length == line.len() => return seen == line.as_bytes(),
            // Closed.
            Ok(0) | Err(_) => return false,
            Ok(length) if seen[..length] != line.as_bytes()[..length] => return false,
            Ok(_) => sleep(Duration::from_millis(5)).await,
        }
    }
}

/// The connection of the client library. Its heartbeats are acknowledged here, whatever Discord does,
/// so that the library never gives up a session by itself.
pub(super) struct Library {
    socket: WebSocketStream<TcpStream>,
    /// How long it may be silent.
    limit: Duration,
    /// Until when it has to be heard of.
    until: Instant,
}

/// How the library's connection ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Lost {
    /// It is gone, and the library may connect again.
    Gone,
    /// It is there, and the library says nothing.
    Silent,
}

impl Library {
    /// Takes the connection and says HELLO.
    pub(super) async fn greet(stream: TcpStream, limit: Duration) -> Result<Self, Lost> {
        let until = Instant::now() + limit;
        let _slower = stream.set_nodelay(true);
        let config = WebSocketConfig::default().max_message_size(None).max_frame_size(None);
        let taking = tokio_tungstenite::accept_async_with_config(stream, Some(config));
        let socket =
            timeout_at(until, taking).await.map_err(|_| Lost::Silent)?.map_err(|_| Lost::Gone)?;
        let mut library = Self { socket, limit, until };
        // Four chances to be heard of within the limit.
        library.tell(&frame::hello(limit / 4)).await?;
        library.flush().await?;
        Ok(library)
    }

    /// What the library says, heartbeats aside. May be dropped and called again.
    pub(super) async fn next(&mut self) -> Result<Said, Lost> {
        loop {
            let message = timeout_at(self.until, self.socket.next()).await;
            let text = match message.map_err(|_| Lost::Silent)? {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(Lost::Gone),
                Some(Ok(_)) => continue,
            };
            self.until = Instant::now() + self.limit;
            match frame::said(&text) {
                Some(Said::Heartbeat) => {
                    self.tell(frame::ACKNOWLEDGED).await?;
                    self.flush().await?;
                }
                Some(said) => return Ok(said),
                None => return Err(Lost::Gone),
            }
        }
    }

    /// Keeps the library company until its connection ends.
    pub(super) async fn keep(&mut self) -> Lost {
        loop {
            match self.next().await {
                Ok(Said::Identify(_) | Said::Resume { .. }) => return Lost::Gone,
                Ok(_) => {}
                Err(lost) => return lost,
            }
        }
    }

    /// Passes a payload on, to be flushed.
    pub(super) async fn pass(&mut self, text: Utf8Bytes) -> Result<(), Lost> {
        let deadline = Instant::now() + self.limit;
        match timeout_at(deadline, self.socket.feed(Message::Text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Gone),
            Err(_) => Err(Lost::Silent),
        }
    }

    /// Says something of the relay's own, to be flushed.
    pub(super) async fn tell(&mut self, text: &str) -> Result<(), Lost> {
        self.pass(text.into()).await
    }

    pub(super) async fn flush(&mut self) -> Result<(), Lost> {
        match timeout(self.limit, self.socket.flush()).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(Lost::Gone),
            Err(_) => Err(Lost::Silent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    #[tokio::test]
    async fn only_who_knows_the_path_is_let_in() {
        let mut loopback = Loopback::open().await.unwrap();
        let address = loopback.url().strip_prefix("ws://").unwrap().split('/').next().unwrap();
        let address = address.to_owned();
        for request in ["GET / HTTP/1.1\r\n\r\n", "GET /?v=10 HTTP/1.1\r\n\r\n", "x"] {
            let mut stranger = TcpStream::connect(&address).await.unwrap();
            stranger.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // Dropped without a word; a reset is as good.
            let _reset = stranger.read_to_end(&mut answer).await;
            assert_eq!(answer, b"", "{request}");
        }
        // Somebody who says nothing holds up nobody.
        let _idle = TcpStream::connect(&address).await.unwrap();
        let url = format!("{}?v=10", loopback.url());
        let limit = Duration::from_secs(5);
        let calling = tokio::spawn(async move {
            let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
            let hello = socket.next().await.unwrap().unwrap();
            socket.send(Message::text(r#"{"op":1,"d":null}"#)).await.unwrap();
            let acknowledged = socket.next().await.unwrap().unwrap();
            (hello.into_text().unwrap(), acknowledged.into_text().unwrap())
        });
        let stream = timeout(limit, loopback.next()).await.unwrap();
        let mut library = Library::greet(stream, limit).await.unwrap();
        assert_eq!(library.keep().await, Lost::Gone);
        let (hello, acknowledged) = calling.await.unwrap();
        assert!(hello.contains("\"heartbeat_interval\":1250"), "{hello}");
        assert_eq!(acknowledged.as_str(), frame::ACKNOWLEDGED);
    }

    #[tokio::test]
    async fn a_library_that_says_nothing_is_noticed() {
        let mut loopback = Loopback::open().await.unwrap();
        let url = format!("{}?v=10", loopback.url());
        let silent = tokio::spawn(async move { tokio_tungstenite::connect_async(url).await });
        let stream = loopback.next().await;
        let mut library = Library::greet(stream, Duration::from_millis(200)).await.unwrap();
        let _held = silent.await.unwrap().unwrap();
        assert_eq!(library.keep().await, Lost::Silent);
    }
}
