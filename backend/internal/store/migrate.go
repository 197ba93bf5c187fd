package store

import (
	"context"
	"embed"
	"io/fs"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations/*.sql
var migrations embed.FS

func (s *Store) provider() (*goose.Provider, error) {
	folder, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	if s.dialect == "sqlite" {
		return goose.NewProvider(database.DialectSQLite3, s.pools[0], folder,
			goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(s.trigrams()))
	}
	// Replicas that start at once take turns.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 120))
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(database.DialectPostgres, s.pools[0], folder,
		goose.WithDisableGlobalRegistry(true), goose.WithGoMigrations(s.trigrams()), goose.WithSessionLocker(locker))
}

// Migrate brings the schema up to date and says how many migrations it ran.
func (s *Store) Migrate(ctx context.Context) (int, error) {
	p, err := s.provider()
	if err != nil {
		return 0, wrap("migrate", err)
	}
	ran, err := p.Up(ctx)
	if err == nil {
		err = s.catchUp(ctx)
	}
	return len(ran), wrap("migrate", err)
}

// Migrated says whether the schema is the one that this program knows.
func (s *Store) Migrated(ctx context.Context) (bool, error) {
	p, err := s.provider()
	if err != nil {
		return false, wrap("migrated", err)
	}
	pending, err := p.HasPending(ctx)
	return err == nil && !pending, wrap("migrated", err)
}
