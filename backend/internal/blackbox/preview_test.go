package blackbox_test

import (
	"reflect"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestAnOwnerSeesWhomAStrengthWouldStopBeforeItIsSet(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		at := "/accounts/" + account
		a := h.Person(admin).In().Confirm()
		byMail := a.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(a, byMail, map[string]any{"code": sent(t, h, admin, 1)})
		m := h.Person(member).In()

		members := func(query string) []string {
			t.Helper()
			return o.Call("GET", at+"/members?"+query, nil).Must(200).Texts("items", "email")
		}
		for _, c := range []struct {
			strength      string
			missing, fine []string
			sessions      int
		}{
			{"any", []string{contractor, member}, []string{admin, owner}, 1},
			{"no_email", []string{admin, contractor, member}, []string{owner}, 2},
			{"no_email_no_sms", []string{admin, contractor, member}, []string{owner}, 2},
			{"phishing_resistant", []string{admin, contractor, member, owner}, []string{}, 3},
		} {
			preview := o.Call("GET", at+"/two-factor/preview?minimum_strength="+c.strength, nil).Must(200)
			if got := preview.Texts("locked_out", "email"); !reflect.DeepEqual(got, c.missing) || preview.Number("members.missing") != len(c.missing) {
				t.Errorf("%s would lock out %s", c.strength, preview.Body)
			}
			if got := preview.Number("sessions"); got != c.sessions {
				t.Errorf("%s would stop %d sessions, want %d", c.strength, got, c.sessions)
			}
			if got := preview.Value("own_factor_suffices"); got != (len(c.fine) > 0) {
				t.Errorf("%s: the owner's own factor suffices: %v", c.strength, got)
			}
			if got := members("two_factor=missing&minimum_strength=" + c.strength); !reflect.DeepEqual(got, c.missing) {
				t.Errorf("%s: missing are %v", c.strength, got)
			}
			if got := members("two_factor=active&minimum_strength=" + c.strength); !reflect.DeepEqual(got, c.fine) {
				t.Errorf("%s: fine are %v", c.strength, got)
			}
		}

		// Each member is shown with what they have, page by page.
		first := o.Call("GET", at+"/members?two_factor=missing&minimum_strength=no_email&limit=1", nil).Must(200)
		if first.Text("items.0.email") != admin || first.Text("items.0.two_factor.methods.0") != "email" || first.Value("items.0.two_factor.active") != false {
			t.Errorf("the first is %s", first.Body)
		}
		next := o.Call("GET", at+"/members?two_factor=missing&minimum_strength=no_email&limit=1&cursor="+first.Text("next_cursor"), nil).Must(200)
		if next.Text("items.0.email") != contractor {
			t.Errorf("the next is %s", next.Body)
		}
		// Without a strength the rule is the measure.
		o.Confirm().Enforce(account, acme, map[string]any{"minimum_strength": "no_email", "grace_days": 5}).Must(200)
		if got := members("two_factor=missing"); len(got) != 3 {
			t.Errorf("the rule misses %v", got)
		}
		if got := members("two_factor=missing&minimum_strength=any"); len(got) != 2 {
			t.Errorf("the weakest strength would miss %v", got)
		}
		m.Call("GET", at+"/members?minimum_strength=any", nil).Refused(403, "admin_only")
		o.Call("GET", at+"/members?minimum_strength=strong", nil).Must(422)
	})
}

func TestARuleIsChangedAndItsDeadlineStaysWhereTheOwnerLeavesIt(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		began := h.Clock.Now()
		deadline := began.Add(14 * day).Format(time.RFC3339)
		keep := map[string]any{"keep_deadline": true, "minimum_strength": "no_email"}

		o.Confirm().Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
		h.Mail(member, "enforced", 1)
		h.Clock.Advance(3 * day)
		o.In().Confirm()
		o.Enforce(account, acme, map[string]any{"keep_deadline": true, "grace_days": 2}).Refused(422, "validation_failed")
		if rule := o.Enforce(account, acme, keep).Must(200); rule.Text("grace_until") != deadline || rule.Text("minimum_strength") != "no_email" {
			t.Errorf("the rule is %s", rule.Body)
		}
		if n := len(h.Mail(member, "enforced", 1)); n != 1 {
			t.Errorf("the member has %d mails about one activation", n)
		}

		o.Enforce(account, acme, map[string]any{"keep_deadline": true, "api_tokens": "keep", "guarded_enrolment": true}).Must(200)
		told := o.Call("GET", "/accounts/"+account+"/audit-events?action=account.enforced&limit=1", nil).Must(200)
		for field, want := range map[string]string{"grace_until": deadline, "minimum_strength": "any", "api_tokens": "keep", "guarded_enrolment": "true",
			"minimum_strength_before": "no_email"} {
			if got := told.Text("items.0.detail." + field); got != want {
				t.Errorf("the record says that %s is %q, want %q", field, got, want)
			}
		}

		// An incident binds at once, and goes back to the deadline from before, whatever was changed meanwhile.
		o.Call("POST", "/accounts/"+account+"/incident", map[string]any{"account_number": acme}).Must(200)
		if running := o.Call("GET", "/accounts/"+account, nil).Must(200).Value("incident_running"); running != true {
			t.Errorf("the incident runs: %v", running)
		}
		keep["minimum_strength"] = "no_email_no_sms"
		if rule := o.Enforce(account, acme, keep).Must(200); rule.Value("grace_until") != nil {
			t.Errorf("the incident does not bind: %s", rule.Body)
		}
		rule := o.Call("POST", "/accounts/"+account+"/incident/end", map[string]any{"account_number": acme}).Must(200)
		if rule.Text("grace_until") != deadline || rule.Text("minimum_strength") != "no_email_no_sms" {
			t.Errorf("after the incident the rule is %s", rule.Body)
		}
		if running := o.Call("GET", "/accounts", nil).Must(200).Value("items.0.incident_running"); running != false {
			t.Errorf("the incident runs: %v", running)
		}

		// Of what is not enforced no deadline can be kept: it binds at once.
		o.Lift(account, acme).Must(200)
		if rule := o.Enforce(account, acme, map[string]any{"keep_deadline": true}).Must(200); rule.Value("grace_until") != nil {
			t.Errorf("the rule is %s", rule.Body)
		}
	})
}
