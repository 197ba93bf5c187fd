package credential_test

import (
	"context"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/credential"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/testkit"
)

// causes bring each cause about, for a person who acts from a session of theirs.
var causes = map[string]func(w *world, who actor.Actor, email string){
	"password changed": func(w *world, who actor.Actor, _ string) { w.must(w.ChangePassword(w.ctx, who, passphrase)) },
	"password reset": func(w *world, _ actor.Actor, email string) {
		w.must(w.ResetPassword(w.ctx, stranger, w.resetLink(email), passphrase))
	},
	"password voided": func(w *world, who actor.Actor, _ string) {
		if voided, err := w.store.VoidPassword(w.ctx, who.User, w.Now()); err != nil || !voided {
			w.t.Fatal(voided, err)
		}
	},
	"address changed": func(w *world, who actor.Actor, email string) {
		w.must(w.VerifyEmail(w.ctx, stranger, w.emailLink(who, "new-"+email)))
	},
	"disowned": func(w *world, who actor.Actor, email string) {
		w.must(w.AskForEmail(w.ctx, who, "new-"+email))
		w.must(w.ReportNotMe(w.ctx, stranger, w.secret(notify.EmailChangeNotice, "not_me_link")))
	},
	"disabled": func(w *world, who actor.Actor, _ string) { w.must(w.Disable(w.ctx, operator, who.User)) },
	"factors reset by an operator": func(w *world, who actor.Actor, _ string) {
		w.possess(who.User)
		if _, err := w.stairs.ResetFactors(w.ctx, operator, who.User, ""); err != nil {
			w.t.Fatal(err)
		}
	},

	"enabled":                   func(w *world, who actor.Actor, _ string) { w.must(w.Enable(w.ctx, operator, who.User)) },
	"signed out by oneself":     func(w *world, who actor.Actor, _ string) { w.must(w.Book.EndOwn(w.ctx, who, "signed_out")) },
	"signed out by an operator": func(w *world, who actor.Actor, _ string) { w.must(w.SignOut(w.ctx, operator, who.User, true)) },
	"session ended":             func(w *world, who actor.Actor, _ string) { w.must(w.Book.End(w.ctx, who, who.Stay.ID, "signed_out")) },
	"factor activated":          func(w *world, who actor.Actor, _ string) { w.possess(who.User) },
	"factor removed": func(w *world, who actor.Actor, _ string) {
		w.must(w.stairs.RemoveFactor(w.ctx, who, w.possess(who.User)))
	},
	"profile changed": func(w *world, who actor.Actor, _ string) { w.must(w.UpdateProfile(w.ctx, who, "Ada", "de")) },
	"role changed": func(w *world, who actor.Actor, _ string) {
		a := w.account(w.person(id.New() + "@causes.test"))
		w.must(w.store.InsertMember(w.ctx, account.Member{AccountID: a, UserID: who.User, Role: account.Plain, JoinedAt: w.Now()}))
		if changed, err := w.store.SetRole(w.ctx, a, who.User, account.Admin); err != nil || !changed {
			w.t.Fatal(changed, err)
		}
	},
	"rule enforced": func(w *world, who actor.Actor, _ string) {
		w.must(w.store.SetRule(w.ctx, w.account(who.User), account.Rule{EnforcementID: id.New(), EnforcedAt: w.Now(), EnforcedBy: who.User}))
	},
}

// before is what happens to a person before the cause does.
var before = map[string]func(w *world, who actor.Actor){
	"enabled": func(w *world, who actor.Actor) { w.must(w.Disable(w.ctx, operator, who.User)) },
}

// account is a new account that the person owns.
func (w *world) account(userID id.User) id.Account {
	w.t.Helper()
	var m account.Membership
	w.must(w.Authority.Act(w.ctx, operator, actor.PersonAlone(userID), func(ctx context.Context) (err error) {
		m, err = w.Accounts.Open(ctx, operator, userID, "Acme")
		return err
	}))
	return m.ID
}

func TestCausesMoveTheEpochAsTheTableSays(t *testing.T) {
	t.Parallel()
	if len(credential.Causes) != len(causes) {
		t.Errorf("the table has %d causes, and %d are tried", len(credential.Causes), len(causes))
	}
	// keeps are the causes that their own session lives through.
	keeps := map[string]bool{"password changed": true, "address changed": true}
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		for _, c := range credential.Causes {
			t.Run(c.Name, func(t *testing.T) {
				bring := causes[c.Name]
				if bring == nil {
					t.Fatal("nothing brings it about")
				}
				w := newWorld(t, databaseURL)
				email := id.New() + "@causes.test"
				userID := w.person(email)
				who, other := w.signedIn(userID), w.signedIn(userID)
				program := w.token(who)
				if prepare := before[c.Name]; prepare != nil {
					prepare(w, who)
				}
				was := w.user(userID).Epoch
				w.clock.Advance(time.Second)
				bring(w, who, email)
				want := was
				if c.Moves {
					want++
				}
				if got := w.user(userID).Epoch; got != want {
					t.Errorf("the epoch was %d and is %d, want %d", was, got, want)
				}
				if !c.Moves {
					return
				}
				if w.opens(other.Stay) || w.opens(program) {
					t.Errorf("another session opens: %v, an API token: %v", w.opens(other.Stay), w.opens(program))
				}
				if w.opens(who.Stay) != keeps[c.Name] {
					t.Errorf("the session that acted opens: %v", w.opens(who.Stay))
				}
			})
		}
	})
}
