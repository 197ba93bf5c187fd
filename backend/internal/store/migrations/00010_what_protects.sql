-- A password of fewer than twelve characters is enough beside a passkey, and only there: which one it is must be known when the
-- passkey goes, and the hash does not say. Owners are told of each enrolment where it is guarded: they are found by index.

-- +goose Up
ALTER TABLE users ADD COLUMN password_short BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX members_owning ON members (account_id) WHERE role = 'owner';

-- +goose Down
DROP INDEX members_owning;
ALTER TABLE users DROP COLUMN password_short;
