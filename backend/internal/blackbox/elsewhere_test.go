package blackbox_test

import (
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// TestAServerHearsWhatAnotherProcessHasWritten: whatever writes to the database, a command or an operator with SQL at hand, binds a
// server that runs, its live sessions and its open pages. On PostgreSQL a command says what it has changed; SQL by hand does not.
func TestAServerHearsWhatAnotherProcessHasWritten(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	m, c := h.Person(member).In(), h.Person(contractor).In()
	tab := h.At(0).Listen(m.Access)
	other := whole.SQL(t, h.Database)
	for range 3 { // there and back again
		m.Call("GET", "/accounts", nil).Must(200)
		execute(t, other, "UPDATE accounts SET enforcement_id = 'by hand', enforced_at = 1, enforced_by = '' WHERE number = $1", acme)
		written := time.Now()
		h.Eventually("the live session is refused", func() bool { return m.Call("GET", "/accounts", nil).Is(403, "enrolment_due") })
		if took := time.Since(written); took > promptly {
			t.Errorf("it took %v", took)
		}
		if told := tab.Wait("standing_changed"); told.Data["state"] != "enrolment_due" || told.At.Sub(written) > promptly {
			t.Errorf("after %v the open page is told %v", told.At.Sub(written), told.Data)
		}
		execute(t, other, "UPDATE accounts SET enforcement_id = '', enforced_at = 0 WHERE number = $1", acme)
		h.Eventually("it is let in again", func() bool { return m.Call("GET", "/accounts", nil).Status == 200 })
		tab.Wait("standing_changed")
	}
	execute(t, other, "UPDATE users SET disabled_at = 1 WHERE email = $1", contractor)
	h.Eventually("whoever is disabled is out", func() bool { return c.Call("GET", "/accounts", nil).Is(401, "unauthenticated") })
}
