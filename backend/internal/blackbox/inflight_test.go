package blackbox_test

import (
	"context"
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/contract"
	"sallyport/internal/id"
	"sallyport/internal/store"
	"sallyport/internal/testkit/whole"
)

var (
	flightRounds = flag.Int("flights", 1, "how often each wish in flight is cut off")
	flightsOf    = flag.String("flights.of", "", "a part of the name of those that are, such as an operation or an ending")
)

// atATime is how many flights are under way at once.
const atATime = 6

// An ending takes authority away. make prepares it and gives the one call that does it, by the other replica. holds says whom it holds alone,
// where the flight's wish and it meet. byHand is the same in SQL.
type ending struct {
	name   string
	of     []string // kinds of stays
	only   func(op *contract.Operation) bool
	make   func(f *flight) func() whole.Answer
	holds  func(f *flight) actor.Holds
	byHand []string // $1 is the person, $2 the account, $3 the stay
	codes  []string // what may be answered after it, but for refused
}

func thePerson(f *flight) actor.Holds  { return actor.PersonAlone(id.User(f.who)) }
func theAccount(f *flight) actor.Holds { return actor.AccountAlone(id.Account(f.account)) }

// inAccount are operations of one account, which its members alone can ask for.
func inAccount(op *contract.Operation) bool {
	return strings.HasPrefix(op.Path, "/accounts/{account_id}")
}

// forMore are those that somebody who is but a member may not do.
func forMore(op *contract.Operation) bool {
	return inAccount(op) && slices.ContainsFunc(op.Actions, func(a string) bool { return !actor.Plain.May(actor.Action(a)) })
}

// notDue are those that the contract does not open to whoever is held at the second door.
func notDue(op *contract.Operation) bool { return !op.Due && !op.Open }

// calling is an ending by one request.
func calling(p *whole.Person, method, path string, body any) func() whole.Answer {
	return func() whole.Answer { return p.Call(method, path, body) }
}

const (
	nextPassword = "nine lanterns on the quay"
	bySignOut    = "it is signed out"
)

var (
	gone   = []string{"unauthenticated"}
	people = []string{"session", "second_factor", "enrolment"}
)

var endings = []ending{
	{
		name: "the session is ended by another session", of: []string{"session"}, holds: thePerson, codes: gone,
		make: func(f *flight) func() whole.Answer {
			return calling(f.again(), "DELETE", "/me/sessions/"+fmt.Sprint(claim(f.person.Access, "sid")), nil)
		},
		byHand: []string{"UPDATE sessions SET ended_at = 1 WHERE id = $3"},
	},
	{
		name: "another session ends all others", of: []string{"second_factor"}, holds: thePerson, codes: gone,
		make:   func(f *flight) func() whole.Answer { return calling(f.again(), "DELETE", "/me/sessions", nil) },
		byHand: []string{"UPDATE sign_ins SET ended_at = 1 WHERE id = $3"},
	},
	{
		name: bySignOut, of: people, holds: thePerson, codes: gone,
		make: func(f *flight) func() whole.Answer {
			p := *f.person
			p.Client = f.there
			return calling(&p, "POST", "/auth/sign-out", nil)
		},
		byHand: []string{"UPDATE sessions SET ended_at = 1 WHERE id = $3", "UPDATE sign_ins SET ended_at = 1 WHERE id = $3"},
	},
	{
		name: "another sign-in has enrolled", of: []string{"enrolment"}, only: notDue, holds: thePerson, codes: []string{"second_factor_due"},
		make: func(f *flight) func() whole.Answer {
			p := &whole.Person{House: f.h, Email: f.person.Email, Password: whole.Password, Client: f.there}
			p.SignIn().Must(200)
			app := p.Begin()
			p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Now()}).Must(200)
			return calling(p, "POST", "/me/factors/"+app.FactorID+"/activate", nil)
		},
		byHand: []string{"UPDATE users SET factor_bits = 1 WHERE id = $1"},
	},
	{
		name: "the token is revoked", of: []string{"api_token"}, holds: thePerson, codes: gone,
		make: func(f *flight) func() whole.Answer {
			p := *f.first
			p.Client = f.there
			return calling(&p, "DELETE", "/me/api-tokens/"+f.tokenID, nil)
		},
		byHand: []string{"UPDATE api_tokens SET revoked_at = 1 WHERE id = $3"},
	},
	{
		name: "an operator disables the person", of: append([]string{"api_token"}, people...), holds: thePerson, codes: gone,
		make: func(f *flight) func() whole.Answer {
			return func() whole.Answer {
				f.ok(f.tools.People.Disable(context.Background(), actor.AsOperator("a test"), id.User(f.who)))
				return whole.Answer{Status: 204}
			}
		},
		byHand: []string{"UPDATE users SET disabled_at = 1, epoch = epoch + 1 WHERE id = $1"},
	},
	{
		name: "another session changes the password", of: []string{"api_token", "session", "second_factor"}, holds: thePerson, codes: append([]string{"api_token_suspended"}, gone...),
		make: func(f *flight) func() whole.Answer {
			return calling(f.again(), "PUT", "/me/password", map[string]any{"password": nextPassword})
		},
		byHand: []string{"UPDATE users SET epoch = epoch + 1 WHERE id = $1"},
	},
	{
		name: "a link from the mailbox resets the password", of: append([]string{"api_token"}, people...), holds: thePerson, codes: append([]string{"api_token_suspended"}, gone...),
		make: func(f *flight) func() whole.Answer {
			f.there.Call("POST", "/auth/password-reset", "", map[string]any{"email": f.person.Email}).Must(202)
			body := map[string]any{"token": f.link("reset-password"), "password": nextPassword}
			return func() whole.Answer { return f.there.Call("PUT", "/auth/password-reset", "", body) }
		},
		byHand: []string{"UPDATE users SET epoch = epoch + 1, mailbox_spent_at = 1 WHERE id = $1"},
	},
	{
		name: "an owner removes the person", of: []string{"session", "api_token"}, only: inAccount, holds: thePerson, codes: []string{"not_found"},
		make: func(f *flight) func() whole.Answer {
			return calling(f.owner(), "DELETE", "/accounts/"+f.account+"/members/"+f.who, nil)
		},
		byHand: []string{"DELETE FROM members WHERE user_id = $1 AND account_id = $2"},
	},
	{
		name: "an owner makes them a member", of: []string{"session", "api_token"}, only: forMore, holds: thePerson, codes: []string{"admin_only", "owner_only"},
		make: func(f *flight) func() whole.Answer {
			return calling(f.owner(), "PATCH", "/accounts/"+f.account+"/members/"+f.who, map[string]any{"role": "member"})
		},
		byHand: []string{"UPDATE members SET role = 'member' WHERE user_id = $1 AND account_id = $2"},
	},
	{
		name: "an owner enforces a rule that they do not meet", of: []string{"session", "api_token"}, only: notDue, holds: theAccount, codes: []string{"enrolment_due", "second_factor_due"},
		make: func(f *flight) func() whole.Answer {
			p := f.owner()
			f.enrolPasskey(p)
			// What the first door has confirmed is good for this: to tighten a rule the password is enough.
			return calling(p, "PUT", "/accounts/"+f.account+"/two-factor",
				map[string]any{"enforced": true, "account_number": f.number, "minimum_strength": "phishing_resistant"})
		},
		byHand: []string{"UPDATE accounts SET enforcement_id = 'by hand', enforced_at = 1, minimum_strength = 'phishing_resistant' WHERE id = $2"},
	},
}

// holdNothing are operations that hold nothing: what they open carries the epoch, or the row, of what it was opened with. Those that need no
// token are here by name.
var holdNothing = map[string]string{"answerSecondFactor": "second_factor", "refresh": "session", "resume": "second_factor"}

// alsoRefused are answers of one operation that say why in another way: a guess is counted, and a password read, before the authority is.
var alsoRefused = map[string]string{"answerSecondFactor": "too_many_attempts", "confirm": "invalid_credentials"}

// A wish is an operation, and the kind of stay that it is asked from.
type wish struct {
	op   *contract.Operation
	stay string
}

// wishes are all that the contract lets somebody ask for that writes, from each kind of stay that opens it.
func wishes(c *whole.Contract) (all []wish) {
	for _, op := range c.Operations {
		switch {
		case op.Method == http.MethodGet || op.Root:
			continue
		case op.Open:
			if stay := holdNothing[op.ID]; stay != "" {
				all = append(all, wish{op, stay})
			}
			continue
		}
		for token, stay := range map[contract.Token]string{contract.TokenFull: "session", contract.TokenSecondFactor: "second_factor", contract.TokenEnrolment: "enrolment"} {
			if op.Opens(token) {
				all = append(all, wish{op, stay})
			}
		}
		if op.Scope != "" {
			all = append(all, wish{op, "api_token"})
		}
	}
	return all
}

// cells runs f for each wish and each way in which it loses its authority, a few at once.
func cells(t *testing.T, a *airport, rounds int, f func(fl *flight, w wish, e *ending)) {
	t.Helper()
	began, n := time.Now(), 0
	var all sync.WaitGroup
	places := make(chan struct{}, atATime)
	for range rounds {
		for _, w := range wishes(a.h.Contract) {
			fit := []*ending{nil} // with which everything is as it was, and the wish comes true
			for i, e := range endings {
				if slices.Contains(e.of, w.stay) && (e.only == nil || e.only(w.op)) {
					fit = append(fit, &endings[i])
				}
			}
			if len(fit) < 4 {
				t.Errorf("%s with %s: only %d ways to take it away are known", w.op.ID, w.stay, len(fit)-1)
			}
			for _, e := range fit {
				name := w.op.ID + " from " + w.stay
				if e != nil {
					name += ", while " + e.name
				}
				if !strings.Contains(name, *flightsOf) {
					continue
				}
				n++
				places <- struct{}{}
				all.Go(func() {
					defer func() { <-places }()
					fl := a.flight(t, name, w.stay == "enrolment")
					defer fl.close()
					f(fl, w, e)
				})
			}
		}
	}
	all.Wait()
	t.Logf("%d cells in %v", n, time.Since(began).Round(time.Millisecond))
}

func TestWhatIsInFlightWhenItsAuthorityEndsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		a := newAirport(t, whole.Open(t, whole.Postgres(t), whole.Plan{Replicas: 2, Config: manyTexts}))
		l := &letters{a: a}
		cells(t, a, *flightRounds, func(f *flight, w wish, e *ending) { f.queued(w, e, l) })
		l.read(t)
	})
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		a := newAirport(t, whole.Open(t, whole.SQLite(t), whole.Plan{Config: manyTexts}))
		cells(t, a, *flightRounds, func(f *flight, w wish, e *ending) {
			if w.op.JSON() != nil {
				f.slow(w, e)
			} else {
				f.written(w, e)
			}
		})
	})
}

// The gate lets a request in before it has read the body. On PostgreSQL too somebody may wait there, and be in no queue.
func TestWhatHasPassedTheGateWhenItsAuthorityEndsLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	a := newAirport(t, whole.Open(t, whole.Postgres(t), whole.Plan{Replicas: 2, Config: manyTexts}))
	cells(t, a, *flightRounds, func(f *flight, w wish, e *ending) {
		if w.op.JSON() != nil && (*flightRounds > 1 || holdNothing[w.op.ID] != "") {
			f.slow(w, e)
		}
	})
}

// done says that nothing has taken the authority away: the wish must have come true.
func (f *flight) done(a whole.Answer) {
	f.Helper()
	if a.Status < 200 || a.Status > 299 {
		f.Errorf("nothing stands against it, and it is answered %d %s", a.Status, a.Body)
	}
}

// refused says that the authority had ended, by this: the wish must have been refused, for that reason, and have left nothing behind.
func (f *flight) refused(a whole.Answer, w wish, e *ending, before map[string][]string) {
	f.Helper()
	if a.Status < 400 || a.Status > 499 || !slices.Contains(append(e.codes, alsoRefused[w.op.ID]), a.Code()) {
		f.Errorf("it is answered %d %s, and not %v", a.Status, a.Body, e.codes)
	}
	f.nothing(before)
}

// slow ends the authority when the gate has let the wish in, before the body has come.
func (f *flight) slow(w wish, e *ending) {
	f.Helper()
	r := f.board(w.op, w.stay)
	if r.Body == nil {
		r.Body = map[string]any{}
	}
	if e == nil {
		f.done(f.slowly(r, func() {}))
		return
	}
	end := e.make(f)
	f.unspent()
	var before map[string][]string
	a := f.slowly(r, func() {
		f.ended(end())
		before = f.rows(f.db)
	})
	if holdNothing[w.op.ID] != "" && a.Status == 200 {
		f.opensNothing(a)
		return
	}
	f.refused(a, w, e, before)
}

func (f *flight) ended(a whole.Answer) {
	f.Helper()
	if a.Status < 200 || a.Status > 299 {
		f.Fatalf("what takes it away is answered %d %s", a.Status, a.Body)
	}
}

// written ends the authority by hand in a transaction that the wish waits for: in SQLite one writes at a time. The server hears of it
// within a second, and the gate not before.
func (f *flight) written(w wish, e *ending) {
	f.Helper()
	r := f.board(w.op, w.stay)
	if e == nil {
		f.done(f.here.Send(r))
		return
	}
	f.here.Call("GET", "/me", r.Token, nil) // the gate remembers whom it lets in
	stay := fmt.Sprint(claim(f.person.Access, "sid"))
	switch w.stay {
	case "api_token":
		stay = f.tokenID
	case "second_factor", "enrolment":
		f.ok(f.db.QueryRowContext(f.Context(), "SELECT id FROM sign_ins WHERE user_id = $1 ORDER BY id DESC LIMIT 1", f.who).Scan(&stay))
	}
	tx, err := f.db.BeginTx(f.Context(), nil)
	f.ok(err)
	defer func() { _ = tx.Rollback() }()
	answer := make(chan whole.Answer, 1)
	go func() { answer <- f.here.Send(r) }()
	time.Sleep(20 * time.Millisecond) // it has passed the gate; where it has not, the memory of the gate lets it pass
	for _, statement := range e.byHand {
		args := []any{f.who, f.account, stay}
		for i := 3; i > 0; i-- {
			if !strings.Contains(statement, fmt.Sprint("$", i)) {
				statement += fmt.Sprintf(" AND '' <> $%d", i)
			}
		}
		_, err := tx.ExecContext(f.Context(), statement, args...)
		f.ok(err)
	}
	before := f.rows(tx)
	select {
	case a := <-answer:
		f.Fatalf("it is answered %d %s, while somebody else writes", a.Status, a.Body)
	default:
	}
	f.ok(tx.Commit())
	f.refused(<-answer, w, e, before)
}

// queued has the ending and the wish wait for the same hold, in this order, and between them a look at the database.
func (f *flight) queued(w wish, e *ending, l *letters) {
	f.Helper()
	if e != nil && e.name == bySignOut && w.op.ID == "answerSecondFactor" {
		return // the wish waits for nobody, and when it has come true there is nothing to sign out: see the other way
	}
	r := f.board(w.op, w.stay)
	if e == nil {
		f.done(f.here.Send(r))
		return
	}
	end := e.make(f)
	f.unspent()
	keys := store.LockKeys(e.holds(f))
	key := keys[len(keys)-1]
	first, between := f.lock(key), f.lock(key)
	first.take()
	ended, answer := make(chan whole.Answer, 1), make(chan whole.Answer, 1)
	go func() { ended <- end() }()
	f.waiting(key, 1, nil)
	between.begin()
	f.waiting(key, 2, nil)
	var a whole.Answer
	early := false
	go func() { answer <- f.here.Send(r) }()
	f.waiting(key, 3, func() bool {
		select {
		case a = <-answer:
			early = true
		default:
		}
		return early
	})
	first.release()
	between.taken()
	f.ended(<-ended)
	before, mark := f.rows(f.db), newID()
	between.release()
	if early {
		f.early(w, a)
		return
	}
	f.refused(<-answer, w, e, before)
	l.expect(f, e, mark)
}

// early is for what holds nothing, and so has been answered before the ending: what it has opened must be shut by it.
func (f *flight) early(w wish, a whole.Answer) {
	f.Helper()
	if holdNothing[w.op.ID] == "" {
		f.Errorf("it has waited for nobody: %d %s", a.Status, a.Body)
		return
	}
	f.done(a)
	f.opensNothing(a)
}

// opensNothing says that what was answered to a wish that holds nothing opens nothing: no write at once, and no look within the promised time.
func (f *flight) opensNothing(a whole.Answer) {
	f.Helper()
	p := &whole.Person{House: f.h, Email: f.person.Email, Client: f.here}
	p.Keep(a)
	if p.Token() == "" {
		f.Fatalf("it opens nothing: %s", a.Body)
	}
	for _, c := range []*whole.Client{f.here, f.there} {
		for began := time.Now(); ; time.Sleep(3 * time.Millisecond) {
			got := c.Call("GET", "/me", p.Token(), nil)
			if got.Is(401, "unauthenticated") {
				break
			}
			if time.Since(began) > promptly {
				f.Errorf("what it has opened still opens: %d %s", got.Status, got.Body)
				break
			}
		}
		if got := c.Call("PATCH", "/me", p.Token(), map[string]any{"locale": "de"}); got.Status != 401 {
			f.Errorf("what it has opened still writes: %d %s", got.Status, got.Body)
		}
		if p.Refresh != "" {
			if got := c.Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": p.Refresh}); got.Status != 401 {
				f.Errorf("what it has opened is refreshed: %d %s", got.Status, got.Body)
			}
		}
		if p.Resume != "" {
			if got := c.Call("POST", "/auth/resume", "", map[string]any{"resume_token": p.Resume}); got.Status != 401 {
				f.Errorf("what it has opened is resumed: %d %s", got.Status, got.Body)
			}
		}
	}
}

// On SQLite a sign-in waits for the one who writes before it has looked for the person: there is no such moment.
func TestWhoIsDisabledWhileTheySignInIsAnsweredAsEverybodyWhoMayNot(t *testing.T) {
	t.Parallel()
	f := newAirport(t, whole.Open(t, whole.Postgres(t), whole.Plan{Replicas: 2})).flight(t, "signIn", false)
	defer f.close()
	tx, err := f.db.BeginTx(t.Context(), nil)
	f.ok(err)
	defer func() { _ = tx.Rollback() }()
	for _, statement := range []string{"SELECT 1 FROM users WHERE id = $1 FOR UPDATE", "UPDATE users SET disabled_at = 1, epoch = epoch + 1 WHERE id = $1"} {
		_, err = tx.ExecContext(t.Context(), statement, f.who)
		f.ok(err)
	}
	answer := make(chan whole.Answer, 1)
	go func() { answer <- f.person.SignIn() }() // the password is right, and the session waits for the person that it is of
	f.h.Eventually("the sign-in waits", func() bool {
		return count(t, f.db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") > 0
	})
	f.ok(tx.Commit())
	if a := <-answer; !a.Is(401, "invalid_credentials") {
		t.Errorf("it is answered %d %s", a.Status, a.Body)
	}
	if n := count(t, f.db, "SELECT count(*) FROM sessions WHERE user_id = $1", f.who); n > 0 {
		t.Errorf("%d sessions were opened", n)
	}
}

// raw is a transaction of nobody's that holds one lock.
type raw struct {
	f    *flight
	key  int64
	conn *sql.Conn
	tx   *sql.Tx
	got  chan error
}

func (f *flight) lock(key int64) *raw {
	f.Helper()
	conn, err := f.db.Conn(f.Context())
	f.ok(err)
	tx, err := conn.BeginTx(context.Background(), nil)
	f.ok(err)
	r := &raw{f: f, key: key, conn: conn, tx: tx, got: make(chan error, 1)}
	f.Cleanup(r.close)
	return r
}

func (r *raw) begin() {
	go func() {
		_, err := r.tx.ExecContext(context.Background(), "SELECT pg_advisory_xact_lock($1)", r.key)
		r.got <- err
	}()
}

func (r *raw) taken() { r.f.Helper(); r.f.ok(<-r.got) }
func (r *raw) take()  { r.f.Helper(); r.begin(); r.taken() }

func (r *raw) release() {
	r.f.Helper()
	r.f.ok(r.tx.Commit())
	r.close()
}

func (r *raw) close() {
	if err := r.tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		r.f.Errorf("a lock was not given back: %v", err)
	}
	_ = r.conn.Close()
}

// waiting waits until so many wait for a lock, or until something else is so.
func (f *flight) waiting(key int64, atLeast int, or func() bool) {
	f.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(2 * time.Millisecond) {
		var n int
		f.ok(f.db.QueryRowContext(f.Context(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objsubid = 1
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
			AND CAST(classid AS BIGINT) = $1 AND CAST(objid AS BIGINT) = $2`, int64(uint64(key)>>32), int64(uint64(key)&0xffffffff)).Scan(&n))
		if n >= atLeast || or != nil && or() {
			return
		}
	}
	f.Fatalf("not even %d wait for the hold", atLeast)
}

// letters are messages that nobody should have been sent: jobs do that a while later.
type letters struct {
	a  *airport
	mu sync.Mutex

	none []func(t *testing.T)
}

// expect notes that the flight sends nothing from the mark to now. Of a rule that is enforced jobs tell everybody a while later.
func (l *letters) expect(f *flight, e *ending, mark string) {
	until := newID()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.none = append(l.none, func(t *testing.T) {
		t.Helper()
		for _, to := range f.addresses {
			n := count(t, l.a.db, "SELECT count(*) FROM demo_messages WHERE recipient = $1 AND id > $2 AND id < $3 AND subject NOT LIKE '% requires two-factor %'", to, mark, until)
			if n > 0 {
				f.Errorf("after the end %d messages are sent to %s", n, to)
			}
		}
	})
}

func (l *letters) read(t *testing.T) {
	t.Helper()
	l.a.h.Eventually("all mail is sent", func() bool {
		return count(t, l.a.db, "SELECT count(*) FROM jobs WHERE dead_at = 0 AND run_at <= $1", l.a.h.Clock.Now().UnixMicro()) == 0
	})
	for _, f := range l.none {
		f(t)
	}
}
