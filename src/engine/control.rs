//! What admins (and members, about themselves) change by commands.

use super::desk::{Decision, Desk, Stop};
use super::input::{Asker, Command, PlanChange, Reply, Setup};
use super::intent::Intent;
use crate::domain::draw::{self, Plan};
use crate::domain::ids::ChannelId;
use crate::domain::notice::Trouble;
use crate::domain::refusal::Refusal;
use crate::domain::round::{Event, SkipReason, State};
use crate::domain::schedule::{self, Due, Holiday, Pause, Schedule, Weekdays};
use crate::domain::text;
use crate::store::channels::StudyChannel;
use crate::store::guilds::Guild;
use crate::store::ledger::{self, Entry};
use crate::store::rounds::Origin;
use crate::store::{channels, checkups, deliveries, guilds, members, rounds};
use chrono::{NaiveDate, NaiveTime};

/// Study channels a guild may have. Far above any team's need; it bounds what one guild can cost.
const MOST_STUDY_CHANNELS: usize = 25;
/// Holidays a study channel may have.
const MOST_HOLIDAYS: usize = 100;
/// Characters of what a holiday is called.
const MOST_LABEL: usize = 100;
/// Scheduled rounds an admin may skip ahead.
const MOST_SKIPS: usize = 60;

impl Desk<'_> {
    pub(super) async fn control(&mut self, asker: &Asker, command: Command) -> Decision<Reply> {
        match command {
            Command::Setup { channel, setup } => self.set_up(asker, channel, &setup).await,
            Command::Plan { channel, change } => self.plan(asker, channel, &change).await,
            Command::AddHoliday { channel, first, last, label } => {
                self.add_holiday(asker, channel, &first, last.as_deref(), label).await
            }
            Command::RemoveHoliday { channel, date } => {
                self.remove_holiday(asker, channel, &date).await
            }
            Command::Post { channel } => self.post_extra(asker, channel).await,
            Command::Pause { channel, until } => self.pause(asker, channel, until.as_deref()).await,
            Command::Resume { channel } => self.resume(asker, channel).await,
            Command::Skip { channel } => self.skip_next(asker, channel).await,
            Command::Replace { channel } => self.replace(asker, channel).await,
            Command::Void { channel } => self.void(asker, channel).await,
            Command::Remove { channel } => self.remove(asker, channel).await,
            Command::Quiz(wish) => self.quiz(asker, wish).await,
            Command::Board { shown } => {
                members::set_hidden(self.db, asker.guild, asker.member, !shown).await?;
                Ok(Reply::Board { shown })
            }
            Command::Boards(command) => self.boards(asker, command).await,
            Command::Review { remind, rounds } => self.review_wishes(asker, remind, rounds).await,
            Command::Report { question, reason } => self.report(asker, &question, &reason).await,
        }
    }

    async fn set_up(&mut self, asker: &Asker, id: ChannelId, setup: &Setup) -> Decision<Reply> {
        let known = channels::find(self.db, id).await?;
        if known.as_ref().is_some_and(|channel| channel.guild != asker.guild) {
            return Err(Refusal::NotAStudyChannel.into());
        }
        let time = setup.time.as_deref().map(parse_time).transpose()?;
        let zone = setup.zone.as_deref().map(parse_zone).transpose()?;
        let weekdays = setup.weekdays.as_deref().map(parse_weekdays).transpose()?;
        let new = known.as_ref().is_none_or(|channel| channel.removed);
        let mut channel = match (known, time, zone) {
            (Some(channel), time, zone)
                if !channel.removed || (time.is_some() && zone.is_some()) =>
            {
                channel
            }
            (None, Some(time), Some(zone)) => StudyChannel {
                id,
                guild: asker.guild,
                schedule: Schedule {
                    time,
                    zone,
                    weekdays: Weekdays::WORKDAYS,
                    holidays: Vec::new(),
                    pause: None,
                },
                plan: Plan::default(),
                since: self.now,
                role: None,
                pin: false,
                close_after_h: None,
                trouble: None,
                stock_warned: None,
                removed: false,
            },
            _ => return Err(Refusal::SetupIncomplete.into()),
        };
        if new && channels::in_use(self.db, Some(asker.guild)).await?.len() >= MOST_STUDY_CHANNELS {
            return Err(Refusal::TooManyStudyChannels.into());
        }
        let before = (channel.schedule.clone(), channel.close_after_h, channel.removed);
        let at = &mut channel.schedule;
        at.time = time.unwrap_or(at.time);
        at.zone = zone.unwrap_or(at.zone);
        at.weekdays = weekdays.unwrap_or(at.weekdays);
        channel.role = setup.role.or(channel.role);
        channel.pin = setup.pin.unwrap_or(channel.pin);
        channel.close_after_h = match setup.hours {
            Some(0) => None,
            Some(hours) => Some(hours),
            None => channel.close_after_h,
        };
        channel.removed = false;
        let changed = before != (channel.schedule.clone(), channel.close_after_h, channel.removed);
        if changed {
            channel.since = self.now;
        }
        let zone = channel.schedule.zone;
        let guild = match guilds::find(self.db, asker.guild).await? {
            Some(guild) => Guild {
                name: asker.guild_name.clone(),
                owner: asker.owner,
                notices: setup.notices.or(guild.notices),
                ..guild
            },
            None => Guild {
                id: asker.guild,
                name: asker.guild_name.clone(),
                zone,
                notices: setup.notices,
                setup_by: asker.member,
                owner: asker.owner,
            },
        };
        guilds::save(self.db, &guild).await?;
        if setup.notices.is_some() {
            deliveries::forget_dropped_notices(self.db, guild.id).await?;
        }
        self.keep_periods(&guild).await?;
        channels::save(self.db, &channel, self.now).await?;
        if new {
            // The reply to this command tells what is missing; the daily look begins tomorrow.
            let today = schedule::local_date(guild.zone, self.now);
            checkups::seen_to(self.db, guild.id, today).await?;
        }
        if changed {
            self.move_closes(&channel).await?;
        }
        self.shared.errands.retry(asker.guild);
        let today = schedule::local_date(zone, self.now);
        let taken = rounds::dates_taken(self.db, id, today).await?;
        Ok(Reply::SetUp {
            channel: id,
            new,
            next: self.next_round(&channel).await?,
            today_taken: taken.contains(&today),
        })
    }

    /// The next due instant whose date has no round yet.
    async fn next_round(&mut self, channel: &StudyChannel) -> Decision<Option<Due>> {
        let today = schedule::local_date(channel.schedule.zone, self.now);
        let taken = rounds::dates_taken(self.db, channel.id, today).await?;
        Ok(channel.schedule.dues(self.now).take(MOST_SKIPS).find(|due| !taken.contains(&due.date)))
    }

    /// After a change of the schedule, open rounds close by the new one.
    async fn move_closes(&mut self, channel: &StudyChannel) -> Decision<()> {
        for mut round in rounds::live(self.db, Some(channel.id)).await? {
            if matches!(round.state, State::Due | State::Open) {
                // The next due instant is that of the new schedule from now on: one that the new
                // schedule has in the past would close the round under the members' hands.
                round.closes_at = self.closing_instant(channel, round.due_at, self.now).await?;
                rounds::update(self.db, &round).await?;
                if round.state == State::Open {
                    let cause = format!("edit:closes:{}", self.turn().await?);
                    let intent = Intent::EditCard { round: round.id };
                    self.owe_for(&round, &cause, intent, None).await?;
                }
            }
        }
        Ok(())
    }

    async fn plan(
        &mut self,
        asker: &Asker,
        named: Option<ChannelId>,
        change: &PlanChange,
    ) -> Decision<Reply> {
        let mut channel = self.study_channel(asker, named).await?;
        let said = |error: draw::PlanError| Refusal::BadPlan(error.to_string());
        let before = channel.plan.clone();
        if let Some(topics) = &change.topics {
            channel.plan.topics =
                Plan::parse_topics(topics, &self.shared.bank().topics()).map_err(said)?;
        }
        match (&change.mix, &change.ladder) {
            (Some(mix), None) => channel.plan.difficulty = Plan::parse_mix(mix).map_err(said)?,
            (None, Some(ladder)) => {
                channel.plan.difficulty = Plan::parse_ladder(ladder).map_err(said)?;
            }
            (Some(_), Some(_)) => {
                let both = "a plan has either a mix or a ladder, not both".to_owned();
                return Err(Refusal::BadPlan(both).into());
            }
            (None, None) => {}
        }
        if let Some(aim) = &change.aim {
            channel.plan.aim = Plan::parse_aim(aim).map_err(said)?;
        }
        let left = super::rounds::stock(self.db, &self.shared.bank(), &channel).await?;
        let changed = channel.plan != before;
        if changed {
            channel.stock_warned = None;
            channels::save(self.db, &channel, self.now).await?;
        }
        Ok(Reply::Plan { channel: channel.id, plan: channel.plan, left, changed })
    }

    async fn add_holiday(
        &mut self,
        asker: &Asker,
        named: Option<ChannelId>,
        first: &str,
        last: Option<&str>,
        label: String,
    ) -> Decision<Reply> {
        let mut channel = self.study_channel(asker, named).await?;
        let first = parse_date(first)?;
        let last = last.map(parse_date).transpose()?.unwrap_or(first);
        if last < first {
            return Err(Refusal::EndBeforeStart.into());
        }
        if last < schedule::local_date(channel.schedule.zone, self.now) {
            return Err(Refusal::PastDate.into());
        }
        if channel.schedule.holidays.len() >= MOST_HOLIDAYS {
            return Err(Refusal::TooManyHolidays.into());
        }
        let label = text::label(&label, MOST_LABEL).unwrap_or_default();
        let holiday = Holiday { first, last, label };
        channels::add_holiday(self.db, channel.id, &holiday).await?;
        self.holidays_changed(&mut channel).await
    }

    async fn remove_holiday(
        &mut self,
        asker: &Asker,
        named: Option<ChannelId>,
        date: &str,
    ) -> Decision<Reply> {
        let mut channel = self.study_channel(asker, named).await?;
        let date = parse_date(date)?;
        if channels::remove_holidays(self.db, channel.id, date).await? == 0 {
            return Err(Refusal::NoSuchHoliday.into());
        }
        self.holidays_changed(&mut channel).await
    }

    async fn holidays_changed(&mut self, channel: &mut StudyChannel) -> Decision<Reply> {
        channel.since = self.now;
        channels::save(self.db, channel, self.now).await?;
        let channel =
            channels::find(self.db, channel.id).await?.ok_or(Refusal::NotAStudyChannel)?;
        self.move_closes(&channel).await?;
        Ok(Reply::Holidays { channel: channel.id, holidays: channel.schedule.holidays })
    }

    async fn post_extra(&mut self, asker: &Asker, named: Option<ChannelId>) -> Decision<Reply> {
        let channel = self.study_channel(asker, named).await?;
        let origin = Origin::Interaction(asker.interaction);
        let round = self.draw(&channel, origin, self.now, None).await?;
        let closes_at = round.closes_at;
        self.post(&channel, round).await?;
        Ok(Reply::Posting { channel: channel.id, closes_at })
    }

    async fn pause(
        &mut self,
        asker: &Asker,
        named: Option<ChannelId>,
        until: Option<&str>,
    ) -> Decision<Reply> {
        let mut channel = self.study_channel(asker, named).await?;
        let zone = channel.schedule.zone;
        let until = match until {
            None => None,
            Some(text) => {
                let date = parse_date(text)?;
                let back = schedule::local_instant(zone, date, NaiveTime::MIN)
                    .ok_or_else(|| Refusal::BadDate(text.to_owned()))?;
                if back <= self.now {
                    return Err(Refusal::PastDate.into());
                }
                Some(back)
            }
        };
        channel.schedule.pause = Some(Pause { from: self.now, until });
        channels::save(self.db, &channel, self.now).await?;
        self.move_closes(&channel).await?;
        Ok(Reply::Paused { channel: channel.id, until, next: self.next_round(&channel).await? })
    }

    async fn resume(&mut self, asker: &Asker, named: Option<ChannelId>) -> Decision<Reply> {
        let mut channel = self.study_channel(asker, named).await?;
        if channel.schedule.pause.take().is_none() {
            return Err(Refusal::NotPaused.into());
        }
        channel.since = self.now;
        channels::save(self.db, &channel, self.now).await?;
        self.move_closes(&channel).await?;
        Ok(Reply::Resumed { channel: channel.id, next: self.next_round(&channel).await? })
    }

    async fn skip_next(&mut self, asker: &Asker, named: Option<ChannelId>) -> Decision<Reply> {
        let channel = self.study_channel(asker, named).await?;
        let due = self.next_round(&channel).await?.ok_or(Refusal::NothingDue)?;
        self.skip(&channel, due, SkipReason::ByAdmin).await?;
        Ok(Reply::Skipped { channel: channel.id, due, next: self.next_round(&channel).await? })
    }

    async fn replace(&mut self, asker: &Asker, named: Option<ChannelId>) -> Decision<Reply> {
        let channel = self.study_channel(asker, named).await?;
        let live = rounds::live(self.db, Some(channel.id)).await?;
        if live.iter().any(|round| round.state == State::Due) {
            return Err(Refusal::Busy.into());
        }
        let open = live.into_iter().rfind(|round| round.state == State::Open);
        let mut old = open.ok_or(Refusal::NoOpenRound)?;
        let origin = Origin::Interaction(asker.interaction);
        let new = self.draw(&channel, origin, self.now, Some(old.closes_at)).await?;
        old.state = old.state.after(Event::Replaced).ok_or(Refusal::NoOpenRound)?;
        rounds::update(self.db, &old).await?;
        deliveries::drop_of_round(self.db, old.id).await?;
        self.owe_for(&old, "edit:withdrawn", Intent::EditCard { round: old.id }, None).await?;
        self.post(&channel, new).await?;
        Ok(Reply::Replaced { channel: channel.id })
    }

    async fn void(&mut self, asker: &Asker, named: Option<ChannelId>) -> Decision<Reply> {
        let channel = self.study_channel(asker, named).await?;
        let last = rounds::last_closed(self.db, channel.id, None).await?;
        let mut round = last.ok_or(Refusal::NothingToVoid)?;
        if round.voided_at.is_some() {
            return Err(Refusal::AlreadyVoid.into());
        }
        let mut rows = 0;
        for entry in ledger::of_round(self.db, round.id).await? {
            let reverse = Entry {
                cause: format!("{}:void", entry.cause),
                points: -entry.points,
                // In the same week as the points, so that no board is left with a minus.
                ..entry
            };
            rows += u32::from(ledger::add(self.db, &reverse).await?);
        }
        round.voided_at = Some(self.now);
        rounds::update(self.db, &round).await?;
        let id = round.id;
        self.owe_for(&round, "edit:void", Intent::EditCard { round: id }, None).await?;
        // Voided before it is known here that the result was said: edited after that.
        let result = format!("round:{id}:result");
        let result = deliveries::by_cause::<Intent>(self.db, &result).await?;
        let after = result.map(|result| result.id);
        self.owe_for(&round, "result:void", Intent::EditResult { round: id }, after).await?;
        let title = round.question.map_or_else(String::new, |question| question.title.clone());
        Ok(Reply::Voided { channel: channel.id, title, rows })
    }

    async fn remove(&mut self, asker: &Asker, named: Option<ChannelId>) -> Decision<Reply> {
        let mut channel = match self.study_channel(asker, named).await {
            // A channel that was deleted can be neither chosen nor typed in.
            Err(Stop::Refused(Refusal::WhichChannel(all))) => {
                self.gone_channel(asker).await?.ok_or(Refusal::WhichChannel(all))?
            }
            found => found?,
        };
        channel.removed = true;
        channels::save(self.db, &channel, self.now).await?;
        Ok(Reply::Removed { channel: channel.id })
    }

    /// The first study channel of the guild that Discord says is gone.
    async fn gone_channel(&mut self, asker: &Asker) -> Decision<Option<StudyChannel>> {
        let all = channels::in_use(self.db, Some(asker.guild)).await?;
        let is_gone = |channel: &StudyChannel| {
            channel.trouble.as_ref().is_some_and(|(word, _)| word == Trouble::ChannelGone.word())
        };
        Ok(all.into_iter().find(is_gone))
    }
}

fn parse_time(text: &str) -> Result<NaiveTime, Refusal> {
    schedule::parse_time(text).ok_or_else(|| Refusal::BadTime(text.to_owned()))
}

fn parse_zone(text: &str) -> Result<chrono_tz::Tz, Refusal> {
    schedule::zone_named(text)
}

fn parse_weekdays(text: &str) -> Result<Weekdays, Refusal> {
    Weekdays::parse(text).ok_or_else(|| Refusal::BadWeekdays(text.to_owned()))
}

fn parse_date(text: &str) -> Result<NaiveDate, Refusal> {
    text.trim().parse().map_err(|_| Refusal::BadDate(text.to_owned()))
}
