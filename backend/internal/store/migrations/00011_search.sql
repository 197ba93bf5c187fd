-- Members are found by a part of their name or address among a hundred thousand: the name lies beside the membership too, kept
-- in step like the address (store.mirror), and what is walked through in order is in the index. What only one of the two
-- databases has is made beside this folder: 00012, store/trigrams.go.

-- +goose Up
ALTER TABLE members ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE members SET name_key = (SELECT lower(u.name) FROM users u WHERE u.id = members.user_id);
DROP INDEX members_by_email;
CREATE INDEX members_by_email ON members (account_id, email_key, name_key, factor_bits, user_id);
DROP INDEX members_by_factors;
CREATE INDEX members_by_factors ON members (account_id, factor_bits, email_key, user_id);
CREATE INDEX members_counted ON members (account_id, factor_bits);
CREATE INDEX members_by_name ON members (account_id, name_key, user_id, email_key);

-- Rare events of who does most: each actor has the newest of each action at hand.
DROP INDEX audit_events_by_account_actor;
CREATE INDEX audit_events_by_account_actor ON audit_events (account_id, actor_id, action, at, id) WHERE account_id <> '';

-- +goose Down
DROP INDEX audit_events_by_account_actor;
CREATE INDEX audit_events_by_account_actor ON audit_events (account_id, actor_id, at, id) WHERE account_id <> '';
DROP INDEX members_by_name;
DROP INDEX members_counted;
DROP INDEX members_by_factors;
CREATE INDEX members_by_factors ON members (account_id, factor_bits, email_key);
DROP INDEX members_by_email;
CREATE INDEX members_by_email ON members (account_id, email_key);
ALTER TABLE members DROP COLUMN name_key;
