package testkit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/internal/store"
	"sallyport/internal/testkit/pgcluster"
)

// Databases runs f on SQLite and on PostgreSQL, each empty and migrated.
func Databases(t *testing.T, f func(t *testing.T, databaseURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, Postgres(t)) })
}

// OpenStore opens a database until the test ends. tell hears what each commit has changed.
func OpenStore(t testing.TB, databaseURL string, tell ...func(topics ...string)) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), databaseURL, func(topics ...string) {
		for _, f := range tell {
			f(topics...)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// migrate brings an empty database up to date.
func migrate(databaseURL string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	s, err := store.Open(ctx, databaseURL, func(...string) {})
	if err != nil {
		return err
	}
	_, err = s.Migrate(ctx)
	if closed := s.Close(); err == nil {
		err = closed
	}
	return err
}

// sqliteTemplate is the file of an empty, migrated database.
var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := migrate("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite gives the URL of an empty, migrated database file that the test's end removes.
func SQLite(t testing.TB) string {
	t.Helper()
	template, err := sqliteTemplate()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sallyport.db")
	if err := os.WriteFile(path, template, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

// cluster is the PostgreSQL of this test process.
var cluster struct {
	sync.Mutex
	url  string
	stop func()
	err  error
	n    int // databases made
}

const templateName = "template_sallyport"

// Postgres gives the URL of an empty, migrated PostgreSQL database of its own, dropped when the test ends. The first call in a
// test process starts a cluster, which ends with the process.
func Postgres(t testing.TB) string {
	t.Helper()
	admin, name, err := nextDatabase()
	if err != nil {
		t.Fatal(err)
	}
	if err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE "+templateName); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("the test's database was not dropped: %v", err)
		}
	})
	return named(admin, name)
}

func nextDatabase() (admin, name string, err error) {
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.url == "" && cluster.err == nil {
		if cluster.url, cluster.stop, cluster.err = pgcluster.Start(""); cluster.err == nil {
			if cluster.err = execute(cluster.url, "CREATE DATABASE "+templateName); cluster.err == nil {
				cluster.err = migrate(named(cluster.url, templateName))
			}
		}
	}
	cluster.n++
	return cluster.url, fmt.Sprintf("test_%d", cluster.n), cluster.err
}

// StopAll ends the cluster now, for a TestMain that wants to see nothing left behind. The end of the process does so too.
func StopAll() {
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.stop != nil {
		cluster.stop()
	}
	cluster.url, cluster.stop, cluster.err = "", nil, nil
}

func named(databaseURL, name string) string {
	u, _ := url.Parse(databaseURL)
	u.Path = "/" + name
	return u.String()
}

// Execute runs one statement on a PostgreSQL, on a connection of its own.
func Execute(t testing.TB, databaseURL, statement string) {
	t.Helper()
	if err := execute(databaseURL, statement); err != nil {
		t.Fatal(err)
	}
}

func execute(databaseURL, statement string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, statement)
	return err
}
