//! Quizzes: what can be asked of them, what comes of it, and what solo and group runs share.

mod group;
mod solo;
mod views;

#[cfg(test)]
mod tests;

pub use crate::store::quizzes::{Answer, Judged};
pub use views::{Earlier, Missed, Offer, Result, Showing, SoloView};

use super::desk::{Decision, Desk};
use super::input::{Asker, Reply};
use super::secrets;
use crate::domain::draw::topic_named;
use crate::domain::ids::{ChannelId, GuildId, MemberId, QuestionId};
use crate::domain::points::Cause;
use crate::domain::question::{Difficulty, Question};
use crate::domain::quiz::draw::{self, Candidate};
use crate::domain::quiz::{self, Asked, MOST_QUESTIONS, Mode, Options, RunId, State};
use crate::domain::refusal::Refusal;
use crate::domain::schedule;
use crate::store::guilds::{self, Guild};
use crate::store::ledger::{self, Entry, Source};
use crate::store::quizzes::{self, Run};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// What a member gives `/quiz`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Alone or together.
    pub mode: Mode,
    /// A topic, as typed.
    pub topic: Option<String>,
    /// A difficulty.
    pub difficulty: Option<Difficulty>,
    /// How many questions.
    pub count: u32,
    /// Seconds for each.
    pub seconds: Option<u32>,
    /// Group: whether equals are told apart by their time.
    pub race: bool,
}

/// A press on a button of a quiz. `key` is the run's; `position` the question's, from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Press {
    /// Solo: one of the choices.
    Answer {
        /// The run's key.
        key: String,
        /// The question on the pressed message.
        position: usize,
        /// The number of the private message.
        screen: u32,
        /// Which button, from 0.
        choice: usize,
    },
    /// Solo: *Next*, or *See the result* on the last question.
    Next {
        /// The run's key.
        key: String,
        /// The question on the pressed message.
        position: usize,
        /// The number of the private message.
        screen: u32,
    },
    /// Solo: *Continue* an unfinished run in a fresh message.
    Continue {
        /// The unfinished run's key.
        key: String,
    },
    /// Solo: *Start anew*.
    Anew {
        /// The offered run's key.
        key: String,
    },
    /// Solo: *Repeat the missed ones*.
    Repeat {
        /// The finished run's key.
        key: String,
    },
    /// Group: *Join*.
    Join {
        /// The run's key.
        key: String,
    },
    /// Group: *Leave*.
    Leave {
        /// The run's key.
        key: String,
    },
    /// Group: the host's *Start*.
    Start {
        /// The run's key.
        key: String,
    },
    /// Group: one of the choices.
    Choose {
        /// The run's key.
        key: String,
        /// The question on the pressed card.
        position: usize,
        /// Which button, from 0.
        choice: usize,
    },
    /// Group: the host's *Next* while a question is open.
    Close {
        /// The run's key.
        key: String,
        /// The question on the pressed card.
        position: usize,
    },
    /// Group: the host's *Next* behind a reveal.
    Go {
        /// The run's key.
        key: String,
        /// The question on the pressed card.
        position: usize,
    },
}

/// What came of a quiz command or press.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// Solo: what the private message shows now.
    Solo(Box<SoloView>),
    /// Solo: another run is unfinished.
    Offer(Box<Offer>),
    /// Group: the card is on its way.
    OnItsWay {
        /// To where.
        channel: ChannelId,
    },
    /// Group: the choice is kept.
    Chosen {
        /// Which button, from 0.
        choice: usize,
        /// Whether the press also joined.
        joined: bool,
    },
    /// Group: in.
    Joined {
        /// Whether the member was in already.
        already: bool,
    },
    /// Group: out.
    Left,
    /// Group: done, and the card will tell.
    Silent,
}

impl Asker {
    /// When the click or command was made.
    pub(super) fn at(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.interaction.created_ms()).unwrap_or_default()
    }
}

impl Desk<'_> {
    /// `/quiz`.
    pub(super) async fn quiz(&mut self, asker: &Asker, wish: Wish) -> Decision<Reply> {
        let guild = self.quiz_guild(asker.guild).await?;
        let topic = match &wish.topic {
            Some(typed) => Some(self.quiz_topic(typed)?),
            None => None,
        };
        let options = Options {
            topic,
            difficulty: wish.difficulty,
            count: wish.count.clamp(1, MOST_QUESTIONS),
            seconds: wish.seconds,
            race: wish.race,
        };
        if let Some(run) = quizzes::by_interaction(self.db, asker.interaction).await? {
            // Discord delivered the same command twice.
            return Ok(Reply::Quiz(match run.mode {
                Mode::Solo => Said::Solo(Box::new(self.solo_view(&run).await?)),
                Mode::Group => Said::OnItsWay { channel: run.channel },
            }));
        }
        let said = match wish.mode {
            Mode::Solo => self.solo(asker, options).await?,
            Mode::Group => self.group(asker, &guild, options).await?,
        };
        Ok(Reply::Quiz(said))
    }

    /// A press on a button of a quiz.
    pub(super) async fn quiz_press(&mut self, asker: &Asker, press: Press) -> Decision<Reply> {
        Ok(Reply::Quiz(match press {
            Press::Answer { key, position, screen, choice } => {
                self.solo_answer(asker, &key, (position, screen), choice).await?
            }
            Press::Next { key, position, screen } => {
                self.solo_next(asker, &key, (position, screen)).await?
            }
            Press::Continue { key } => self.solo_continue(asker, &key).await?,
            Press::Anew { key } => self.solo_anew(asker, &key).await?,
            Press::Repeat { key } => self.solo_repeat(asker, &key).await?,
            Press::Join { key } => self.group_join(asker, &key).await?,
            Press::Leave { key } => self.group_leave(asker, &key).await?,
            Press::Start { key } => self.group_start(asker, &key).await?,
            Press::Choose { key, position, choice } => {
                self.group_choose(asker, &key, position, choice).await?
            }
            Press::Close { key, position } => self.group_close(asker, &key, position).await?,
            Press::Go { key, position } => self.group_go(asker, &key, position).await?,
        }))
    }

    /// Ends or moves on every run whose time has come.
    pub(super) async fn quiz_tick(&mut self) -> Decision<()> {
        for run in quizzes::due(self.db, self.now).await? {
            match run.mode {
                Mode::Solo => self.solo_end(run, true).await?,
                Mode::Group => self.group_tick(run).await?,
            }
        }
        Ok(())
    }

    async fn quiz_guild(&mut self, guild: GuildId) -> Decision<Guild> {
        Ok(guilds::find(self.db, guild).await?.ok_or(Refusal::NoStudyChannel)?)
    }

    fn quiz_topic(&self, typed: &str) -> Decision<String> {
        topic_named(typed, &self.shared.bank().topics())
            .map_err(|nearest| Refusal::NoSuchTopic { typed: typed.to_owned(), nearest }.into())
    }

    /// A run of the asker, not saved yet.
    async fn new_run(
        &mut self,
        asker: &Asker,
        mode: Mode,
        state: State,
        options: Options,
        seed: u64,
    ) -> Decision<Run> {
        let id = quizzes::next_id(self.db).await?;
        Ok(Run {
            id,
            // A group's card is found by the key of its delivery.
            key: self.shared.chance.key(&format!("delivery:quiz:{id}:card")),
            interaction: asker.interaction,
            guild: asker.guild,
            channel: asker.channel,
            mode,
            state,
            host: Some(asker.member),
            former_host: None,
            options,
            seed,
            position: 0,
            screen: 1,
            message: None,
            closes_at: None,
            wakes_at: Some(self.now + quiz::PATIENCE),
            started_at: self.now,
            touched_at: self.now,
            ended_at: None,
            result_due: false,
            edit: None,
        })
    }

    /// Draws a run's questions; those had longest ago by `last_had` come last.
    async fn draw_questions(
        &mut self,
        run: &Run,
        last_had: &HashMap<QuestionId, DateTime<Utc>>,
    ) -> Decision<Vec<Arc<Question>>> {
        let open = secrets::open_questions(self.db, run.guild).await?;
        let bank = self.shared.bank();
        let candidates: Vec<Candidate<'_>> = bank
            .iter()
            .filter(|question| run.options.fits(question) && can_be_asked(question))
            .filter(|question| !open.contains(&question.id))
            .map(|question| Candidate {
                id: &question.id,
                last_had: last_had.get(&question.id).copied(),
            })
            .collect();
        let count = usize::try_from(run.options.count).unwrap_or(usize::MAX);
        let drawn = draw::draw(&candidates, count, run.seed);
        if drawn.is_empty() {
            return Err(Refusal::NoQuizQuestions.into());
        }
        Ok(drawn.iter().filter_map(|id| bank.get(id).cloned()).collect())
    }

    async fn add_questions(&mut self, run: &Run, questions: &[Arc<Question>]) -> Decision<()> {
        for (position, question) in questions.iter().enumerate() {
            let order = draw::order(question.choices.len(), run.seed, position);
            let asked = Asked { question: Arc::clone(question), order };
            quizzes::add_question(self.db, run, position, &asked).await?;
        }
        Ok(())
    }

    /// Judges a choice for good and books what it earns.
    async fn judge(
        &mut self,
        guild: &Guild,
        run: RunId,
        question: &Question,
        answer: &Answer,
        right: bool,
    ) -> Decision<()> {
        let rules = self.shared.settings.rules;
        let since = answer.at - quiz::REPEAT_AFTER;
        let window = (since, answer.at);
        let first =
            quizzes::is_first(self.db, guild.id, answer.member, &question.id, window, run).await?;
        let worth = rules.quiz(question.difficulty);
        let (from, until) = day_of(guild, answer.at);
        let today = ledger::quiz_points(self.db, guild.id, answer.member, from, until).await?;
        let points = quiz::earned(right, first, worth, today, rules.quiz_daily);
        let judged = Judged { right, first, points };
        if !quizzes::judge(self.db, run, answer.position, answer.member, judged).await? {
            return Ok(());
        }
        if points > 0 {
            let entry = Entry {
                guild: guild.id,
                member: answer.member,
                source: Source::Quiz,
                question: question.id.clone(),
                kind: Cause::Quiz,
                cause: format!("quiz:{run}:{}:{}", answer.position, answer.member),
                points,
                at: answer.at,
            };
            ledger::add(self.db, &entry).await?;
        }
        self.answered_quiz(guild.id, answer.member, question, right, first, answer.at).await
    }

    /// A quiz answer is final: `right` also says in time; `first_attempt`: in 30 days.
    async fn answered_quiz(
        &mut self,
        guild: GuildId,
        member: MemberId,
        question: &Question,
        right: bool,
        first_attempt: bool,
        at: DateTime<Utc>,
    ) -> Decision<()> {
        if first_attempt {
            self.solved(&question.id, right).await?;
        }
        if !right {
            self.missed(guild, member, question, at).await?;
        }
        Ok(())
    }

    async fn secret(&mut self, guild: GuildId) -> Decision<BTreeSet<QuestionId>> {
        Ok(secrets::open_questions(self.db, guild).await?)
    }
}

/// Whether a question has what a quiz needs.
fn can_be_asked(question: &Question) -> bool {
    let right = question.choices.iter().filter(|choice| choice.right).count();
    right == 1 && (2..=MOST_CHOICES).contains(&question.choices.len())
}

/// Buttons in one row of Discord's.
const MOST_CHOICES: usize = 5;

/// The local day that an instant falls into, as the guild counts days.
fn day_of(guild: &Guild, at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let date = schedule::local_date(guild.zone, at);
    let begin = |date| schedule::local_instant(guild.zone, date, NaiveTime::MIN);
    // A date that a zone left out altogether has no beginning: then it is as good as any day.
    let from = begin(date).unwrap_or(at);
    let until = date.succ_opt().and_then(begin).unwrap_or(from + TimeDelta::days(1));
    (from, until)
}
