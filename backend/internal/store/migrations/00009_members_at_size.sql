-- An account with a hundred thousand members is listed, filtered and counted by index: what those need of the person lies
-- beside the membership, kept in step by every write of it (store.mirror).

-- +goose Up
ALTER TABLE members ADD COLUMN email_key TEXT NOT NULL DEFAULT '';
ALTER TABLE members ADD COLUMN factor_bits BIGINT NOT NULL DEFAULT 0;
UPDATE members SET email_key = (SELECT u.email_key FROM users u WHERE u.id = members.user_id),
    factor_bits = (SELECT u.factor_bits FROM users u WHERE u.id = members.user_id);
CREATE INDEX members_by_email ON members (account_id, email_key);
CREATE INDEX members_by_factors ON members (account_id, factor_bits, email_key);

-- +goose Down
DROP INDEX members_by_factors;
DROP INDEX members_by_email;
ALTER TABLE members DROP COLUMN factor_bits;
ALTER TABLE members DROP COLUMN email_key;
