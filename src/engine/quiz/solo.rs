//! Solo runs: offered, running, ended.

use super::super::desk::{Decision, Desk};
use super::super::input::Asker;
use super::{Earlier, Offer, Said};
use crate::domain::ids::GuildId;
use crate::domain::question::Question;
use crate::domain::quiz::{self, Mode, Options, State};
use crate::domain::refusal::Refusal;
use crate::store::quizzes::{self, Answer, Run};
use chrono::{DateTime, Utc};
use std::sync::Arc;

impl Desk<'_> {
    /// `/quiz` alone.
    pub(super) async fn solo(&mut self, asker: &Asker, options: Options) -> Decision<Said> {
        let seed = self.shared.chance.number(&format!("quiz:{}", asker.interaction));
        let run = self.new_run(asker, Mode::Solo, State::Offered, options, seed).await?;
        let last_had = quizzes::last_had(self.db, asker.guild, asker.member).await?;
        let questions = self.draw_questions(&run, &last_had).await?;
        self.begin_or_offer(asker, run, &questions).await
    }

    /// Begins a run, or offers it where another one is unfinished.
    async fn begin_or_offer(
        &mut self,
        asker: &Asker,
        run: Run,
        questions: &[Arc<Question>],
    ) -> Decision<Said> {
        for offered in quizzes::solo(self.db, asker.guild, asker.member, State::Offered).await? {
            self.solo_end(offered, false).await?;
        }
        let unfinished = self.unfinished(asker).await?;
        let earlier = self.earlier(asker).await?;
        if !quizzes::insert(self.db, &run).await? {
            return Err(Refusal::TryAgain.into());
        }
        self.add_questions(&run, questions).await?;
        self.replan = true;
        if let Some(unfinished) = unfinished {
            return Ok(Said::Offer(Box::new(Offer {
                started_at: unfinished.started_at,
                position: unfinished.position,
                total: quizzes::count(self.db, unfinished.id).await?,
                unfinished: unfinished.key,
                anew: run.key,
                earlier,
            })));
        }
        let said = self.begin(asker, run).await?;
        Ok(match said {
            Said::Solo(mut view) => {
                view.earlier = earlier;
                Said::Solo(view)
            }
            other => other,
        })
    }

    async fn begin(&mut self, asker: &Asker, mut run: Run) -> Decision<Said> {
        run.state = State::Running;
        self.touch(&mut run);
        self.show_from(&mut run, 0, asker.at()).await?;
        self.shown(run).await
    }

    /// The unfinished run, if there is one; one that nobody touched for a day is ended first.
    async fn unfinished(&mut self, asker: &Asker) -> Decision<Option<Run>> {
        let mut unfinished = None;
        for run in quizzes::solo(self.db, asker.guild, asker.member, State::Running).await? {
            if run.wakes_at.is_some_and(|at| at <= self.now) {
                self.solo_end(run, true).await?;
            } else {
                unfinished = Some(run);
            }
        }
        Ok(unfinished)
    }

    /// The result of a run that ended by itself; it is shown once.
    async fn earlier(&mut self, asker: &Asker) -> Decision<Option<Earlier>> {
        let Some(mut run) = quizzes::result_due(self.db, asker.guild, asker.member).await? else {
            return Ok(None);
        };
        run.result_due = false;
        quizzes::update(self.db, &run).await?;
        Ok(Some(Earlier {
            started_at: run.started_at,
            total: quizzes::count(self.db, run.id).await?,
            result: self.solo_result(&run).await?,
        }))
    }

    fn touch(&self, run: &mut Run) {
        run.touched_at = self.now;
        run.wakes_at = Some(self.now + quiz::PATIENCE);
    }

    async fn shown(&mut self, run: Run) -> Decision<Said> {
        quizzes::update(self.db, &run).await?;
        Ok(Said::Solo(Box::new(self.solo_view(&run).await?)))
    }

    /// Moves on to the first question from `position` on that may be shown, or to the end.
    async fn show_from(
        &mut self,
        run: &mut Run,
        position: usize,
        at: DateTime<Utc>,
    ) -> Decision<()> {
        let secret = self.secret(run.guild).await?;
        let mut position = position;
        while let Some(mut question) = quizzes::question(self.db, run.id, position).await? {
            run.position = position;
            if !secret.contains(&question.asked.question.id) {
                question.opened_at = Some(at);
                question.closes_at = run.options.solo_limit().map(|limit| at + limit);
                quizzes::update_question(self.db, run.id, &question).await?;
                return Ok(());
            }
            question.closed_at = Some(self.now);
            quizzes::update_question(self.db, run.id, &question).await?;
            position += 1;
        }
        self.end_now(run, false);
        Ok(())
    }

    /// Ends a solo run; `by_itself`: its result is still to be shown.
    pub(super) async fn solo_end(&mut self, mut run: Run, by_itself: bool) -> Decision<()> {
        let answered = by_itself
            && run.state == State::Running
            && !quizzes::answers(self.db, run.id).await?.is_empty();
        self.end_now(&mut run, answered);
        Ok(quizzes::update(self.db, &run).await?)
    }

    fn end_now(&mut self, run: &mut Run, result_due: bool) {
        run.state = State::Ended;
        run.ended_at = Some(self.now);
        run.wakes_at = None;
        run.result_due = result_due;
    }

    /// The asker's own run behind a button.
    async fn own_run(&mut self, asker: &Asker, key: &str) -> Decision<Run> {
        let run = quizzes::by_key(self.db, key).await?.ok_or(Refusal::QuizGone)?;
        if run.guild != asker.guild || run.mode != Mode::Solo {
            return Err(Refusal::QuizGone.into());
        }
        if run.host != Some(asker.member) {
            return Err(Refusal::NotYourQuiz.into());
        }
        Ok(run)
    }

    /// The same, if the pressed message is the one that the run is shown in.
    async fn run_on(&mut self, asker: &Asker, key: &str, screen: u32) -> Decision<Run> {
        let run = self.own_run(asker, key).await?;
        if run.screen != screen {
            let over = run.state == State::Ended;
            return Err(if over { Refusal::QuizOver } else { Refusal::QuizMovedOn }.into());
        }
        Ok(run)
    }

    /// One of the choices.
    pub(super) async fn solo_answer(
        &mut self,
        asker: &Asker,
        key: &str,
        (position, screen): (usize, u32),
        choice: usize,
    ) -> Decision<Said> {
        let mut run = self.run_on(asker, key, screen).await?;
        match run.state {
            State::Running => {}
            State::Ended => return Err(Refusal::QuizOver.into()),
            _ => return Err(Refusal::QuizGone.into()),
        }
        if position != run.position {
            return Err(Refusal::QuizMovedOn.into());
        }
        let question = quizzes::question(self.db, run.id, position).await?;
        let mut question = question.ok_or(Refusal::QuizGone)?;
        if question.closed_at.is_some() {
            // Answered already: the same again, and nothing changes.
            return self.shown(run).await;
        }
        if choice >= question.asked.order.len() {
            return Err(Refusal::QuizGone.into());
        }
        self.touch(&mut run);
        question.closed_at = Some(self.now);
        quizzes::update_question(self.db, run.id, &question).await?;
        if self.secret(run.guild).await?.contains(&question.asked.question.id) {
            return self.shown(run).await;
        }
        let at = asker.at();
        let opened = question.opened_at.unwrap_or(at);
        let late = quiz::is_late(opened, run.options.solo_limit(), at);
        let answer = Answer {
            position,
            member: asker.member,
            choice,
            click: asker.interaction,
            at,
            took_ms: (at - opened).num_milliseconds().max(0),
            changed_at: None,
            late,
            outcome: None,
        };
        quizzes::choose(self.db, &run, &question.asked.question.id, &answer).await?;
        let guild = self.quiz_guild(run.guild).await?;
        let right = question.asked.is_right(choice) && !late;
        self.judge(&guild, run.id, &question.asked.question, &answer, right).await?;
        self.shown(run).await
    }

    /// *Next*, or *See the result*.
    pub(super) async fn solo_next(
        &mut self,
        asker: &Asker,
        key: &str,
        (position, screen): (usize, u32),
    ) -> Decision<Said> {
        let mut run = self.run_on(asker, key, screen).await?;
        if run.state == State::Offered {
            return Err(Refusal::QuizGone.into());
        }
        if run.state == State::Ended || position + 1 == run.position {
            // Pressed twice: the first press has moved the run on.
            run.result_due = false;
            return self.shown(run).await;
        }
        let question = quizzes::question(self.db, run.id, run.position).await?;
        let answered = question.is_some_and(|question| question.closed_at.is_some());
        if position != run.position || !answered {
            return Err(Refusal::QuizMovedOn.into());
        }
        self.touch(&mut run);
        self.show_from(&mut run, position + 1, asker.at()).await?;
        self.shown(run).await
    }

    /// *Continue*: the run moves to the pressed message.
    pub(super) async fn solo_continue(&mut self, asker: &Asker, key: &str) -> Decision<Said> {
        let mut run = self.own_run(asker, key).await?;
        if run.state != State::Running {
            return Err(Refusal::QuizOver.into());
        }
        run.screen += 1;
        self.touch(&mut run);
        let question = quizzes::question(self.db, run.id, run.position).await?;
        if let Some(mut question) = question
            && question.closed_at.is_none()
        {
            if self.secret(run.guild).await?.contains(&question.asked.question.id) {
                let position = run.position;
                self.show_from(&mut run, position, asker.at()).await?;
            } else if question.closes_at.is_none() {
                // Without a limit the time away does not count. With one it does, or a look-up
                // would be one *Continue* away.
                question.opened_at = Some(asker.at());
                quizzes::update_question(self.db, run.id, &question).await?;
            }
        }
        self.shown(run).await
    }

    /// *Start anew*: the unfinished run ends, the offered one begins.
    pub(super) async fn solo_anew(&mut self, asker: &Asker, key: &str) -> Decision<Said> {
        let run = self.own_run(asker, key).await?;
        match run.state {
            State::Offered => {}
            // Pressed twice.
            State::Running => return self.shown(run).await,
            _ => return Err(Refusal::QuizOver.into()),
        }
        for unfinished in quizzes::solo(self.db, run.guild, asker.member, State::Running).await? {
            self.solo_end(unfinished, false).await?;
        }
        self.begin(asker, run).await
    }

    /// *Repeat the missed ones*.
    pub(super) async fn solo_repeat(&mut self, asker: &Asker, key: &str) -> Decision<Said> {
        let old = self.own_run(asker, key).await?;
        if old.state != State::Ended {
            return Err(Refusal::QuizMovedOn.into());
        }
        // From the finished run, so that a second press leads to the same repetition.
        let seed = self.shared.chance.number(&format!("quiz:repeat:{key}"));
        let running = quizzes::solo(self.db, old.guild, asker.member, State::Running).await?;
        if let Some(same) = running.into_iter().find(|run| run.seed == seed) {
            return self.shown(same).await;
        }
        let missed = self.missed_of(old.guild, &old).await?;
        if missed.is_empty() {
            return Err(Refusal::NoQuizQuestions.into());
        }
        let options = Options {
            count: u32::try_from(missed.len()).unwrap_or(quiz::MOST_QUESTIONS),
            ..old.options
        };
        let run = self.new_run(asker, Mode::Solo, State::Offered, options, seed).await?;
        self.begin_or_offer(asker, run, &missed).await
    }

    /// What was answered but not right, as far as it is not open elsewhere.
    async fn missed_of(&mut self, guild: GuildId, run: &Run) -> Decision<Vec<Arc<Question>>> {
        let secret = self.secret(guild).await?;
        let answers = quizzes::answers(self.db, run.id).await?;
        let wrong = |position| {
            answers.iter().any(|answer| {
                answer.position == position && answer.outcome.is_some_and(|o| !o.right)
            })
        };
        Ok(quizzes::questions(self.db, run.id)
            .await?
            .into_iter()
            .filter(|question| wrong(question.position))
            .map(|question| question.asked.question)
            .filter(|question| !secret.contains(&question.id))
            .collect())
    }
}
