package store_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

func TestHoldsAreTakenInOneOrder(t *testing.T) {
	t.Parallel()
	persons, accounts := []id.User{"a", "b", "c", "d", "e"}, []id.Account{"a", "b", "c", "d", "e"}
	keyOf := func(h actor.Holds) int64 { return store.Locks(h, actor.Holds{})[1].Key }
	alone := map[store.Lock]bool{} // what is to be held, and whether alone
	for i := range persons {
		alone[store.Lock{Class: 1, Key: keyOf(actor.PersonAlone(persons[i]))}] = i < 3
		alone[store.Lock{Class: 2, Key: keyOf(actor.AccountAlone(accounts[i]))}] = i < 2
	}
	if len(alone) != 10 {
		t.Fatalf("%d keys of 10 are different", len(alone))
	}
	var first []store.Lock
	for range 100 {
		rand.Shuffle(len(persons), func(i, j int) { persons[i], persons[j] = persons[j], persons[i] })
		rand.Shuffle(len(accounts), func(i, j int) { accounts[i], accounts[j] = accounts[j], accounts[i] })
		var strong actor.Holds
		for _, p := range persons {
			if p < "d" {
				strong.Persons = append(strong.Persons, p, p) // named twice
			}
		}
		for _, a := range accounts {
			if a < "c" {
				strong.Accounts = append(strong.Accounts, a)
			}
		}
		got := store.Locks(strong, actor.Holds{Persons: persons, Accounts: accounts}) // all of them are named here too
		if len(got) != 11 || got[0].Class != 0 || got[0].Alone {
			t.Fatalf("got %+v", got)
		}
		for i, l := range got[1:] {
			if want, named := alone[store.Lock{Class: l.Class, Key: l.Key}]; !named || l.Alone != want {
				t.Errorf("%+v is held, alone should be %v", l, want)
			}
			if i > 0 && (got[i].Class > l.Class || got[i].Class == l.Class && got[i].Key >= l.Key) {
				t.Errorf("%+v stands before %+v", got[i], l)
			}
		}
		if first == nil {
			first = got
		}
		if !slices.Equal(got, first) {
			t.Errorf("%+v, and before %+v", got, first)
		}
	}
	if got := store.Locks(actor.Holds{Everybody: true}, actor.Holds{}); len(got) != 1 || got[0].Class != 0 || !got[0].Alone {
		t.Errorf("everybody is %+v", got)
	}
	if got := store.Locks(actor.Holds{}, actor.Holds{}); len(got) != 1 || got[0].Class != 0 || got[0].Alone {
		t.Errorf("nobody is %+v", got)
	}
}

// TestWhoHoldsAloneWaits: on PostgreSQL, which is where more than one transaction writes at a time.
func TestWhoHoldsAloneWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, testkit.Postgres(t))
	type held struct {
		in      chan struct{} // closed when it has its holds
		release context.CancelFunc
		done    chan error
	}
	hold := func(alone, shared actor.Holds) held {
		leave, release := context.WithCancel(context.Background())
		h := held{make(chan struct{}), release, make(chan error, 1)}
		t.Cleanup(release)
		go func() {
			h.done <- w.InTx(w.ctx, func(ctx context.Context) error {
				if err := w.Hold(ctx, alone, shared); err != nil {
					return err
				}
				close(h.in)
				<-leave.Done()
				return nil
			})
		}()
		return h
	}
	within := func(what string, c <-chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s waits in vain", what)
		}
	}
	end := func(hs ...held) {
		t.Helper()
		for _, h := range hs {
			h.release()
			w.must(<-h.done)
		}
	}
	// waits says that it is waited for something, and that h has not got it.
	waits := func(what string, h held) {
		t.Helper()
		for until := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			if w.count(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
				AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`) == 1 {
				break
			}
			if time.Now().After(until) {
				t.Fatalf("%s does not wait", what)
			}
		}
		select {
		case <-h.in:
			t.Errorf("%s does not wait", what)
		default:
		}
	}
	ann, ben, acme := actor.PersonAlone("ann"), actor.PersonAlone("ben"), actor.AccountAlone("acme")
	none := actor.Holds{}

	first, second := hold(none, ann), hold(none, ann)
	within("the first who shares", first.in)
	within("the second who shares", second.in)
	other, account := hold(ben, none), hold(acme, none)
	within("who holds another person alone", other.in)
	within("who holds an account alone", account.in)

	change := hold(ann, none)
	waits("who holds the person alone", change)
	end(first)
	waits("who holds the person alone, with one left who shares", change)
	end(second)
	within("who holds the person alone", change.in)
	late := hold(none, ann)
	waits("who shares while another holds alone", late)
	end(change)
	within("who shares afterwards", late.in)
	end(other, account)

	everybody := hold(actor.Holds{Everybody: true}, none)
	waits("who holds everybody alone", everybody)
	end(late)
	within("who holds everybody alone", everybody.in)
	any := hold(none, ben)
	waits("anybody", any)
	end(everybody)
	within("anybody", any.in)
	end(any)
}

func TestReadActor(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		ann, ben := w.person("Ann", "ann@actor.test", assurance.TOTP), w.person("Ben", "ben@actor.test", 0)
		acme, blue := w.account("SP-000001"), w.account("SP-000002")
		w.join(acme, ann, account.Owner)
		w.join(blue, ann, account.Plain)
		w.join(blue, ben, account.Owner)
		w.must(w.SetTwoFactorRequired(w.ctx, blue, ann, true, noon))
		rule := account.Rule{EnforcementID: "enforcement", EnforcedAt: noon, EnforcedBy: ann, Minimum: assurance.NoEmail}
		w.must(w.SetRule(w.ctx, acme, rule))
		w.exec("UPDATE users SET epoch = 3 WHERE id = '%s'", ann)

		add := func(name id.Stay, epoch int64) actor.Stay {
			v := session.Session{ID: name, UserID: ann, Epoch: epoch, Delivery: session.Bearer, Proof: assurance.Password().And("mfa", "otp"),
				AuthTime: noon, CreatedAt: noon, LastUsedAt: noon, IdleEnds: noon.Add(time.Hour), Ends: noon.Add(2 * time.Hour)}
			w.must(w.AddSession(w.ctx, v, "refresh of "+string(name)))
			return v.Stay()
		}
		begin := func(name, from id.Stay) actor.Stay {
			p := session.Pending{ID: name, UserID: ann, Epoch: 3, Purpose: actor.ForSecondFactor, Delivery: session.Bearer, FromSession: from,
				Proof: assurance.Password(), PasswordAt: noon, CreatedAt: noon, Expires: noon.Add(time.Hour)}
			w.must(w.AddPending(w.ctx, p))
			return p.Stay()
		}
		program := func(name id.Stay) actor.Stay {
			v := session.APIToken{ID: name, UserID: ann, Name: "Script", Scopes: []string{"portal:read"}, Hint: "abcd", Hash: "hash of " + string(name), Epoch: 2,
				CreatedAt: noon, Expires: noon.Add(time.Hour)}
			if added, err := w.AddAPIToken(w.ctx, v, 10); !added || err != nil {
				t.Fatal(added, err)
			}
			return v.Stay()
		}
		in, between, again, token := add("session", 3), begin("sign-in", ""), begin("refreshed", "session"), program("token")

		for name, c := range map[string]struct {
			stay  actor.Stay
			epoch int64
			proof string
		}{
			"a session":                            {in, 3, "mfa otp pwd"},
			"a sign-in":                            {between, 3, "pwd"},
			"a sign-in that a refresh has begun":   {again, 3, "pwd"},
			"an API token, whose epoch is another": {token, 2, ""},
		} {
			got, err := w.ReadActor(w.ctx, c.stay, noon)
			w.must(err)
			if l := got.Stay; !l.Live || l.Epoch != c.epoch || l.Proof.String() != c.proof || !l.CreatedAt.Equal(noon) {
				t.Errorf("%s is %+v", name, l)
			}
			if u := got.User; u.ID != ann || u.Epoch != 3 || u.Email != "ann@actor.test" || u.Factors != assurance.Types(assurance.TOTP) {
				t.Errorf("of %s the person is %+v", name, u)
			}
			belongs := []account.Belonging{{AccountID: acme, Role: account.Owner, JoinedAt: noon},
				{AccountID: blue, Role: account.Plain, TwoFactorRequired: true, RequiredAt: noon, JoinedAt: noon}}
			slices.SortFunc(belongs, func(a, b account.Belonging) int { return slices.Compare([]byte(a.AccountID), []byte(b.AccountID)) })
			if !slices.Equal(got.Belongs, belongs) {
				t.Errorf("of %s the memberships are %+v, want %+v", name, got.Belongs, belongs)
			}
			if len(got.Accounts) != 2 {
				t.Fatalf("of %s the accounts are %+v", name, got.Accounts)
			}
			for i, a := range got.Accounts {
				want := account.Rule{Minimum: assurance.Any}
				if a.ID == acme {
					want = rule
				}
				if a.ID != belongs[i].AccountID || a.Rule != want {
					t.Errorf("of %s an account is %+v", name, a)
				}
			}
		}

		live := func(what string, stay actor.Stay, at time.Time, want bool) {
			t.Helper()
			got, err := w.ReadActor(w.ctx, stay, at)
			if w.must(err); got.Stay.Live != want || got.User.ID != stay.User {
				t.Errorf("%s: %+v", what, got)
			}
		}
		hour := noon.Add(time.Hour)
		for what, stay := range map[string]actor.Stay{"a session": in, "a sign-in": between, "a sign-in of a session": again, "a token": token} {
			live(what+" in its last moment", stay, hour.Add(-time.Microsecond), true)
			live(what+" that has expired", stay, hour, false)
		}
		long := add("long", 3)
		w.exec("UPDATE sessions SET idle_expires_at = expires_at + 1 WHERE id = 'long'")
		live("a session in the last moment of all", long, hour.Add(time.Hour-time.Microsecond), true)
		live("a session whose time is over, however much it is used", long, hour.Add(time.Hour), false)

		strange := in
		strange.User = ben
		live("another's session", strange, noon, false)
		live("a stay that is of another kind", actor.Stay{Kind: actor.SignIn, ID: in.ID, User: ann}, noon, false)
		if got, err := w.ReadActor(w.ctx, actor.Stay{Kind: actor.Session, ID: in.ID, User: "nobody"}, noon); err != nil || got.User.ID != "" || got.Stay.Live || got.Belongs != nil {
			t.Errorf("nobody: %+v, %v", got, err)
		}
		alone := w.person("Alone", "alone@actor.test", 0)
		if got, err := w.ReadActor(w.ctx, actor.Stay{Kind: actor.Session, ID: "none", User: alone}, noon); err != nil || got.User.ID != alone || got.Stay.Live || len(got.Belongs)+len(got.Accounts) != 0 {
			t.Errorf("somebody who belongs nowhere: %+v, %v", got, err)
		}

		// What ends a session ends what a refresh has begun from it, and nothing else.
		add("earlier", 2)
		live("a sign-in from a session of another epoch", begin("of an earlier session", "earlier"), noon, false)
		live("a sign-in from a session that is not there", begin("of no session", "none"), noon, false)
		if ended, err := w.EndSession(w.ctx, ann, "session", "test", noon); !ended || err != nil {
			t.Fatal(ended, err)
		}
		live("a session that has ended", in, noon, false)
		live("a sign-in whose session has ended", again, noon, false)
		live("a sign-in of its own", between, noon, true)
		if ended, err := w.EndPending(w.ctx, "sign-in", noon); !ended || err != nil {
			t.Fatal(ended, err)
		}
		live("a sign-in that has ended", between, noon, false)
		if revoked, err := w.RevokeAPIToken(w.ctx, ann, "token", noon); !revoked || err != nil {
			t.Fatal(revoked, err)
		}
		live("a token that is revoked", token, noon, false)
	})
}

func TestWhoActsIsReadFromEveryKindOfStay(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		s := testkit.OpenStore(t, databaseURL)
		for _, kind := range []actor.StayKind{actor.Session, actor.SignIn, actor.Token} {
			stay := actor.Stay{Kind: kind, ID: id.Stay(id.New()), User: id.User(id.New())}
			read, err := s.ReadActor(t.Context(), stay, time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC))
			if err != nil || read.Stay.Live || read.User.ID != "" {
				t.Errorf("%s: %+v, %v, of nobody", kind, read, err)
			}
		}
	})
}
