-- One migration folder for SQLite and PostgreSQL, in the subset of SQL that both speak.
-- Times are BIGINT: microseconds since 1970 UTC; 0 means "never". Sealed values and hashes are base64 TEXT.

-- +goose Up
CREATE TABLE users (
    id                  TEXT PRIMARY KEY,
    email               TEXT NOT NULL,
    email_key           TEXT NOT NULL UNIQUE,
    name                TEXT NOT NULL,
    locale              TEXT NOT NULL DEFAULT 'en',
    password_hash       TEXT NOT NULL,
    password_changed_at BIGINT NOT NULL DEFAULT 0,
    email_verified_at   BIGINT NOT NULL DEFAULT 0,
    staff_role          TEXT NOT NULL DEFAULT '' CHECK (staff_role IN ('', 'agent', 'lead')),
    factor_bits         BIGINT NOT NULL DEFAULT 0, -- types of active factors: 1 totp, 2 email, 4 sms, 8 passkey
    created_at          BIGINT NOT NULL,
    disabled_at         BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE accounts (
    id               TEXT PRIMARY KEY,
    number           TEXT NOT NULL UNIQUE,
    name             TEXT NOT NULL,
    created_at       BIGINT NOT NULL,
    enforcement_id   TEXT NOT NULL DEFAULT '', -- one activation; notices are counted by it
    enforced_at      BIGINT NOT NULL DEFAULT 0, -- 0: not enforced
    enforced_by      TEXT NOT NULL DEFAULT '',
    grace_until      BIGINT NOT NULL DEFAULT 0,
    signed_out_at    BIGINT NOT NULL DEFAULT 0, -- sessions of members that are older than this are over
    signed_out_by    TEXT NOT NULL DEFAULT '',  -- but for this person's
    minimum_strength TEXT NOT NULL DEFAULT 'any' CHECK (minimum_strength IN ('any', 'no_email', 'no_email_no_sms', 'phishing_resistant'))
);

CREATE TABLE members (
    account_id          TEXT NOT NULL REFERENCES accounts (id),
    user_id             TEXT NOT NULL REFERENCES users (id),
    role                TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'member')),
    two_factor_required BOOLEAN NOT NULL DEFAULT FALSE,
    required_at         BIGINT NOT NULL DEFAULT 0,
    created_at          BIGINT NOT NULL,
    PRIMARY KEY (account_id, user_id)
);
CREATE INDEX members_by_user ON members (user_id);

CREATE TABLE invitations (
    id                  TEXT PRIMARY KEY,
    account_id          TEXT NOT NULL REFERENCES accounts (id),
    email               TEXT NOT NULL,
    email_key           TEXT NOT NULL,
    role                TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'billing', 'member')),
    two_factor_required BOOLEAN NOT NULL DEFAULT FALSE,
    locale              TEXT NOT NULL DEFAULT 'en',
    token_hash          TEXT NOT NULL UNIQUE,
    invited_by          TEXT NOT NULL REFERENCES users (id),
    created_at          BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    accepted_at         BIGINT NOT NULL DEFAULT 0,
    revoked_at          BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX invitations_by_account ON invitations (account_id, email_key);

CREATE TABLE factors (
    id             TEXT PRIMARY KEY,
    user_id        TEXT NOT NULL REFERENCES users (id),
    type           TEXT NOT NULL,
    name           TEXT NOT NULL,
    status         TEXT NOT NULL CHECK (status IN ('pending', 'verified', 'active')),
    secret         TEXT NOT NULL DEFAULT '', -- sealed, bound to this row
    hint           TEXT NOT NULL DEFAULT '',
    is_default     BOOLEAN NOT NULL DEFAULT FALSE,
    replaces       TEXT NOT NULL DEFAULT '',
    last_step      BIGINT NOT NULL DEFAULT 0, -- totp: the last time step that was spent; only ever rises
    failed_in_row  BIGINT NOT NULL DEFAULT 0,
    attempts       BIGINT NOT NULL DEFAULT 0, -- wrong codes while pending
    created_at     BIGINT NOT NULL,
    activated_at   BIGINT NOT NULL DEFAULT 0,
    last_used_at   BIGINT NOT NULL DEFAULT 0,
    disabled_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX factors_by_user ON factors (user_id);

CREATE TABLE recovery_codes (
    user_id    TEXT NOT NULL REFERENCES users (id),
    code_hash  TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, code_hash)
);

-- Ten places a person and budget, each free again an hour after it was taken: at most ten guesses in any hour.
CREATE TABLE guess_slots (
    user_id  TEXT NOT NULL REFERENCES users (id),
    budget   TEXT NOT NULL,
    slot     BIGINT NOT NULL,
    taken_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (user_id, budget, slot)
);

-- A sign-in between the two doors. The partial token names it.
CREATE TABLE sign_ins (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    purpose      TEXT NOT NULL CHECK (purpose IN ('second_factor', 'enrolment')),
    delivery     TEXT NOT NULL CHECK (delivery IN ('bearer', 'cookie')),
    from_session TEXT NOT NULL DEFAULT '',
    amr          TEXT NOT NULL, -- what was proven so far
    password_at  BIGINT NOT NULL, -- when the password was last proven
    attempts     BIGINT NOT NULL DEFAULT 0,
    user_agent   TEXT NOT NULL DEFAULT '',
    address      TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sign_ins_by_user ON sign_ins (user_id, ended_at);
CREATE INDEX sign_ins_by_expiry ON sign_ins (expires_at);

CREATE TABLE sessions (
    id                  TEXT PRIMARY KEY,
    user_id             TEXT NOT NULL REFERENCES users (id),
    delivery            TEXT NOT NULL CHECK (delivery IN ('bearer', 'cookie')),
    amr                 TEXT NOT NULL, -- RFC 8176 values, separated by spaces
    user_agent          TEXT NOT NULL DEFAULT '',
    address             TEXT NOT NULL DEFAULT '',
    auth_time           BIGINT NOT NULL,
    created_at          BIGINT NOT NULL,
    last_used_at        BIGINT NOT NULL,
    idle_expires_at     BIGINT NOT NULL,
    expires_at          BIGINT NOT NULL,
    password_confirmed_at BIGINT NOT NULL DEFAULT 0,
    factor_confirmed_at   BIGINT NOT NULL DEFAULT 0,
    ended_at            BIGINT NOT NULL DEFAULT 0,
    end_reason          TEXT NOT NULL DEFAULT ''
);
CREATE INDEX sessions_by_user ON sessions (user_id, ended_at);

CREATE TABLE refresh_tokens (
    token_hash  TEXT PRIMARY KEY,
    session_id  TEXT NOT NULL REFERENCES sessions (id),
    created_at  BIGINT NOT NULL,
    used_at     BIGINT NOT NULL DEFAULT 0,
    successor   TEXT NOT NULL DEFAULT ''
);
CREATE INDEX refresh_tokens_by_session ON refresh_tokens (session_id);

CREATE TABLE keysets (
    name       TEXT PRIMARY KEY,
    sealed     TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE signing_keys (
    kid         TEXT PRIMARY KEY,
    sealed      TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    retires_at  BIGINT NOT NULL
);

-- GCRA: the theoretical arrival time of each key.
CREATE TABLE rate_limits (
    key TEXT PRIMARY KEY,
    tat BIGINT NOT NULL
);
CREATE INDEX rate_limits_by_tat ON rate_limits (tat);

CREATE TABLE jobs (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    payload     TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    run_at      BIGINT NOT NULL,
    attempts    BIGINT NOT NULL DEFAULT 0,
    lease_until BIGINT NOT NULL DEFAULT 0,
    last_error  TEXT NOT NULL DEFAULT '',
    dead_at     BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX jobs_due ON jobs (dead_at, run_at);

CREATE TABLE demo_messages (
    id        TEXT PRIMARY KEY,
    channel   TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject   TEXT NOT NULL DEFAULT '',
    body_text TEXT NOT NULL,
    body_html TEXT NOT NULL DEFAULT '',
    sent_at   BIGINT NOT NULL
);
CREATE INDEX demo_messages_by_recipient ON demo_messages (recipient, id);

CREATE TABLE audit_events (
    id         TEXT PRIMARY KEY,
    at         BIGINT NOT NULL,
    action     TEXT NOT NULL,
    outcome    TEXT NOT NULL DEFAULT 'ok',
    actor_id   TEXT NOT NULL DEFAULT '',
    user_id    TEXT NOT NULL DEFAULT '',
    account_id TEXT NOT NULL DEFAULT '',
    session_id TEXT NOT NULL DEFAULT '',
    address    TEXT NOT NULL DEFAULT '',
    user_agent TEXT NOT NULL DEFAULT '',
    detail     TEXT NOT NULL DEFAULT '{}'
);
CREATE INDEX audit_events_by_account ON audit_events (account_id, id);
CREATE INDEX audit_events_by_user ON audit_events (user_id, id);

CREATE TABLE services (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    kind       TEXT NOT NULL,
    name       TEXT NOT NULL,
    name_key   TEXT NOT NULL,
    status     TEXT NOT NULL CHECK (status IN ('running', 'stopped', 'provisioning')),
    region     TEXT NOT NULL,
    address    TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX services_by_account ON services (account_id, name_key, id);

CREATE TABLE products (
    id          TEXT PRIMARY KEY,
    kind        TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL,
    cents       BIGINT NOT NULL,
    currency    TEXT NOT NULL,
    period      TEXT NOT NULL CHECK (period IN ('month', 'year')),
    position    BIGINT NOT NULL
);

CREATE TABLE cart_items (
    id         TEXT PRIMARY KEY,
    account_id TEXT NOT NULL REFERENCES accounts (id),
    user_id    TEXT NOT NULL REFERENCES users (id),
    product_id TEXT NOT NULL REFERENCES products (id),
    quantity   BIGINT NOT NULL CHECK (quantity BETWEEN 1 AND 100),
    created_at BIGINT NOT NULL,
    UNIQUE (account_id, user_id, product_id)
);

-- +goose Down
DROP TABLE cart_items;
DROP TABLE products;
DROP TABLE services;
DROP TABLE audit_events;
DROP TABLE demo_messages;
DROP TABLE jobs;
DROP TABLE rate_limits;
DROP TABLE signing_keys;
DROP TABLE keysets;
DROP TABLE refresh_tokens;
DROP TABLE sessions;
DROP TABLE sign_ins;
DROP TABLE guess_slots;
DROP TABLE recovery_codes;
DROP TABLE factors;
DROP TABLE invitations;
DROP TABLE members;
DROP TABLE accounts;
DROP TABLE users;
