package main

import (
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// The demo's people and accounts.
const (
	owner, admin, contractor, ordinary = "owner@acme.test", "admin@acme.test", "contractor@acme.test", "member@acme.test"
	acme, blue                         = "SP-100001", "SP-100002"
	why                                = "asked for in ticket 4711"
)

// promptly is how soon a server that runs must have heard what a command has done; a busy machine gets two.
const promptly = 2 * time.Second

// served is a server that runs, and a shell beside it over the same database.
type served struct {
	*shell
	*whole.House
	program *whole.Process
}

// serving runs f beside a server on SQLite, and on PostgreSQL. Both processes are the real program.
func serving(t *testing.T, f func(t *testing.T, s *served)) {
	t.Helper()
	run := func(t *testing.T, databaseURL string) {
		p := whole.Run(t, binary, databaseURL)
		sh := newShell(t, databaseURL)
		sh.env = append(sh.env, "SALLYPORT_ROOT_KEY="+whole.RootKey, "SALLYPORT_BASE_URL=http://127.0.0.1", "SALLYPORT_DEMO=true")
		f(t, &served{shell: sh, House: p.House(databaseURL), program: p})
	}
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, whole.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, whole.Postgres(t)) })
}

// soon waits until f says so, which must be within a second of a command's end.
func (s *served) soon(what string, f func() bool) {
	s.T.Helper()
	ended := time.Now()
	s.Eventually(what, f)
	if took := time.Since(ended); took > promptly {
		s.T.Errorf("%s: it took %v", what, took)
	}
}

// recorded is the newest event of an action, as an account's owner or admin sees it, with the operator as its actor.
func (s *served) recorded(reader *whole.Person, account, action string) whole.Answer {
	s.T.Helper()
	a := reader.Call("GET", "/accounts/"+account+"/audit-events?action="+action, nil).Must(200)
	if a.Text("items.0.actor.kind") != "operator" {
		s.T.Errorf("the record tells of %s: %s", action, a.Body)
	}
	return a
}
