package whole

import (
	"context"
	"encoding/base64"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit"
)

// Password is everybody's in the demo.
const Password = "sallyport-demo-1"

// RootKey seals what these tests keep. It protects nothing.
var RootKey = base64.StdEncoding.EncodeToString([]byte("a root key for nothing but tests"))

// House is one database and the replicas that serve it.
type House struct {
	T        testing.TB
	Clock    *testkit.Clock
	Database string // its URL
	Replicas []*app.App
	Contract *Contract

	clients []*Client
}

// Plan says how a house is built; the zero value is one replica.
type Plan struct {
	Replicas int
	Log      *slog.Logger
	Clock    *testkit.Clock
	// Config changes a replica's configuration, such as the way to the database.
	Config func(replica int, c *app.Config)
}

// Each runs f over the demo on SQLite, and on PostgreSQL with two replicas.
func Each(t *testing.T, f func(t *testing.T, h *House)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); f(t, Open(t, SQLite(t), Plan{})) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); f(t, Open(t, Postgres(t), Plan{Replicas: 2})) })
}

// Open starts replicas over a database until the test ends.
func Open(t testing.TB, databaseURL string, p Plan) *House {
	t.Helper()
	h := &House{T: t, Clock: p.Clock, Database: databaseURL, Contract: promised(t)}
	if h.Clock == nil {
		h.Clock = testkit.NewClock()
	}
	for i := range max(1, p.Replicas) {
		c := app.Config{Addr: "127.0.0.1:0", DatabaseURL: databaseURL, Brand: "Sallyport", Issuer: "sallyport", RootKey: RootKey, Demo: true}
		if p.Config != nil {
			p.Config(i, &c)
		}
		a, err := app.Start(t.Context(), c, app.Options{Now: h.Clock.Now, Log: p.Log})
		if err != nil {
			t.Fatal(err)
		}
		h.Replicas = append(h.Replicas, a)
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
			defer cancel()
			if err := a.Stop(ctx); err != nil {
				t.Errorf("the server did not stop: %v", err)
			}
		})
	}
	h.clients = make([]*Client, len(h.Replicas))
	for i, a := range h.Replicas {
		h.clients[i] = NewClient(t, a.URL(), "")
	}
	return h
}

// At is a client of a replica; numbers beyond the last begin anew, so that a test says "the other one" on one replica too.
func (h *House) At(replica int) *Client { return h.clients[replica%len(h.clients)] }

// Postgreses says whether the database is a PostgreSQL.
func (h *House) Postgreses() bool { return strings.HasPrefix(h.Database, "postgres") }

// Hear has f see every answer, with its request, from now on. Several goroutines may call f.
func (h *House) Hear(f func(Answer)) {
	for _, c := range h.clients {
		c.heard = f
	}
}
