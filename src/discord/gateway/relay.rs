//! The relay: a gateway for the client library, and a client of Discord's gateway.
//!
//! The library connects once and sees one long connection. Behind it the relay connects to Discord as
//! often as needed, says IDENTIFY or RESUME itself, and keeps the session's place. So every time limit
//! and every wait is the relay's, and a connection that the relay has dropped can't come back: nobody
//! reads its socket any more.

use super::backoff::chance;
use super::frame::{self, Said};
use super::inspect::Warnings;
use super::loopback::{Library, Loopback, Lost};
use super::pump::{End, Pump};
use super::session::{Opening, Session};
use super::shared::Shared;
use super::upstream::{Address, Failure, Upstream};
use crate::discord::ConnectError;
use secrecy::ExposeSecret as _;
use std::sync::Arc;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

/// Ends a session on Discord's side.
const GOODBYE: u16 = 1000;
/// Leaves a session to be resumed.
const BACK_SOON: u16 = 4000;

/// Why a relay has ended.
pub(super) enum Over {
    /// It was asked to.
    Left,
    /// Only a person, or a new process, can help.
    Fatal(ConnectError),
    /// The client library must be replaced.
    Stuck(&'static str),
}

pub(super) struct Relay {
    shared: Arc<Shared>,
    loopback: Loopback,
    leave: CancellationToken,
    library: Option<Library>,
    session: Option<Session>,
    warnings: Warnings,
    /// The address for resuming didn't answer: the next attempt goes to the usual one.
    resume_url_failed: bool,
}

impl Relay {
    pub(super) fn new(shared: Arc<Shared>, loopback: Loopback, leave: CancellationToken) -> Self {
        Self {
            shared,
            loopback,
            leave,
            library: None,
            session: None,
            warnings: Warnings::default(),
            resume_url_failed: false,
        }
    }

    /// Works until there is nothing more to be done.
    pub(super) async fn run(&mut self) -> Over {
        loop {
            if let Err(over) = self.attend().await {
                return over;
            }
        }
    }

    /// Takes in whatever the library still wants to say, so that it can end in order.
    pub(super) async fn see_off(&mut self) {
        loop {
            if let Some(library) = &mut self.library {
                library.keep().await;
                self.library = None;
            }
            let stream = self.loopback.next().await;
            self.library = Library::greet(stream, self.shared.limits.library).await.ok();
        }
    }

    /// Serves one connection of the library.
    async fn attend(&mut self) -> Result<(), Over> {
        self.library = None;
        let limit = self.shared.limits.library;
        let stream = tokio::select! {
            () = self.leave.cancelled() => return Err(Over::Left),
            stream = timeout(limit, self.loopback.next()) => {
                stream.map_err(|_| Over::Stuck("the client library does not connect"))?
            }
        };
        let greeted = tokio::select! {
            () = self.leave.cancelled() => return Err(Over::Left),
            greeted = greeted(stream, limit) => greeted,
        };
        let (mut library, said) = match greeted {
            Ok(greeted) => greeted,
            Err(Lost::Gone) => return Ok(()),
            Err(Lost::Silent) => return Err(Over::Stuck("the client library says nothing")),
        };
        match said {
            Said::Identify(identify) => self.session = Some(Session::new(identify)),
            Said::Resume { session, sequence } => {
                let known = self.session.as_mut().is_some_and(|s| s.rewind(&session, sequence));
                if !known {
                    // It will identify on its next connection.
                    let _ = library.tell(frame::INVALID).await;
                    let _ = library.flush().await;
                    return Ok(());
                }
            }
            Said::Heartbeat | Said::Other => return Ok(()),
        }
        let library = self.library.insert(library);
        let Some(session) = &mut self.session else { return Ok(()) };
        let shared = Arc::clone(&self.shared);
        loop {
            // While there is no connection to Discord, the library is kept company.
            let (upstream, resumes, deadline) = tokio::select! {
                () = self.leave.cancelled() => return Err(Over::Left),
                lost = library.keep() => return gone(lost),
                opened = open(&shared, session, &mut self.resume_url_failed) => match opened {
                    Ok(opened) => opened,
                    Err(error) => return Err(Over::Fatal(error)),
                },
            };
            let mut pump =
                Pump::new(&shared, session, library, &mut self.warnings, upstream, deadline);
            let end = pump.run(&self.leave).await;
            let began = pump.began.map(|(how, at)| (how, at.elapsed()));
            let (failure, forget) = match end {
                End::Left => {
                    pump.close(GOODBYE).await;
                    return Err(Over::Left);
                }
                End::Fatal(error) => return Err(Over::Fatal(error)),
                End::Library(lost) => {
                    if let Some((how, lasted)) = began {
                        shared.session_ended(how, lasted, "the client library lost its connection");
                    }
                    let code = if lost == Lost::Gone { BACK_SOON } else { GOODBYE };
                    pump.close(code).await;
                    return gone(lost);
                }
                End::Resume(failure) => (failure, false),
                End::Forget(failure) => (failure, true),
            };
            // Not waited for: whatever comes on it any more, nobody reads it.
            drop(pump);
            if forget {
                session.forget();
                // Discord asks for one to five seconds before the next IDENTIFY (documentation,
                // events/gateway, "Resuming").
                shared.not_before(shared.limits.first_wait.mul_f64(1.0 + 4.0 * chance()));
            } else if resumes && began.is_none() {
                session.resume_failed();
            }
            match (began, &failure) {
                (Some((how, lasted)), Failure::Fast(why)) => shared.session_ended(how, lasted, why),
                (Some((how, lasted)), Failure::Hung(why)) => shared.session_ended(how, lasted, why),
                (None, failure) => shared.failed(failure).await.map_err(Over::Fatal)?,
            }
        }
    }
}

fn gone(lost: Lost) -> Result<(), Over> {
    match lost {
        Lost::Gone => Ok(()),
        Lost::Silent => Err(Over::Stuck("the client library says nothing any more")),
    }
}

/// Takes the library's connection up to what it opens its session with.
async fn greeted(
    stream: tokio::net::TcpStream,
    limit: std::time::Duration,
) -> Result<(Library, Said), Lost> {
    let mut library = Library::greet(stream, limit).await?;
    // The library's heartbeats begin with HELLO, so silence is noticed here too.
    let said = library.next().await?;
    Ok((library, said))
}

/// Connects to Discord, however often it takes, and says IDENTIFY or RESUME. Gives the connection, whether
/// it resumes, and until when it must have brought a session.
async fn open(
    shared: &Shared,
    session: &Session,
    resume_url_failed: &mut bool,
) -> Result<(Upstream, bool, Instant), ConnectError> {
    loop {
        shared.turn().await;
        let resumes = matches!(session.opening(), Opening::Resume);
        if !resumes {
            shared.may_identify().await;
        }
        let wanted = session.resume_url().filter(|_| resumes && !*resume_url_failed);
        let wanted = wanted.and_then(|url| Address::parse(url).ok());
        let deadline = Instant::now() + shared.limits.session;
        let opened = connect(shared, session, wanted.as_ref(), resumes, deadline).await;
        *resume_url_failed = wanted.is_some() && opened.is_err();
        match opened {
            Ok(upstream) => return Ok((upstream, resumes, deadline)),
            Err(failure) => shared.failed(&failure).await?,
        }
    }
}

async fn connect(
    shared: &Shared,
    session: &Session,
    wanted: Option<&Address>,
    resumes: bool,
    deadline: Instant,
) -> Result<Upstream, Failure> {
    let usual = shared.address();
    let mut upstream = Upstream::open(wanted.unwrap_or(&usual), deadline).await?;
    if !resumes {
        shared.identifies();
    }
    upstream.send(session.payload().expose_secret(), deadline).await?;
    Ok(upstream)
}
