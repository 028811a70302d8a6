-- Standings: sums kept beside the ledger, so that a board costs the same with a thousand rows and
-- with a million. The ledger stays the truth; whatever is here can be made again from it.

-- Where the board of the last week is posted. NULL: nowhere.
ALTER TABLE guilds ADD COLUMN weekly_channel BIGINT;
-- Mondays at or before this instant are not made up for.
ALTER TABLE guilds ADD COLUMN weekly_since BIGINT;

-- As last seen in an event. NULL: never seen with it.
ALTER TABLE members ADD COLUMN joined_at BIGINT;
-- JSON array of ids, rising. NULL: never seen with them.
ALTER TABLE members ADD COLUMN roles TEXT;
-- One of the roles is kept off the boards.
ALTER TABLE members ADD COLUMN excluded BIGINT NOT NULL DEFAULT 0 CHECK (excluded IN (0, 1));

-- Roles whose members do not stand on boards.
CREATE TABLE excluded_roles (
    guild_id BIGINT NOT NULL REFERENCES guilds (guild_id),
    role_id  BIGINT NOT NULL,
    PRIMARY KEY (guild_id, role_id)
);

CREATE TABLE seasons (
    season_id  BIGINT NOT NULL PRIMARY KEY,
    guild_id   BIGINT NOT NULL REFERENCES guilds (guild_id),
    name       TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    -- NULL: it is running.
    ended_at   BIGINT,
    UNIQUE (guild_id, started_at),
    CHECK (ended_at IS NULL OR ended_at >= started_at)
);
-- One at a time: kept by the database, not by a handler.
CREATE UNIQUE INDEX seasons_running ON seasons (guild_id) WHERE ended_at IS NULL;

-- The topic is the middle of a question's id. Taking that apart is not the same in all databases,
-- so it is written down once for every question that ever earned a point.
CREATE TABLE question_topics (
    question_id TEXT NOT NULL PRIMARY KEY,
    topic       TEXT NOT NULL CHECK (topic <> '')
);

-- The stretches of time that standings are kept for: all time, this, the last and the next month
-- and week, every season. What is over for longer is dropped, for no board shows it.
CREATE TABLE periods (
    period_id BIGINT NOT NULL PRIMARY KEY,
    guild_id  BIGINT NOT NULL REFERENCES guilds (guild_id),
    kind      TEXT   NOT NULL CHECK (kind IN ('all', 'month', 'week', 'season')),
    -- From the first instant on, up to but without the second; the ends of the number line where
    -- there is none.
    from_at   BIGINT NOT NULL,
    until_at  BIGINT NOT NULL,
    UNIQUE (guild_id, kind, from_at),
    CHECK (from_at <= until_at)
);

-- What one member's ledger rows in one period add up to.
CREATE TABLE standings (
    period_id  BIGINT NOT NULL REFERENCES periods (period_id),
    member_id  BIGINT NOT NULL,
    -- Empty: all topics together.
    topic      TEXT   NOT NULL,
    points     BIGINT NOT NULL,
    -- How often picked, how often answered, and what of the points is from quizzes.
    picks      BIGINT NOT NULL,
    answers    BIGINT NOT NULL,
    quiz       BIGINT NOT NULL,
    -- The instant of the last row: when the member got there.
    reached_at BIGINT NOT NULL,
    -- Copied from members, because a board of ten thousand cannot look each of them up.
    shown      BIGINT NOT NULL CHECK (shown IN (0, 1)),
    joined_at  BIGINT,
    PRIMARY KEY (period_id, member_id, topic)
);
-- The order of a board. It holds all that counting and paging need, so that neither reads a row.
CREATE INDEX standings_in_order ON standings
    (period_id, topic, shown, points DESC, picks DESC, reached_at, member_id, joined_at);
