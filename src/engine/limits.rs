//! How long the bot waits for what, and how often it tries: the limits of its watchdogs and
//! back-offs. `Default` is what runs in production; tests and `simulate` pass shorter ones. They are
//! neither options nor settings.

use std::time::Duration;

/// All limits of one bot.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// The connection to Discord's gateway.
    pub gateway: Gateway,
    /// Deliveries.
    pub outbox: Outbox,
    /// The close of a round.
    pub close: Close,
    /// Writing to the database.
    pub writer: Writer,
    /// The check of the system's clock.
    pub clock: Clock,
    /// The health file and the alarms that follow from it.
    pub health: Health,
}

/// Limits of the connection to Discord's gateway.
#[derive(Debug, Clone, Copy)]
pub struct Gateway {
    /// How long READY or RESUMED may take, from the start or from losing a session.
    pub session: Duration,
    /// The first wait between two connections that brought neither READY nor RESUMED; it doubles
    /// from one to the next.
    pub first_wait: Duration,
    /// The longest such wait.
    pub longest_wait: Duration,
    /// How many connections in a row may hang, while REST answers, before the process ends.
    pub hangs: u32,
    /// How often standard error is told that the bot is still away.
    pub reminder: Duration,
    /// How long the client library may be silent towards the relay before it is replaced.
    pub library: Duration,
    /// The shortest time between two IDENTIFYs. Discord allows one in 5 s (documentation,
    /// events/gateway, "Rate Limiting").
    pub between_identifies: Duration,
    /// With fewer session starts left than this, `scarce_wait` lies before each IDENTIFY.
    pub scarce_starts: u64,
    /// The wait before an IDENTIFY while session starts are scarce.
    pub scarce_wait: Duration,
}

/// Limits of deliveries.
#[derive(Debug, Clone, Copy)]
pub struct Outbox {
    /// The first wait after Discord did not answer or was busy; it doubles.
    pub first_wait: Duration,
    /// The longest such wait.
    pub longest_wait: Duration,
    /// The first wait after a refusal that only an admin can end; it doubles.
    pub first_wait_in_trouble: Duration,
    /// The longest such wait.
    pub longest_wait_in_trouble: Duration,
    /// How long one request may take.
    pub request: Duration,
    /// After this long a request no longer keeps others of its kind from being tried.
    pub slow_after: Duration,
    /// How long Discord may say that something is not there, though it is, before it is given up.
    pub doubt: Duration,
    /// The time between two looks before something is taken for deleted.
    pub second_look: Duration,
    /// How long a question, a thread or a result may be overdue before that is a trouble. Wire time.
    pub trouble_after: Duration,
}

/// Limits of the close of a round.
#[derive(Debug, Clone, Copy)]
pub struct Close {
    /// How long a close may wait before it counts as a trouble. Wire time.
    pub trouble_after: Duration,
    /// How long it waits while Discord refuses to let the thread be read. Study time.
    pub refused: Duration,
    /// How long the next card waits for the close, so that it can name the last result.
    pub head_start: Duration,
    /// The wait before a thread is read again whose history lacks several answers.
    pub read_again: Duration,
}

/// Limits of writing to the database.
#[derive(Debug, Clone, Copy)]
pub struct Writer {
    /// The first wait after a tick that failed; it doubles.
    pub first_wait: Duration,
    /// The longest such wait.
    pub longest_wait: Duration,
    /// How often a failure that goes on is logged.
    pub reminder: Duration,
}

/// Limits of the check of the system's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    /// How far the wall clock may move against the monotonic one before it is doubted.
    pub doubt: Duration,
    /// How closely it must then agree with Discord's.
    pub agreement: Duration,
    /// How long nothing becomes due while it is doubted, at most.
    pub patience: Duration,
    /// How long to wait before Discord is asked for the time again.
    pub retry: Duration,
}

/// Limits of the health file and the alarms.
#[derive(Debug, Clone, Copy)]
pub struct Health {
    /// How often the health file is stamped.
    pub stamp: Duration,
    /// How long writing may fail before admins are told over REST.
    pub alarm_after: Duration,
    /// How long the gateway may be away before they are. A reconnect takes seconds, a new session with
    /// its back-off two minutes at most, and a short outage of Discord's is over by then.
    pub deaf_alarm_after: Duration,
    /// How long all must have been well before they are told that it is over.
    pub calm: Duration,
    /// The first wait after Discord could not be reached for an alarm.
    pub alarm_retry: Duration,
}

impl Default for Gateway {
    fn default() -> Self {
        Self {
            session: Duration::from_secs(60),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            hangs: 10,
            reminder: Duration::from_secs(60),
            library: Duration::from_secs(30),
            between_identifies: Duration::from_secs(5),
            scarce_starts: 100,
            scarce_wait: Duration::from_mins(5),
        }
    }
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            first_wait_in_trouble: Duration::from_secs(30),
            longest_wait_in_trouble: Duration::from_mins(30),
            // Above the client's own limit, to leave room for its waiting for a rate limit.
            request: Duration::from_secs(30),
            slow_after: Duration::from_secs(3),
            doubt: Duration::from_mins(5),
            second_look: Duration::from_secs(3),
            trouble_after: Duration::from_mins(3),
        }
    }
}

impl Default for Close {
    fn default() -> Self {
        Self {
            trouble_after: Duration::from_mins(3),
            refused: Duration::from_hours(24),
            head_start: Duration::from_secs(3),
            read_again: Duration::from_secs(5),
        }
    }
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(10),
            reminder: Duration::from_secs(60),
        }
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self {
            doubt: Duration::from_mins(5),
            agreement: Duration::from_mins(2),
            patience: Duration::from_mins(10),
            retry: Duration::from_secs(10),
        }
    }
}

impl Default for Health {
    fn default() -> Self {
        Self {
            stamp: Duration::from_secs(10),
            alarm_after: Duration::from_secs(60),
            deaf_alarm_after: Duration::from_mins(5),
            calm: Duration::from_secs(60),
            alarm_retry: Duration::from_secs(15),
        }
    }
}
