package blackbox_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit"
	"sallyport/internal/testkit/whole"
)

// deafen ends the connections on which replicas of this database listen, again and again, until the test ends.
func deafen(t *testing.T, db *sql.DB) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			_, _ = db.ExecContext(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
				WHERE datname = current_database() AND application_name = 'sallyport bus'`)
		}
	}()
	t.Cleanup(func() { stop(); <-ended })
}

func TestAReplicaThatCannotListenAsksTheDatabaseAndGivesNoStaleAnswer(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.Postgres(t), whole.Plan{Replicas: 3})
	o := h.Person(owner).Protected()
	account := o.Account(acme)
	m := h.Person(member).In()
	everywhere := func(what string, so func(a whole.Answer) bool) {
		t.Helper()
		clicked := time.Now()
		for replica := range 3 {
			h.Eventually(what, func() bool { return so(h.At(replica).Call("GET", "/accounts", m.Access, nil)) })
			if took := time.Since(clicked); took > promptly {
				t.Errorf("%s: replica %d took %v", what, replica, took)
			}
		}
	}
	open := func(a whole.Answer) bool { return a.Status == 200 }
	shut := func(a whole.Answer) bool { return a.Is(403, "enrolment_due") }
	everywhere("the replica opens", open)
	deafen(t, whole.SQL(t, h.Database))
	for range 3 { // there and back again
		o.Confirm().Enforce(account, acme, nil).Must(200)
		everywhere("the deaf replica refuses", shut)
		o.Lift(account, acme).Must(200)
		everywhere("the deaf replica opens", open)
	}
}

func TestOfThreeReplicasEachBindsAtOnce(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.Postgres(t), whole.Plan{Replicas: 3})
	o := h.Person(owner).Protected()
	account := o.Account(acme)
	for round := range 6 {
		o.Client = h.At(round) // whichever replica the owner talks to
		m := h.Person(member).In()
		for replica := range 3 {
			h.At(replica).Call("GET", "/accounts", m.Access, nil).Must(200)
		}
		o.Confirm().Enforce(account, acme, nil).Must(200)
		clicked := time.Now()
		for replica := range 3 {
			h.Eventually("the replica refuses", func() bool { return h.At(replica).Call("GET", "/accounts", m.Access, nil).Is(403, "enrolment_due") })
		}
		if took := time.Since(clicked); took > promptly {
			t.Errorf("it took %v", took)
		}
		o.Lift(account, acme).Must(200)
	}
}

func TestAReplicaThatIsCutOffFromTheDatabaseOpensNothingThatWasShutMeanwhile(t *testing.T) {
	t.Parallel()
	for what, breakIt := range map[string]func(*testkit.Proxy){"stalled": (*testkit.Proxy).Stall, "cut": (*testkit.Proxy).Cut} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			databaseURL := whole.Postgres(t)
			proxy := testkit.TCPProxy(t, databaseURL)
			h := whole.Open(t, databaseURL, whole.Plan{Replicas: 3, Config: func(i int, c *app.Config) {
				if i == 2 {
					c.DatabaseURL = proxy.URL(databaseURL)
				}
			}})
			t.Cleanup(proxy.Restore) // before the replica stops, which says good-bye to the database
			o := h.Person(owner).Protected()
			account := o.Account(acme)
			m := h.Person(member)
			m.Client = h.At(2)
			m.In().Call("GET", "/accounts", nil).Must(200)
			h.At(1).Call("GET", "/accounts", m.Access, nil).Must(200)
			o.Confirm()

			breakIt(proxy)
			clicked := time.Now()
			o.Enforce(account, acme, nil).Must(200)
			h.Eventually("a whole replica refuses", func() bool { return h.At(1).Call("GET", "/accounts", m.Access, nil).Is(403, "enrolment_due") })
			if took := time.Since(clicked); took > promptly {
				t.Errorf("a replica that nothing was done to took %v", took)
			}
			for time.Since(clicked) < 2*time.Second {
				asked := time.Since(clicked)
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				a, err := h.At(2).Breaking().Try(ctx, whole.Request{Method: "GET", Path: "/me/sessions", Token: m.Access})
				cancel()
				if err == nil && a.Status == 200 && asked > time.Second {
					t.Fatalf("%v after the owner's click a replica that is cut off still lets the member in", asked)
				}
				if err == nil && a.Status >= 500 && !a.Is(503, "unavailable") {
					t.Fatalf("a replica without its database answers %d %s", a.Status, a.Body)
				}
			}
			proxy.Restore()
			back := h.Eventually("the replica is back", func() bool {
				a, err := h.At(2).Breaking().Try(t.Context(), whole.Request{Method: "GET", Path: "/me/sessions", Token: m.Access})
				return err == nil && a.Is(403, "enrolment_due")
			})
			t.Logf("back after %v", back)
		})
	}
}
