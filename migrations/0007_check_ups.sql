-- The daily look at whether the next rounds can happen.

-- The last local date (in the guild's zone) that was seen to, so that each date has its turn once.
CREATE TABLE check_ups (
    guild_id  BIGINT NOT NULL PRIMARY KEY REFERENCES guilds (guild_id),
    last_date TEXT   NOT NULL
);

-- What the admins were told of a study channel and is not over yet: told once, not every day.
CREATE TABLE told_ills (
    channel_id BIGINT NOT NULL REFERENCES study_channels (channel_id),
    -- As JSON.
    ill        TEXT   NOT NULL,
    told_at    BIGINT NOT NULL,
    PRIMARY KEY (channel_id, ill)
);
