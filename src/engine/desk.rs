//! The desk an input is decided at: the transaction, the instant, the bank, the settings.

use super::Shared;
use super::input::{Asker, Click, Command, Input, Press, Reply};
use super::intent::{Intent, Reading};
use super::rota::{Look, Who};
use crate::domain::ids::{ChannelId, GuildId, RoundId};
use crate::domain::notice::Notice;
use crate::domain::refusal::Refusal;
use crate::store::channels::StudyChannel;
use crate::store::rounds::Round;
use crate::store::{self, Connection, channels, deliveries, members, quizzes, rounds};
use chrono::{DateTime, Utc};

/// Why a decision came to nothing.
pub(super) enum Stop {
    /// A no for the asker.
    Refused(Refusal),
    /// Something broke.
    Broken(anyhow::Error),
}

impl From<store::Error> for Stop {
    fn from(error: store::Error) -> Self {
        Self::Broken(error.into())
    }
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

pub(super) type Decision<T> = Result<T, Stop>;

/// One thing owed, before it has a number.
pub(super) struct Owed<'a> {
    pub(super) cause: &'a str,
    pub(super) intent: Intent,
    pub(super) after: Option<i64>,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

pub(super) struct Desk<'a> {
    pub(super) db: &'a mut Connection,
    pub(super) now: DateTime<Utc>,
    pub(super) shared: &'a Shared,
    /// A delivery was recorded; the courier must be woken after the commit.
    pub(super) owes: bool,
    /// Something changed that decides when the next tick is due.
    pub(super) replan: bool,
    /// Who is to be looked at when, as far as this decision tells.
    pub(super) looks: Vec<Look>,
    /// Everybody is among those.
    pub(super) filled: bool,
}

impl<'a> Desk<'a> {
    pub(super) fn new(shared: &'a Shared, db: &'a mut Connection) -> Self {
        let now = shared.clock.now();
        Self { db, now, shared, owes: false, replan: false, looks: Vec::new(), filled: false }
    }

    /// Decides one input. It's borrowed, because a group whose commit failed is decided again.
    pub(super) async fn decide(&mut self, input: &Input) -> Decision<Reply> {
        match input {
            Input::Tick => self.tick().await,
            Input::Message { guild, thread, message, facts } => {
                self.message(*guild, *thread, message, facts).await
            }
            Input::MessageGone { message, .. } => self.message_gone(*message).await,
            Input::Stale(marks) => self.read_again(marks).await,
            Input::Command(asker, command) => self.command(asker, command.clone()).await,
            Input::Click(asker, click) => self.click(asker, click.clone()).await,
            Input::Pressed { key, by, name, press } => match press {
                Press::StopReminder => self.stop_reminder(key, *by).await,
                Press::Decide(standing) => {
                    self.decide_report(key, *by, name.as_deref(), *standing).await
                }
            },
            Input::Attempt { delivery } => {
                Ok(Reply::Attempt(deliveries::attempt(self.db, *delivery).await?.map(Box::new)))
            }
            Input::Attempted { delivery, outcome } => {
                self.attempted(*delivery, outcome.clone()).await
            }
            Input::Overdue { delivery } => self.overdue(*delivery).await,
            Input::LookedUp { guild, member, name, facts } => {
                match name {
                    Some(name) => {
                        members::seen(self.db, *guild, *member, name, facts, self.now).await?;
                    }
                    None => members::left(self.db, *guild, *member, self.now).await?,
                }
                Ok(Reply::Noted)
            }
        }
    }

    async fn click(&mut self, asker: &Asker, click: Click) -> Decision<Reply> {
        self.asker_seen(asker).await?;
        match click {
            Click::Vote { card, author } => self.vote(asker, &card, author).await,
            Click::Withdraw { card } => self.withdraw(asker, &card).await,
            Click::VoteForMessage { message } => self.vote_for_message(asker, &message).await,
            Click::NotMyAnswer { message } => self.not_my_answer(asker, &message).await,
            Click::Quiz(press) => self.quiz_press(asker, press).await,
            Click::Grade { key, reviews, grade } => self.grade(asker, &key, reviews, grade).await,
        }
    }

    async fn command(&mut self, asker: &Asker, command: Command) -> Decision<Reply> {
        self.asker_seen(asker).await?;
        self.replan = true;
        let reply = self.control(asker, command).await?;
        // Whatever it changed: all of the guild is looked at anew.
        self.looks.push((Who::Guild(asker.guild), Some(self.now)));
        for channel in channels::ids_in_use(self.db, Some(asker.guild)).await? {
            self.looks.push((Who::Channel(channel), Some(self.now)));
        }
        Ok(reply)
    }

    async fn asker_seen(&mut self, asker: &Asker) -> store::Result<()> {
        let Asker { guild, member, name, facts, .. } = asker;
        members::seen(self.db, *guild, *member, name, facts, self.now).await
    }

    /// When something is due next, but for what is on the rota: a close, the end of a card's time, a
    /// quiz, a reminder.
    pub(super) async fn agenda(&mut self) -> store::Result<Option<DateTime<Utc>>> {
        let next = [
            rounds::next_close(self.db).await?,
            deliveries::next_expiry(self.db, self.now).await?,
            quizzes::next_wake(self.db).await?,
            self.next_reminder().await?,
        ];
        Ok(next.into_iter().flatten().min())
    }

    /// A number that no cause had before, for what may rightly be owed again and again. Not the
    /// time: a simulated clock stands still, and a real one can be set back.
    pub(super) async fn turn(&mut self) -> Decision<i64> {
        Ok(deliveries::next_id(self.db).await?)
    }

    /// Records something to be said; `None` if it is owed already.
    pub(super) async fn owe(
        &mut self,
        guild: GuildId,
        channel: Option<ChannelId>,
        round: Option<RoundId>,
        owed: Owed<'_>,
    ) -> Decision<Option<i64>> {
        self.owe_paced(guild, channel, round, owed, None).await
    }

    /// The same; deliveries of the same `pace` keep a distance in time.
    pub(super) async fn owe_paced(
        &mut self,
        guild: GuildId,
        channel: Option<ChannelId>,
        round: Option<RoundId>,
        owed: Owed<'_>,
        pace: Option<&str>,
    ) -> Decision<Option<i64>> {
        let key = self.shared.chance.key(&format!("delivery:{}", owed.cause));
        let new = deliveries::New {
            cause: owed.cause,
            key: &key,
            guild,
            channel,
            round,
            after: owed.after,
            intent: &owed.intent,
            expires_at: owed.expires_at,
            pace,
            first: owed.intent.is_awaited(),
        };
        let id = deliveries::record(self.db, &new, self.now).await?;
        self.owes |= id.is_some();
        Ok(id)
    }

    /// Records something to be said about a round.
    pub(super) async fn owe_for(
        &mut self,
        round: &Round,
        cause: &str,
        intent: Intent,
        after: Option<i64>,
    ) -> Decision<Option<i64>> {
        let cause = format!("round:{}:{cause}", round.id);
        let owed = Owed { cause: &cause, intent, after, expires_at: None };
        self.owe(round.guild, Some(round.channel), Some(round.id), owed).await
    }

    /// Records that a round's thread must be read. A reading that hasn't begun will see everything, so
    /// a second one isn't recorded beside it.
    pub(super) async fn owe_reading(&mut self, round: &Round, reading: Reading) -> Decision<()> {
        let cause = match reading {
            Reading::Close => "read:close".to_owned(),
            Reading::CatchUp if deliveries::reading_waits(self.db, round.id).await? => {
                return Ok(());
            }
            Reading::CatchUp => format!("read:{}", self.turn().await?),
        };
        self.owe_for(round, &cause, Intent::ReadThread { round: round.id, reading }, None).await?;
        Ok(())
    }

    /// Records a notice to a guild's admins. `what` tells this notice from all others. Those about one
    /// study channel come in their order: word of a trouble must not follow word of its end.
    pub(super) async fn notify(
        &mut self,
        guild: GuildId,
        channel: ChannelId,
        what: &str,
        notice: Notice,
    ) -> Decision<()> {
        let cause = format!("notice:{channel}:{what}");
        let after = deliveries::pending_notice(self.db, channel).await?;
        let intent = Intent::Notice { notice };
        let owed = Owed { cause: &cause, intent, after, expires_at: None };
        self.owe(guild, Some(channel), None, owed).await?;
        Ok(())
    }

    /// The study channel a command is about: the one named, the one it was typed in, or the only
    /// one there is.
    pub(super) async fn study_channel(
        &mut self,
        asker: &Asker,
        named: Option<ChannelId>,
    ) -> Decision<StudyChannel> {
        let mut all = channels::in_use(self.db, Some(asker.guild)).await?;
        let at = |id: ChannelId| all.iter().position(|channel| channel.id == id);
        let found = match named {
            Some(named) => at(named).ok_or(Refusal::NotAStudyChannel)?,
            None => match (at(asker.channel), all.len()) {
                (Some(here), _) => here,
                (None, 0) => return Err(Refusal::NoStudyChannel.into()),
                (None, 1) => 0,
                (None, _) => {
                    return Err(Refusal::WhichChannel(all.iter().map(|c| c.id).collect()).into());
                }
            },
        };
        Ok(all.swap_remove(found))
    }
}
