package credential_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/credential"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/limit"
	"sallyport/internal/notify"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

const (
	passphrase = "blue harbour seven"
	another    = "the kettle sings at noon"
)

var (
	stranger = actor.From(actor.Origin{Address: "192.0.2.7", Network: "192.0.2.7", UserAgent: "a browser"})
	operator = actor.AsOperator("they have called")
)

// twice runs each transaction to its end, undoes it, and runs it once more: as after a deadlock.
type twice struct{ *authority.Guard }

var errCrossed = errors.New("two transactions have waited for each other")

func (a twice) Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error {
	err := a.Guard.Act(ctx, who, alone, func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		return errCrossed
	})
	if !errors.Is(err, errCrossed) {
		return err
	}
	return a.Guard.Act(ctx, who, alone, f)
}

// shelf is a store that shows the jobs that are given to it.
type shelf struct {
	*store.Store
	jobs []jobs.Job
}

func (s *shelf) EnqueueJobs(_ context.Context, js ...jobs.Job) error {
	s.jobs = append(s.jobs, js...)
	return nil
}

// letters keep what people are told, in transactions that were undone too.
type letters struct{ told []notify.Message }

func (l *letters) Enqueue(_ context.Context, m ...notify.Message) error {
	l.told = append(l.told, m...)
	return nil
}

// world is a house without doors.
type world struct {
	*credential.Service
	t       *testing.T
	ctx     context.Context
	clock   *testkit.Clock
	store   *shelf
	told    *letters
	factors *factor.Service
	stairs  *signin.Stairs
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), clock: testkit.NewClock(), store: &shelf{Store: testkit.OpenStore(t, databaseURL)}, told: &letters{}}
	s, now, box := w.store.Store, w.clock.Now, testkit.Box(t)
	facts := enforcement.NewFacts(s, bus.New(func() time.Duration { return 0 }), now, enforcement.ProviderRule{}, assurance.All, 1)
	guard := twice{authority.New(s, facts, now)}
	record := &audit.Log{Store: s, Now: now}
	book := &session.Book{Store: s, Authority: guard, Audit: record, Now: now, Random: rand.Reader}
	accounts := &account.Service{Store: s, Authority: guard, Notify: w.told, Audit: record, Now: now, Random: rand.Reader, BaseURL: "https://portal.test"}
	w.Service = &credential.Service{Store: w.store, Authority: guard, Accounts: accounts, Book: book, Hasher: user.NewHasher(1, 8),
		Limits: &limit.Limits{Store: s, Box: box, Now: now}, Box: box, Notices: w.told, Audit: record, Now: now, Random: rand.Reader,
		Brand: "Sallyport", BaseURL: "https://portal.test"}
	w.factors = &factor.Service{Store: s, Users: s, Authority: guard, Box: box, Audit: record, Notices: w.told, Links: w.Service, Now: now,
		Random: rand.Reader, BaseURL: "https://portal.test", Offered: assurance.All}
	w.stairs = &signin.Stairs{Users: s, Store: s, Authority: guard, Facts: facts, Factors: w.factors, Book: book, Audit: record, Now: now}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// person is somebody new, who has a password.
func (w *world) person(email string) id.User {
	w.t.Helper()
	u := user.User{ID: id.User(id.New()), Email: email, Name: "Grace", Locale: "en", PasswordHash: "a hash", PasswordID: id.New(), CreatedAt: w.Now(), VerifiedAt: w.Now()}
	if added, err := w.store.AddUser(w.ctx, u, ""); err != nil || !added {
		w.t.Fatal(added, err)
	}
	return u.ID
}

func (w *world) user(userID id.User) user.User {
	w.t.Helper()
	u, err := w.store.User(w.ctx, userID)
	w.must(err)
	return u
}

// signedIn is the person, from a new session that has shown an app, and in which they have confirmed that it is them.
func (w *world) signedIn(userID id.User) actor.Actor {
	w.t.Helper()
	s, _, err := w.Book.Open(w.ctx, stranger, session.Session{UserID: userID, Epoch: w.user(userID).Epoch, Delivery: session.Bearer,
		Proof: assurance.Password().And(assurance.TOTP.AMR()...), AuthTime: w.Now()})
	w.must(err)
	return actor.Actor{Kind: actor.Person, User: userID, Stay: s.Stay(), Origin: stranger.Origin,
		Shown: actor.Confirmation{Stay: s.ID, Epoch: s.Epoch, Password: true, Factor: assurance.TOTP.Means(), Until: w.Now().Add(time.Minute)}}
}

// opens says whether the stay still opens: it lives, and its epoch is its person's.
func (w *world) opens(s actor.Stay) bool {
	w.t.Helper()
	read, err := w.store.ReadActor(w.ctx, s, w.Now())
	w.must(err)
	return read.Stay.Live && read.Stay.Epoch == read.User.Epoch
}

// token is a new API token.
func (w *world) token(who actor.Actor) actor.Stay {
	w.t.Helper()
	var stay actor.Stay
	w.must(w.Book.NewAPIToken(w.ctx, who, "a program", []string{"portal:read"}, time.Hour, func(_ context.Context, t session.APIToken, _ string) error {
		stay = t.Stay()
		return nil
	}))
	return stay
}

// possess gives a person a factor, as if it had been enrolled.
func (w *world) possess(userID id.User) id.Factor {
	w.t.Helper()
	f := factor.Factor{ID: id.Factor(id.New()), UserID: userID, Type: assurance.TOTP, Status: factor.Pending, CreatedAt: w.Now()}
	w.must(w.store.AddFactor(w.ctx, f))
	if ok, err := w.store.VerifyPending(w.ctx, f); err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	if ok, err := w.store.Activate(w.ctx, userID, f.ID, "", w.Now()); err != nil || !ok {
		w.t.Fatal(ok, err)
	}
	return f.ID
}

// secret is what the last link of this name in a mail of this template bears.
func (w *world) secret(template, name string) string {
	w.t.Helper()
	for _, m := range slices.Backward(w.told.told) {
		if m.Template == template && m.Data[name] != "" {
			_, secret, _ := strings.Cut(m.Data[name], "#")
			return secret
		}
	}
	w.t.Fatalf("no mail %s has a link %s", template, name)
	return ""
}

// resetLink is what a mail bears to somebody who has asked for another password.
func (w *world) resetLink(email string) string {
	w.t.Helper()
	w.must(w.AskForReset(w.ctx, stranger, email))
	w.must(w.Answer(w.ctx, w.store.jobs[len(w.store.jobs)-1]))
	return w.secret(notify.PasswordReset, "link")
}

// emailLink is what a mail to another address bears.
func (w *world) emailLink(who actor.Actor, email string) string {
	w.t.Helper()
	w.must(w.AskForEmail(w.ctx, who, email))
	return w.secret(notify.EmailChangeConfirm, "link")
}

// actions are what the record says has happened to a person, oldest first.
func (w *world) actions(userID id.User) []string {
	w.t.Helper()
	events, err := w.store.AuditEvents(w.ctx, audit.Filter{UserID: userID, Limit: 100})
	w.must(err)
	var out []string
	for _, e := range slices.Backward(events) {
		out = append(out, e.Action)
	}
	return out
}
