-- Sample rows of the tables as migration 0001 left them: what a team's database may hold when the
-- next migration comes. Every table, every state, every column once with and once without a value.
-- Never changed when a migration is added: an old database stays as it is, too.

INSERT INTO guilds (guild_id, name, zone, notices_channel, setup_by, owner_id) VALUES
    (900000000000000001, 'Reading room', 'Europe/Berlin', 800000000000000009, 1001, 1002),
    (9223372036854775807, '', 'UTC', NULL, 1001, 1001);

INSERT INTO study_channels (channel_id, guild_id, at_minute, zone, weekdays, since, role_id, pin,
    close_after_h, plan, paused_from, paused_until, removed_at, trouble, trouble_since,
    stock_warned) VALUES
    (800000000000000001, 900000000000000001, 510, 'Europe/Berlin', 31, 1795420800000, NULL, 0,
        NULL, '{"topics":{},"difficulty":{"mix":{"easy":1,"medium":1,"hard":1}}}', NULL, NULL,
        NULL, NULL, NULL, NULL),
    (800000000000000002, 900000000000000001, 0, 'Asia/Kolkata', 127, 1795420800000, 700, 1,
        168, '{"topics":{"basics":2,"oop":0},"difficulty":{"ladder":["easy","easy","medium","medium","hard","hard","hard"]}}',
        1795420800000, 1795520800000, NULL, 'missing_right', 1795420800000, 1795420800000),
    (800000000000000003, 9223372036854775807, 1439, 'America/New_York', 1, 0, NULL, 0,
        1, '{"topics":{},"difficulty":{"mix":{"easy":0,"medium":0,"hard":1}}}', 1795420800000, NULL,
        1795420800001, NULL, NULL, NULL);

INSERT INTO holidays (channel_id, first_date, last_date, label) VALUES
    (800000000000000001, '2026-12-24', '2027-01-06', 'Winter''s break'),
    (800000000000000002, '2026-12-25', '2026-12-25', '');

INSERT INTO rounds (round_id, guild_id, channel_id, local_date, interaction_id, due_at, state,
    skip_reason, question_id, question, seed, reason, message_id, thread_id, closes_at, opened_at,
    closed_at, outcome, voided_at) VALUES
    (1, 900000000000000001, 800000000000000001, '2026-11-20', NULL, 1795420800000, 'closed',
        NULL, 'python/basics/is-vs-equality',
        '{"id":"python/basics/is-vs-equality","topic":"basics","difficulty":"easy","kind":"compare","tags":["identity"],"title":"`is` or `==`?","prompt":"When do they differ?","hint":"Think of small numbers.","answer":"Identity, equality.","choices":[{"text":"Never","right":false,"why":"They do."},{"text":"Often","right":true,"why":null}],"follow_ups":[{"prompt":"And `in`?","answer":"Both."}],"sources":["https://docs.python.org/3/"]}',
        -1, '{"topic":"basics","difficulty":"easy","wanted":"hard","freshness":{"least_recent":"2026-10-01T08:30:00Z"},"pool":0}',
        700000000000000001, 700000000000000001, 1795507200000, 1795420801000, 1795507201000,
        '{"tally":{"rows":[{"author":1001,"votes":2},{"author":1002,"votes":0}],"ballots":2,"picks":[1001]},"awards":[{"member":1001,"cause":"Picked","points":5}],"edited_late":[1002]}',
        1795507300000),
    (2, 900000000000000001, 800000000000000001, '2026-11-23', NULL, 1795680000000, 'open',
        NULL, 'python/basics/a', '{"id":"python/basics/a","topic":"basics","difficulty":"medium","kind":"concept","tags":[],"title":"A","prompt":"A?","hint":null,"answer":"A.","choices":[],"follow_ups":[],"sources":[]}',
        0, '{"topic":"basics","difficulty":"medium","wanted":null,"freshness":"new","pool":12}',
        700000000000000002, 700000000000000002, 1795766400000, 1795680001000, NULL, NULL, NULL),
    (3, 900000000000000001, 800000000000000002, NULL, 600000000000000001, 1795680000000, 'closing',
        NULL, 'python/basics/b', '{"id":"python/basics/b","topic":"basics","difficulty":"hard","kind":"coding","tags":[],"title":"B","prompt":"B?","hint":null,"answer":"B.","choices":[],"follow_ups":[],"sources":[]}',
        9223372036854775807, NULL, 700000000000000003, NULL, 1795680000000, 1795680001000, NULL,
        NULL, NULL),
    (4, 900000000000000001, 800000000000000001, '2026-11-24', NULL, 1795766400000, 'due',
        NULL, 'python/basics/c', '{"id":"python/basics/c","topic":"basics","difficulty":"hard","kind":"design","tags":[],"title":"C","prompt":"C?","hint":null,"answer":"C.","choices":[],"follow_ups":[],"sources":[]}',
        4, NULL, NULL, NULL, 1795852800000, NULL, NULL, NULL, NULL),
    (5, 900000000000000001, 800000000000000001, '2026-11-25', NULL, 1795852800000, 'skipped',
        'by_admin', NULL, NULL, 5, NULL, NULL, NULL, 1795852800000, NULL, NULL, NULL, NULL),
    (6, 900000000000000001, 800000000000000002, '2026-11-25', NULL, 1795852800000, 'withdrawn',
        NULL, 'python/basics/d', '{"id":"python/basics/d","topic":"basics","difficulty":"easy","kind":"concept","tags":[],"title":"D","prompt":"D?","hint":null,"answer":"D.","choices":[],"follow_ups":[],"sources":[]}',
        6, NULL, 700000000000000006, 700000000000000006, 1795852800000, 1795852801000, NULL, NULL,
        NULL);

INSERT INTO answer_messages (message_id, round_id, member_id, counts, content, attachments,
    edited_at, wish) VALUES
    (500000000000000001, 1, 1001, 1, 'They differ for equal objects, of course.', '[]', NULL, NULL),
    (500000000000000002, 1, 1002, 1, '', '[{"name":"a.png","url":"https://cdn.example/a.png"}]',
        1795430000000, 'counted'),
    (500000000000000003, 1, 1001, 0, '', '[]', NULL, 'not_counted'),
    (500000000000000004, 2, 9223372036854775807, 1, 'An answer of twenty characters.', '[]', NULL,
        NULL);

INSERT INTO answers (round_id, member_id, first_message, revision) VALUES
    (1, 1001, 500000000000000001, 1),
    (1, 1002, 500000000000000002, 4),
    (2, 9223372036854775807, 500000000000000004, 1);

INSERT INTO ballots (round_id, voter_id, author_id, cast_at, revision, void) VALUES
    (1, 1002, 1001, 1795430000000, 1, 0),
    (1, 1003, 1001, 1795430000001, 1, 0),
    (2, 1001, 1002, 1795690000000, 2, 1);

INSERT INTO ledger (entry_id, guild_id, channel_id, member_id, round_id, kind, cause, points, at)
VALUES
    (1, 900000000000000001, 800000000000000001, 1001, 1, 'answered', 'round:1:answered:1001', 2,
        1795507201000),
    (2, 900000000000000001, 800000000000000001, 1002, 1, 'voted', 'round:1:voted:1002', 1,
        1795507201000),
    (3, 900000000000000001, 800000000000000001, 1001, 1, 'picked', 'round:1:picked:1001', 5,
        1795507201000),
    (4, 900000000000000001, 800000000000000001, 1001, 1, 'picked', 'void:1:picked:1001', -5,
        1795507201000);

INSERT INTO streaks (channel_id, member_id, length, best, graces, toward_grace) VALUES
    (800000000000000001, 1001, 0, 21, 2, 0),
    (800000000000000001, 1002, 3, 3, 0, 3);

INSERT INTO members (guild_id, member_id, name, present, hidden, seen_at) VALUES
    (900000000000000001, 1001, 'Ann', 1, 0, 1795420800000),
    (900000000000000001, 1002, 'Bob ✨', 0, 1, 1795420800000);

INSERT INTO deliveries (delivery_id, cause, key, guild_id, channel_id, round_id, after_id, intent,
    state, attempts, created_at, expires_at, result_channel, result_message, error) VALUES
    (1, 'round:1:card', 'k01', 900000000000000001, 800000000000000001, 1, NULL,
        '{"card":{"round":1}}', 'done', 1, 1795420800000, 1795428000000, 800000000000000001,
        700000000000000001, NULL),
    (2, 'round:1:thread', 'k02', 900000000000000001, 800000000000000001, 1, 1,
        '{"thread":{"round":1}}', 'done', 3, 1795420800000, NULL, NULL, NULL, 'once slow'),
    (3, 'round:1:pin', 'k03', 900000000000000001, 800000000000000001, 1, 1,
        '{"pin":{"round":1}}', 'dropped', 9, 1795420800000, NULL, NULL, NULL, '50013'),
    (4, 'unpin', 'k04', 900000000000000001, 800000000000000001, NULL, NULL,
        '{"unpin":{"channel":800000000000000001,"message":700000000000000001}}', 'pending', 0,
        1795420800000, NULL, NULL, NULL, NULL),
    (5, 'mark', 'k05', 900000000000000001, 800000000000000001, 1, NULL,
        '{"mark":{"thread":700000000000000001,"message":500000000000000001}}', 'pending', 2,
        1795420800000, NULL, NULL, NULL, 'slow'),
    (6, 'unmark', 'k06', 900000000000000001, 800000000000000001, 1, NULL,
        '{"unmark":{"thread":700000000000000001,"message":500000000000000001}}', 'pending', 0,
        1795420800000, NULL, NULL, NULL, NULL),
    (7, 'round:2:read:1795680000000', 'k07', 900000000000000001, 800000000000000001, 2, NULL,
        '{"read_thread":{"round":2,"reading":"catch_up"}}', 'pending', 0, 1795420800000, NULL, NULL,
        NULL, NULL),
    (8, 'round:3:read:close', 'k08', 900000000000000001, 800000000000000002, 3, NULL,
        '{"read_thread":{"round":3,"reading":"close"}}', 'pending', 0, 1795420800000, NULL, NULL,
        NULL, NULL),
    (9, 'round:1:result', 'k09', 900000000000000001, 800000000000000001, 1, NULL,
        '{"result":{"round":1,"place":700000000000000001}}', 'done', 1, 1795507201000, NULL, 700000000000000001,
        700000000000000009, NULL),
    (10, 'round:1:reference', 'k10', 900000000000000001, 800000000000000001, 1, 9,
        '{"reference":{"round":1,"place":700000000000000001}}', 'pending', 0, 1795507201000, NULL, NULL, NULL, NULL),
    (11, 'round:1:edit', 'k11', 900000000000000001, 800000000000000001, 1, 9,
        '{"edit_card":{"round":1}}', 'pending', 0, 1795507201000, NULL, NULL, NULL, NULL),
    (12, 'round:1:edit_result', 'k12', 900000000000000001, 800000000000000001, 1, 9,
        '{"edit_result":{"round":1}}', 'pending', 0, 1795507201000, NULL, NULL, NULL, NULL),
    (13, 'notice:800000000000000001:missed', 'k13', 900000000000000001, 800000000000000001, NULL,
        NULL, '{"notice":{"notice":{"missed":{"channel":800000000000000001,"dates":["2026-11-18"]}}}}',
        'dropped', 1, 1795507201000, NULL, NULL, NULL, '50007'),
    (14, 'notice:guild', 'k14', 900000000000000001, NULL, NULL, NULL,
        '{"notice":{"notice":{"recovered":{"channel":800000000000000001}}}}',
        'done', 1, 1795507201000, NULL, 800000000000000009, 700000000000000014, NULL);
