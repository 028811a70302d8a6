-- Points come from quizzes too, which have no round and belong to no study channel. Every row now
-- says which question it is about: boards by topic need it, and a quiz has nothing else to name.

CREATE TABLE ledger_anew (
    entry_id    BIGINT NOT NULL PRIMARY KEY,
    guild_id    BIGINT NOT NULL REFERENCES guilds (guild_id),
    -- Where it was earned. NULL: in a quiz.
    channel_id  BIGINT REFERENCES study_channels (channel_id),
    member_id   BIGINT NOT NULL,
    -- The round it comes from. NULL: a quiz.
    round_id    BIGINT REFERENCES rounds (round_id),
    -- pack/topic/slug.
    question_id TEXT   NOT NULL,
    kind        TEXT   NOT NULL CHECK (kind IN ('answered', 'voted', 'picked', 'quiz')),
    -- The unique cause, for example round:12:answered:345 or quiz:7:2:345; the same thing never
    -- earns twice.
    cause       TEXT   NOT NULL UNIQUE,
    points      BIGINT NOT NULL CHECK (points <> 0),
    -- When the round closed or the quiz answer was given: decides into which week and month the
    -- points fall.
    at          BIGINT NOT NULL,
    CHECK ((kind = 'quiz') = (round_id IS NULL)),
    CHECK ((round_id IS NULL) = (channel_id IS NULL))
);
INSERT INTO ledger_anew (entry_id, guild_id, channel_id, member_id, round_id, question_id, kind,
        cause, points, at)
    SELECT l.entry_id, l.guild_id, l.channel_id, l.member_id, l.round_id,
        COALESCE(r.question_id, ''), l.kind, l.cause, l.points, l.at
    FROM ledger l JOIN rounds r ON r.round_id = l.round_id;
DROP TABLE ledger;
ALTER TABLE ledger_anew RENAME TO ledger;
CREATE INDEX ledger_by_guild ON ledger (guild_id, at);
CREATE INDEX ledger_by_member ON ledger (guild_id, member_id, entry_id);
