//! Group runs: the rules are `domain::quiz::group`'s; this keeps their state in the store.
//!
//! A choice, of which hundreds may come within a second, touches only its own rows; every other
//! event loads the run as a whole.

use super::super::desk::{Decision, Desk, Owed};
use super::super::input::Asker;
use super::super::intent::Intent;
use super::Said;
use crate::domain::ids::{GuildId, MessageId};
use crate::domain::quiz::group::{self, Event, Given, Group, Happened, Seat};
use crate::domain::quiz::{Mode, Options, RunId, State};
use crate::domain::refusal::Refusal;
use crate::store::deliveries::{self, Delivery, End};
use crate::store::guilds::Guild;
use crate::store::quizzes::{self, Answer, Run};
use chrono::TimeDelta;

/// After this long a card that Discord has not taken is not wanted any more.
const CARD_LATENESS: TimeDelta = TimeDelta::minutes(10);

impl Desk<'_> {
    /// `/quiz` for a group.
    pub(super) async fn group(
        &mut self,
        asker: &Asker,
        guild: &Guild,
        options: Options,
    ) -> Decision<Said> {
        if quizzes::group_in(self.db, asker.channel).await?.is_some() {
            return Err(Refusal::QuizGoingOn.into());
        }
        let seed = self.shared.chance.number(&format!("quiz:{}", asker.interaction));
        let mut run = self.new_run(asker, Mode::Group, State::Lobby, options, seed).await?;
        // It begins to count when the card is there.
        run.wakes_at = None;
        let last_asked = quizzes::last_asked(self.db, guild.id).await?;
        let questions = self.draw_questions(&run, &last_asked).await?;
        if !quizzes::insert(self.db, &run).await? {
            return Err(Refusal::TryAgain.into());
        }
        self.add_questions(&run, &questions).await?;
        quizzes::join(self.db, run.id, asker.member, asker.interaction).await?;
        let cause = format!("quiz:{}:card", run.id);
        let owed = Owed {
            cause: &cause,
            intent: Intent::QuizCard { run: run.id },
            after: None,
            expires_at: Some(self.now + CARD_LATENESS),
        };
        let pace = pace(run.id);
        self.owe_paced(run.guild, None, None, owed, Some(&pace)).await?;
        Ok(Said::OnItsWay { channel: run.channel })
    }

    /// *Join*.
    pub(super) async fn group_join(&mut self, asker: &Asker, key: &str) -> Decision<Said> {
        let run = self.group_run(asker, key).await?;
        let group = self.group_of(&run).await?;
        let already = group.seats.iter().any(|seat| seat.member == asker.member);
        let event = Event::Join(asker.member, asker.interaction);
        let (run, group) = self.group_event(run, group, event).await?;
        if !already && quizzes::join(self.db, run.id, asker.member, asker.interaction).await? {
            self.save_group(run, &group).await?;
        }
        Ok(Said::Joined { already })
    }

    /// *Leave*.
    pub(super) async fn group_leave(&mut self, asker: &Asker, key: &str) -> Decision<Said> {
        let run = self.group_run(asker, key).await?;
        let group = self.group_of(&run).await?;
        let (run, group) = self.group_event(run, group, Event::Leave(asker.member)).await?;
        quizzes::leave(self.db, run.id, asker.member, asker.at()).await?;
        self.save_group(run, &group).await?;
        Ok(Said::Left)
    }

    /// The host's *Start*.
    pub(super) async fn group_start(&mut self, asker: &Asker, key: &str) -> Decision<Said> {
        self.group_press(asker, key, Event::Start(asker.member)).await
    }

    /// The host's *Next* while a question is open.
    pub(super) async fn group_close(
        &mut self,
        asker: &Asker,
        key: &str,
        position: usize,
    ) -> Decision<Said> {
        let event = Event::Close(asker.member, asker.interaction, position);
        self.group_press(asker, key, event).await
    }

    /// The host's *Next* behind a reveal.
    pub(super) async fn group_go(
        &mut self,
        asker: &Asker,
        key: &str,
        position: usize,
    ) -> Decision<Said> {
        self.group_press(asker, key, Event::Go(asker.member, position)).await
    }

    async fn group_press(&mut self, asker: &Asker, key: &str, event: Event) -> Decision<Said> {
        let run = self.group_run(asker, key).await?;
        let group = self.group_of(&run).await?;
        let (run, group) = self.group_event(run, group, event).await?;
        self.save_group(run, &group).await?;
        Ok(Said::Silent)
    }

    /// One of the choices. The same rules as [`Group::apply`], on the rows it touches alone.
    pub(super) async fn group_choose(
        &mut self,
        asker: &Asker,
        key: &str,
        position: usize,
        choice: usize,
    ) -> Decision<Said> {
        let mut run = self.group_run(asker, key).await?;
        if run.state == State::Ended {
            return Err(Refusal::QuizOver.into());
        }
        let open = run.state == State::Asking && run.position == position;
        if !open || !group::in_time(run.closes_at, asker.interaction) {
            return Err(Refusal::QuizQuestionClosed.into());
        }
        let frame = quizzes::frame(self.db, run.id, position).await?;
        let frame = frame.filter(|frame| choice < frame.choices).ok_or(Refusal::QuizGone)?;
        let (opened, limit_at) = frame.opened_at.zip(frame.closes_at).ok_or(Refusal::QuizGone)?;
        let at = asker.at();
        let joined = quizzes::join(self.db, run.id, asker.member, asker.interaction).await?;
        let answer = Answer {
            position,
            member: asker.member,
            choice,
            click: asker.interaction,
            at,
            took_ms: (at - opened).num_milliseconds().max(0),
            changed_at: None,
            late: false,
            outcome: None,
        };
        let mut kept = choice;
        if quizzes::choose(self.db, &run, &frame.question, &answer).await? {
            let before = (run.closes_at, run.edit);
            if run.closes_at.is_some_and(|closes| self.now < closes) {
                let (joined, missing) = quizzes::presence(self.db, run.id, position).await?;
                let closes = Some(group::closing(limit_at, joined, missing, self.now));
                if closes != run.closes_at {
                    run.closes_at = closes;
                    run.wakes_at = group::wakes_at(run.state, closes);
                    self.replan = true;
                }
            }
            self.owe_edit(&mut run).await?;
            if before != (run.closes_at, run.edit) {
                quizzes::update(self.db, &run).await?;
            }
        } else if let Some(newer) = quizzes::answer(self.db, run.id, position, asker.member).await?
        {
            // Delivered twice, or overtaken by a later click: that one stands.
            kept = newer.choice;
        }
        Ok(Said::Chosen { choice: kept, joined })
    }

    /// The clock looks at a run. A question must not close unseen: if the bot comes late, or has no
    /// connection through which anybody could choose, it goes on.
    pub(super) async fn group_tick(&mut self, run: Run) -> Decision<()> {
        let late = run.wakes_at.is_some_and(|at| self.now - at > group::AWAY);
        let deaf = self.shared.vitals.deaf_for() > group::AWAY;
        let event = if late || deaf { Event::Back } else { Event::Tick };
        self.group_goes_on(run, event).await
    }

    /// A new session has begun: nobody could press anything since the one before ended.
    pub(in super::super) async fn groups_resume(&mut self) -> Decision<()> {
        for run in quizzes::groups(self.db).await? {
            self.group_goes_on(run, Event::Back).await?;
        }
        Ok(())
    }

    async fn group_goes_on(&mut self, run: Run, event: Event) -> Decision<()> {
        let group = self.group_of(&run).await?;
        let (run, group) = self.group_event(run, group, event).await?;
        self.save_group(run, &group).await
    }

    /// Discord has taken the card.
    pub(in super::super) async fn quiz_card_accepted(
        &mut self,
        id: RunId,
        message: MessageId,
    ) -> Decision<()> {
        let Some(mut run) = quizzes::find(self.db, id).await? else { return Ok(()) };
        run.message = Some(message);
        let group = self.group_of(&run).await?;
        let (run, group) = self.group_event(run, group, Event::Accepted).await?;
        self.save_group(run, &group).await
    }

    /// A message was deleted: maybe a card.
    pub(in super::super) async fn quiz_card_gone(&mut self, message: MessageId) -> Decision<()> {
        match quizzes::by_message(self.db, message).await? {
            Some(run) => self.without_card(run).await,
            None => Ok(()),
        }
    }

    /// A delivery of a quiz was refused; `true` if it is one. It is given up, and with it the run.
    pub(in super::super) async fn quiz_delivery_failed(
        &mut self,
        delivery: &Delivery<Intent>,
        error: &str,
    ) -> Decision<bool> {
        let quiz = matches!(
            delivery.intent,
            Intent::QuizCard { .. }
                | Intent::QuizEdit { .. }
                | Intent::QuizOver { .. }
                | Intent::QuizFailed { .. }
        );
        if quiz && deliveries::end(self.db, delivery.id, End::Dropped, Some(error)).await? {
            self.quiz_delivery_gone(delivery).await?;
        }
        Ok(quiz)
    }

    /// A delivery of a quiz came to nothing for good.
    pub(in super::super) async fn quiz_delivery_gone(
        &mut self,
        delivery: &Delivery<Intent>,
    ) -> Decision<()> {
        let (id, posted) = match delivery.intent {
            Intent::QuizCard { run } => (run, false),
            Intent::QuizEdit { run } => (run, true),
            // Where the card stood, nothing can be said any more.
            Intent::QuizOver { run } => return self.tell_host(delivery.guild, run).await,
            _ => return Ok(()),
        };
        let Some(run) = quizzes::find(self.db, id).await? else { return Ok(()) };
        let over = run.state == State::Ended;
        let (guild, id) = (run.guild, run.id);
        self.without_card(run).await?;
        if !posted && !over {
            self.tell_host(guild, id).await?;
        }
        Ok(())
    }

    /// Lets the host know by direct message what could not be said in the channel.
    async fn tell_host(&mut self, guild: GuildId, run: RunId) -> Decision<()> {
        let cause = format!("quiz:{run}:failed");
        let intent = Intent::QuizFailed { run };
        let owed = Owed { cause: &cause, intent, after: None, expires_at: None };
        self.owe(guild, None, None, owed).await?;
        Ok(())
    }

    /// Without its card a run cannot go on. Everybody who was in is told where the card stood.
    async fn without_card(&mut self, mut run: Run) -> Decision<()> {
        let was_there = run.message.take().is_some() && run.state != State::Ended;
        let (guild, id) = (run.guild, run.id);
        let group = self.group_of(&run).await?;
        let (run, group) = self.group_event(run, group, Event::CardGone).await?;
        self.save_group(run, &group).await?;
        if was_there {
            let cause = format!("quiz:{id}:over");
            let intent = Intent::QuizOver { run: id };
            let owed = Owed { cause: &cause, intent, after: None, expires_at: None };
            self.owe(guild, None, None, owed).await?;
        }
        Ok(())
    }

    /// The group's run behind a button.
    async fn group_run(&mut self, asker: &Asker, key: &str) -> Decision<Run> {
        let run = quizzes::by_key(self.db, key).await?;
        let run = run.filter(|run| run.guild == asker.guild && run.mode == Mode::Group);
        Ok(run.ok_or(Refusal::QuizGone)?)
    }

    /// The run as the rules see it.
    async fn group_of(&mut self, run: &Run) -> Decision<Group> {
        let seats = quizzes::players(self.db, run.id)
            .await?
            .into_iter()
            .filter(|player| player.left_at.is_none())
            .map(|player| Seat {
                member: player.member,
                joined_by: player.joined_by,
                missed: player.missed,
            })
            .collect();
        let (mut given, mut limit_at) = (std::collections::BTreeMap::new(), None);
        if run.state == State::Asking {
            let answers = quizzes::answers_at(self.db, run.id, run.position).await?;
            given = answers
                .into_iter()
                .map(|answer| (answer.member, Given { choice: answer.choice, click: answer.click }))
                .collect();
            let frame = quizzes::frame(self.db, run.id, run.position).await?;
            limit_at = frame.and_then(|frame| frame.closes_at);
        }
        Ok(Group {
            state: run.state,
            position: run.position,
            total: quizzes::count(self.db, run.id).await?,
            host: run.host,
            former_host: run.former_host,
            seats,
            given,
            limit: run.options.group_limit(),
            limit_at,
            closes_at: run.closes_at,
        })
    }

    /// Decides an event and does what follows from it, but for saving the run itself.
    async fn group_event(
        &mut self,
        run: Run,
        mut group: Group,
        event: Event,
    ) -> Decision<(Run, Group)> {
        for happened in group.apply(event, self.now)? {
            match happened {
                Happened::Opened(position) => {
                    let question = quizzes::question(self.db, run.id, position).await?;
                    if let Some(mut question) = question {
                        question.opened_at = Some(self.now);
                        question.closes_at = group.limit_at;
                        quizzes::update_question(self.db, run.id, &question).await?;
                    }
                }
                Happened::Closed(position) => self.close_question(&run, position).await?,
                Happened::Host(_) | Happened::Ended => {}
            }
        }
        Ok((run, group))
    }

    /// Judges all choices at a question.
    async fn close_question(&mut self, run: &Run, position: usize) -> Decision<()> {
        let Some(mut question) = quizzes::question(self.db, run.id, position).await? else {
            return Ok(());
        };
        question.closed_at = Some(self.now);
        quizzes::update_question(self.db, run.id, &question).await?;
        let guild = self.quiz_guild(run.guild).await?;
        for answer in quizzes::answers_at(self.db, run.id, position).await? {
            let right = question.asked.is_right(answer.choice);
            self.judge(&guild, run.id, &question.asked.question, &answer, right).await?;
        }
        quizzes::count_missed(self.db, run.id, position).await?;
        Ok(())
    }

    /// Saves a run as the rules left it, and lets its card tell.
    async fn save_group(&mut self, mut run: Run, group: &Group) -> Decision<()> {
        if run.state == State::Asking
            && group.state == State::Asking
            && run.position == group.position
        {
            // *Next* may have brought the end of the question's time nearer.
            let question = quizzes::question(self.db, run.id, run.position).await?;
            if let Some(mut question) = question
                && question.closes_at != group.limit_at
            {
                question.closes_at = group.limit_at;
                quizzes::update_question(self.db, run.id, &question).await?;
            }
        }
        if run.state != State::Ended && group.state == State::Ended {
            run.ended_at = Some(self.now);
        }
        run.state = group.state;
        run.position = group.position;
        run.host = group.host;
        run.former_host = group.former_host;
        run.closes_at = group.closes_at;
        run.wakes_at = group::wakes_at(group.state, group.closes_at);
        run.touched_at = self.now;
        self.replan = true;
        self.owe_edit(&mut run).await?;
        Ok(quizzes::update(self.db, &run).await?)
    }

    /// Lets the card be brought up to date, unless that is owed already: what is sent later shows
    /// what is the case then.
    async fn owe_edit(&mut self, run: &mut Run) -> Decision<()> {
        if run.message.is_none() {
            return Ok(());
        }
        if let Some(edit) = run.edit
            && deliveries::is_unsent(self.db, edit).await?
        {
            return Ok(());
        }
        let cause = format!("quiz:{}:edit:{}", run.id, self.turn().await?);
        let intent = Intent::QuizEdit { run: run.id };
        let owed = Owed { cause: &cause, intent, after: None, expires_at: None };
        let pace = pace(run.id);
        run.edit = self.owe_paced(run.guild, None, None, owed, Some(&pace)).await?;
        Ok(())
    }
}

fn pace(run: RunId) -> String {
    format!("quiz:{run}")
}
