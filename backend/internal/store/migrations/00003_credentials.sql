-- Links in mails: what they open, and for whom.

-- +goose Up
CREATE TABLE mail_tokens (
    id         TEXT PRIMARY KEY,
    purpose    TEXT NOT NULL CHECK (purpose IN ('sign_up', 'password_reset', 'email_change', 'not_me')),
    token_hash TEXT NOT NULL UNIQUE,
    user_id    TEXT NOT NULL DEFAULT '', -- '': of a sign-up, nobody yet
    sealed     TEXT NOT NULL, -- what the link brings about, bound to this row
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL DEFAULT 0,
    void_at    BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX mail_tokens_by_user ON mail_tokens (user_id, purpose);
CREATE INDEX mail_tokens_by_expiry ON mail_tokens (expires_at);

-- When the mailbox has reset the password: until another factor signs in, it is no second factor itself. 0: it is one.
ALTER TABLE users ADD COLUMN mailbox_spent_at BIGINT NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE users DROP COLUMN mailbox_spent_at;
DROP TABLE mail_tokens;
