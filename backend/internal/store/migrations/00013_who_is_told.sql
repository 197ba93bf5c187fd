-- How many of a large account are told of something is its members without those few who cannot sign in: they are found by index.

-- +goose Up
CREATE INDEX users_disabled ON users (disabled_at) WHERE disabled_at > 0;

-- +goose Down
DROP INDEX users_disabled;
