package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/credential"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/notify"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/store"
)

// Tools are the rooms that an operator's commands work in: the same house as a server's, with the same rules, and without its
// doors. A server on the same database hears within a second of what they change.
type Tools struct {
	Chain    *audit.Chain
	Accounts *account.Service
	People   *credential.Service
	Factors  *factor.Service
	Book     *session.Book
	Switch   *enforcement.Switch
	Stairs   *signin.Stairs

	store  *store.Store
	config Config
	log    *slog.Logger
	now    func() time.Time
}

// Sealed are the same rooms with the root key at hand. Without it nothing can be done that writes a message or makes a link.
type Sealed struct{ Tools }

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
	t, err := openTools(ctx, c, s, log)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return t, nil
}

func openTools(ctx context.Context, c Config, s *store.Store, log *slog.Logger) (*Tools, error) {
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
	t := &Tools{store: s, config: c, log: log, now: func() time.Time { return time.Now().Add(offset).UTC().Truncate(time.Microsecond) }}
	return t, t.furnish(nil)
}

// furnish gives every room what it asks for; box is nil where nothing needs to be sealed.
func (t *Tools) furnish(box *seal.Box) error {
	c, s := &t.config, t.store
	base, err := url.Parse(c.BaseURL)
	if err != nil {
		return err
	}
	record := &audit.Log{Store: s, Now: t.now}
	notices := &notify.Notifier{Queue: s, Box: box, Brand: c.Brand, Host: base.Hostname(), Now: t.now}
	texts, err := c.budget(s, box, t.now, t.log)
	if err != nil {
		return err
	}
	t.Chain = &audit.Chain{Store: s, Now: t.now, Log: t.log}
	facts := enforcement.NewFacts(s, bus.New(func() time.Duration { return 0 }), t.now, c.provider(), assurance.All, 1)
	guard := authority.New(s, facts, t.now)
	t.Book = &session.Book{Store: s, Authority: guard, Audit: record, Now: t.now, Random: rand.Reader}
	t.Accounts = &account.Service{Store: s, Authority: guard, Notify: notices, Audit: record, Now: t.now, Random: rand.Reader, BaseURL: c.BaseURL, Brand: c.Brand}
	t.People = &credential.Service{Store: s, Authority: guard, Accounts: t.Accounts, Book: t.Book, Box: box, Notices: notices, Audit: record, Now: t.now, Random: rand.Reader,
		Brand: c.Brand, BaseURL: c.BaseURL}
	t.Factors = &factor.Service{Store: s, Users: s, Authority: guard, Box: box, Audit: record, Notices: notices, Now: t.now, Random: rand.Reader, Issuer: c.Brand,
		BaseURL: c.BaseURL, Budgets: texts, Links: t.People}
	t.Switch = &enforcement.Switch{Authority: guard, Facts: facts, Store: s, Audit: record, Notices: notices, Now: t.now, BaseURL: c.BaseURL}
	t.Stairs = &signin.Stairs{Users: s, Store: s, Authority: guard, Facts: facts, Factors: t.Factors, Book: t.Book, Audit: record, Now: t.now}
	return nil
}

// Seal opens the root key.
func (t *Tools) Seal(ctx context.Context) (*Sealed, error) {
	box, err := openBoxOf(ctx, &t.config, t.store, t.log)
	if err != nil {
		return nil, err
	}
	sealed := &Sealed{*t}
	return sealed, sealed.furnish(box)
}

// Provider is what the provider asks of everybody.
func (t *Tools) Provider() enforcement.ProviderRule { return t.config.provider() }

// Now is the database's clock.
func (t *Tools) Now() time.Time { return t.now() }

// Close gives the connections back.
func (t *Tools) Close() error { return t.store.Close() }
