use super::{ANN, BOB, Bench, CYD, GUILD, OTHER_GUILD, at, refused};
use crate::domain::ids::{GuildId, MemberId, QuestionId};
use crate::domain::report::Standing;
use crate::store::reports::{self, Report};

fn report(id: i64, guild: GuildId, member: MemberId, slug: &str) -> Report {
    Report {
        id,
        guild,
        question: QuestionId(format!("python/basics/{slug}")),
        title: "What is `is`?".to_owned(),
        member,
        reason: "It's \"wrong\"\n@everyone".to_owned(),
        at: at(id),
        standing: Standing::Open,
        decided: None,
    }
}

#[tokio::test]
async fn a_member_has_one_open_report_a_question() {
    let bench = Bench::new().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(reports::next_id(&mut db).await.unwrap(), 1);
    for (id, guild, member, slug, new) in [
        (1, GUILD, ANN, "a", true),
        (2, GUILD, ANN, "a", false),
        (2, GUILD, ANN, "b", true),
        (3, GUILD, CYD, "a", true),
        (4, OTHER_GUILD, ANN, "a", true),
    ] {
        let report = report(id, guild, member, slug);
        assert_eq!(reports::add(&mut db, &report).await.unwrap(), new, "{id} {slug}");
    }
    assert_eq!(reports::next_id(&mut db).await.unwrap(), 5);
    assert_eq!(reports::find(&mut db, 3).await.unwrap(), Some(report(3, GUILD, CYD, "a")));
    assert_eq!(reports::find(&mut db, 9).await.unwrap(), None);
    assert_eq!(reports::open_of(&mut db, GUILD, ANN).await.unwrap(), 2);

    reports::decide(&mut db, 1, Standing::FixLater, BOB, at(7)).await.unwrap();
    reports::decide(&mut db, 3, Standing::Dismissed, BOB, at(8)).await.unwrap();
    let decided = Report {
        standing: Standing::FixLater,
        decided: Some((BOB, at(7))),
        ..report(1, GUILD, ANN, "a")
    };
    let waiting = reports::waiting(&mut db, GUILD, 10).await.unwrap();
    assert_eq!(waiting, [report(2, GUILD, ANN, "b"), decided]);
    assert_eq!(reports::waiting(&mut db, GUILD, 1).await.unwrap().len(), 1);
    for (standing, number) in Standing::ALL.into_iter().zip([1, 1, 1]) {
        assert_eq!(reports::count(&mut db, GUILD, standing).await.unwrap(), number);
    }
    assert_eq!(reports::count(&mut db, OTHER_GUILD, Standing::Open).await.unwrap(), 1);
    assert_eq!(reports::open_of(&mut db, GUILD, ANN).await.unwrap(), 1);
    // Once it is decided, the same question may be reported again.
    assert!(reports::add(&mut db, &report(5, GUILD, ANN, "a")).await.unwrap());
    let told = refused(&mut db, "UPDATE question_reports SET state = 'open'").await;
    assert!(told.contains("CHECK"), "{told}");
}
