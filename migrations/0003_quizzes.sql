-- Quizzes: runs by one member or a group, the questions drawn for each, who is in, who chose what.
-- All of a run's state is here, so that it goes on after any crash with the next click.

CREATE TABLE quiz_runs (
    run_id         BIGINT NOT NULL PRIMARY KEY,
    -- What its buttons carry: opaque, checked on every use.
    key            TEXT   NOT NULL UNIQUE,
    -- The command or press that made it; the same one delivered twice makes one run.
    interaction_id BIGINT NOT NULL UNIQUE,
    guild_id       BIGINT NOT NULL REFERENCES guilds (guild_id),
    channel_id     BIGINT NOT NULL,
    mode           TEXT   NOT NULL CHECK (mode IN ('solo', 'group')),
    state          TEXT   NOT NULL CHECK (
        state IN ('offered', 'running', 'lobby', 'asking', 'revealed', 'ended')),
    -- Whose run it is; of a group, who leads it. NULL: a group that everybody has left.
    host_id        BIGINT,
    -- Who led the group before, while the card still says so.
    former_host    BIGINT,
    -- Topic, difficulty, count, seconds and race as JSON.
    options        TEXT   NOT NULL,
    -- The seed's 64 bits as they are. Decides questions and the order of the choices.
    seed           BIGINT NOT NULL,
    -- The question at hand, from 0.
    position       BIGINT NOT NULL,
    -- Rises whenever a solo run moves to a fresh private message; older messages are out of date.
    screen         BIGINT NOT NULL,
    -- A group's public card.
    message_id     BIGINT,
    -- When the lobby, the question or the reveal at hand ends by itself, as the card says.
    closes_at      BIGINT,
    -- When the clock must look at the run next: a second later for late clicks, a day after the
    -- last click for a solo run.
    wakes_at       BIGINT,
    started_at     BIGINT NOT NULL,
    touched_at     BIGINT NOT NULL,
    ended_at       BIGINT,
    -- 1: ended by itself, and the member was not shown the result yet.
    result_due     BIGINT NOT NULL CHECK (result_due IN (0, 1)),
    -- The newest delivery that brings the card up to date: one that was not tried yet will show
    -- all that happens until then.
    edit_id        BIGINT,
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);
CREATE INDEX quiz_runs_by_member ON quiz_runs (guild_id, host_id, run_id);
CREATE INDEX quiz_runs_by_channel ON quiz_runs (channel_id, state);
CREATE INDEX quiz_runs_by_wake ON quiz_runs (state, wakes_at);
CREATE INDEX quiz_runs_by_message ON quiz_runs (message_id);

CREATE TABLE quiz_questions (
    run_id      BIGINT NOT NULL REFERENCES quiz_runs (run_id),
    position    BIGINT NOT NULL,
    guild_id    BIGINT NOT NULL,
    question_id TEXT   NOT NULL,
    -- A copy as JSON: a later edit of the pack changes no run.
    question    TEXT   NOT NULL,
    -- The question's choices in the order of the buttons, as JSON, for example [2,0,3,1].
    choices     TEXT   NOT NULL,
    -- When it was shown: the instant of the interaction that did.
    opened_at   BIGINT,
    -- When its time is over; NULL without a limit, and before it is shown.
    closes_at   BIGINT,
    -- When it was decided. Without an answer: left out, or nobody knew.
    closed_at   BIGINT,
    PRIMARY KEY (run_id, position)
);
-- What is secret in a guild, and what was asked there lately.
CREATE INDEX quiz_questions_by_guild ON quiz_questions (guild_id, question_id, opened_at);

CREATE TABLE quiz_players (
    run_id    BIGINT NOT NULL REFERENCES quiz_runs (run_id),
    member_id BIGINT NOT NULL,
    -- The click that joined: its number gives the order of joining, and its instant.
    joined_by BIGINT NOT NULL,
    -- NULL while in.
    left_at   BIGINT,
    -- Questions in a row that passed without a choice.
    missed    BIGINT NOT NULL,
    PRIMARY KEY (run_id, member_id)
);

CREATE TABLE quiz_answers (
    run_id      BIGINT NOT NULL REFERENCES quiz_runs (run_id),
    position    BIGINT NOT NULL,
    member_id   BIGINT NOT NULL,
    guild_id    BIGINT NOT NULL,
    question_id TEXT   NOT NULL,
    -- Which button, from 0.
    choice      BIGINT NOT NULL CHECK (choice BETWEEN 0 AND 24),
    -- The click that chose it. Of several the newest by number counts, in whatever order they come.
    click_id    BIGINT NOT NULL,
    -- The instant of that click.
    answered_at BIGINT NOT NULL,
    -- From the showing of the question to the click.
    took_ms     BIGINT NOT NULL,
    -- When an earlier choice was changed; NULL if never.
    changed_at  BIGINT,
    -- Whether it was the right one in time. NULL while the group's question is open.
    is_right    BIGINT CHECK (is_right IN (0, 1)),
    -- Whether it came after the question's time.
    late        BIGINT NOT NULL CHECK (late IN (0, 1)),
    -- Whether it was the member's first attempt at the question in 30 days. NULL while open.
    first       BIGINT CHECK (first IN (0, 1)),
    points      BIGINT NOT NULL CHECK (points >= 0),
    PRIMARY KEY (run_id, position, member_id),
    CHECK ((is_right IS NULL) = (first IS NULL))
);
-- Whether an attempt is the first in 30 days, and which questions a member had longest ago.
CREATE INDEX quiz_answers_by_member
    ON quiz_answers (guild_id, member_id, question_id, answered_at);

-- Deliveries of the same word are carried out at most once in two seconds. NULL: as they come.
ALTER TABLE deliveries ADD COLUMN pace TEXT;
