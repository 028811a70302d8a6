//! Connections: accepted, served, and bounded in number and in time.

use super::server::Server;
use axum::Router;
use axum::extract::{ConnectInfo, Extension};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Sleep, sleep};

/// Connections at the same time, gateways included. Further ones wait to be accepted.
const MOST_CONNECTIONS: usize = 4_096;
/// Bytes of a request's line and headers.
const MOST_HEADERS: usize = 64 * 1024;

/// How long the other side of a connection may take (wire time).
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// For the headers of a request, including the next one on an idle connection.
    pub headers: Duration,
    /// For the body of a request.
    pub body: Duration,
    /// For IDENTIFY or RESUME on a gateway connection.
    pub identify: Duration,
    /// For reading any of what was sent to it.
    pub write: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            headers: Duration::from_secs(60),
            body: Duration::from_secs(60),
            identify: Duration::from_secs(30),
            write: Duration::from_secs(60),
        }
    }
}

/// Serves connections until the server stops. `axum::serve` would do, but it sets no timer, without
/// which hyper has no time limit for headers.
pub async fn serve(server: Arc<Server>, listener: TcpListener, router: Router) {
    let room = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let accepted = async {
            let permit = Arc::clone(&room).acquire_owned().await.ok()?;
            Some((accept(&listener).await, permit))
        };
        tokio::select! {
            () = server.stopping.cancelled() => break,
            accepted = accepted => {
                let Some((stream, permit)) = accepted else { break };
                connections.spawn(connection(Arc::clone(&server), stream, permit, router.clone()));
            }
        }
    }
    while connections.join_next().await.is_some() {}
}

/// The next connection.
async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The client has changed its mind.
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
                ) => {}
            Err(error) => {
                // Usually there are no file descriptors left; others may be closed meanwhile.
                tracing::error!(%error, "the sandbox cannot accept a connection");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

async fn connection(
    server: Arc<Server>,
    stream: TcpStream,
    permit: OwnedSemaphorePermit,
    router: Router,
) {
    // Small messages back and forth: waiting to fill packets only costs time.
    let _ = stream.set_nodelay(true);
    let patience = server.patience();
    let broken = Arc::<AtomicBool>::default();
    let breaker = Extension(ConnectInfo(Breaker(Arc::clone(&broken))));
    let io = BreakableStream {
        stream,
        broken,
        patience: patience.write,
        stalled: None,
        _permit: permit,
    };
    let service = TowerToHyperService::new(router.layer(breaker));
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.headers)
        .max_buf_size(MOST_HEADERS)
        .serve_connection(TokioIo::new(io), service)
        .with_upgrades();
    let mut serving = pin!(serving);
    // An error ends a connection, and the other side knows of it already.
    tokio::select! {
        _ = serving.as_mut() => return,
        () = server.stopping.cancelled() => {}
    }
    serving.as_mut().graceful_shutdown();
    let _ = serving.await;
}

/// A connection that can be broken from inside a handler, as networks do, and that ends if the other
/// side stops reading.
struct BreakableStream {
    stream: TcpStream,
    broken: Arc<AtomicBool>,
    /// How long nothing of what is written may be taken.
    patience: Duration,
    /// Runs while nothing is taken.
    stalled: Option<Pin<Box<Sleep>>>,
    _permit: OwnedSemaphorePermit,
}

/// Breaks the connection a request came by: nothing more is written to it.
#[derive(Clone)]
pub struct Breaker(Arc<AtomicBool>);

impl Breaker {
    /// From now on every write fails.
    pub fn pull(&self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl BreakableStream {
    fn check(&self) -> io::Result<()> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for BreakableStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for BreakableStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, buf) {
            self.stalled = None;
            return Poll::Ready(written);
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
