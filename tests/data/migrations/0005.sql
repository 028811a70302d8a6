-- Rows that a database of version 5 may have besides those of versions before.

UPDATE guilds SET weekly_channel = 800000000000000009, weekly_since = 1795507201000
    WHERE guild_id = 900000000000000001;

INSERT INTO members (guild_id, member_id, name, present, hidden, seen_at, joined_at, roles, excluded)
VALUES
    (900000000000000001, 1003, 'Cyd', 1, 0, 1795420800000, 1795400000000,
        '[600000000000000001]', 1);

INSERT INTO excluded_roles (guild_id, role_id) VALUES (900000000000000001, 600000000000000001);

INSERT INTO seasons (season_id, guild_id, name, started_at, ended_at) VALUES
    (1, 900000000000000001, 'Spring', 1777586400000, 1785535200000),
    (2, 900000000000000001, 'Autumn', 1788213600000, NULL);

INSERT INTO question_topics (question_id, topic) VALUES ('python/oop/mro', 'oop');

INSERT INTO periods (period_id, guild_id, kind, from_at, until_at) VALUES
    (1, 900000000000000001, 'all', -9223372036854775808, 9223372036854775807),
    (2, 900000000000000001, 'season', 1788213600000, 9223372036854775807);

INSERT INTO standings (period_id, member_id, topic, points, picks, answers, quiz, reached_at, shown,
    joined_at)
VALUES
    (1, 1001, '', 2, 0, 1, 0, 1795507201000, 1, NULL),
    (1, 1003, 'oop', 2, 0, 0, 2, 1795507301000, 0, 1795400000000);
