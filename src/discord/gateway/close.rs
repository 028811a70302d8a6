//! What a close code of the gateway means (Discord documentation, topics/opcodes-and-status-codes).

use crate::discord::ConnectError;

/// What to do after a close.
#[derive(Debug)]
pub(super) enum Meaning {
    /// The session can be resumed.
    Resume,
    /// The session is gone.
    Forget,
    /// Only a person can fix it.
    Fatal(ConnectError),
}

pub(super) fn meaning(code: u16) -> Meaning {
    match code {
        4004 => Meaning::Fatal(ConnectError::Token),
        4010 | 4011 => Meaning::Fatal(ConnectError::Sharding),
        4012 => Meaning::Fatal(ConnectError::Version),
        4013 | 4014 => Meaning::Fatal(ConnectError::Intents),
        // Not authenticated, already authenticated, session no longer valid, invalid sequence,
        // session timed out.
        4003 | 4005 | 4006 | 4007 | 4009 => Meaning::Forget,
        _ => Meaning::Resume,
    }
}

#[cfg(test)]
mod tests {
    use super::{ConnectError, Meaning, meaning};

    #[test]
    fn codes() {
        for (code, shown) in [
            (1000, "Resume"),
            (1001, "Resume"),
            (1006, "Resume"),
            (4000, "Resume"),
            (4001, "Resume"),
            (4002, "Resume"),
            (4003, "Forget"),
            (4004, "Fatal(Token)"),
            (4005, "Forget"),
            (4007, "Forget"),
            (4008, "Resume"),
            (4009, "Forget"),
            (4010, "Fatal(Sharding)"),
            (4011, "Fatal(Sharding)"),
            (4012, "Fatal(Version)"),
            (4013, "Fatal(Intents)"),
            (4014, "Fatal(Intents)"),
            (4999, "Resume"),
        ] {
            assert_eq!(format!("{:?}", meaning(code)), shown, "{code}");
        }
        let Meaning::Fatal(error) = meaning(4014) else { panic!() };
        assert!(error.needs_a_person() && !ConnectError::Hangs(10).needs_a_person());
    }
}
