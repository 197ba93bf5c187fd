package credential_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/credential"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/session"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestLinksOpenInTheirEpochAlone(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@links.test")
		who := w.signedIn(userID)
		reset, move := w.resetLink("ada@links.test"), w.emailLink(who, "thief@links.test")
		notMe := w.secret(notify.EmailChangeNotice, "not_me_link")
		w.must(w.ChangePassword(w.ctx, who, passphrase))
		if err := w.ResetPassword(w.ctx, stranger, reset, another); !errors.Is(err, credential.ErrLinkExpired) {
			t.Errorf("a reset from before the change: %v", err)
		}
		if err := w.VerifyEmail(w.ctx, stranger, move); !errors.Is(err, credential.ErrLinkExpired) {
			t.Errorf("a change of address from before the change: %v", err)
		}
		changed := w.user(userID)
		if changed.Email != "ada@links.test" || changed.PasswordID == "" {
			t.Errorf("they are %+v", changed)
		}
		w.must(w.ReportNotMe(w.ctx, stranger, notMe))
		if err := w.ReportNotMe(w.ctx, stranger, notMe); !errors.Is(err, credential.ErrLinkExpired) {
			t.Errorf("an objection opens twice: %v", err)
		}
		first, second := w.resetLink("ada@links.test"), w.resetLink("ada@links.test")
		if err := w.ResetPassword(w.ctx, stranger, first, another); !errors.Is(err, credential.ErrLinkExpired) {
			t.Errorf("a link before the last one: %v", err)
		}
		w.must(w.ResetPassword(w.ctx, stranger, second, another))

		// The link of a sign-up belongs to nobody yet.
		w.must(w.SignUp(w.ctx, stranger, credential.NewPerson{Email: "new@links.test", Password: passphrase, Name: "New", AccountName: "Acme"}))
		w.must(w.Answer(w.ctx, w.store.jobs[len(w.store.jobs)-1]))
		w.must(w.VerifyEmail(w.ctx, stranger, w.secret(notify.VerifyEmail, "link")))
		u, err := w.store.UserByEmail(w.ctx, "new@links.test")
		if err != nil || u.PasswordID == "" || u.Epoch != 0 {
			t.Errorf("they are %+v, %v", u, err)
		}
	})
}

func TestAChangeOfAddressKeepsTheSessionThatAskedForIt(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@kept.test")
		who, other := w.signedIn(userID), w.signedIn(userID)
		ended := w.signedIn(userID)
		link := w.emailLink(ended, "second@kept.test")
		w.must(w.Book.End(w.ctx, ended, ended.Stay.ID, "signed_out"))
		w.must(w.VerifyEmail(w.ctx, stranger, link))
		if w.opens(ended.Stay) || w.opens(who.Stay) {
			t.Error("a session lives on that has not asked, or was over")
		}
		who, other = w.signedIn(userID), w.signedIn(userID)
		w.must(w.VerifyEmail(w.ctx, stranger, w.emailLink(who, "third@kept.test")))
		if !w.opens(who.Stay) || w.opens(other.Stay) {
			t.Errorf("the session that asked opens: %v, another: %v", w.opens(who.Stay), w.opens(other.Stay))
		}
		if u := w.user(userID); u.Email != "third@kept.test" || u.Epoch != 2 {
			t.Errorf("they are %+v", u)
		}
	})
}

func TestWhatIsUnderWayDoesNotLandAfterAReset(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@late.test")
		passed := w.signedIn(userID) // the gate has let them in
		w.must(w.ResetPassword(w.ctx, stranger, w.resetLink("ada@late.test"), passphrase))
		set := w.user(userID)
		for what, err := range map[string]error{
			"a password":   w.ChangePassword(w.ctx, passed, another),
			"an address":   w.AskForEmail(w.ctx, passed, "thief@late.test"),
			"a name":       w.UpdateProfile(w.ctx, passed, "Thief", ""),
			"an API token": w.Book.NewAPIToken(w.ctx, passed, "a program", []string{"portal:read"}, time.Hour, nil),
		} {
			if !errors.Is(err, session.ErrEnded) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if u := w.user(userID); u != set {
			t.Errorf("they are %+v, and were %+v", u, set)
		}
	})
}

func TestWhatIsNotConfirmedChangesNothing(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@bare.test")
		bare := w.signedIn(userID)
		bare.Shown = actor.Confirmation{}
		program := actor.Actor{Kind: actor.Program, User: userID, Stay: w.token(w.signedIn(userID))}
		for who, want := range map[*actor.Actor]error{&bare: authority.ErrConfirmation, &program: session.ErrScope} {
			for _, err := range []error{w.ChangePassword(w.ctx, *who, passphrase), w.AskForEmail(w.ctx, *who, "new@bare.test")} {
				if !errors.Is(err, want) {
					t.Errorf("got %v, want %v", err, want)
				}
			}
		}
		if u := w.user(userID); u.Epoch != 0 || u.PasswordHash != "a hash" {
			t.Errorf("they are %+v", u)
		}
	})
}

func TestAFirstPasswordSpendsNoMailbox(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		u, err := w.CreatePerson(w.ctx, operator, "new@first.test", "New", "en")
		w.must(err)
		set := func(spent bool) {
			t.Helper()
			link, _, err := w.PasswordLink(w.ctx, operator, u.ID, true)
			if err != nil || link != "" {
				t.Fatalf("%q, %v", link, err)
			}
			before := w.user(u.ID)
			w.must(w.ResetPassword(w.ctx, stranger, w.secret(notify.PasswordReset, "link"), passphrase))
			after := w.user(u.ID)
			if after.MailboxSpentAt.IsZero() == spent {
				t.Errorf("the mailbox was spent at %v", after.MailboxSpentAt)
			}
			if after.PasswordID == before.PasswordID || after.PasswordID == "" {
				t.Error("the password has no name of its own")
			}
		}
		set(false)
		set(true)

		// One that was never changed and is void was a password all the same.
		ada := w.person("ada@first.test")
		if voided, err := w.store.VoidPassword(w.ctx, ada, w.Now()); err != nil || !voided {
			t.Fatal(voided, err)
		}
		w.must(w.ResetPassword(w.ctx, stranger, w.resetLink("ada@first.test"), passphrase))
		if w.user(ada).MailboxSpentAt.IsZero() {
			t.Error("a reset after a void counts as a first password")
		}
	})
}

func TestNotMeMovesTheEpochByOneStepAndRevokesNothing(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@notme.test")
		who := w.signedIn(userID)
		w.must(w.ChangePassword(w.ctx, who, passphrase))
		notMe := w.secret(notify.PasswordChanged, "not_me_link")
		who = w.signedIn(userID)
		program := w.token(who)
		was := w.user(userID)
		w.must(w.ReportNotMe(w.ctx, stranger, notMe))
		if u := w.user(userID); u.Epoch != was.Epoch+1 || u.PasswordHash != "" {
			t.Errorf("they are %+v", u)
		}
		tokens, err := w.Book.APITokens(w.ctx, userID)
		if err != nil || len(tokens) != 1 || !tokens[0].Live(w.Now()) || w.opens(program) {
			t.Errorf("API tokens: %+v, %v", tokens, err)
		}
		want := []string{audit.UserPasswordChanged, audit.APITokenCreated, audit.UserNotMeReported, audit.UserPasswordVoided}
		if got := w.actions(userID); !slices.Equal(got, want) {
			t.Errorf("recorded: %q", got)
		}
	})
}

func TestADisownedFactorTakesTheCodesThatCameWithIt(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@codes.test")
		codes := func() []int {
			t.Helper()
			var out []int
			for _, hash := range []string{"old", "new"} {
				_, _, exists, err := w.store.RecoveryCode(w.ctx, userID, hash)
				w.must(err)
				if exists {
					out = append(out, len(out))
				}
			}
			return out
		}
		add := func(hash string) {
			t.Helper()
			w.must(w.store.AddCodeSet(w.ctx, factor.CodeSet{ID: id.New(), UserID: userID, CreatedAt: w.Now()}, []string{hash}))
		}
		add("old")
		w.clock.Advance(time.Second)
		mine := w.possess(userID)
		frozen := func(factorID id.Factor) {
			t.Helper()
			link, err := w.NotMe(w.ctx, userID, factorID)
			w.must(err)
			_, err = w.factors.Active(w.ctx, userID)
			w.must(err)
			w.must(w.ReportNotMe(w.ctx, stranger, link[len("https://portal.test/not-me#"):]))
		}
		frozen(mine)
		if len(codes()) != 1 {
			t.Error("codes from before the factor have gone")
		}
		w.clock.Advance(time.Second)
		theirs := w.possess(userID)
		add("new")
		frozen(theirs)
		if len(codes()) != 0 {
			t.Error("codes that came with the factor are there")
		}
		add("new")
		frozen("")
		if len(codes()) != 0 {
			t.Error("disowned codes are there")
		}
		all, err := w.store.Factors(w.ctx, userID)
		w.must(err)
		for _, f := range all {
			if f.DisabledAt.IsZero() || f.Type != assurance.TOTP {
				t.Errorf("not frozen: %+v", f)
			}
		}
	})
}

func TestOperatorsAlone(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		userID := w.person("ada@operators.test")
		for _, who := range []actor.Actor{stranger, w.signedIn(userID), {}} {
			_, _, people := w.People(w.ctx, who, "", false, account.Page{})
			_, person := w.Person(w.ctx, who, "ada@operators.test")
			_, create := w.CreatePerson(w.ctx, who, "new@operators.test", "New", "en")
			_, _, link := w.PasswordLink(w.ctx, who, userID, false)
			for i, err := range []error{people, person, create, link, w.Disable(w.ctx, who, userID), w.Enable(w.ctx, who, userID), w.SignOut(w.ctx, who, userID, true)} {
				if !errors.Is(err, fault.ErrForbidden) {
					t.Errorf("%d, %s: %v", i, who.Kind, err)
				}
			}
		}
		who := w.signedIn(userID)
		program := w.token(who)
		w.must(w.SignOut(w.ctx, operator, userID, false))
		if w.opens(who.Stay) || !w.opens(program) {
			t.Error("a session opens, or an API token does not")
		}
		w.must(w.SignOut(w.ctx, operator, userID, true))
		if w.opens(program) {
			t.Error("an API token opens")
		}
		link, expires, err := w.PasswordLink(w.ctx, operator, userID, false)
		if err != nil || link == "" || !expires.After(w.Now()) {
			t.Errorf("%q, %v, %v", link, expires, err)
		}
		w.must(w.Disable(w.ctx, operator, userID))
		if link, expires, err := w.PasswordLink(w.ctx, operator, userID, false); !errors.Is(err, credential.ErrDisabled) || link != "" || !expires.IsZero() {
			t.Errorf("%q, %v, %v", link, expires, err)
		}
		found, _, err := w.People(w.ctx, operator, "ada@", true, account.Page{})
		if err != nil || !slices.ContainsFunc(found, func(u user.User) bool { return u.ID == userID }) {
			t.Errorf("found %+v, %v", found, err)
		}
		w.must(w.Enable(w.ctx, operator, userID))
		events, err := w.store.AuditEvents(w.ctx, audit.Filter{UserID: userID, Action: "user.", Limit: 100})
		w.must(err)
		for _, e := range events {
			if e.ActorID != audit.Operator || e.Detail["reason"] != operator.Reason {
				t.Errorf("recorded: %+v", e)
			}
		}
	})
}
