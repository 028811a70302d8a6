-- The daily round: who studies where and when, what was asked, what was answered and voted, the
-- points it earned, and everything that must still be said on Discord.
--
-- Types: BIGINT, TEXT and DOUBLE PRECISION only, so that the same text runs on PostgreSQL.
-- Instants are milliseconds since 1970 in UTC; booleans are BIGINT 0 or 1; Discord's ids are
-- BIGINT (they use 63 bits). Ids are assigned by the engine, never by the database.

CREATE TABLE guilds (
    guild_id        BIGINT NOT NULL PRIMARY KEY,
    -- As last seen, for notices sent by direct message.
    name            TEXT   NOT NULL,
    -- IANA name. Weeks and months of the boards begin at this zone's midnight; it is the zone of
    -- the first study channel set up.
    zone            TEXT   NOT NULL,
    -- Where notices go. NULL: by direct message to setup_by, then to owner_id.
    notices_channel BIGINT,
    setup_by        BIGINT NOT NULL,
    owner_id        BIGINT NOT NULL
);

CREATE TABLE study_channels (
    channel_id    BIGINT NOT NULL PRIMARY KEY,
    guild_id      BIGINT NOT NULL REFERENCES guilds (guild_id),
    -- Minute of the local day, so that 08:30 is 510.
    at_minute     BIGINT NOT NULL CHECK (at_minute BETWEEN 0 AND 1439),
    zone          TEXT   NOT NULL,
    -- Bit 0 is Monday.
    weekdays      BIGINT NOT NULL CHECK (weekdays BETWEEN 1 AND 127),
    -- Nothing due at or before this instant is made up for: set at setup, at every change of the
    -- schedule and at the end of a pause.
    since         BIGINT NOT NULL,
    -- The role mentioned inside the question card.
    role_id       BIGINT,
    pin           BIGINT NOT NULL CHECK (pin IN (0, 1)),
    -- NULL: a round closes at the next due instant.
    close_after_h BIGINT CHECK (close_after_h BETWEEN 1 AND 168),
    -- The study plan as JSON.
    plan          TEXT   NOT NULL,
    paused_from   BIGINT,
    -- NULL with paused_from set: until somebody resumes.
    paused_until  BIGINT,
    -- Kept after /study remove, because rounds and points refer to it.
    removed_at    BIGINT,
    -- What is wrong at the moment, as a word and in Discord's terms; NULL when all is well.
    trouble       TEXT,
    trouble_since BIGINT,
    -- When the admins were last told that the pool runs dry.
    stock_warned  BIGINT,
    CHECK (paused_until IS NULL OR paused_from IS NOT NULL),
    CHECK (trouble IS NULL OR trouble_since IS NOT NULL)
);
CREATE INDEX study_channels_by_guild ON study_channels (guild_id);

CREATE TABLE holidays (
    channel_id BIGINT NOT NULL REFERENCES study_channels (channel_id),
    -- Local dates, YYYY-MM-DD, both ends without a round.
    first_date TEXT   NOT NULL,
    last_date  TEXT   NOT NULL,
    label      TEXT   NOT NULL,
    PRIMARY KEY (channel_id, first_date),
    CHECK (first_date <= last_date)
);

CREATE TABLE rounds (
    round_id       BIGINT NOT NULL PRIMARY KEY,
    guild_id       BIGINT NOT NULL REFERENCES guilds (guild_id),
    channel_id     BIGINT NOT NULL REFERENCES study_channels (channel_id),
    -- The local date a scheduled round is for. At most one a date and study channel, whatever
    -- happens to clocks and schedules: the promise, as a key.
    local_date     TEXT,
    -- The interaction that asked for an extra round; asking twice with one interaction is one round.
    interaction_id BIGINT UNIQUE,
    due_at         BIGINT NOT NULL,
    state          TEXT   NOT NULL
        CHECK (state IN ('due', 'open', 'closing', 'closed', 'skipped', 'withdrawn')),
    skip_reason    TEXT,
    question_id    TEXT,
    -- The question as it was when drawn (JSON); later edits of a pack change no past round.
    question       TEXT,
    -- Decides the draw and the order of answers on ballots.
    seed           BIGINT NOT NULL,
    -- Why this question was drawn (JSON).
    reason         TEXT,
    -- The card and its thread, once Discord has them.
    message_id     BIGINT UNIQUE,
    thread_id      BIGINT UNIQUE,
    closes_at      BIGINT NOT NULL,
    opened_at      BIGINT,
    closed_at      BIGINT,
    -- Tally, picks and awards as decided at the close (JSON).
    outcome        TEXT,
    -- Set by /study void: when its points were reversed.
    voided_at      BIGINT,
    UNIQUE (channel_id, local_date),
    CHECK ((local_date IS NULL) <> (interaction_id IS NULL)),
    CHECK (state = 'skipped' OR question IS NOT NULL),
    CHECK (state <> 'skipped' OR skip_reason IS NOT NULL),
    CHECK (state NOT IN ('open', 'closing', 'closed') OR message_id IS NOT NULL),
    CHECK (state <> 'closed' OR (closed_at IS NOT NULL AND outcome IS NOT NULL))
);
CREATE INDEX rounds_by_state ON rounds (state, closes_at);
CREATE INDEX rounds_by_channel ON rounds (channel_id, due_at);

-- Counted messages, and messages whose author said what they are (wish). The text is kept only
-- while a message counts: what is discussion is none of the bot's business.
CREATE TABLE answer_messages (
    message_id  BIGINT NOT NULL PRIMARY KEY,
    round_id    BIGINT NOT NULL REFERENCES rounds (round_id),
    member_id   BIGINT NOT NULL,
    counts      BIGINT NOT NULL CHECK (counts IN (0, 1)),
    content     TEXT   NOT NULL,
    -- JSON array of {name, url}.
    attachments TEXT   NOT NULL,
    edited_at   BIGINT,
    wish        TEXT CHECK (wish IN ('counted', 'not_counted')),
    CHECK (counts = 1 OR (content = '' AND attachments = '[]'))
);
CREATE INDEX answer_messages_by_round ON answer_messages (round_id, member_id);

-- One row for every member with at least one counted message in a round.
CREATE TABLE answers (
    round_id      BIGINT NOT NULL REFERENCES rounds (round_id),
    member_id     BIGINT NOT NULL,
    -- The message that bears the bot's check mark.
    first_message BIGINT NOT NULL,
    -- Rises with every change of the text, so that a voter can be told that it changed.
    revision      BIGINT NOT NULL,
    PRIMARY KEY (round_id, member_id)
);

CREATE TABLE ballots (
    round_id  BIGINT NOT NULL REFERENCES rounds (round_id),
    voter_id  BIGINT NOT NULL,
    -- Whose answer got the vote. No key to answers: a ballot outlives an answer taken back.
    author_id BIGINT NOT NULL,
    cast_at   BIGINT NOT NULL,
    -- The answer's revision that the voter saw.
    revision  BIGINT NOT NULL,
    -- The answer was taken back after the vote. Who voted keeps the point.
    void      BIGINT NOT NULL CHECK (void IN (0, 1)),
    -- One ballot a member and round, and none for oneself: kept by the database, not by a handler.
    PRIMARY KEY (round_id, voter_id),
    CHECK (voter_id <> author_id)
);

-- Points. Rows are only ever added; whatever is taken back is a row with the opposite sign.
CREATE TABLE ledger (
    entry_id   BIGINT NOT NULL PRIMARY KEY,
    guild_id   BIGINT NOT NULL REFERENCES guilds (guild_id),
    channel_id BIGINT NOT NULL REFERENCES study_channels (channel_id),
    member_id  BIGINT NOT NULL,
    round_id   BIGINT NOT NULL REFERENCES rounds (round_id),
    kind       TEXT   NOT NULL CHECK (kind IN ('answered', 'voted', 'picked')),
    -- The unique cause, for example round:12:answered:345; the same thing never earns twice.
    cause      TEXT   NOT NULL UNIQUE,
    points     BIGINT NOT NULL CHECK (points <> 0),
    -- When the round closed: decides into which week and month the points fall.
    at         BIGINT NOT NULL
);
CREATE INDEX ledger_by_guild ON ledger (guild_id, at);
CREATE INDEX ledger_by_member ON ledger (guild_id, member_id, entry_id);

CREATE TABLE streaks (
    channel_id   BIGINT NOT NULL REFERENCES study_channels (channel_id),
    member_id    BIGINT NOT NULL,
    length       BIGINT NOT NULL CHECK (length >= 0),
    best         BIGINT NOT NULL CHECK (best >= length),
    graces       BIGINT NOT NULL CHECK (graces BETWEEN 0 AND 2),
    toward_grace BIGINT NOT NULL CHECK (toward_grace >= 0),
    PRIMARY KEY (channel_id, member_id)
);

-- What was last seen of a member: boards show names without asking Discord for them.
CREATE TABLE members (
    guild_id    BIGINT NOT NULL,
    member_id   BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    -- 0 after Discord said that the member is no longer in the guild.
    present     BIGINT NOT NULL CHECK (present IN (0, 1)),
    -- /privacy board:off
    hidden      BIGINT NOT NULL CHECK (hidden IN (0, 1)),
    -- When Discord was last asked about this member, or the member last acted.
    seen_at     BIGINT NOT NULL,
    PRIMARY KEY (guild_id, member_id)
);

-- One thing that must be said on Discord, recorded before it is said.
CREATE TABLE deliveries (
    delivery_id    BIGINT NOT NULL PRIMARY KEY,
    -- What is owed, for example round:12:card. Owed once, said once.
    cause          TEXT   NOT NULL UNIQUE,
    -- Opaque and random. Sent as the message's nonce and inside its buttons' custom ids, so that
    -- the message can be recognised in the channel's history after a crash.
    key            TEXT   NOT NULL UNIQUE,
    guild_id       BIGINT NOT NULL REFERENCES guilds (guild_id),
    -- The study channel it belongs to: trouble there holds up nothing elsewhere.
    channel_id     BIGINT REFERENCES study_channels (channel_id),
    round_id       BIGINT REFERENCES rounds (round_id),
    -- Not tried before that one is done or dropped.
    after_id       BIGINT REFERENCES deliveries (delivery_id),
    -- What to say, as JSON; put into words when sent.
    intent         TEXT   NOT NULL,
    state          TEXT   NOT NULL CHECK (state IN ('pending', 'done', 'dropped')),
    -- Raised before every attempt. Above 0 on a pending row: it may have been said already, so
    -- look before saying it again.
    attempts       BIGINT NOT NULL CHECK (attempts >= 0),
    created_at     BIGINT NOT NULL,
    -- Study time after which saying it would be worse than silence. NULL: never.
    expires_at     BIGINT,
    -- What Discord made of it.
    result_channel BIGINT,
    result_message BIGINT,
    -- The last error, in Discord's words; never holds a token.
    error          TEXT
);
CREATE INDEX deliveries_pending ON deliveries (state, delivery_id);
CREATE INDEX deliveries_by_round ON deliveries (round_id);
