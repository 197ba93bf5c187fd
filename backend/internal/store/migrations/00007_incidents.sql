-- What an account asks beside the rule itself, and incidents.

-- +goose Up
ALTER TABLE accounts ADD COLUMN api_tokens TEXT NOT NULL DEFAULT 'block' CHECK (api_tokens IN ('block', 'keep'));
ALTER TABLE accounts ADD COLUMN guarded_enrolment BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE accounts ADD COLUMN incident_at BIGINT NOT NULL DEFAULT 0; -- 0: none runs
ALTER TABLE accounts ADD COLUMN incident_by TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN incident_before TEXT NOT NULL DEFAULT ''; -- the rule to go back to, as JSON
ALTER TABLE accounts ADD COLUMN api_tokens_paused BOOLEAN NOT NULL DEFAULT FALSE;

-- +goose Down
ALTER TABLE accounts DROP COLUMN api_tokens_paused;
ALTER TABLE accounts DROP COLUMN incident_before;
ALTER TABLE accounts DROP COLUMN incident_by;
ALTER TABLE accounts DROP COLUMN incident_at;
ALTER TABLE accounts DROP COLUMN guarded_enrolment;
ALTER TABLE accounts DROP COLUMN api_tokens;
