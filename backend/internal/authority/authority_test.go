package authority_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestMain(m *testing.M) {
	m.Run()
	testkit.StopAll()
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is an account with one member of each role, and somebody who belongs to none.
type world struct {
	store *store.Store
	guard *authority.Guard
	acme  id.Account
	who   map[actor.Role]id.User
}

const stranger actor.Role = "" // belongs to no account

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	s := testkit.OpenStore(t, databaseURL)
	now := func() time.Time { return noon }
	deaf := bus.New(func() time.Duration { return 0 }) // nothing is answered from memory
	facts := enforcement.NewFacts(s, deaf, now, enforcement.ProviderRule{}, assurance.All, 10)
	w := &world{store: s, guard: authority.New(s, facts, now), acme: id.Account(id.New()), who: map[actor.Role]id.User{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := s.InsertAccount(t.Context(), account.Account{ID: w.acme, Number: "SP-100001", Name: "Acme", CreatedAt: noon})
	must(err)
	for _, role := range append(slices.Clone(actor.Roles), stranger) {
		u := user.User{ID: id.User(id.New()), Email: string(role) + "@acme.test", Name: "A " + string(role), Locale: "en", CreatedAt: noon}
		_, err := s.AddUser(t.Context(), u, "")
		must(err)
		if w.who[role] = u.ID; role != stranger {
			must(s.InsertMember(t.Context(), account.Member{AccountID: w.acme, UserID: u.ID, Role: role, JoinedAt: noon}))
		}
	}
	return w
}

// signIn is a person between the doors.
func (w *world) signIn(t *testing.T, userID id.User) actor.Actor {
	t.Helper()
	p := session.Pending{ID: id.Stay(id.New()), UserID: userID, Purpose: actor.ForEnrolment, Delivery: session.Bearer, Proof: assurance.Password(),
		PasswordAt: noon, CreatedAt: noon, Expires: noon.Add(session.BetweenLife)}
	if err := w.store.AddPending(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return testkit.Confirmed(p.Stay(), noon)
}

// program is an API token with every scope.
func (w *world) program(t *testing.T, userID id.User) actor.Actor {
	t.Helper()
	v := session.APIToken{ID: id.Stay(id.New()), UserID: userID, Name: "script", Scopes: []string{"account:read"}, Hash: id.New(), CreatedAt: noon,
		Expires: noon.AddDate(1, 0, 0)}
	if added, err := w.store.AddAPIToken(t.Context(), v, 100); err != nil || !added {
		t.Fatal(added, err)
	}
	return actor.Actor{Kind: actor.Program, User: userID, Stay: v.Stay()}
}

// TestWhoMayDoWhat asks every action of the table, of every kind of actor, in every role, with and without a confirmation. What is
// expected is said here once more, from the columns of the table, and not by the code that is tested.
func TestWhoMayDoWhat(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		for role, userID := range w.who {
			confirmed := testkit.Acting(t, w.store, userID, noon)
			bare := confirmed
			bare.Shown = actor.Confirmation{}
			kinds := map[string]actor.Actor{
				"a person who has confirmed": confirmed, "a person": bare, "a sign-in between the doors": w.signIn(t, userID), "a program": w.program(t, userID),
				"an operator": actor.AsOperator("a test"), "the house": actor.TheHouse(), "a stranger": actor.From(actor.Origin{}),
			}
			for kind, who := range kinds {
				for _, p := range append(slices.Clone(actor.Permissions), actor.Permission{Action: actor.Operate}, actor.Permission{Action: "fly"}) {
					want := wanted(kind, role, p)
					got := w.ask(t.Context(), who, p.Action)
					if !errors.Is(got, want) || (want == nil) != (got == nil) {
						t.Errorf("%s, %q, %s: %v, and not %v", kind, role, p.Action, got, want)
					}
				}
			}
		}
	})
}

func (w *world) ask(ctx context.Context, who actor.Actor, action actor.Action) error {
	return w.guard.Act(ctx, who, actor.Holds{}, func(ctx context.Context) error {
		_, err := w.guard.Authorize(ctx, who, action, w.acme)
		return err
	})
}

func wanted(kind string, role actor.Role, p actor.Permission) error {
	unknown := p.Action == "fly" || p.Action == actor.Operate
	switch {
	case kind == "an operator" || kind == "the house":
		return nil // package cmd gives operators what it gives them, and the house asks nobody
	case unknown:
		return fault.ErrForbidden
	case kind == "a stranger":
		return fault.ErrUnauthorized
	case len(p.Roles) > 0 && role == stranger:
		return fault.ErrNotFound
	case len(p.Roles) > 0 && !slices.Contains(p.Roles, role):
		switch {
		case slices.Contains(p.Roles, actor.Admin) && !slices.Contains(p.Roles, actor.Billing):
			return fault.ErrAdminOnly
		case !slices.Contains(p.Roles, actor.Admin):
			return fault.ErrOwnerOnly
		}
		return fault.ErrForbidden
	case kind == "a program" && !p.Programs:
		return session.ErrScope
	case kind == "a sign-in between the doors" && !p.Between:
		return fault.ErrForbidden
	case kind == "a person" && p.Confirm != actor.Unconfirmed:
		return authority.ErrConfirmation
	}
	return nil
}

// TestNobodyActsFromWhatHasEnded: each way in which a stay can be over, or its person out, is seen by the transaction.
func TestNobodyActsFromWhatHasEnded(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		owner := w.who[actor.Owner]
		for name, c := range map[string]struct {
			end  func(who actor.Actor)
			want error
		}{
			"nothing has ended": {func(actor.Actor) {}, nil},
			"the session": {func(who actor.Actor) {
				_, _ = w.store.EndSession(t.Context(), who.User, who.Stay.ID, "test", noon)
			}, session.ErrEnded},
			"the epoch":              {func(who actor.Actor) { _ = w.store.MoveEpoch(t.Context(), who.User) }, session.ErrEnded},
			"the person is shut out": {func(who actor.Actor) { _, _ = w.store.SetDisabled(t.Context(), who.User, noon) }, session.ErrEnded},
		} {
			who := testkit.Acting(t, w.store, owner, noon)
			program := w.program(t, owner)
			c.end(who)
			ran := false
			err := w.guard.Act(t.Context(), who, actor.Holds{}, func(context.Context) error { ran = true; return nil })
			if !errors.Is(err, c.want) || ran != (c.want == nil) {
				t.Errorf("%s: %v, and it ran: %v", name, err, ran)
			}
			if name == "the epoch" {
				if err := w.ask(t.Context(), program, actor.ReadPortal); !errors.Is(err, authority.ErrTokenSuspended) {
					t.Errorf("an API token of another epoch: %v", err)
				}
			}
			_, _ = w.store.SetDisabled(t.Context(), owner, time.Time{})
		}
	})
}

// TestATransactionNamesWhatItHolds: what is not named at the beginning is not to be had later, and nobody has another's account alone.
func TestATransactionNamesWhatItHolds(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		who := testkit.Acting(t, w.store, w.who[actor.Owner], noon)
		nothing := func(context.Context) error { return nil }
		inner := func(h actor.Holds) error {
			return w.guard.Act(t.Context(), who, actor.AccountAlone(w.acme), func(ctx context.Context) error { return w.guard.Act(ctx, who, h, nothing) })
		}
		for name, h := range map[string]actor.Holds{
			"a person": actor.PersonAlone(w.who[actor.Admin]), "an account": actor.AccountAlone(id.Account(id.New())), "everybody": {Everybody: true},
		} {
			if inner(h) == nil {
				t.Errorf("%s was held although nobody named it at the beginning", name)
			}
		}
		if err := inner(actor.AccountAlone(w.acme)); err != nil {
			t.Errorf("what is held already: %v", err)
		}
		outsider := testkit.Acting(t, w.store, w.who[stranger], noon)
		if err := w.guard.Act(t.Context(), outsider, actor.AccountAlone(w.acme), nothing); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("somebody else's account is held alone: %v", err)
		}
		if _, err := w.guard.Authorize(t.Context(), who, actor.ReadPortal, w.acme); err == nil {
			t.Error("outside of a transaction an answer was given")
		}
	})
}
