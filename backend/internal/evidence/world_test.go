package evidence_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/csv"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/evidence"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "15") // each is an account's life on a database of its own; the command line may ask for more
	testkit.VerifyTestMain(m)
}

// nobody hears the messages of these tests.
type nobody struct{}

func (nobody) Enqueue(context.Context, ...notify.Message) error { return nil }

// world is an account's life, and what is written of it.
type world struct {
	t        *testing.T
	ctx      context.Context
	clock    *testkit.Clock
	store    *store.Store
	log      *audit.Log
	chain    *audit.Chain
	guard    *authority.Guard
	accounts *account.Service
	factors  *factor.Service
	rule     *enforcement.Switch
	proof    *evidence.Service

	account account.Membership
	owner   id.User
	member  id.User
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	b := bus.New(func() time.Duration { return 0 })
	w := &world{t: t, ctx: t.Context(), clock: testkit.NewClock(), store: testkit.OpenStore(t, databaseURL, b.Publish)}
	now := func() time.Time { return w.clock.Advance(time.Millisecond) }
	w.log = &audit.Log{Store: w.store, Now: now}
	w.chain = &audit.Chain{Store: w.store, Now: now, Log: slog.New(slog.DiscardHandler)}
	facts := enforcement.NewFacts(w.store, b, now, enforcement.ProviderRule{}, assurance.All, 100)
	w.guard = authority.New(w.store, facts, now)
	w.accounts = &account.Service{Store: w.store, Authority: w.guard, Notify: nobody{}, Audit: w.log, Now: now, Random: rand.Reader, BaseURL: "https://portal.test"}
	w.factors = &factor.Service{Store: w.store, Users: w.store, Authority: w.guard, Audit: w.log, Notices: nobody{}, Now: now, Random: rand.Reader,
		BaseURL: "https://portal.test", Offered: assurance.All}
	w.rule = &enforcement.Switch{Facts: facts, Store: w.store, Authority: w.guard, Audit: w.log, Notices: nobody{}, Now: now, BaseURL: "https://portal.test"}
	w.proof = &evidence.Service{Authority: w.guard, Store: w.store, Audit: w.log, Now: now}
	w.must(w.chain.Begin(w.ctx))
	w.must(w.proof.NoteProvider(w.ctx))

	w.owner = w.person("owner", "owner@acme.test")
	var err error
	w.account, err = w.accounts.Create(w.ctx, w.as(w.owner), "Acme", nil)
	w.must(err)
	w.member = w.person("member", "member@acme.test")
	w.join(w.member, account.Plain)
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name, email string) id.User {
	w.t.Helper()
	u := user.User{ID: id.User(id.New()), Email: email, Name: name, Locale: "en", PasswordHash: "-", CreatedAt: w.clock.Now()}
	if added, err := w.store.AddUser(w.ctx, u, ""); err != nil || !added {
		w.t.Fatal(added, err)
	}
	return u.ID
}

// as is the person, in a session that they have just opened, has shown everything and is confirmed.
func (w *world) as(userID id.User) actor.Actor {
	w.t.Helper()
	u, err := w.store.User(w.ctx, userID)
	w.must(err)
	now := w.clock.Advance(time.Millisecond)
	s := session.Session{ID: id.Stay(id.New()), UserID: userID, Epoch: u.Epoch, Delivery: session.Bearer, Proof: assurance.Password().And("mfa", "otp", "hwk"),
		AuthTime: now, CreatedAt: now, LastUsedAt: now, IdleEnds: now.Add(session.IdleLife), Ends: now.Add(session.AbsoluteLife)}
	w.must(w.store.AddSession(w.ctx, s, id.New()))
	return actor.Actor{Kind: actor.Person, User: userID, Stay: s.Stay(), Shown: actor.Confirmation{
		Stay: s.ID, Epoch: s.Epoch, Password: true, Factor: assurance.ByRecoveryCode, Until: now.Add(actor.ConfirmLife),
	}}
}

// own does something to a person's second factors, as they do it, whether a rule holds them up or not.
func (w *world) own(userID id.User, f func(ctx context.Context, who actor.Actor) error) error {
	w.t.Helper()
	who := w.as(userID)
	who.Due, who.Origin = true, actor.Origin{Address: "198.51.100.7", UserAgent: "browser at home"}
	return w.guard.Act(w.ctx, who, who.OwnPerson(), func(ctx context.Context) error { return f(ctx, who) })
}

// loses takes a factor from a person.
func (w *world) loses(userID id.User, factorID id.Factor) error {
	w.t.Helper()
	return w.own(userID, func(ctx context.Context, who actor.Actor) error {
		return w.factors.Remove(ctx, who, factorID, func(assurance.Types) error { return nil })
	})
}

// disables takes all factors from a person.
func (w *world) disables(userID id.User) error {
	w.t.Helper()
	return w.own(userID, w.factors.Disable)
}

// join lets a person belong to the account, and records it.
func (w *world) join(userID id.User, role account.Role) {
	w.t.Helper()
	w.must(w.store.InTx(w.ctx, func(ctx context.Context) error {
		m := account.Member{AccountID: w.account.ID, UserID: userID, Role: role, JoinedAt: w.clock.Advance(time.Millisecond)}
		if err := w.store.InsertMember(ctx, m); err != nil {
			return err
		}
		m, err := w.store.Member(ctx, w.account.ID, userID)
		if err != nil {
			return err
		}
		return w.log.Append(ctx, actor.TheHouse(), account.Joined(w.owner, m, "invitation"))
	}))
}

// gains gives a person a factor, as if it had been enrolled.
func (w *world) gains(userID id.User, t assurance.Type) (factorID id.Factor) {
	w.t.Helper()
	w.must(w.own(userID, func(ctx context.Context, who actor.Actor) error {
		f := factor.Factor{ID: id.Factor(id.New()), UserID: userID, Type: t, Name: "private name", Status: factor.Pending, CreatedAt: w.clock.Now(),
			Stay: who.Stay.Root(), Epoch: who.Stay.Epoch, EnrolmentHash: seal.TokenHash("enrolment")}
		if err := w.store.AddFactor(ctx, f); err != nil {
			return err
		}
		if _, err := w.store.VerifyPending(ctx, f); err != nil {
			return err
		}
		factorID = f.ID
		_, err := w.factors.Activate(ctx, who, factor.Enrolment{Factor: f.ID, Token: "enrolment"})
		return err
	}))
	return factorID
}

func (w *world) enforce(on bool, minimum assurance.Strength, graceDays int) {
	w.t.Helper()
	_, err := w.rule.Set(w.ctx, w.as(w.owner), w.account.ID, enforcement.Change{Enforced: on, AccountNumber: w.account.Number, Minimum: minimum, GraceDays: graceDays})
	w.must(err)
}

// days lets time pass.
func (w *world) days(n int) { w.clock.Advance(time.Duration(n) * 24 * time.Hour) }

// today is the first moment of the day that the clock shows.
func (w *world) today() time.Time { return w.clock.Now().UTC().Truncate(24 * time.Hour) }

// report reads the report of a day by e-mail address and name of the column; the zero day is now.
func (w *world) report(day time.Time) map[string]map[string]string {
	w.t.Helper()
	_, write, err := w.proof.Report(w.ctx, w.as(w.owner), w.account.ID, day)
	w.must(err)
	var raw bytes.Buffer
	w.must(write(w.ctx, &raw))
	lines, err := csv.NewReader(&raw).ReadAll()
	w.must(err)
	found := map[string]map[string]string{}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		if _, twice := found[row["email"]]; twice {
			w.t.Errorf("%s is in the report twice", row["email"])
		}
		found[row["email"]] = row
	}
	return found
}

// entries are all events that the account sees, oldest first, as "action".
func (w *world) entries(q evidence.Query) []evidence.Entry {
	w.t.Helper()
	_, write, err := w.proof.Export(w.ctx, w.as(w.owner), w.account.ID, "ndjson", q)
	w.must(err)
	var all []evidence.Entry
	w.must(write(w.ctx, func(e evidence.Entry) error {
		all = append([]evidence.Entry{e}, all...)
		return nil
	}))
	return all
}

func actions(entries []evidence.Entry) string {
	words := make([]string, len(entries))
	for i, e := range entries {
		words[i] = e.Action
	}
	return strings.Join(words, " ")
}

// forget takes every row of a person out of the database but their events.
func forget(t *testing.T, databaseURL string, userID id.User) {
	t.Helper()
	driver, dsn := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, from := range []string{
		"factors WHERE user_id = '%s'", "refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE user_id = '%s')",
		"sessions WHERE user_id = '%s'", "users WHERE id = '%s'",
	} {
		if _, err := db.ExecContext(t.Context(), "DELETE FROM "+fmt.Sprintf(from, userID)); err != nil {
			t.Fatal(err)
		}
	}
}
