-- When an invitation was last mailed again; 0: never.

-- +goose Up
ALTER TABLE invitations ADD COLUMN resent_at BIGINT NOT NULL DEFAULT 0;
CREATE INDEX invitations_by_inviter ON invitations (account_id, invited_by);

-- +goose Down
DROP INDEX invitations_by_inviter;
ALTER TABLE invitations DROP COLUMN resent_at;
