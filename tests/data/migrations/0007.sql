-- Rows that a database of version 7 may have besides those of the versions before.

INSERT INTO check_ups (guild_id, last_date)
VALUES (900000000000000001, '2026-11-23');

INSERT INTO told_ills (channel_id, ill, told_at)
VALUES
    (800000000000000001, '{"lacks":{"channel":800000000000000001,"right":"Send Messages"}}', 1795507200000),
    (800000000000000001, '"no_question"', 1795507200000);
