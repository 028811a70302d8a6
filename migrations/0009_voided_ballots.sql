-- When a ballot became void, in the place of whether it did. If a message of that answer turns out to
-- be older, the answer was never gone as a whole, and the ballot is valid again.

ALTER TABLE ballots ADD COLUMN voided_at BIGINT;
-- Of those that are void already nobody knows when; they stay so.
UPDATE ballots SET voided_at = cast_at WHERE void = 1;
ALTER TABLE ballots DROP COLUMN void;
