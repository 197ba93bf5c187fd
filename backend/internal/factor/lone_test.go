package factor_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/credential"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

// letters keep what people are told.
type letters struct{ told []notify.Message }

func (l *letters) Enqueue(_ context.Context, m ...notify.Message) error {
	l.told = append(l.told, m...)
	return nil
}

// possess gives a person a factor, as if it had been enrolled.
func possess(t *testing.T, s *store.Store, userID id.User, kind assurance.Type, now time.Time) id.Factor {
	t.Helper()
	f := factor.Factor{ID: id.Factor(id.New()), UserID: userID, Type: kind, Status: factor.Pending, CreatedAt: now}
	if err := s.AddFactor(t.Context(), f); err != nil {
		t.Fatal(err)
	}
	if ok, err := s.VerifyPending(t.Context(), f); err != nil || !ok {
		t.Fatal(ok, err)
	}
	if ok, err := s.Activate(t.Context(), userID, f.ID, "", now); err != nil || !ok {
		t.Fatal(ok, err)
	}
	return f.ID
}

func TestAShortPasswordGoesWithThePasskeyThatAnOperatorTakes(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		clock, told := testkit.NewClock(), &letters{}
		s := testkit.OpenStore(t, url)
		factors := &factor.Service{Store: s, Users: s, Audit: &audit.Log{Store: s, Now: clock.Now}, Notices: told, Now: clock.Now, Random: rand.Reader,
			BaseURL: "https://portal.test", Offered: assurance.All}
		person := func(email string, short bool) id.User {
			t.Helper()
			u := user.User{ID: id.User(id.New()), Email: email, Name: "Ada", Locale: "en", CreatedAt: clock.Now()}
			if added, err := s.AddUser(t.Context(), u, ""); err != nil || !added {
				t.Fatal(added, err)
			}
			if err := s.SetPassword(t.Context(), u.ID, credential.Password{ID: id.New(), Hash: "a hash", Short: short}, clock.Now()); err != nil {
				t.Fatal(err)
			}
			return u.ID
		}
		// still says whether the password still opens.
		still := func(userID id.User) bool {
			t.Helper()
			u, err := s.User(t.Context(), userID)
			if err != nil || (u.PasswordHash == "" && u.PasswordShort) {
				t.Fatalf("%+v, %v", u, err)
			}
			return u.PasswordHash != ""
		}
		take := func(userID id.User, factorID id.Factor) {
			t.Helper()
			if err := s.InTx(t.Context(), func(ctx context.Context) error {
				_, err := factors.Reset(ctx, actor.AsOperator("lost"), userID, factorID)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		voided := func() int {
			return len(slices.DeleteFunc(slices.Clone(told.told), func(m notify.Message) bool { return m.Template != notify.PasswordVoided }))
		}

		ada := person("ada@example.test", true)
		app, first, second := possess(t, s, ada, assurance.TOTP, clock.Now()), possess(t, s, ada, assurance.Passkey, clock.Now()), possess(t, s, ada, assurance.Passkey, clock.Now())
		take(ada, first)
		if !still(ada) || voided() != 0 {
			t.Error("it went although there is another passkey")
		}
		take(ada, second)
		if still(ada) || voided() != 1 {
			t.Errorf("it stands beside an app, and %d are told", voided())
		}
		if last := told.told[len(told.told)-2]; last.Template != notify.PasswordVoided || !strings.HasSuffix(last.Data["link"], "/forgot-password") {
			t.Errorf("they are told %+v", last)
		}
		take(ada, app) // and nothing more is to be voided

		grace := person("grace@example.test", false)
		take(grace, possess(t, s, grace, assurance.Passkey, clock.Now()))
		if !still(grace) || voided() != 1 {
			t.Error("a long password went")
		}
	})
}
