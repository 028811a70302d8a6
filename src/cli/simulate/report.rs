//! What a simulation came to.

use chrono::TimeDelta;
use std::collections::BTreeMap;
use std::fmt;

/// Broken promises that the report tells one by one.
const TOLD: usize = 30;

/// The figures of a simulation, and every promise it saw broken.
#[derive(Debug, Default)]
pub struct Report {
    /// What was simulated, in a line.
    pub title: String,
    /// Rounds that ought to be.
    pub due: u64,
    /// Posted within a minute.
    pub on_time: u64,
    /// Posted later, but not too late.
    pub late: u64,
    /// The latest of those.
    pub worst: TimeDelta,
    /// Not posted, with a reason recorded, by reason.
    pub skipped: BTreeMap<String, u64>,
    /// Rounds with two cards, threads, results or reference answers.
    pub doubled: u64,
    /// Rounds that are missing, or parts of them.
    pub lost: u64,
    /// Rounds that were closed and judged.
    pub closed: u64,
    /// Members' answers that counted, lost, and counted though they should not.
    pub answers: [u64; 3],
    /// Check marks that are where they belong, missing, and where they do not belong; of rounds
    /// that no lasting trouble touched.
    pub marks: [u64; 3],
    /// Votes that counted, lost, and counted though they should not.
    pub votes: [u64; 3],
    /// Votes of which nobody was told whether they counted.
    pub untold: u64,
    /// Points booked, lost, and booked though they should not be.
    pub points: [i64; 3],
    /// The bot's requests by status; 0 for broken connections.
    pub requests: BTreeMap<u16, u64>,
    /// How often the bot was killed.
    pub kills: u64,
    /// What else went wrong on purpose.
    pub troubles: u64,
    /// What members did in vain.
    pub unanswered: u64,
    /// Deliveries left over at the end.
    pub pending: u64,
    /// Each promise that was broken, in a sentence.
    pub broken: Vec<String>,
}

impl Report {
    /// Notes a broken promise.
    pub fn breaks(&mut self, sentence: String) {
        self.broken.push(sentence);
    }

    /// Whether all promises were kept.
    pub fn is_kept(&self) -> bool {
        self.broken.is_empty()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n", self.title)?;
        let skipped: u64 = self.skipped.values().sum();
        let reasons: Vec<String> =
            self.skipped.iter().map(|(reason, count)| format!("{reason}: {count}")).collect();
        let reasons =
            if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
        writeln!(f, "rounds    {} due", self.due)?;
        writeln!(f, "          {} posted on time", self.on_time)?;
        writeln!(f, "          {} posted late, the worst by {}", self.late, span(self.worst))?;
        writeln!(f, "          {skipped} skipped with a reason{reasons}")?;
        writeln!(f, "          {} doubled, {} lost", self.doubled, self.lost)?;
        writeln!(f, "          {} closed and judged", self.closed)?;
        let [counted, lost, doubled] = self.answers;
        writeln!(f, "answers   {counted} counted, {lost} lost, {doubled} doubled or unearned")?;
        let [right, missing, wrong] = self.marks;
        writeln!(
            f,
            "marks     {right} under answers, {missing} missing, {wrong} under nothing that counts"
        )?;
        let [counted, lost, doubled] = self.votes;
        writeln!(
            f,
            "votes     {counted} counted, {lost} lost, {doubled} doubled or unearned; {} cut off before the voter was told",
            self.untold
        )?;
        let [counted, lost, doubled] = self.points;
        writeln!(f, "points    {counted} booked, {lost} lost, {doubled} doubled or unearned")?;
        let requests: Vec<String> = self
            .requests
            .iter()
            .map(|(status, count)| match status {
                0 => format!("{count} cut off"),
                status => format!("{status}: {count}"),
            })
            .collect();
        writeln!(f, "requests  {}", requests.join(", "))?;
        writeln!(
            f,
            "weather   {} kills, {} other troubles; members got no answer {} times",
            self.kills, self.troubles, self.unanswered
        )?;
        writeln!(f, "left over {} deliveries", self.pending)?;
        if self.is_kept() {
            return write!(f, "\nThe promise was kept.");
        }
        writeln!(f, "\nThe promise was broken {} times:", self.broken.len())?;
        for sentence in self.broken.iter().take(TOLD) {
            writeln!(f, "  {sentence}")?;
        }
        if self.broken.len() > TOLD {
            writeln!(f, "  … and {} more", self.broken.len() - TOLD)?;
        }
        Ok(())
    }
}

fn span(span: TimeDelta) -> String {
    let seconds = span.num_seconds();
    match seconds {
        0..120 => format!("{seconds} s"),
        _ => format!("{} min", seconds / 60),
    }
}
