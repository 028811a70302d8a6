-- How hard questions turn out to be.

-- First attempts in quizzes, of all guilds: a member's first at that question in 30 days. Counted in
-- the transaction of the answer, so that a draw and a card need no sum over all answers.
CREATE TABLE question_rates (
    -- pack/topic/slug. Kept when a pack loses the question: it may come back.
    question_id TEXT   NOT NULL PRIMARY KEY,
    answers     BIGINT NOT NULL CHECK (answers > 0),
    solved      BIGINT NOT NULL CHECK (solved BETWEEN 0 AND answers)
);

-- A member's answers, for the member's stats.
CREATE INDEX answers_by_member ON answers (member_id, round_id);
CREATE INDEX ballots_by_voter ON ballots (voter_id, round_id);
