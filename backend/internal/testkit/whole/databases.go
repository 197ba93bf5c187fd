package whole

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
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

var peopled = &testkit.Template{Name: "people", Fill: people}

// SQLite gives the URL of a database file with the demo's people that the test's end removes.
func SQLite(t testing.TB) string { t.Helper(); return peopled.SQLite(t) }

// Postgres gives the URL of a PostgreSQL database with the demo's people, dropped when the test ends.
func Postgres(t testing.TB) string { t.Helper(); return peopled.Postgres(t) }
