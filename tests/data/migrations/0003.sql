-- Rows that a database of version 3 may have besides those of the versions before.

INSERT INTO quiz_runs (run_id, key, interaction_id, guild_id, channel_id, mode, state, host_id,
    former_host, options, seed, position, screen, message_id, closes_at, wakes_at, started_at,
    touched_at, ended_at, result_due, edit_id)
VALUES
    (1, 'q01', 600000000000000001, 900000000000000001, 800000000000000001, 'solo', 'ended', 1002,
        NULL, '{"topic":"oop","difficulty":"hard","count":1,"seconds":30,"race":false}', -1, 0, 2,
        NULL, NULL, NULL, 1795507300000, 1795507301000, 1795593701000, 1, NULL),
    (2, 'q02', 600000000000000002, 900000000000000001, 800000000000000001, 'group', 'asking', 1001,
        1002, '{"topic":null,"difficulty":null,"count":2,"seconds":null,"race":true}', 7, 0, 0,
        700000000000000021, 1795507430000, 1795507431000, 1795507400000, 1795507400000, NULL, 0, 15),
    (3, 'q03', 600000000000000003, 900000000000000001, 800000000000000001, 'group', 'ended', NULL,
        NULL, '{"topic":null,"difficulty":null,"count":1,"seconds":20,"race":false}', 8, 0, 0,
        NULL, NULL, NULL, 1795507400000, 1795507400000, 1795507400001, 0, NULL);

INSERT INTO quiz_questions (run_id, position, guild_id, question_id, question, choices, opened_at,
    closes_at, closed_at)
VALUES
    (1, 0, 900000000000000001, 'python/oop/mro',
        '{"id":"python/oop/mro","topic":"oop","difficulty":"hard","kind":"concept","tags":[],"title":"MRO?","prompt":"What?","hint":null,"answer":"C3.","choices":[{"text":"Yes","right":true,"why":null},{"text":"No","right":false,"why":"Because."}],"follow_ups":[],"sources":[]}',
        '[1,0]', 1795507300000, 1795507330000, 1795507301000),
    (2, 0, 900000000000000001, 'python/oop/mro',
        '{"id":"python/oop/mro","topic":"oop","difficulty":"hard","kind":"concept","tags":[],"title":"MRO?","prompt":"What?","hint":null,"answer":"C3.","choices":[{"text":"Yes","right":true,"why":null},{"text":"No","right":false,"why":"Because."}],"follow_ups":[],"sources":[]}',
        '[0,1]', 1795507400000, 1795507430000, NULL),
    (2, 1, 900000000000000001, 'python/oop/super',
        '{"id":"python/oop/super","topic":"oop","difficulty":"easy","kind":"concept","tags":[],"title":"super?","prompt":"What?","hint":null,"answer":"It.","choices":[{"text":"Yes","right":true,"why":null},{"text":"No","right":false,"why":"Because."}],"follow_ups":[],"sources":[]}',
        '[0,1]', NULL, NULL, NULL);

INSERT INTO quiz_players (run_id, member_id, joined_by, left_at, missed) VALUES
    (2, 1001, 600000000000000004, NULL, 0),
    (2, 1002, 600000000000000002, 1795507410000, 1);

INSERT INTO quiz_answers (run_id, position, member_id, guild_id, question_id, choice, click_id,
    answered_at, took_ms, changed_at, is_right, late, first, points)
VALUES
    (1, 0, 1002, 900000000000000001, 'python/oop/mro', 1, 600000000000000005, 1795507301000, 1000,
        NULL, 1, 0, 1, 3),
    (2, 0, 1001, 900000000000000001, 'python/oop/mro', 0, 600000000000000006, 1795507409000, 9000,
        1795507409000, NULL, 0, NULL, 0);

INSERT INTO deliveries (delivery_id, cause, key, guild_id, channel_id, round_id, after_id, intent,
    state, attempts, created_at, expires_at, result_channel, result_message, error, pace) VALUES
    (15, 'quiz:2:edit:15', 'k15', 900000000000000001, NULL, NULL, NULL,
        '{"quiz_edit":{"run":2}}', 'pending', 0, 1795507410000, NULL, NULL, NULL, NULL, 'quiz:2');
