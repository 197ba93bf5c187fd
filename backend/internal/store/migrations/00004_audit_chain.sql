-- The chain of audit events: each gets a place (seq) and a hash over the one before and itself (docs/audit.md).

-- +goose Up
ALTER TABLE audit_events ADD COLUMN seq  BIGINT NOT NULL DEFAULT 0; -- place in the chain; 0: not linked yet
ALTER TABLE audit_events ADD COLUMN form BIGINT NOT NULL DEFAULT 0; -- version of the canonical form that was hashed
ALTER TABLE audit_events ADD COLUMN hash TEXT   NOT NULL DEFAULT ''; -- SHA-256 in hex, as sha256sum prints it
CREATE UNIQUE INDEX audit_events_by_seq ON audit_events (seq) WHERE seq <> 0;
CREATE INDEX audit_events_unlinked ON audit_events (id) WHERE seq = 0;

-- What is read of the record is an account's part of it, newest first. Events of no account, which are most of them, are in
-- none of these.
DROP INDEX audit_events_by_account;
CREATE INDEX audit_events_by_account ON audit_events (account_id, at, id) WHERE account_id <> '';
CREATE INDEX audit_events_by_account_action ON audit_events (account_id, action, at, id) WHERE account_id <> '';
CREATE INDEX audit_events_by_account_actor ON audit_events (account_id, actor_id, at, id) WHERE account_id <> '';
CREATE INDEX audit_events_by_account_user ON audit_events (account_id, user_id, at, id) WHERE account_id <> '';

CREATE TABLE audit_chain (
    id       BIGINT PRIMARY KEY CHECK (id = 1),
    seq      BIGINT NOT NULL, -- the last place that was given
    hash     TEXT   NOT NULL, -- and its hash
    began_at BIGINT NOT NULL  -- since when events are linked, and tell what was before them; 0: not yet
);
INSERT INTO audit_chain (id, seq, hash, began_at) VALUES (1, 0, '', 0);

-- +goose Down
DROP TABLE audit_chain;
DROP INDEX audit_events_by_account_user;
DROP INDEX audit_events_by_account_actor;
DROP INDEX audit_events_by_account_action;
DROP INDEX audit_events_by_account;
CREATE INDEX audit_events_by_account ON audit_events (account_id, id);
DROP INDEX audit_events_unlinked;
DROP INDEX audit_events_by_seq;
ALTER TABLE audit_events DROP COLUMN hash;
ALTER TABLE audit_events DROP COLUMN form;
ALTER TABLE audit_events DROP COLUMN seq;
