use super::sample::{CHANNEL, instant};
use super::show;
use crate::discord::say::season::{list, recounted, reply, settings};
use crate::domain::ids::RoleId;
use crate::domain::season::Season;
use crate::engine::views::boards::{BoardSettings, SeasonRow};
use crate::engine::{BoardReply, Comparison};
use insta::assert_snapshot;

fn season(name: &str, ended: bool) -> Season {
    Season {
        id: 1,
        name: name.to_owned(),
        started_at: instant("2026-09-01T00:00:00Z"),
        ended_at: ended.then(|| instant("2026-12-01T00:00:00Z")),
    }
}

#[test]
fn what_came_of_it() {
    let (role, zone) = (RoleId(7), chrono_tz::America::Port_of_Spain);
    let next = Some(instant("2026-11-30T09:00:00Z"));
    let replies = [
        BoardReply::SeasonStarted { season: season("Autumn", false), ended: None },
        BoardReply::SeasonStarted {
            season: season("Winter", false),
            ended: Some(season("*Autumn*", true)),
        },
        BoardReply::SeasonEnded { season: season("Autumn", true) },
        BoardReply::Weekly { channel: Some(CHANNEL), next },
        BoardReply::Weekly { channel: None, next: None },
        BoardReply::Excluded { role, members: 1 },
        BoardReply::Included { role, members: 0 },
        BoardReply::Zone { zone },
        BoardReply::Rebuilt,
    ];
    let said: Vec<String> = replies.iter().map(|one| show(&reply(one))).collect();
    assert_snapshot!(said.join("\n"), @r#"
    Season “Autumn” has begun, from <t:1788220800:F> on. `/leaderboard window:this season` shows how it stands; `/season end` ends it.
    Season “Winter” has begun, from <t:1788220800:F> on. Season “\*Autumn\*” is over with that; nothing of it is lost. `/leaderboard window:this season` shows how it stands; `/season end` ends it.
    Season “Autumn” is over.
    Every Monday at 09:00 I will post the leaderboard of the last week in <#200>, if anybody got points. The next time is <t:1796029200:F> (<t:1796029200:R>).
    The weekly leaderboard is not posted any more.
    Members with <@&7> stay off the leaderboards. They keep their points. Right now that takes 1 member off. I go by the roles of each member as I last saw them: when the member last answered a round or used me, or was looked up to be shown on a board, which is at most once a day.
    <@&7> does not keep anybody off the leaderboards any more. Right now that brings 0 members back. I go by the roles of each member as I last saw them: when the member last answered a round or used me, or was looked up to be shown on a board, which is at most once a day.
    Weeks and months of the leaderboards begin at midnight in America/Port\_of\_Spain now. All boards are up to date with that.
    The leaderboards were counted anew.
    "#);
}

#[test]
fn seasons_with_their_best() {
    let best = |names: &[&str], points| {
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Some((names, points))
    };
    let rows = [
        SeasonRow { season: season("Winter", false), best: best(&["Ana"], 12), members: 3 },
        SeasonRow { season: season("_Autumn_", true), best: best(&["Ana", "Ben_"], 1), members: 2 },
        SeasonRow { season: season("Spring", true), best: None, members: 0 },
    ];
    let shown = [show(&list(&rows)), show(&list(&[]))];
    assert_snapshot!(shown.join("\n"), @r#"
    ╭ Seasons (Calm)
    │ **Winter**: since <t:1788220800:F>, running
    │ In the lead: Ana with 12 points, of 3 members.
    │
    │ **\_Autumn\_**: from <t:1788220800:F> to <t:1796083200:F>
    │ First: Ana and Ben\_ with 1 point each, of 2 members.
    │
    │ **Spring**: from <t:1788220800:F> to <t:1796083200:F>
    │ Nobody has points in it.
    ╰ 3 seasons
    ╭ Seasons (Calm)
    │ There was no season yet. An admin can start one with `/season start`.
    ╰
    "#);
}

#[test]
fn how_boards_are_set_up() {
    let plain = BoardSettings {
        zone: chrono_tz::Europe::Lisbon,
        weekly: None,
        excluded: [].into(),
        season: None,
    };
    let all = BoardSettings {
        weekly: Some((CHANNEL, Some(instant("2026-11-30T09:00:00Z")))),
        excluded: [RoleId(7), RoleId(8)].into(),
        season: Some(season("Autumn", false)),
        ..plain.clone()
    };
    let shown = [show(&settings(&plain)), show(&settings(&all))];
    assert_snapshot!(shown.join("\n"), @r#"
    ╭ The leaderboards of this server (Calm)
    │ Weeks and months begin at midnight in Europe/Lisbon.
    │ ─ The board of the last week
    │ Not posted. `/study board weekly post:on` posts it every Monday at 09:00.
    │ ─ Roles kept off
    │ None. `/study board exclude` keeps the members of a role off.
    │ ─ Season
    │ None is running. `/season start` begins one.
    ╰
    ╭ The leaderboards of this server (Calm)
    │ Weeks and months begin at midnight in Europe/Lisbon.
    │ ─ The board of the last week
    │ Posted in <#200> every Monday at 09:00, next <t:1796029200:F>.
    │ ─ Roles kept off
    │ <@&7>, <@&8>
    │ I go by the roles of each member as I last saw them: when the member last answered a round or used me, or was looked up to be shown on a board, which is at most once a day.
    │ ─ Season
    │ Autumn, since <t:1788220800:F>
    ╰
    "#);
}

#[test]
fn counted_anew() {
    let shown = [(12, 0), (12, 1)]
        .map(|(rows, different)| show(&recounted(&Comparison { rows, different })));
    assert_snapshot!(shown.join("\n"), @r#"
    ╭ Counted anew (Green)
    │ I counted every point anew: the leaderboards agree with the ledger in all 12 sums.
    ╰
    ╭ Counted anew (Red)
    │ I counted every point anew: 1 sum differed from the ledger. The leaderboards are made anew and agree with it now; whoever runs this bot may want to know.
    ╰
    "#);
}
