-- Ten thousand rounds due in the same minute take a few minutes to post.

-- What members wait for in front of something half done, such as a card's thread, comes before what
-- has not begun.
ALTER TABLE deliveries ADD COLUMN first BIGINT NOT NULL DEFAULT 0 CHECK (first IN (0, 1));

-- When the next card's time is over, asked at every plan.
CREATE INDEX deliveries_expiring ON deliveries (state, expires_at);
