package whole

import (
	"context"
	"database/sql"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver of SQL

	"sallyport/internal/app"
	"sallyport/internal/testkit"
)

// SQL opens the database for a look, or for what takes too long over HTTP, until the test ends. It speaks the database's own
// SQL: parameters are $1 on both.
func SQL(t testing.TB, databaseURL string) *sql.DB {
	t.Helper()
	db, err := open(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func open(databaseURL string) (*sql.DB, error) {
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		return sql.Open("sqlite", "file:"+filepath.ToSlash(path)+"?_pragma=busy_timeout(5000)&_txlock=immediate")
	}
	return sql.Open("pgx", databaseURL)
}

// light are parameters of argon2id that no attacker would mind and every test does: with the real ones the passwords of
// these tests take longer than everything else together.
var light = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// people makes a database with the demo's people, whose passwords are light.
func people(databaseURL string) error {
	a, err := app.Start(context.Background(), app.Config{Addr: "127.0.0.1:0", DatabaseURL: databaseURL, Brand: "Sallyport",
		Issuer: "sallyport", RootKey: RootKey, Demo: true}, app.Options{Now: testkit.NewClock().Now})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	if err := a.Stop(ctx); err != nil {
		return err
	}
	hash, err := argon2id.CreateHash(Password, &light)
	if err != nil {
		return err
	}
	db, err := open(databaseURL)
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	_, err = db.ExecContext(ctx, "UPDATE users SET password_hash = $1", hash)
	return err
}

var sqliteTemplate = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "sp")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	path := filepath.Join(dir, "people.db")
	if err := people("sqlite:" + path); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// SQLite gives the URL of a database file with the demo's people that the test's end removes.
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

const peopleTemplate = "template_people"

var cluster struct {
	sync.Mutex
	url string // of the cluster's own database, once the template is there
}

var databases atomic.Int64

// Postgres gives the URL of a PostgreSQL database with the demo's people, dropped when the test ends.
func Postgres(t testing.TB) string {
	t.Helper()
	admin := postgresTemplate(t)
	name := "whole_" + strconv.FormatInt(databases.Add(1), 10)
	testkit.Execute(t, admin, "CREATE DATABASE "+name+" TEMPLATE "+peopleTemplate)
	t.Cleanup(func() { testkit.Execute(t, admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	return named(admin, name)
}

func postgresTemplate(t testing.TB) string {
	t.Helper()
	cluster.Lock()
	defer cluster.Unlock()
	if cluster.url != "" {
		return cluster.url
	}
	empty := testkit.Postgres(t)
	admin, made := named(empty, "postgres"), strings.TrimPrefix(mustParse(empty).Path, "/")
	testkit.Execute(t, admin, "CREATE DATABASE "+peopleTemplate+" TEMPLATE "+made)
	if err := people(named(admin, peopleTemplate)); err != nil {
		t.Fatal(err)
	}
	cluster.url = admin
	return admin
}

func mustParse(raw string) *url.URL {
	u, err := url.Parse(raw)
	if err != nil {
		panic(err)
	}
	return u
}

func named(databaseURL, name string) string {
	u := mustParse(databaseURL)
	u.Path = "/" + name
	return u.String()
}
