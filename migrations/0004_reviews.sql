-- What members come back to, how they want it, and what they reported about questions.

-- One question that one member is learning. Personal: shown to that member alone.
CREATE TABLE review_cards (
    guild_id      BIGINT NOT NULL REFERENCES guilds (guild_id),
    member_id     BIGINT NOT NULL,
    -- pack/topic/slug. A question that no pack has any more is passed over.
    question_id   TEXT   NOT NULL,
    -- Opaque: what the buttons of a review bear.
    key           TEXT   NOT NULL UNIQUE,
    -- The question's title when the card was made or reset last.
    title         TEXT   NOT NULL,
    source        TEXT   NOT NULL CHECK (source IN ('quiz', 'round')),
    -- FSRS's memory. NULL: never graded.
    stability     DOUBLE PRECISION CHECK (stability > 0),
    difficulty    DOUBLE PRECISION CHECK (difficulty > 0),
    -- The interval given last; 0 before the first grade.
    interval_days BIGINT NOT NULL CHECK (interval_days BETWEEN 0 AND 36500),
    due_at        BIGINT NOT NULL,
    added_at      BIGINT NOT NULL,
    -- When it was graded or missed last.
    last_at       BIGINT,
    -- Rises with every grade and every miss; a button that bears an older number is outdated, so a
    -- grade counts once however often its click is delivered.
    reviews       BIGINT NOT NULL CHECK (reviews >= 0),
    lapses        BIGINT NOT NULL CHECK (lapses BETWEEN 0 AND reviews),
    PRIMARY KEY (guild_id, member_id, question_id),
    CHECK ((stability IS NULL) = (difficulty IS NULL))
);

-- What a member set with /review. No row: nothing is on.
CREATE TABLE review_wishes (
    guild_id     BIGINT NOT NULL REFERENCES guilds (guild_id),
    member_id    BIGINT NOT NULL,
    -- The daily reminder: since when it is on. NULL: off.
    remind_since BIGINT,
    -- Whether questions of closed rounds become cards.
    rounds       BIGINT NOT NULL CHECK (rounds IN (0, 1)),
    -- When Discord refused the reminder, which switched it off; told in /review until the member
    -- decides anew.
    refused_at   BIGINT,
    PRIMARY KEY (guild_id, member_id),
    CHECK (remind_since IS NULL OR refused_at IS NULL)
);
CREATE INDEX review_wishes_by_reminder ON review_wishes (remind_since);

-- The last local date whose reminders were seen to, so that each date has its turn once.
CREATE TABLE review_reminders (
    guild_id  BIGINT NOT NULL PRIMARY KEY REFERENCES guilds (guild_id),
    last_date TEXT   NOT NULL
);

CREATE TABLE question_reports (
    report_id   BIGINT NOT NULL PRIMARY KEY,
    guild_id    BIGINT NOT NULL REFERENCES guilds (guild_id),
    question_id TEXT   NOT NULL,
    title       TEXT   NOT NULL,
    member_id   BIGINT NOT NULL,
    -- As typed; shown as plain text.
    reason      TEXT   NOT NULL,
    reported_at BIGINT NOT NULL,
    state       TEXT   NOT NULL CHECK (state IN ('open', 'fix_later', 'dismissed')),
    decided_by  BIGINT,
    decided_at  BIGINT,
    CHECK ((state = 'open') = (decided_by IS NULL)),
    CHECK ((decided_by IS NULL) = (decided_at IS NULL))
);
-- One open report a member and question; a second one says nothing new.
CREATE UNIQUE INDEX question_reports_once
    ON question_reports (guild_id, member_id, question_id) WHERE state = 'open';
CREATE INDEX question_reports_by_state ON question_reports (guild_id, state, report_id);
