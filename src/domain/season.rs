//! Seasons: stretches of time that an admin begins and ends by name. They never change what
//! happened in them; one is running at a time.

use crate::domain::refusal::Refusal;
use chrono::{DateTime, Utc};

/// The longest name, in characters: it stands in titles and footers.
pub const LONGEST_NAME: usize = 60;

/// One season of a guild.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Season {
    /// The engine's number, rising from 1.
    pub id: i64,
    /// As an admin named it.
    pub name: String,
    /// From this instant on.
    pub started_at: DateTime<Utc>,
    /// Up to but without this one; `None` while it runs.
    pub ended_at: Option<DateTime<Utc>>,
}

/// Whether a season may begin at `at`, after `last`, the season begun last. A running one would
/// end at that instant, so that seasons never overlap.
///
/// # Errors
/// `at` lies ahead, or before the last season was over, or at its very beginning.
pub fn may_start(
    at: DateTime<Utc>,
    now: DateTime<Utc>,
    last: Option<&Season>,
) -> Result<(), Refusal> {
    if at > now {
        return Err(Refusal::SeasonAhead);
    }
    match last {
        Some(last) if at <= last.started_at || last.ended_at.is_some_and(|end| at < end) => {
            Err(Refusal::SeasonsOverlap(last.name.clone()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Season, may_start};
    use crate::domain::refusal::Refusal;
    use chrono::{DateTime, Utc};

    fn day(day: u32) -> DateTime<Utc> {
        format!("2026-11-{day:02}T00:00:00Z").parse().unwrap()
    }

    #[test]
    fn seasons_follow_each_other() {
        let season = |from: u32, until: Option<u32>| Season {
            id: 1,
            name: "Autumn".to_owned(),
            started_at: day(from),
            ended_at: until.map(day),
        };
        let overlap = Err(Refusal::SeasonsOverlap("Autumn".to_owned()));
        // Start, now, the last season, what comes of it.
        let table = [
            (10, 10, None, Ok(())),
            (9, 10, None, Ok(())),
            (11, 10, None, Err(Refusal::SeasonAhead)),
            // It ends the running one, which must have lasted.
            (10, 20, Some(season(9, None)), Ok(())),
            (10, 20, Some(season(10, None)), overlap.clone()),
            (10, 20, Some(season(11, None)), overlap.clone()),
            // One that is over stays as it is.
            (10, 20, Some(season(5, Some(10))), Ok(())),
            (10, 20, Some(season(5, Some(11))), overlap.clone()),
            (10, 20, Some(season(10, Some(10))), overlap),
        ];
        for (start, now, last, wanted) in table {
            assert_eq!(may_start(day(start), day(now), last.as_ref()), wanted, "{start} {last:?}");
        }
    }
}
