package blackbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestTheIncidentButtonShutsTheAccountAndItsEndLeavesTheRuleFromBefore(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		at := "/accounts/" + account
		number := map[string]any{"account_number": acme}
		m := h.Person(member)
		m.Client = h.At(1)
		m.In()
		script, _ := program(m, []string{"portal:read"})
		works := func() whole.Answer { return h.At(1).Call("GET", at+"/services", script, nil) }
		works().Must(200)
		o.Confirm().Enforce(account, acme, map[string]any{"grace_days": 20, "minimum_strength": "no_email", "api_tokens": "keep", "guarded_enrolment": true}).Must(200)
		before := o.Call("GET", at+"/two-factor", nil).Must(200)

		o.Call("POST", at+"/incident", map[string]any{"account_number": blue}).Refused(422, "account_number_mismatch")
		o.Call("POST", at+"/incident/end", number).Refused(409, "no_incident")
		h.Clock.Advance(6 * time.Minute)
		o.Call("POST", at+"/incident", number).Refused(401, "confirmation_required")
		o.Confirm()
		tab := m.Client.Listen(m.Access)
		clicked := time.Now()
		during := o.Call("POST", at+"/incident", number).Must(200)
		if during.Value("enforced") != true || during.Value("grace_until") != nil || during.Text("incident.by") != "Acme Owner" ||
			during.Text("incident.since") != h.Clock.Now().Format(time.RFC3339) || during.Value("incident.api_tokens_paused") != true ||
			during.Text("minimum_strength") != "no_email" {
			t.Errorf("the rule is %s", during.Body)
		}
		h.Eventually("the member's session is over", func() bool { return m.Call("GET", "/me", nil).Is(401, "unauthenticated") })
		h.Eventually("the member's program is stopped", func() bool { return works().Is(403, "api_tokens_paused") })
		if took := time.Since(clicked); took > promptly {
			t.Errorf("it took %v", took)
		}
		tab.Wait("session_ended")
		m.RefreshNow().Refused(401, "unauthenticated")
		if status := m.SignIn().Must(200).Text("status"); status != "enrolment_required" {
			t.Errorf("signing in again answers %s", status)
		}
		o.Call("GET", at+"/services", nil).Must(200)
		o.Call("POST", at+"/incident", number).Refused(409, "incident_running")

		over := o.Call("POST", at+"/incident/end", number).Must(200)
		for _, field := range []string{"enforced", "enforced_at", "enforced_by.id", "grace_until", "minimum_strength", "api_tokens", "guarded_enrolment"} {
			if over.Value(field) != before.Value(field) {
				t.Errorf("%s was %v and is %v", field, before.Value(field), over.Value(field))
			}
		}
		if over.Value("incident") != nil {
			t.Errorf("the incident goes on: %s", over.Body)
		}
		h.Eventually("the member's program works again", func() bool { return works().Status == 200 })
		m.Client.Call("GET", "/me", m.Access, nil).Refused(401, "unauthenticated")
		if status := m.SignIn().Must(200).Text("status"); status != "signed_in" || m.Call("GET", "/me", nil).Text("standing.state") != "grace" {
			t.Errorf("signing in answers %s", status)
		}
		o.Call("POST", at+"/incident/end", number).Refused(409, "no_incident")
	})
}

func TestAnIncidentOfAnAccountThatEnforcedNothingEndsWithNothingEnforced(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In().Confirm()
		account := o.Account(acme)
		at := "/accounts/" + account
		number := map[string]any{"account_number": acme}
		o.Call("POST", at+"/incident", number).Refused(409, "own_second_factor_missing")
		o.Enrol().Confirm()
		m := h.Person(member).In()
		script, _ := program(m, []string{"portal:read"})
		o.Call("POST", at+"/incident", map[string]any{"account_number": acme, "pause_api_tokens": false}).Must(200)
		h.Eventually("the member's program is held at the door like its owner", func() bool {
			return h.At(1).Call("GET", at+"/services", script, nil).Is(403, "enrolment_due")
		})

		// What an owner decides while it runs is what its end goes back to.
		o.Enforce(account, acme, map[string]any{"grace_days": 3, "minimum_strength": "no_email_no_sms"}).Must(200)
		if rule := o.Call("GET", at+"/two-factor", nil).Must(200); rule.Text("incident.by") == "" {
			t.Errorf("the incident is over: %s", rule.Body)
		}
		rule := o.Call("POST", at+"/incident/end", number).Must(200)
		if rule.Value("enforced") != true || rule.Text("minimum_strength") != "no_email_no_sms" || rule.Text("grace_until") != h.Clock.Now().Add(3*day).Format(time.RFC3339) {
			t.Errorf("the rule is %s", rule.Body)
		}
		o.Lift(account, acme).Must(200)
		o.Call("POST", at+"/incident", number).Must(200)
		if rule := o.Call("POST", at+"/incident/end", number).Must(200); rule.Value("enforced") != false {
			t.Errorf("the rule is %s", rule.Body)
		}
		h.Eventually("the member is let in", func() bool { return m.SignIn().Must(200).Text("status") == "signed_in" })
	})
}

func TestProgramsOfMembersWhoAreDueStopOrGoOnAsTheOwnerSays(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		m := h.Person(member).In()
		script, id := program(m, []string{"portal:read"})
		protected := h.Person(admin).Protected()
		other, _ := program(protected, []string{"portal:read"})
		call := func(token string) whole.Answer {
			return h.At(1).Call("GET", "/accounts/"+account+"/services", token, nil)
		}

		o.Confirm().Enforce(account, acme, map[string]any{"api_tokens": "keep"}).Must(200)
		h.Eventually("the member is held at the door", func() bool { return m.Call("GET", "/accounts", nil).Is(403, "enrolment_due") })
		call(script).Must(200)
		o.Enforce(account, acme, map[string]any{"api_tokens": "block"}).Must(200)
		h.Eventually("the member's program is, too", func() bool { return call(script).Is(403, "enrolment_due") })
		call(other).Must(200)

		// As soon as its owner has a second factor it goes on.
		m.RefreshNow().Must(200)
		m.Enrol()
		h.Eventually("the member's program goes on", func() bool { return call(script).Status == 200 })
		if state := m.Call("GET", "/me/api-tokens", nil).Must(200); state.Text("items.0.id") != id || state.Text("items.0.status") != "active" {
			t.Errorf("the list says %s", state.Body)
		}
	})
}

func TestAGuardedFirstEnrolmentAsksTheMailboxToo(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Enforce(account, acme, map[string]any{"guarded_enrolment": true}).Must(200)
		m := h.Person(member)
		m.Client = h.At(1)
		m.SignIn().Must(200)
		begin := func() whole.Answer { return m.Call("POST", "/me/factors", map[string]any{"type": "totp"}) }
		begin().Refused(403, "enrolment_guarded")
		m.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
		code := sent(t, h, member, 1)
		wrong := "000000"
		if code == wrong {
			wrong = "000001"
		}
		m.Call("POST", "/me/enrolment-guard", map[string]any{"code": wrong}).Refused(401, "invalid_code")
		begin().Refused(403, "enrolment_guarded")

		// It is this sign-in that has passed, and no other one of the same person.
		thief := m.Again(0)
		thief.SignIn().Must(200)
		m.Call("POST", "/me/enrolment-guard", map[string]any{"code": code}).Must(204)
		thief.Call("POST", "/me/enrolment-guard", map[string]any{"code": code}).Must(404)
		thief.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(403, "enrolment_guarded")
		m.Enrol()
		m.Call("GET", "/accounts", nil).Must(200)
		// Whoever has one is asked for that one instead.
		m.Confirm().Call("POST", "/me/factors", map[string]any{"type": "totp", "name": "Another"}).Must(201)
	})
}

func TestOwnersWhoGuardEnrolmentAreToldOfEachNewFactor(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		other := o.Confirm().Join(account, "deutsch@acme.test", "owner").In()
		other.Call("PATCH", "/me", map[string]any{"locale": "de"}).Must(200)
		named := func(to, subject string) []whole.Mail {
			return slices.DeleteFunc(h.Mails(to), func(m whole.Mail) bool { return !strings.Contains(m.Subject, subject) })
		}
		const english, german = "has set up two-factor authentication", "hat die Zwei-Faktor-Authentifizierung eingerichtet"

		h.Person(admin).Protected() // before anything is guarded
		o.Confirm().Enforce(account, acme, map[string]any{"guarded_enrolment": true, "grace_days": 7}).Must(200)
		m := h.Person(member).In()
		m.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
		m.Call("POST", "/me/enrolment-guard", map[string]any{"code": sent(t, h, member, 1)}).Must(204)
		m.Confirm().Enrol()
		h.Eventually("both owners are told", func() bool { return len(named(owner, english)) > 0 && len(named(other.Email, german)) > 0 })
		for _, mail := range append(named(owner, english), named(other.Email, german)...) {
			for _, part := range []string{"Acme Hosting", "uthenticator", "/accounts/" + account + "/members"} {
				if !strings.Contains(mail.Text, part) {
					t.Errorf("%s is not told %s:\n%s", mail.To, part, mail.Text)
				}
			}
			if strings.Contains(mail.Text, m.App.Secret) || strings.Contains(mail.Text, member) {
				t.Errorf("%s is told too much:\n%s", mail.To, mail.Text)
			}
		}

		// A second factor beside it is told of too. An owner's own is told to the other owners, and members are told nothing.
		id := m.Confirm().Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(m, id, map[string]any{"code": sent(t, h, member, 2)})
		other.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
		other.Call("POST", "/me/enrolment-guard", map[string]any{"code": sent(t, h, other.Email, 1)}).Must(204)
		other.Confirm().Enrol()
		h.Eventually("the owner is told of all three", func() bool { return len(named(owner, english)) == 3 })
		if n := len(named(other.Email, german)); n != 2 {
			t.Errorf("the other owner has %d mails, one of their own doing", n)
		}
		if n := len(named(member, english)) + len(named(admin, english)); n != 0 {
			t.Errorf("%d who own nothing are told", n)
		}
		if subject := named(owner, english)[0].Subject; strings.Contains(subject, "@") {
			t.Errorf("the subject is %q", subject)
		}
	})
}
