use super::{ANN, BOB, Bench, ELSEWHERE, GUILD, HIGHEST, OTHER_GUILD, at, channel, guild};
use crate::domain::ids::{ChannelId, GuildId, MemberId};
use crate::store::channels::{self, StudyChannel};
use crate::store::guilds::{self, Guild};

#[tokio::test]
async fn a_guild_comes_back_as_it_was_written() {
    let bench = Bench::empty().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(guilds::find(&mut db, GUILD).await.unwrap(), None);
    let first = guild(GUILD);
    let other = Guild {
        notices: Some(ChannelId(HIGHEST)),
        name: "'); DROP TABLE guilds; --".to_owned(),
        ..guild(GuildId(HIGHEST))
    };
    guilds::save(&mut db, &first).await.unwrap();
    guilds::save(&mut db, &other).await.unwrap();
    assert_eq!(guilds::find(&mut db, first.id).await.unwrap(), Some(first));
    assert_eq!(guilds::find(&mut db, other.id).await.unwrap(), Some(other));
}

#[tokio::test]
async fn a_known_guild_is_overwritten_in_every_column() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let changed = Guild {
        id: GUILD,
        name: String::new(),
        zone: chrono_tz::America::Argentina::ComodRivadavia,
        notices: Some(ChannelId(5)),
        setup_by: BOB,
        owner: MemberId(7),
    };
    guilds::save(&mut db, &changed).await.unwrap();
    assert_eq!(guilds::find(&mut db, GUILD).await.unwrap(), Some(changed.clone()));
    let back = Guild { notices: None, setup_by: ANN, ..changed };
    guilds::save(&mut db, &back).await.unwrap();
    assert_eq!(guilds::find(&mut db, GUILD).await.unwrap(), Some(back));
}

#[tokio::test]
async fn an_unknown_zone_is_told_and_not_replaced() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    sqlx::query("UPDATE guilds SET zone = 'Mars/Base'").execute(&mut *db).await.unwrap();
    let error = guilds::find(&mut db, GUILD).await.unwrap_err().to_string();
    assert!(error.contains("Mars/Base"), "{error}");
}

#[tokio::test]
async fn the_weekly_post_is_each_guilds_own_and_outlives_a_setup() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let known = guilds::all(&mut db).await.unwrap();
    let ids: Vec<_> = known.iter().map(|guild| guild.id).collect();
    assert_eq!(guilds::ids(&mut db).await.unwrap(), ids);
    assert_eq!(known.iter().map(|guild| guild.id).collect::<Vec<_>>(), [GUILD, OTHER_GUILD]);
    assert_eq!(guilds::weekly(&mut db, GUILD).await.unwrap(), None);
    guilds::set_weekly(&mut db, GUILD, Some(ChannelId(5)), at(3)).await.unwrap();
    guilds::save(&mut db, &known[0]).await.unwrap();
    assert_eq!(guilds::weekly(&mut db, GUILD).await.unwrap(), Some((ChannelId(5), at(3))));
    assert_eq!(guilds::weekly(&mut db, OTHER_GUILD).await.unwrap(), None);
    guilds::set_weekly(&mut db, GUILD, None, at(4)).await.unwrap();
    assert_eq!(guilds::weekly(&mut db, GUILD).await.unwrap(), None);
}

#[tokio::test]
async fn who_studies_has_a_study_channel_in_use() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    let of = |guilds: Vec<Guild>| guilds.into_iter().map(|guild| guild.id).collect::<Vec<_>>();
    assert_eq!(of(guilds::studying(&mut db).await.unwrap()), [GUILD, OTHER_GUILD]);
    let removed = StudyChannel { removed: true, ..channel(ELSEWHERE, OTHER_GUILD) };
    channels::save(&mut db, &removed, at(1)).await.unwrap();
    assert_eq!(of(guilds::studying(&mut db).await.unwrap()), [GUILD]);
}
