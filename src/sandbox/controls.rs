//! What a test or the demo changes in a running sandbox: the world, the network, the limits.

use super::faults::{Fault, Unreadable};
use super::gateway::faults::GatewayFault;
use super::gateway::hub::Upset;
use super::handle::{Cast, Sandbox, cast};
use super::limits::Limits;
use super::listener::Patience;
use super::state::messages::New;
use super::world::place::GuildSeed;
use super::world::{Overwrite, World, kind};
use std::time::Duration;

impl Sandbox {
    /// Sets the bot's rights: in a channel as an overwrite for the bot itself (0 and 0 remove it),
    /// or with None in its role in the default guild (`allow` added, `deny` taken away).
    pub fn set_bot_permissions(&self, channel: Option<u64>, allow: u64, deny: u64) {
        let mut state = self.server.state();
        match channel {
            Some(channel) => state.set_overwrite(
                channel,
                Overwrite { id: self.server.bot, member: true, allow, deny },
            ),
            None => {
                let guild = self.server.guild;
                let Some(role) = state.world.bot_role(guild) else {
                    return;
                };
                let now = state
                    .world
                    .guilds
                    .get(&guild)
                    .and_then(|guild| guild.roles.get(&role))
                    .map_or(0, |role| role.permissions);
                state.set_role(guild, role, (now | allow) & !deny);
            }
        }
    }

    /// Deletes a channel with its threads, or a thread.
    pub fn delete_channel(&self, channel: u64) {
        self.server.state().remove_channel(channel);
    }

    /// Deletes a message as its author or a moderator would.
    pub fn delete_message(&self, channel: u64, message: u64) {
        // Deleting what is not there changes nothing.
        let _ = self.server.state().erase(channel, message);
    }

    /// Takes the bot out of the default guild.
    pub fn kick_bot(&self) {
        self.kick_bot_from(self.server.guild);
    }

    /// Takes the bot out of a guild.
    pub fn kick_bot_from(&self, guild: u64) {
        self.server.state().remove_member(guild, self.server.bot);
    }

    /// Takes the bot back into the default guild, with its usual rights.
    pub fn invite_bot(&self) {
        self.invite_bot_to(self.server.guild);
    }

    /// Takes the bot back into a guild, with its usual rights.
    pub fn invite_bot_to(&self, guild: u64) {
        let mut state = self.server.state();
        let now = state.clock.now();
        if state.world.bot_role(guild).is_none() {
            state.world.join_bot(guild, now);
            state.welcome(guild, self.server.bot);
        }
    }

    /// Adds a channel of a type (0 text, 2 voice, 15 forum) to the default guild.
    pub fn add_channel(&self, name: &str, kind: u8) -> u64 {
        self.add_channel_to(self.server.guild, name, kind)
    }

    /// Adds a channel to a guild.
    pub fn add_channel_to(&self, guild: u64, name: &str, kind: u8) -> u64 {
        let mut state = self.server.state();
        let now = state.clock.now();
        let id = state.world.new_channel(guild, name, kind, None, now);
        state.tell_new_channel(id);
        id
    }

    /// Adds a guild with the same human members and the bot, and one text channel. Returns the
    /// guild and the channel.
    pub fn add_guild(&self, name: &str) -> (u64, u64) {
        let mut state = self.server.state();
        let now = state.clock.now();
        let guild = state.world.new_guild(&GuildSeed::standard(name), now);
        for (index, member) in members_of(&state.world, self.server.guild)
            .into_iter()
            .filter(|user| *user != self.server.bot)
            .enumerate()
        {
            state.world.join(guild, member, index == 0, now);
        }
        state.world.join_bot(guild, now);
        let channel = state.world.new_channel(guild, "general", kind::TEXT, None, now);
        state.welcome(guild, self.server.bot);
        (guild, channel)
    }

    /// Adds a guild with members of its own, the first of them its admin, then the bot, and one text
    /// channel. Returns the guild, the channel and the members.
    pub fn add_guild_of(&self, name: &str, people: &[String]) -> (u64, u64, Vec<Cast>) {
        let mut state = self.server.state();
        let now = state.clock.now();
        let guild = state.world.new_guild(&GuildSeed::standard(name), now);
        let mut users = Vec::new();
        for (index, person) in people.iter().enumerate() {
            let user = state.world.new_user(person, false, None, now);
            state.world.join(guild, user, index == 0, now);
            users.push(user);
        }
        state.world.join_bot(guild, now);
        let channel = state.world.new_channel(guild, "python", kind::TEXT, None, now);
        state.welcome(guild, self.server.bot);
        let members = users.into_iter().filter_map(|user| cast(&state.world, guild, user));
        (guild, channel, members.collect())
    }

    /// Lets a member write a message at once, past REST and its checks: for floods that members'
    /// requests would be too slow for. Returns the message's id.
    pub fn write(&self, member: u64, channel: u64, text: &str) -> u64 {
        let content = text.to_owned();
        self.server.state().write(New { channel, author: member, content, ..New::default() })
    }

    /// Adds a member to the default guild.
    pub fn add_member(&self, name: &str, admin: bool) -> Cast {
        self.add_member_to(self.server.guild, name, admin)
    }

    /// Adds a member to a guild.
    pub fn add_member_to(&self, guild: u64, name: &str, admin: bool) -> Cast {
        let mut state = self.server.state();
        let now = state.clock.now();
        let user = state.world.new_user(name, false, None, now);
        state.world.join(guild, user, admin, now);
        state.welcome(guild, user);
        cast(&state.world, guild, user).unwrap_or_else(|| Cast {
            id: user,
            name: name.to_owned(),
            token: String::new(),
            admin,
        })
    }

    /// Takes a member out of the default guild.
    pub fn remove_member(&self, member: u64) {
        self.remove_member_of(self.server.guild, member);
    }

    /// Takes a member out of a guild.
    pub fn remove_member_of(&self, guild: u64, member: u64) {
        self.server.state().remove_member(guild, member);
    }

    /// Lets somebody who was taken out of the default guild join it again.
    pub fn return_member(&self, member: u64) {
        let mut state = self.server.state();
        let now = state.clock.now();
        state.world.join(self.server.guild, member, false, now);
        state.welcome(self.server.guild, member);
    }

    /// Adds a role without rights to the default guild; nobody has it.
    pub fn add_role(&self, name: &str) -> u64 {
        let mut state = self.server.state();
        let now = state.clock.now();
        state.new_role(self.server.guild, name, now)
    }

    /// Gives a member of the default guild a role, or takes it away.
    pub fn set_member_role(&self, member: u64, role: u64, has: bool) {
        self.server.state().set_member_role(self.server.guild, member, role, has);
    }

    /// Whether a member takes direct messages; if not, they are refused with 50007.
    pub fn set_dms_open(&self, member: u64, open: bool) {
        if let Some(user) = self.server.state().world.users.get_mut(&member) {
            user.dms_open = open;
        }
    }

    /// Breaks the bot's gateway connections without a word; its sessions can be resumed.
    pub fn drop_gateways(&self) {
        self.upset(Upset::Drop);
    }

    /// Closes the bot's gateway connections with a code.
    pub fn close_gateways(&self, code: u16) {
        self.upset(Upset::Close(code));
    }

    /// Asks the bot's sessions to connect anew (op 7).
    pub fn ask_reconnect(&self) {
        self.upset(Upset::Reconnect);
    }

    /// Asks the bot's sessions for a heartbeat at once (op 1).
    pub fn ask_heartbeat(&self) {
        self.upset(Upset::Heartbeat);
    }

    /// Tells the bot's sessions that they are invalid (op 9).
    pub fn invalidate_sessions(&self, resumable: bool) {
        self.upset(Upset::Invalid { resumable });
    }

    fn upset(&self, upset: Upset) {
        self.server.state().hub.upset(self.server.bot, upset);
    }

    /// Lets the next `times` occasions on the bot's gateway connections go wrong in this way.
    pub fn fail_gateway(&self, fault: GatewayFault, times: u32) {
        self.server.state().hub.faults().add(fault, times);
    }

    /// Forgets gateway faults that have not happened; handshakes that hang go on hanging.
    pub fn clear_gateway_faults(&self) {
        self.server.state().hub.faults().clear();
    }

    /// Answers the handshakes that hang.
    pub fn release_handshakes(&self) {
        self.server.state().hub.faults().release.notify_waiters();
    }

    /// How many handshakes have hung so far.
    pub fn handshakes_held(&self) -> u64 {
        self.server.state().hub.faults().held
    }

    /// How many gateway connections outages have refused.
    pub fn gateways_refused(&self) -> u64 {
        self.server.state().hub.faults().refused
    }

    /// How often the bot has said IDENTIFY and RESUME.
    pub fn openings_of_bot(&self) -> (u64, u64) {
        let state = self.server.state();
        let faults = state.hub.faults();
        (faults.identifies, faults.resumes)
    }

    /// What HELLO asks for on connections from now on.
    pub fn set_heartbeat_interval(&self, interval: Duration) {
        let milliseconds = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
        self.server.state().hub.faults().heartbeat_ms = Some(milliseconds);
    }

    /// What `GET /gateway/bot` says is left of today's session starts.
    pub fn set_session_starts(&self, left: u64) {
        self.server.state().hub.faults().starts_left = Some(left);
    }

    /// Lets the bot's next `times` requests go wrong whose method is `matcher.0` (`*` for any) and
    /// whose path template, as in Discord's description, contains `matcher.1` (or ends with it, if
    /// `$` follows).
    pub fn fail_next(&self, matcher: (&str, &str), fault: Fault, times: u32) {
        self.server.state().faults.add(matcher.0, matcher.1, None, fault, times);
    }

    /// The same for requests that concern one channel, thread or guild.
    pub fn fail_next_of(&self, of: u64, matcher: (&str, &str), fault: Fault, times: u32) {
        self.server.state().faults.add(matcher.0, matcher.1, Some(of), fault, times);
    }

    /// The same for every `every`th of them.
    pub fn fail_every(&self, every: u32, matcher: (&str, &str), fault: Fault, times: u32) {
        self.server.state().faults.add_every(every, matcher.0, matcher.1, fault, times);
    }

    /// Writes plain messages of a member at once, and tells nobody of them: what the bot finds only
    /// in the history.
    pub fn fill_history(
        &self,
        channel: u64,
        author: u64,
        texts: impl IntoIterator<Item = String>,
    ) -> Vec<u64> {
        let mut state = self.server.state();
        texts.into_iter().map(|text| state.write_silently(channel, author, text)).collect()
    }

    /// From now on the bot is shown this message in a shape that it may be unable to read.
    pub fn spoil_message(&self, message: u64, shape: Unreadable) {
        self.server.state().faults.spoil(message, shape);
    }

    /// Tells the bot of the next `times` interactions twice, under the same id: Discord promises
    /// events at least once, and repeats those that a resumed session may have missed
    /// (documentation, events/gateway, "Resuming").
    pub fn tell_twice(&self, times: u32) {
        self.server.state().faults.twice = times;
    }

    /// Keeps back the bot's events from now on, until [`release_events`](Self::release_events).
    pub fn hold_events(&self) {
        self.server.state().hub.hold(self.server.bot);
    }

    /// Sends the events that were kept back, the newest first and each of them twice: the worst
    /// that a repeated and reordered stream can do to a bot.
    pub fn release_events(&self) {
        self.server.state().hub.release_scrambled(self.server.bot);
    }

    /// Forgets every nonce, as Discord does after a few minutes (documentation, resources/message):
    /// the same message sent once more is then a second message.
    pub fn forget_nonces(&self) {
        self.server.state().world.nonces.clear();
    }

    /// Forgets faults that have not happened; returns how many requests were still to go wrong.
    pub fn clear_faults(&self) -> u32 {
        self.server.state().faults.clear()
    }

    /// While on, nothing of the bot's comes through: connections break, new ones are refused.
    pub fn set_outage(&self, on: bool) {
        self.server.set_outage(on);
    }

    /// While on, one guild is unavailable for the bot's sessions, as in an outage of Discord's that
    /// concerns some guilds alone. REST goes on.
    pub fn set_guild_outage(&self, guild: u64, on: bool) {
        self.server.state().set_guild_outage(guild, on);
    }

    /// Changes the rights of a role of the default guild; @everyone is the one with the guild's number.
    pub fn set_role_permissions(&self, role: u64, allow: u64, deny: u64) {
        let mut state = self.server.state();
        let guild = self.server.guild;
        let now = state.world.guilds.get(&guild).and_then(|guild| guild.roles.get(&role));
        let Some(now) = now.map(|role| role.permissions) else { return };
        state.set_role(guild, role, (now | allow) & !deny);
    }

    /// Makes a channel one of another type, as an admin can with some.
    pub fn set_channel_kind(&self, channel: u64, kind: u8) {
        let mut state = self.server.state();
        if let Some(changed) = state.world.channels.get_mut(&channel) {
            changed.kind = kind;
            state.tell_channel_update(channel);
        }
    }

    /// Deletes a role of the default guild.
    pub fn delete_role(&self, role: u64) {
        self.server.state().remove_role(self.server.guild, role);
    }

    /// Turns the rate limits on or off.
    pub fn set_limits(&self, on: bool) {
        self.server.state().limits = Limits::new(on);
    }

    /// How long the other side of a connection may take, on connections from now on.
    pub fn set_patience(&self, patience: Patience) {
        self.server.set_patience(patience);
    }

    /// Makes every interaction so much older (wire time), to reach the end of a token's life.
    pub fn age_interactions(&self, by: Duration) {
        self.server.state().age_interactions(by);
    }
}

fn members_of(world: &World, guild: u64) -> Vec<u64> {
    world
        .guilds
        .get(&guild)
        .map(|guild| guild.members.keys().copied().collect())
        .unwrap_or_default()
}
