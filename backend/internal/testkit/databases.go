package testkit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
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

// Template is a database that is made once in a test process and copied for each test that asks for one.
type Template struct {
	Name string                         // another one for each template of a process, of letters
	Fill func(databaseURL string) error // fills what is new and empty, and has let go of it when it returns

	file, database       sync.Once
	content              []byte // the file
	fileErr, databaseErr error
}

var empty = &Template{Name: "empty", Fill: migrate}

// SQLite gives the URL of an empty, migrated database file that the test's end removes.
func SQLite(t testing.TB) string { t.Helper(); return empty.SQLite(t) }

// Postgres gives the URL of an empty, migrated PostgreSQL database of its own, dropped when the test ends. The first call in a
// test process starts a cluster, which ends with the process.
func Postgres(t testing.TB) string { t.Helper(); return empty.Postgres(t) }

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

// SQLite gives the URL of a copy in a file that the test's end removes.
func (m *Template) SQLite(t testing.TB) string {
	t.Helper()
	m.file.Do(func() { m.content, m.fileErr = m.sqliteFile() })
	if m.fileErr != nil {
		t.Fatal(m.fileErr)
	}
	path := filepath.Join(t.TempDir(), "sallyport.db")
	if err := os.WriteFile(path, m.content, 0o600); err != nil {
		t.Fatal(err)
	}
	return "sqlite:" + path
}

func (m *Template) sqliteFile() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "template.db")
	if err := m.Fill("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// Postgres gives the URL of a copy in the cluster of this test process, dropped when the test ends.
func (m *Template) Postgres(t testing.TB) string {
	t.Helper()
	admin, err := clusterURL()
	if err != nil {
		t.Fatal(err)
	}
	template := "template_" + m.Name
	m.database.Do(func() {
		if m.databaseErr = execute(admin, "CREATE DATABASE "+template); m.databaseErr == nil {
			m.databaseErr = m.Fill(named(admin, template))
		}
	})
	if m.databaseErr != nil {
		t.Fatal(m.databaseErr)
	}
	name := fmt.Sprintf("test_%d", databases.Add(1))
	if err := execute(admin, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := execute(admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("the test's database was not dropped: %v", err)
		}
	})
	return named(admin, name)
}

// cluster is the PostgreSQL of this test process.
var cluster struct {
	sync.Mutex
	url  string
	stop func()
	err  error
}

var databases atomic.Int64 // made from templates so far

func clusterURL() (string, error) {
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.url == "" && cluster.err == nil {
		cluster.url, cluster.stop, cluster.err = pgcluster.Start("")
	}
	return cluster.url, cluster.err
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
