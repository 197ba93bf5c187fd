package enforcement_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	accounts "sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

// nobody hears the messages of these tests.
type nobody struct{}

func (nobody) Enqueue(context.Context, ...notify.Message) error { return nil }

// house is an account whose owner decides about its rule.
type house struct {
	*enforcement.Switch
	t       *testing.T
	ctx     context.Context
	clock   *testkit.Clock
	store   *store.Store
	log     *audit.Log
	account accounts.Membership
	owner   actor.Actor // in a session that has shown an authenticator app
}

func newHouse(t *testing.T, databaseURL string) *house {
	t.Helper()
	b := bus.New(func() time.Duration { return 0 })
	h := &house{t: t, ctx: t.Context(), clock: testkit.NewClock(), store: testkit.OpenStore(t, databaseURL, b.Publish)}
	h.log = &audit.Log{Store: h.store, Now: h.clock.Now}
	facts := enforcement.NewFacts(h.store, b, h.clock.Now, enforcement.ProviderRule{}, assurance.All, 100)
	guard := authority.New(h.store, facts, h.clock.Now)
	h.Switch = &enforcement.Switch{Facts: facts, Store: h.store, Authority: guard, Audit: h.log, Notices: nobody{}, Now: h.clock.Now}
	h.owner = h.person("owner")
	var err error
	s := &accounts.Service{Store: h.store, Authority: guard, Audit: h.log, Now: h.clock.Now, Random: rand.Reader}
	h.account, err = s.Create(h.ctx, h.owner, "Acme", nil)
	h.must(err)
	return h
}

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// person is somebody who acts from a session of theirs, and has confirmed nothing.
func (h *house) person(name string) actor.Actor {
	h.t.Helper()
	now := h.clock.Now()
	u := user.User{ID: id.User(id.New()), Email: name + "@switch.test", Name: name, Locale: "en", PasswordHash: "-", CreatedAt: now}
	added, err := h.store.AddUser(h.ctx, u, "")
	if err != nil || !added {
		h.t.Fatal(added, err)
	}
	s := session.Session{ID: id.Stay(id.New()), UserID: u.ID, Delivery: session.Bearer, Proof: byTOTP, AuthTime: now, CreatedAt: now, LastUsedAt: now,
		IdleEnds: now.AddDate(1, 0, 0), Ends: now.AddDate(1, 0, 0)}
	h.must(h.store.AddSession(h.ctx, s, id.New()))
	return actor.Actor{Kind: actor.Person, User: u.ID, Stay: s.Stay()}
}

// protected gives somebody an authenticator app.
func (h *house) protected(who actor.Actor) {
	h.t.Helper()
	f := factor.Factor{ID: id.Factor(id.New()), UserID: who.User, Type: assurance.TOTP, Status: factor.Pending, CreatedAt: h.clock.Now()}
	h.must(h.store.AddFactor(h.ctx, f))
	for _, step := range []func() (bool, error){
		func() (bool, error) { return h.store.VerifyPending(h.ctx, f) },
		func() (bool, error) { return h.store.Activate(h.ctx, who.User, f.ID, "", h.clock.Now()) },
	} {
		if done, err := step(); err != nil || !done {
			h.t.Fatal(done, err)
		}
	}
}

// shown is the actor once they have confirmed: with the password, and with what else is named.
func (h *house) shown(who actor.Actor, means assurance.Means) actor.Actor {
	who.Shown = actor.Confirmation{Stay: who.Stay.ID, Epoch: who.Stay.Epoch, Password: true, Factor: means, Until: h.clock.Now().Add(actor.ConfirmLife)}
	return who
}

// recorded are the account's audit events as "action outcome code", oldest first.
func (h *house) recorded() (all []string) {
	h.t.Helper()
	found, err := h.log.Events(h.ctx, audit.Filter{AccountID: h.account.ID, Limit: 100})
	h.must(err)
	for _, e := range slices.Backward(found) {
		all = append(all, strings.TrimSpace(e.Action+" "+e.Outcome+" "+e.Detail["code"]))
	}
	return all
}

// What is wrong with a change is told before a confirmation is asked for, and recorded; that one is asked for is not.
func TestWhatIsWrongIsToldBeforeAConfirmation(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		h := newHouse(t, databaseURL)
		stranger, admin := h.person("stranger"), h.person("admin")
		h.must(h.store.InsertMember(h.ctx, accounts.Member{AccountID: h.account.ID, UserID: admin.User, Role: accounts.Admin, JoinedAt: h.clock.Now()}))
		number := h.account.Number
		set := func(who actor.Actor, number string, c enforcement.Change) error {
			c.Enforced, c.AccountNumber, c.Minimum = true, number, assurance.Any
			_, err := h.Set(h.ctx, who, h.account.ID, c)
			return err
		}
		start := func(who actor.Actor, number string) error {
			_, err := h.StartIncident(h.ctx, who, h.account.ID, number, true)
			return err
		}
		end := func(who actor.Actor, number string) error {
			_, err := h.EndIncident(h.ctx, who, h.account.ID, number)
			return err
		}
		two := enforcement.Change{KeepDeadline: true, GraceDays: 3}
		for _, c := range []struct {
			what string
			err  error
			want error
		}{
			{"a stranger", set(stranger, "x", two), fault.ErrNotFound},
			{"a stranger's incident", start(stranger, "x"), fault.ErrNotFound},
			{"an admin", set(admin, "x", two), fault.ErrOwnerOnly},
			{"an admin's incident", end(admin, "x"), fault.ErrOwnerOnly},
			{"another number", set(h.owner, "x", two), enforcement.ErrNumberMismatch},
			{"another number for an incident", start(h.owner, "x"), enforcement.ErrNumberMismatch},
			{"two deadlines", set(h.owner, number, two), enforcement.ErrTwoDeadlines},
			{"an owner without a second factor", set(h.owner, number, enforcement.Change{}), enforcement.ErrOwnMissing},
			{"an owner without one in an incident", start(h.owner, number), enforcement.ErrOwnMissing},
			{"no incident to end", end(h.owner, number), enforcement.ErrNoIncident},
		} {
			if !errors.Is(c.err, c.want) {
				t.Errorf("%s: %v, want %v", c.what, c.err, c.want)
			}
		}
		h.protected(h.owner)
		for what, err := range map[string]error{"the rule": set(h.owner, number, enforcement.Change{}), "an incident": start(h.owner, number)} {
			e, _ := fault.As(err)
			if !errors.Is(err, authority.ErrConfirmation) || !slices.Equal(e.Needs, []string{"password"}) {
				t.Errorf("%s: %v", what, err)
			}
		}
		want := []string{"account.created ok"}
		for _, code := range []string{"owner_only", "owner_only", "account_number_mismatch", "account_number_mismatch", "validation_failed",
			"own_second_factor_missing", "own_second_factor_missing", "no_incident"} {
			want = append(want, "account.enforcement_refused refused "+code)
		}
		if got := h.recorded(); !slices.Equal(got, want) {
			t.Errorf("recorded: %q", got)
		}
		if r, err := h.Report(h.ctx, h.owner, h.account.ID); err != nil || r.Rule.Enforced() || r.Rule.Incident() {
			t.Errorf("got %+v, %v", r, err)
		}
	})
}

// To ask for more the password is enough. Whatever asks for less also takes a second factor.
func TestWhatLoosensIsConfirmedByMore(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		h := newHouse(t, databaseURL)
		h.protected(h.owner)
		on := func(minimum assurance.Strength, c enforcement.Change) enforcement.Change {
			c.Enforced, c.Minimum = true, minimum
			return c
		}
		loosens := func(what string, c enforcement.Change, want bool) {
			t.Helper()
			c.AccountNumber = h.account.Number
			_, err := h.Set(h.ctx, h.shown(h.owner, ""), h.account.ID, c)
			if errors.Is(err, authority.ErrConfirmation) != want || !want && err != nil {
				t.Errorf("%s by the password alone: %v", what, err)
			}
			_, err = h.Set(h.ctx, h.shown(h.owner, assurance.TOTP.Means()), h.account.ID, c)
			h.must(err)
		}
		loosens("enforcing", on(assurance.NoEmail, enforcement.Change{GraceDays: 3, KeepAPITokens: true}), false)
		loosens("the same again", on(assurance.NoEmail, enforcement.Change{KeepDeadline: true, KeepAPITokens: true}), false)
		loosens("an earlier deadline", on(assurance.NoEmail, enforcement.Change{GraceDays: 1, KeepAPITokens: true}), false)
		loosens("a later deadline", on(assurance.NoEmail, enforcement.Change{GraceDays: 2, KeepAPITokens: true}), true)
		loosens("no deadline", on(assurance.NoEmail, enforcement.Change{KeepAPITokens: true}), false)
		loosens("a deadline of a rule that binds", on(assurance.NoEmail, enforcement.Change{GraceDays: 1, KeepAPITokens: true}), true)
		loosens("programs that are asked too", on(assurance.NoEmail, enforcement.Change{KeepDeadline: true}), false)
		loosens("programs that are not asked any more", on(assurance.NoEmail, enforcement.Change{KeepDeadline: true, KeepAPITokens: true}), true)
		loosens("a guard", on(assurance.NoEmail, enforcement.Change{KeepDeadline: true, KeepAPITokens: true, Guarded: true}), false)
		loosens("no guard", on(assurance.NoEmail, enforcement.Change{KeepDeadline: true, KeepAPITokens: true}), true)
		loosens("a stricter rule", on(assurance.NoEmailNoSMS, enforcement.Change{KeepDeadline: true, KeepAPITokens: true}), false)
		loosens("a weaker rule", on(assurance.Any, enforcement.Change{KeepDeadline: true, KeepAPITokens: true}), true)
		loosens("lifting", enforcement.Change{Minimum: assurance.Any}, true)

		_, err := h.StartIncident(h.ctx, h.shown(h.owner, ""), h.account.ID, h.account.Number, true)
		h.must(err)
		if _, err = h.EndIncident(h.ctx, h.shown(h.owner, ""), h.account.ID, h.account.Number); !errors.Is(err, authority.ErrConfirmation) {
			t.Errorf("the end of an incident by the password alone: %v", err)
		}
		_, err = h.EndIncident(h.ctx, h.shown(h.owner, assurance.ByRecoveryCode), h.account.ID, h.account.Number)
		h.must(err)
	})
}

func TestAnOperatorDecidesByTheNumberAlone(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		h := newHouse(t, databaseURL)
		operator := actor.AsOperator("ticket 1")
		change := enforcement.Change{Enforced: true, AccountNumber: "SP-000000", Minimum: assurance.NoEmail}
		if _, err := h.Set(h.ctx, operator, h.account.ID, change); !errors.Is(err, enforcement.ErrNumberMismatch) {
			t.Errorf("got %v", err)
		}
		change.AccountNumber = h.account.Number
		r, err := h.Set(h.ctx, operator, h.account.ID, change)
		if err != nil || !r.Rule.Enforced() || r.Rule.EnforcedBy != audit.Operator || r.EnforcedBy != "Operator" {
			t.Errorf("got %+v, %v", r, err)
		}
		p, err := h.Preview(h.ctx, operator, h.account.ID, enforcement.Change{Enforced: true, Minimum: assurance.PhishingResistant})
		if err != nil || !p.OwnSuffices || p.Counts.Missing != 1 {
			t.Errorf("got %+v, %v", p, err)
		}
		found, err := h.log.Events(h.ctx, audit.Filter{AccountID: h.account.ID, Action: audit.AccountEnforced, Limit: 10})
		if err != nil || len(found) != 1 || found[0].ActorID != audit.Operator || found[0].Detail["reason"] != "ticket 1" {
			t.Errorf("got %+v, %v", found, err)
		}
	})
}
