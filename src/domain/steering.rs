//! Who may steer a server: use a command that Discord offers to members with Manage Server, or press a
//! button that counts as that command.
//!
//! A server can change who may use a command, under *Server Settings, Integrations*: for one command
//! (an override of its own) or for the whole application. The rules are Discord's (documentation,
//! interactions/application-commands, "Permissions"; support article "Updates to Command
//! Permissions").

use super::ids::{ChannelId, GuildId, MemberId, RoleId};

/// Whom an override is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Members with a role. The role with the server's id is @everyone.
    Role(RoleId),
    /// One member.
    Member(MemberId),
    /// A channel. The one with the server's id less one stands for all channels.
    Channel(ChannelId),
}

/// One thing that a server set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    /// Whom it is for.
    pub subject: Subject,
    /// Whether it allows or denies.
    pub allowed: bool,
}

/// Who asks, and where.
#[derive(Debug, Clone, Copy)]
pub struct Steerer<'a> {
    /// The server.
    pub guild: GuildId,
    /// Who asks.
    pub member: MemberId,
    /// The member's roles, without @everyone.
    pub roles: &'a [RoleId],
    /// Where. For a thread the channel it is in.
    pub channel: ChannelId,
    /// Whether the member is an administrator or the owner, whom nothing can lock out.
    pub administrator: bool,
    /// Whether the member has Manage Server, which is enough where nothing else is set.
    pub manages: bool,
}

/// Whether somebody may steer, given what the server set for the command and for the application.
///
/// The command's own overrides come before the application's. Those of the application only take
/// away: they can't give what Manage Server would give.
pub fn may_steer(who: &Steerer<'_>, command: &[Override], application: &[Override]) -> bool {
    if who.administrator {
        return true;
    }
    let here = of_channel(who, command).or_else(|| of_channel(who, application));
    let granted = of_member(who, command)
        .unwrap_or_else(|| of_member(who, application) != Some(false) && who.manages);
    here != Some(false) && granted
}

fn set(overrides: &[Override], subject: Subject) -> Option<bool> {
    overrides.iter().find(|one| one.subject == subject).map(|one| one.allowed)
}

fn of_channel(who: &Steerer<'_>, overrides: &[Override]) -> Option<bool> {
    set(overrides, Subject::Channel(who.channel))
        .or_else(|| set(overrides, Subject::Channel(ChannelId(who.guild.0.wrapping_sub(1)))))
}

/// One of several roles that is allowed is enough.
fn of_member(who: &Steerer<'_>, overrides: &[Override]) -> Option<bool> {
    let roles = who.roles.iter().filter_map(|role| set(overrides, Subject::Role(*role)));
    set(overrides, Subject::Member(who.member))
        .or_else(|| roles.reduce(|one, other| one || other))
        .or_else(|| set(overrides, Subject::Role(RoleId(who.guild.0))))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GUILD: u64 = 100;

    fn role(id: u64, allowed: bool) -> Override {
        Override { subject: Subject::Role(RoleId(id)), allowed }
    }

    fn everyone(allowed: bool) -> Override {
        role(GUILD, allowed)
    }

    fn member(id: u64, allowed: bool) -> Override {
        Override { subject: Subject::Member(MemberId(id)), allowed }
    }

    fn channel(id: u64, allowed: bool) -> Override {
        Override { subject: Subject::Channel(ChannelId(id)), allowed }
    }

    fn all_channels(allowed: bool) -> Override {
        channel(GUILD - 1, allowed)
    }

    /// Member 5 with the roles 7 and 8 in channel 9: a plain member, and one with Manage Server.
    #[test]
    fn who_may_steer() {
        type Case<'a> = (&'a [Override], &'a [Override], bool, bool);
        let cases: &[Case<'_>] = &[
            // What Discord does where nothing is set.
            (&[], &[], false, true),
            // The command's own overrides: member before roles before @everyone.
            (&[member(5, true)], &[], true, true),
            (&[member(6, true)], &[], false, true),
            (&[member(5, false), role(7, true)], &[], false, false),
            (&[role(7, true)], &[], true, true),
            (&[role(6, true)], &[], false, true),
            (&[role(7, false), role(8, true)], &[], true, true),
            (&[role(7, false), everyone(true)], &[], false, false),
            (&[everyone(true)], &[], true, true),
            (&[everyone(false)], &[], false, false),
            (&[everyone(false), role(8, true)], &[], true, true),
            // The application's take away, but give nothing.
            (&[], &[member(5, true)], false, true),
            (&[], &[everyone(true)], false, true),
            (&[], &[everyone(false)], false, false),
            (&[], &[everyone(false), role(7, true)], false, true),
            // The command's come first, wherever both say something.
            (&[role(7, true)], &[member(5, false)], true, true),
            (&[everyone(false)], &[member(5, true)], false, false),
            // Channels.
            (&[channel(9, false)], &[], false, false),
            (&[channel(10, false)], &[], false, true),
            (&[all_channels(false)], &[], false, false),
            (&[all_channels(false), channel(9, true)], &[], false, true),
            (&[role(7, true), all_channels(false)], &[], false, false),
            (&[], &[all_channels(false)], false, false),
            (&[channel(9, true)], &[all_channels(false)], false, true),
            (&[all_channels(true)], &[channel(9, false)], false, true),
        ];
        for (command, application, plain, manager) in cases {
            for (manages, expected) in [(false, plain), (true, manager)] {
                let who = Steerer {
                    guild: GuildId(GUILD),
                    member: MemberId(5),
                    roles: &[RoleId(7), RoleId(8)],
                    channel: ChannelId(9),
                    administrator: false,
                    manages,
                };
                let may = may_steer(&who, command, application);
                assert_eq!(may, *expected, "{command:?} {application:?} manages: {manages}");
                let administrator = Steerer { administrator: true, ..who };
                assert!(may_steer(&administrator, command, application));
            }
        }
    }
}
