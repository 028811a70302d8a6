-- Rows that a database of version 2 may have besides those of version 1.

INSERT INTO ledger (entry_id, guild_id, channel_id, member_id, round_id, question_id, kind, cause,
    points, at)
VALUES
    (5, 900000000000000001, NULL, 1002, NULL, 'python/oop/mro', 'quiz', 'quiz:1:0:1002', 2,
        1795507301000);
