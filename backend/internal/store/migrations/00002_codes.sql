-- Codes that are sent, passkeys, phone numbers.

-- +goose Up
CREATE TABLE phones (
    id          TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    kind        TEXT NOT NULL CHECK (kind IN ('mobile', 'backup')),
    number      TEXT NOT NULL, -- sealed, bound to this row
    number_hash TEXT NOT NULL, -- keyed: equal numbers are recognised
    hint        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    verified_at BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX phones_by_user ON phones (user_id);

CREATE TABLE challenges (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    factor_id  TEXT NOT NULL DEFAULT '',
    phone_id   TEXT NOT NULL DEFAULT '',
    purpose    TEXT NOT NULL CHECK (purpose IN ('sign_in', 'confirmation', 'enrolment', 'phone', 'guard')),
    context    TEXT NOT NULL DEFAULT '', -- the sign-in, or the session that is confirmed
    type       TEXT NOT NULL,
    code_hash  TEXT NOT NULL DEFAULT '', -- keyed, bound to this row
    data       TEXT NOT NULL DEFAULT '', -- what a passkey's answer is checked against
    sent_to    TEXT NOT NULL DEFAULT '', -- a hint
    attempts   BIGINT NOT NULL DEFAULT 0,
    created_at BIGINT NOT NULL,
    resend_at  BIGINT NOT NULL DEFAULT 0,
    expires_at BIGINT NOT NULL,
    spent_at   BIGINT NOT NULL DEFAULT 0,
    void_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX challenges_by_user ON challenges (user_id, created_at);
CREATE INDEX challenges_by_expiry ON challenges (expires_at);

ALTER TABLE factors ADD COLUMN phone_id TEXT NOT NULL DEFAULT '';
ALTER TABLE factors ADD COLUMN credential_id TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX factors_by_credential ON factors (credential_id) WHERE credential_id <> '';

-- +goose Down
DROP INDEX factors_by_credential;
ALTER TABLE factors DROP COLUMN credential_id;
ALTER TABLE factors DROP COLUMN phone_id;
DROP TABLE challenges;
DROP TABLE phones;
