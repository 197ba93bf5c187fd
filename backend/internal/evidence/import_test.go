package evidence_test

import (
	"iter"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/testkit"
)

func TestReportOfDaysBeforeAndAfterAnImport(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		known := w.person("Known", "known@blue.test")
		w.gains(known, assurance.TOTP)
		before := w.today()
		w.days(1)
		var people iter.Seq2[account.Arrival, error] = func(yield func(account.Arrival, error) bool) {
			_ = yield(account.Arrival{Email: "new@blue.test", Name: "New", Role: account.Billing, Locale: "en", TwoFactorRequired: true}, nil) &&
				yield(account.Arrival{Email: "known@blue.test", Name: "x", Role: account.Plain, Locale: "en"}, nil)
		}
		_, err := w.accounts.ImportMembers(w.ctx, actor.AsOperator("a merger"), w.account.ID, people, account.Import{Way: "import"})
		w.must(err)
		day := w.today()
		w.days(1)
		check := func(when time.Time, what string) {
			t.Helper()
			for email, want := range map[string]map[string]string{
				"new@blue.test":   {"person": "New", "role": "billing", "methods": "", "required_by": "member", "meets_rule": "no", "not_known": ""},
				"known@blue.test": {"person": "Known", "role": "member", "methods": "totp", "meets_rule": "not_required", "not_known": ""},
			} {
				row, there := w.report(when)[email]
				if !there {
					t.Fatalf("%s: %s is not there", what, email)
				}
				for column, value := range want {
					if row[column] != value {
						t.Errorf("%s: %s: %s is %q, want %q", what, email, column, row[column], value)
					}
				}
			}
		}
		check(time.Time{}, "now")
		check(day, "the day")
		for _, email := range []string{"new@blue.test", "known@blue.test"} {
			if _, there := w.report(before)[email]; there {
				t.Errorf("%s is in the report of the day before", email)
			}
		}
		// Those who have left are in the report of that day, as they were, and still not in that of the day before.
		operator := actor.AsOperator("they have left")
		u, err := w.store.UserByEmail(w.ctx, "new@blue.test")
		w.must(err)
		w.must(w.accounts.RemoveMember(w.ctx, operator, w.account.ID, u.ID))
		w.must(w.accounts.RemoveMember(w.ctx, operator, w.account.ID, known))
		w.days(1)
		check(day, "the day, after they have left")
		for _, email := range []string{"new@blue.test", "known@blue.test"} {
			if _, there := w.report(before)[email]; there {
				t.Errorf("%s has left, and is in the report of the day before", email)
			}
		}
	})
}
