use super::{ANN, BOB, Bench, CYD, at, refused};
use crate::domain::ballot::Ballot;
use crate::domain::ids::{MemberId, RoundId};
use crate::store::ballots::{self, Cast};

const ROUND: RoundId = RoundId(1);
const OTHER: RoundId = RoundId(2);

fn cast(voter: MemberId, author: MemberId, revision: i64, void: bool) -> Cast {
    Cast { ballot: Ballot { voter, author, void }, revision }
}

#[tokio::test]
async fn a_member_has_one_ballot_a_round() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    assert_eq!(ballots::of_round(&mut db, ROUND).await.unwrap(), []);
    ballots::cast(&mut db, ROUND, CYD, ANN, 1, at(0)).await.unwrap();
    ballots::cast(&mut db, ROUND, BOB, ANN, 2, at(1)).await.unwrap();
    ballots::cast(&mut db, OTHER, BOB, CYD, 7, at(1)).await.unwrap();
    // A change of mind is a change, not a second ballot.
    ballots::cast(&mut db, ROUND, CYD, BOB, 3, at(2)).await.unwrap();

    let all = ballots::of_round(&mut db, ROUND).await.unwrap();
    assert_eq!(all, [cast(BOB, ANN, 2, false), cast(CYD, BOB, 3, false)]);
    let own = ballots::find(&mut db, OTHER, BOB).await.unwrap();
    assert_eq!(own, Some(cast(BOB, CYD, 7, false)));
    assert_eq!(ballots::find(&mut db, OTHER, CYD).await.unwrap(), None);
    let when: (i64,) =
        sqlx::query_as("SELECT cast_at FROM ballots WHERE round_id = 1 AND voter_id = $1")
            .bind(CYD.to_db())
            .fetch_one(&mut *db)
            .await
            .unwrap();
    assert_eq!(when.0, at(2).timestamp_millis());

    let told = refused(
        &mut db,
        "INSERT INTO ballots (round_id, voter_id, author_id, cast_at, revision)
         VALUES (1, 1002, 1, 0, 1)",
    )
    .await;
    assert!(
        told.contains("UNIQUE constraint failed: ballots.round_id, ballots.voter_id"),
        "{told}"
    );
}

#[tokio::test]
async fn nobody_votes_for_oneself() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    let own = ballots::cast(&mut db, ROUND, ANN, ANN, 1, at(0)).await;
    let told = own.unwrap_err().to_string();
    assert!(told.contains("CHECK constraint failed: voter_id <> author_id"), "{told}");
    // Nor by changing a ballot that was fine; which then stands as it was.
    ballots::cast(&mut db, ROUND, ANN, BOB, 1, at(0)).await.unwrap();
    assert!(ballots::cast(&mut db, ROUND, ANN, ANN, 1, at(0)).await.is_err());
    let all = ballots::of_round(&mut db, ROUND).await.unwrap();
    assert_eq!(all, [cast(ANN, BOB, 1, false)]);
}

#[tokio::test]
async fn a_ballot_can_be_withdrawn_once() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    for (round, voter) in [(ROUND, BOB), (ROUND, CYD), (OTHER, BOB)] {
        ballots::cast(&mut db, round, voter, ANN, 1, at(0)).await.unwrap();
    }
    assert!(ballots::withdraw(&mut db, ROUND, BOB).await.unwrap());
    assert!(!ballots::withdraw(&mut db, ROUND, BOB).await.unwrap());
    assert_eq!(ballots::find(&mut db, ROUND, BOB).await.unwrap(), None);
    assert!(ballots::find(&mut db, ROUND, CYD).await.unwrap().is_some());
    assert!(ballots::find(&mut db, OTHER, BOB).await.unwrap().is_some());
}

#[tokio::test]
async fn ballots_for_an_answer_taken_back_are_void_until_cast_again() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    ballots::cast(&mut db, ROUND, BOB, ANN, 1, at(0)).await.unwrap();
    ballots::cast(&mut db, ROUND, CYD, BOB, 1, at(0)).await.unwrap();
    ballots::cast(&mut db, OTHER, BOB, ANN, 1, at(0)).await.unwrap();
    ballots::void(&mut db, ROUND, ANN, at(0)).await.unwrap();
    let all = ballots::of_round(&mut db, ROUND).await.unwrap();
    assert_eq!(all, [cast(BOB, ANN, 1, true), cast(CYD, BOB, 1, false)]);
    let other = ballots::find(&mut db, OTHER, BOB).await.unwrap();
    assert_eq!(other, Some(cast(BOB, ANN, 1, false)));
    ballots::cast(&mut db, ROUND, BOB, ANN, 2, at(1)).await.unwrap();
    let again = ballots::find(&mut db, ROUND, BOB).await.unwrap();
    assert_eq!(again, Some(cast(BOB, ANN, 2, false)));
    let lost = ballots::cast(&mut db, RoundId(99), BOB, ANN, 1, at(0)).await;
    assert!(lost.unwrap_err().to_string().contains("FOREIGN KEY"));
}

#[tokio::test]
async fn ballots_for_an_answer_that_was_never_gone_as_a_whole_are_valid_again() {
    let bench = Bench::with_rounds().await;
    let mut db = bench.store.begin().await.unwrap();
    ballots::cast(&mut db, ROUND, BOB, ANN, 1, at(0)).await.unwrap();
    ballots::cast(&mut db, ROUND, CYD, BOB, 1, at(0)).await.unwrap();
    ballots::cast(&mut db, OTHER, BOB, ANN, 1, at(0)).await.unwrap();
    ballots::void(&mut db, ROUND, ANN, at(5)).await.unwrap();
    // What is void does not become void again later.
    ballots::void(&mut db, ROUND, ANN, at(9)).await.unwrap();
    ballots::void(&mut db, ROUND, BOB, at(5)).await.unwrap();
    ballots::void(&mut db, OTHER, ANN, at(5)).await.unwrap();
    // Written when the answer was gone, or at that moment: another answer.
    for since in [7, 5] {
        ballots::revive(&mut db, ROUND, ANN, at(since)).await.unwrap();
        let own = ballots::find(&mut db, ROUND, BOB).await.unwrap();
        assert_eq!(own, Some(cast(BOB, ANN, 1, true)), "since {since}");
    }
    ballots::revive(&mut db, ROUND, ANN, at(4)).await.unwrap();
    let all = ballots::of_round(&mut db, ROUND).await.unwrap();
    assert_eq!(all, [cast(BOB, ANN, 1, false), cast(CYD, BOB, 1, true)]);
    let other = ballots::find(&mut db, OTHER, BOB).await.unwrap();
    assert_eq!(other, Some(cast(BOB, ANN, 1, true)));
}
