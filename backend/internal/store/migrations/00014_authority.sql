-- Who acts, from where, and as of when. A person has an epoch. Whatever somebody can get in with carries the epoch at which it was
-- made, and opens only while the two are equal. "made_by" says what made a thing; '' is of before this migration.

-- +goose Up
ALTER TABLE users ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN password_id TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN password_made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN email_made_by TEXT NOT NULL DEFAULT '';

ALTER TABLE sessions ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN opened_with TEXT NOT NULL DEFAULT ''; -- "password:ID factor:ID", separated by spaces
ALTER TABLE sessions ADD COLUMN factor_at BIGINT NOT NULL DEFAULT 0; -- when a second factor was shown last
ALTER TABLE sessions ADD COLUMN factor_means TEXT NOT NULL DEFAULT ''; -- its type, or recovery_code
-- A confirmation is a token of its own by now.
ALTER TABLE sessions DROP COLUMN password_confirmed_at;
ALTER TABLE sessions DROP COLUMN factor_confirmed_at;

ALTER TABLE sign_ins ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sign_ins ADD COLUMN opened_with TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN factor_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sign_ins ADD COLUMN factor_means TEXT NOT NULL DEFAULT '';

ALTER TABLE api_tokens ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE api_tokens ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE mail_tokens ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE mail_tokens ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE challenges ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;

ALTER TABLE phones ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE phones ADD COLUMN verified_in TEXT NOT NULL DEFAULT ''; -- the root of the stay in which its code was typed

-- An enrolment belongs to the stay that began it, and to whoever holds its token.
ALTER TABLE factors ADD COLUMN made_by TEXT NOT NULL DEFAULT '';
ALTER TABLE factors ADD COLUMN epoch BIGINT NOT NULL DEFAULT 0;
ALTER TABLE factors ADD COLUMN stay TEXT NOT NULL DEFAULT ''; -- the root of the stay; '' of a factor from before: it cannot be finished
ALTER TABLE factors ADD COLUMN enrolment_hash TEXT NOT NULL DEFAULT '';

-- Ten recovery codes that were made together. Those of an enrolment open nothing until it is activated.
CREATE TABLE code_sets (
    id         TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id),
    factor_id  TEXT NOT NULL DEFAULT '', -- the enrolment that they belong to; '' once they count
    active     BOOLEAN NOT NULL DEFAULT FALSE,
    made_by    TEXT NOT NULL DEFAULT '',
    created_at BIGINT NOT NULL
);
CREATE INDEX code_sets_by_user ON code_sets (user_id);
ALTER TABLE recovery_codes ADD COLUMN set_id TEXT NOT NULL DEFAULT '';
INSERT INTO code_sets (id, user_id, active, created_at)
    SELECT user_id || ':' || CAST(created_at AS TEXT), user_id,
        EXISTS (SELECT 1 FROM factors f WHERE f.user_id = recovery_codes.user_id AND f.status = 'active'), created_at
    FROM recovery_codes GROUP BY user_id, created_at;
UPDATE recovery_codes SET set_id = user_id || ':' || CAST(created_at AS TEXT);

-- Access tokens and partial tokens are signed by keys of their own; those of the first alone are published.
ALTER TABLE signing_keys ADD COLUMN purpose TEXT NOT NULL DEFAULT 'access';

-- Answers that are kept for whoever asks again with the same Idempotency-Key. They are sealed under a secret of the caller's.
CREATE TABLE replays (
    key_hash    TEXT PRIMARY KEY,
    user_id     TEXT NOT NULL REFERENCES users (id),
    epoch       BIGINT NOT NULL DEFAULT 0,
    step        TEXT NOT NULL DEFAULT '', -- of an enrolment
    fingerprint TEXT NOT NULL,
    answer      TEXT NOT NULL DEFAULT '', -- '' while the request is under way
    lease_until BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL
);
CREATE INDEX replays_by_user ON replays (user_id, step);
CREATE INDEX replays_by_end ON replays (ends_at);

-- +goose Down
DROP TABLE replays;
ALTER TABLE signing_keys DROP COLUMN purpose;
ALTER TABLE recovery_codes DROP COLUMN set_id;
DROP TABLE code_sets;
ALTER TABLE factors DROP COLUMN enrolment_hash;
ALTER TABLE factors DROP COLUMN stay;
ALTER TABLE factors DROP COLUMN epoch;
ALTER TABLE factors DROP COLUMN made_by;
ALTER TABLE phones DROP COLUMN verified_in;
ALTER TABLE phones DROP COLUMN made_by;
ALTER TABLE challenges DROP COLUMN epoch;
ALTER TABLE mail_tokens DROP COLUMN made_by;
ALTER TABLE mail_tokens DROP COLUMN epoch;
ALTER TABLE api_tokens DROP COLUMN made_by;
ALTER TABLE api_tokens DROP COLUMN epoch;
ALTER TABLE sign_ins DROP COLUMN factor_means;
ALTER TABLE sign_ins DROP COLUMN factor_at;
ALTER TABLE sign_ins DROP COLUMN opened_with;
ALTER TABLE sign_ins DROP COLUMN epoch;
ALTER TABLE sessions ADD COLUMN factor_confirmed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions ADD COLUMN password_confirmed_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE sessions DROP COLUMN factor_means;
ALTER TABLE sessions DROP COLUMN factor_at;
ALTER TABLE sessions DROP COLUMN opened_with;
ALTER TABLE sessions DROP COLUMN epoch;
ALTER TABLE users DROP COLUMN email_made_by;
ALTER TABLE users DROP COLUMN password_made_by;
ALTER TABLE users DROP COLUMN password_id;
ALTER TABLE users DROP COLUMN epoch;
