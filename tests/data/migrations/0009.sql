-- Rows that a database of version 9 may have besides those of the versions before.

UPDATE ballots SET voided_at = cast_at + 1 WHERE round_id = 2;
