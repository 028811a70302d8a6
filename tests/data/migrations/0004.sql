-- Rows that a database of version 4 may have besides those of the versions before.

INSERT INTO review_cards (guild_id, member_id, question_id, key, title, source, stability,
    difficulty, interval_days, due_at, added_at, last_at, reviews, lapses)
VALUES
    (900000000000000001, 1001, 'python/basics/is-vs-equality', 'aaaaaaaaaaaaaaaaaaaaaaaa1',
        '`is` or `==`?', 'quiz', 2.3065, 2.118104, 2, 1795507300000, 1795507200000, 1795507201000,
        3, 1),
    (900000000000000001, 1002, 'python/basics/a', 'aaaaaaaaaaaaaaaaaaaaaaaa2', 'A', 'round', NULL,
        NULL, 0, 1795507200000, 1795507200000, NULL, 0, 0);

INSERT INTO review_wishes (guild_id, member_id, remind_since, rounds, refused_at) VALUES
    (900000000000000001, 1001, 1795507200000, 1, NULL),
    (900000000000000001, 1002, NULL, 0, 1795507200000);

INSERT INTO review_reminders (guild_id, last_date) VALUES (900000000000000001, '2026-11-21');

INSERT INTO question_reports (report_id, guild_id, question_id, title, member_id, reason,
    reported_at, state, decided_by, decided_at)
VALUES
    (1, 900000000000000001, 'python/basics/a', 'A', 1002, 'It''s @everyone''s', 1795507200000,
        'open', NULL, NULL),
    (2, 900000000000000001, 'python/basics/a', 'A', 1001, 'Wrong', 1795507200000, 'fix_later',
        1002, 1795507201000),
    (3, 900000000000000001, 'python/basics/a', 'A', 1001, 'Wrong again', 1795507200000,
        'dismissed', 1002, 1795507201000);
