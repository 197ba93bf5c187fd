package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/store"
)

// Tools are the rooms that an operator's commands work in: the same house as a server's, with the same rules, and without its
// doors. A server on the same database hears at once of what they change.
type Tools struct {
	Chain *audit.Chain

	store *store.Store
}

// OpenTools opens the database that the configuration names. It refuses one that is not there, or whose schema is not the one
// that this program knows: a command never creates or changes a schema by the way.
func OpenTools(ctx context.Context, c Config, log *slog.Logger) (*Tools, error) {
	databaseURL, err := c.database()
	if err != nil {
		return nil, err
	}
	if path, file := strings.CutPrefix(databaseURL, "sqlite:"); file {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("there is no database at %s: `sallyport migrate` or `sallyport serve` makes one", path)
		}
	}
	s, err := store.Open(ctx, databaseURL, func(...string) {})
	if err != nil {
		return nil, err
	}
	t, err := openTools(ctx, s, log)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return t, nil
}

func openTools(ctx context.Context, s *store.Store, log *slog.Logger) (*Tools, error) {
	if fits, err := s.Migrated(ctx); err != nil {
		return nil, err
	} else if !fits {
		return nil, errors.New("the database's schema is older than this program: run `sallyport migrate` first")
	}
	at, err := s.Now(ctx)
	if err != nil {
		return nil, err
	}
	offset := time.Until(at) // one clock for all: the database's
	now := func() time.Time { return time.Now().Add(offset).UTC().Truncate(time.Microsecond) }
	return &Tools{
		Chain: &audit.Chain{Store: s, Now: now, Log: log},
		store: s,
	}, nil
}

// Close gives the connections back.
func (t *Tools) Close() error { return t.store.Close() }
