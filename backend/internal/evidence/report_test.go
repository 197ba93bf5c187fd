package evidence_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
)

func TestReport(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		const owner, member = "owner@acme.test", "member@acme.test"
		check := func(t *testing.T, day time.Time, email string, want map[string]string) {
			t.Helper()
			row, there := w.report(day)[email]
			if !there {
				t.Fatalf("%s is not in the report of %s", email, day.Format(time.DateOnly))
			}
			for column, value := range want {
				if row[column] != value {
					t.Errorf("%s: %s is %q, want %q", email, column, row[column], value)
				}
			}
		}

		t.Run("nobody has to have what nobody has", func(t *testing.T) {
			check(t, time.Time{}, member, map[string]string{"person": "member", "role": "member", "methods": "", "since": "", "last_used": "", "required_by": "",
				"meets_rule": "not_required", "account": w.account.Number, "not_known": ""})
		})
		monday := w.today()
		w.days(1)
		w.gains(w.owner, assurance.TOTP)
		emailFactor := w.gains(w.member, assurance.Email)
		since := w.report(time.Time{})[member]["since"]
		tuesday := w.today()
		w.days(1)
		w.enforce(true, assurance.NoEmail, 2)
		wednesday := w.today()
		w.days(3)
		saturday := w.today()
		w.days(1)

		t.Run("a rule, what it asks for, and who meets it", func(t *testing.T) {
			check(t, time.Time{}, owner, map[string]string{"methods": "totp", "required_by": "account", "minimum_strength": "no_email", "meets_rule": "yes", "role": "owner"})
			check(t, time.Time{}, member, map[string]string{"methods": "email", "since": since, "meets_rule": "no"})
			check(t, saturday, member, map[string]string{"methods": "email", "since": since, "meets_rule": "no"})
		})
		t.Run("on a day of grace it does not bind yet", func(t *testing.T) {
			check(t, wednesday, member, map[string]string{"meets_rule": "grace", "required_by": "account"})
			if binds := w.report(wednesday)[member]["binds_at"]; !strings.HasPrefix(binds, wednesday.AddDate(0, 0, 2).Format(time.DateOnly)) {
				t.Errorf("it binds at %s", binds)
			}
			check(t, wednesday, owner, map[string]string{"meets_rule": "yes"})
		})
		t.Run("before the rule nothing was required", func(t *testing.T) {
			check(t, tuesday, member, map[string]string{"methods": "email", "since": since, "required_by": "", "meets_rule": "not_required"})
			check(t, monday, member, map[string]string{"methods": "", "since": "", "meets_rule": "not_required", "not_known": ""})
		})
		t.Run("days before the account, and before the record, say what is not known", func(t *testing.T) {
			if early := w.report(monday.AddDate(0, 0, -1)); len(early) != 0 {
				t.Errorf("got %v", early)
			}
		})
		t.Run("a day that has not begun is refused", func(t *testing.T) {
			_, _, err := w.proof.Report(w.ctx, w.as(w.owner), w.account.ID, w.today().AddDate(0, 0, 1))
			if e, told := fault.As(err); !told || e.Kind != fault.Invalid {
				t.Errorf("got %v", err)
			}
			w.report(w.today()) // has begun
		})
		t.Run("whoever has left was there, with all that they had", func(t *testing.T) {
			w.must(w.accounts.RemoveMember(w.ctx, w.as(w.owner), w.account.ID, w.member))
			w.must(w.loses(w.member, emailFactor)) // afterwards, and nobody's business
			w.days(1)
			check(t, saturday, member, map[string]string{"person": "member", "methods": "email", "since": since, "role": "member", "meets_rule": "no", "not_known": ""})
			check(t, monday, member, map[string]string{"methods": ""})
			if _, there := w.report(time.Time{})[member]; there {
				t.Error("they are still there")
			}
		})
		t.Run("whoever comes back is one line, and was away in between", func(t *testing.T) {
			away := w.today()
			w.days(1)
			w.join(w.member, account.Admin)
			w.days(1)
			check(t, time.Time{}, member, map[string]string{"role": "admin", "methods": ""})
			check(t, saturday, member, map[string]string{"role": "member", "methods": "email"})
			if _, there := w.report(away)[member]; there {
				t.Error("they are in the report of a day on which they were away")
			}
			w.gains(w.member, assurance.TOTP)                                              // else the rule held them at the second door
			w.must(w.accounts.RemoveMember(w.ctx, w.as(w.member), w.account.ID, w.member)) // leaves again
			w.days(1)
			check(t, saturday, member, map[string]string{"role": "member", "methods": "email"})
		})
		t.Run("the day of the last use, and no more of when they come and go", func(t *testing.T) {
			day := w.today()
			w.must(w.log.Append(w.ctx, actor.TheHouse(), audit.Event{Action: audit.SignInCompleted, ActorID: w.owner, UserID: w.owner, Detail: map[string]string{"amr": "mfa otp pwd"}}))
			w.days(1)
			w.must(w.log.Append(w.ctx, actor.TheHouse(), audit.Event{Action: audit.SignInCompleted, ActorID: w.owner, UserID: w.owner, Detail: map[string]string{"amr": "pwd"}}))
			w.days(1)
			check(t, w.today().AddDate(0, 0, -1), owner, map[string]string{"last_used": day.Format(time.DateOnly)})
			check(t, saturday, owner, map[string]string{"last_used": ""})
		})
		t.Run("the provider's rule of that day counts", func(t *testing.T) {
			before := w.today()
			w.days(1)
			w.proof.Provider = enforcement.ProviderRule{Required: true, Minimum: assurance.PhishingResistant}
			w.must(w.proof.NoteProvider(w.ctx))
			w.must(w.proof.NoteProvider(w.ctx)) // the same again is no change
			w.days(1)
			check(t, time.Time{}, owner, map[string]string{"required_by": "account provider", "minimum_strength": "phishing_resistant", "meets_rule": "no"})
			check(t, before, owner, map[string]string{"required_by": "account", "minimum_strength": "no_email", "meets_rule": "yes"})
			found, err := w.store.AuditEvents(w.ctx, audit.Filter{AccountID: audit.Provider, Limit: 10})
			if err != nil || len(found) != 2 {
				t.Errorf("got %+v, %v", found, err)
			}
		})
		t.Run("what events of an older program do not say is not known", func(t *testing.T) {
			w.join(w.person("old", "old@acme.test"), account.Plain)
			w.days(1)
			day := w.today()
			w.days(1)
			old, err := w.store.UserByEmail(w.ctx, "old@acme.test")
			w.must(err)
			w.must(w.log.Append(w.ctx, actor.TheHouse(), audit.Event{Action: audit.FactorRemoved, UserID: old.ID, AccountID: w.account.ID, Detail: map[string]string{"type": "totp"}}))
			w.must(w.log.Append(w.ctx, actor.TheHouse(), audit.Event{Action: audit.AccountEnforced, AccountID: w.account.ID, Detail: map[string]string{"minimum_strength": "any"}}))
			w.days(1)
			check(t, day, "old@acme.test", map[string]string{"methods": "", "meets_rule": "unknown", "not_known": "account_rule methods", "required_by": ""})
		})
	})
}

// life is an account's model: what the report of now said at the end of each day.
type life struct {
	*world
	t       *rapid.T
	people  []id.User
	factors map[id.User][]id.Factor
	days    map[time.Time]map[string]map[string]string
}

// TestReportOfAPastDayIsWhatItWasThen: whatever happened to an account, the report of a past day is the report that was written
// on that day.
func TestReportOfAPastDayIsWhatItWasThen(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		rapid.Check(t, func(rt *rapid.T) {
			url := databaseURL
			if strings.HasPrefix(url, "sqlite:") {
				url = testkit.SQLite(t)
			} else {
				url = testkit.Postgres(t)
			}
			l := &life{world: newWorld(t, url), t: rt, factors: map[id.User][]id.Factor{}, days: map[time.Time]map[string]map[string]string{}}
			for i := range 4 {
				l.people = append(l.people, l.person(fmt.Sprint("person ", i), fmt.Sprintf("p%d@acme.test", i)))
			}
			l.people = append(l.people, l.member)
			l.gains(l.owner, assurance.TOTP)
			for range 8 {
				for range rapid.IntRange(0, 8).Draw(rt, "things a day") {
					l.happens()
				}
				l.clock.Set(l.today().Add(24*time.Hour - time.Second))
				l.days[l.today()] = l.report(time.Time{})
				l.clock.Set(l.today().Add(33 * time.Hour)) // the next morning
			}
			for day, then := range l.days {
				now := l.report(day)
				for _, rows := range []map[string]map[string]string{then, now} {
					for _, row := range rows {
						delete(row, "as_of")
						delete(row, "last_used") // of factors, and not of sign-ins, which nobody made
					}
				}
				if !maps.EqualFunc(then, now, maps.Equal[map[string]string]) {
					rt.Errorf("%s:\n%v\nwas written on that day, and now\n%v", day.Format(time.DateOnly), then, now)
				}
			}
		})
	})
}

// happens does one thing that may happen, if it can.
func (l *life) happens() {
	who := rapid.SampledFrom(l.people).Draw(l.t, "who")
	_, err := l.store.Member(l.ctx, l.account.ID, who)
	member := err == nil
	can := func(err error) {
		if _, told := fault.As(err); err != nil && !told {
			l.t.Fatal(err)
		}
	}
	switch rapid.SampledFrom([]string{"join", "leave", "remove", "role", "switch", "gain", "lose", "disable", "enforce", "lift", "alarm", "all clear"}).Draw(l.t, "what") {
	case "join":
		if !member {
			l.join(who, rapid.SampledFrom([]account.Role{account.Plain, account.Admin, account.Owner}).Draw(l.t, "role"))
		}
	case "leave":
		can(l.accounts.RemoveMember(l.ctx, l.as(who), l.account.ID, who))
	case "remove":
		can(l.accounts.RemoveMember(l.ctx, l.as(l.owner), l.account.ID, who))
	case "role":
		role := rapid.SampledFrom([]account.Role{account.Plain, account.Admin, account.Billing}).Draw(l.t, "role")
		_, err := l.accounts.UpdateMember(l.ctx, l.as(l.owner), l.account.ID, who, account.Patch{Role: &role})
		can(err)
	case "switch":
		on := rapid.Bool().Draw(l.t, "required")
		_, err := l.accounts.UpdateMember(l.ctx, l.as(l.owner), l.account.ID, who, account.Patch{TwoFactorRequired: &on})
		can(err)
	case "gain":
		if len(l.factors[who]) < 3 {
			l.factors[who] = append(l.factors[who], l.gains(who, rapid.SampledFrom([]assurance.Type{assurance.TOTP, assurance.Email, assurance.SMS}).Draw(l.t, "type")))
		}
	case "lose":
		if own := l.factors[who]; len(own) > 0 {
			can(l.loses(who, own[0]))
			l.factors[who] = own[1:]
		}
	case "disable":
		can(l.disables(who))
		l.factors[who] = nil
	case "enforce":
		_, err := l.rule.Set(l.ctx, l.as(l.owner), l.account.ID, enforcement.Change{Enforced: true, AccountNumber: l.account.Number,
			Minimum:   rapid.SampledFrom([]assurance.Strength{assurance.Any, assurance.NoEmail}).Draw(l.t, "minimum"),
			GraceDays: rapid.IntRange(0, 3).Draw(l.t, "grace")})
		can(err)
	case "alarm":
		_, err := l.rule.StartIncident(l.ctx, l.as(l.owner), l.account.ID, l.account.Number, true)
		can(err)
	case "all clear":
		_, err := l.rule.EndIncident(l.ctx, l.as(l.owner), l.account.ID, l.account.Number)
		can(err)
	case "lift":
		_, err := l.rule.Set(l.ctx, l.as(l.owner), l.account.ID, enforcement.Change{AccountNumber: l.account.Number, Minimum: assurance.Any})
		can(err)
	}
}
