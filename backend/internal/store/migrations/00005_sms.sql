-- Text messages, and calls, that bear a code: what they cost is counted here, and how far they have come is written down here.

-- +goose Up
CREATE TABLE sms_messages (
    id          TEXT PRIMARY KEY,                    -- the challenge's
    user_id     TEXT NOT NULL REFERENCES users (id),
    number_hash TEXT NOT NULL,                       -- keyed: whoever reads this table learns no number
    prefix_hash TEXT NOT NULL,                       -- of what the number shares with its neighbours, keyed too
    country     TEXT NOT NULL,
    sid         TEXT NOT NULL DEFAULT '',            -- the carrier's name for it
    state       TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'sent', 'delivered', 'undelivered', 'failed')),
    reason      TEXT NOT NULL DEFAULT '',            -- why it will not arrive
    error_code  BIGINT NOT NULL DEFAULT 0,           -- the carrier's own, for the operator
    handed_at   BIGINT NOT NULL DEFAULT 0,           -- when it was last handed over; 0: it is certain that the carrier has not got it
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE INDEX sms_messages_by_user ON sms_messages (user_id, created_at);
CREATE INDEX sms_messages_by_number ON sms_messages (number_hash, created_at);
CREATE INDEX sms_messages_by_prefix ON sms_messages (prefix_hash, created_at);
CREATE INDEX sms_messages_by_country ON sms_messages (country, created_at);
CREATE INDEX sms_messages_by_time ON sms_messages (created_at);

-- +goose Down
DROP TABLE sms_messages;
