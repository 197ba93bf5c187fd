package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/pressly/goose/v3"
)

// Each database has an index of trigrams of its own making: PostgreSQL the extension pg_trgm, SQLite the full-text index
// FTS5. Neither changes what is found, only how fast (docs/decisions/015-search-by-trigrams.md).

// trigrams is the migration that makes them.
func (s *Store) trigrams() *goose.Migration {
	up, down := makeTrigrams, dropTrigrams
	if s.dialect == "sqlite" {
		up, down = inOrder(fullText...), inOrder(noFullText...)
	}
	return goose.NewGoMigration(12, &goose.GoFunc{RunTx: up}, &goose.GoFunc{RunTx: down})
}

func inOrder(statements ...string) func(ctx context.Context, tx *sql.Tx) error {
	return func(ctx context.Context, tx *sql.Tx) error {
		for _, q := range statements {
			if _, err := tx.ExecContext(ctx, q); err != nil {
				return err
			}
		}
		return nil
	}
}

// fullText is kept in step by triggers, whoever writes. A row of it is found by its own number, which lies beside the
// membership: the rowid of a table whose key is a text changes with VACUUM.
var fullText = []string{
	`CREATE VIRTUAL TABLE members_search USING fts5 (name_key, email_key, account_id UNINDEXED, user_id UNINDEXED, tokenize = 'trigram')`,
	`ALTER TABLE members ADD COLUMN search_row INTEGER NOT NULL DEFAULT 0`,
	`UPDATE members SET search_row = n.row FROM (SELECT account_id, user_id, row_number() OVER () AS row FROM members) AS n
		WHERE n.account_id = members.account_id AND n.user_id = members.user_id`,
	`INSERT INTO members_search (rowid, name_key, email_key, account_id, user_id) SELECT search_row, name_key, email_key, account_id, user_id FROM members`,
	`CREATE TRIGGER members_search_insert AFTER INSERT ON members BEGIN
		INSERT INTO members_search (name_key, email_key, account_id, user_id) VALUES (new.name_key, new.email_key, new.account_id, new.user_id);
		UPDATE members SET search_row = last_insert_rowid() WHERE account_id = new.account_id AND user_id = new.user_id;
	END`,
	`CREATE TRIGGER members_search_update AFTER UPDATE OF name_key, email_key ON members
		WHEN old.name_key <> new.name_key OR old.email_key <> new.email_key BEGIN
		UPDATE members_search SET name_key = new.name_key, email_key = new.email_key WHERE rowid = new.search_row;
	END`,
	`CREATE TRIGGER members_search_delete AFTER DELETE ON members BEGIN
		DELETE FROM members_search WHERE rowid = old.search_row;
	END`,
}

var noFullText = []string{
	`DROP TRIGGER members_search_delete`, `DROP TRIGGER members_search_update`, `DROP TRIGGER members_search_insert`,
	`ALTER TABLE members DROP COLUMN search_row`, `DROP TABLE members_search`,
}

// makeTrigrams makes PostgreSQL's, where the role may have the extension or somebody has made it before: whoever may not can
// migrate all the same. Names and addresses are compared byte by byte, so that those that begin with something are one stretch of
// an index, whatever the database's language.
func makeTrigrams(ctx context.Context, tx *sql.Tx) error {
	if err := inOrder(`ALTER TABLE members ALTER COLUMN name_key TYPE TEXT COLLATE "C", ALTER COLUMN email_key TYPE TEXT COLLATE "C"`)(ctx, tx); err != nil {
		return err
	}
	return indexTrigrams(ctx, tx)
}

// indexTrigrams does nothing where the index is there already, or cannot be made.
func indexTrigrams(ctx context.Context, tx *sql.Tx) error {
	if err := inOrder(`SAVEPOINT extension`)(ctx, tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `CREATE EXTENSION IF NOT EXISTS pg_trgm`); err != nil {
		if err := inOrder(`ROLLBACK TO SAVEPOINT extension`)(ctx, tx); err != nil {
			return err
		}
	}
	var schema string
	err := tx.QueryRowContext(ctx, `SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
		WHERE e.extname = 'pg_trgm'`).Scan(&schema)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return err
	}
	return inOrder(strings.ReplaceAll(`CREATE INDEX IF NOT EXISTS members_by_trigrams ON members
		USING gin (name_key $.gin_trgm_ops, email_key $.gin_trgm_ops)`, "$", schema))(ctx, tx)
}

func dropTrigrams(ctx context.Context, tx *sql.Tx) error {
	return inOrder(`DROP INDEX IF EXISTS members_by_trigrams`)(ctx, tx) // the extension may serve others too
}

// catchUp makes the index of trigrams that a migration could not make because nobody had made the extension yet.
func (s *Store) catchUp(ctx context.Context) error {
	if s.dialect == "sqlite" {
		return nil
	}
	var missing bool
	err := s.pools[0].QueryRowContext(ctx, `SELECT to_regclass('members_by_trigrams') IS NULL`).Scan(&missing)
	if err != nil || !missing {
		return err
	}
	tx, err := s.pools[0].BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	// Replicas that start at once take turns.
	if err := inOrder(`SELECT pg_advisory_xact_lock(hashtext('sallyport trigrams'))`)(ctx, tx); err != nil {
		return err
	}
	if err := indexTrigrams(ctx, tx); err != nil {
		return err
	}
	return tx.Commit()
}
