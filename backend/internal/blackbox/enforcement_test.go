package blackbox_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestNobodyShutsThemselvesOut(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In().Confirm()
		account := o.Account(acme)
		_, claims := whole.Claims(o.Access)
		self := "/accounts/" + account + "/members/" + claims["sub"].(string)
		o.Enforce(account, acme, nil).Refused(409, "own_second_factor_missing")
		o.Call("PATCH", self, map[string]any{"role": "member"}).Refused(409, "last_owner")
		o.Call("DELETE", self, nil).Refused(409, "last_owner")

		o.Enrol().Confirm()
		for _, number := range []string{blue, "SP-100001 ", "sp-100001", "100001", "SP-1000010"} {
			o.Enforce(account, number, nil).Refused(422, "account_number_mismatch")
		}
		// A factor that the rule would not accept is none.
		o.Enforce(account, acme, map[string]any{"minimum_strength": "phishing_resistant"}).Refused(409, "own_second_factor_missing")
		for _, email := range []string{admin, member, contractor} {
			p := h.Person(email).In().Confirm()
			p.Enforce(account, acme, nil).Refused(403, "owner_only")
			p.Lift(account, acme).Refused(403, "owner_only")
		}
		if enforced := o.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200).Value("enforced"); enforced != false {
			t.Error("a refusal has changed the rule")
		}
		if mails := h.Mails(""); len(mails) != 1 { // the owner's own factor
			t.Errorf("a refusal has told people: %v", mails)
		}
	})
}

func TestADeadlineBindsByTheClockAndAShorterOneAtOnce(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}).Must(201)
		m := h.Person(member)
		m.Client = h.At(1)
		m.In()
		state := func() string { return m.Call("GET", "/me", nil).Must(200).Text("standing.state") }
		began := h.Clock.Now()

		o.Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
		h.Eventually("the member is in grace", func() bool { return state() == "grace" })
		m.Call("GET", "/accounts", nil).Must(200)
		if until := m.Call("GET", "/me", nil).Text("standing.grace_until"); until != began.Add(14*day).Format(time.RFC3339) {
			t.Errorf("the grace ends at %s", until)
		}
		for _, to := range []string{member, "newcomer@acme.test"} {
			h.Mail(to, "enforced", 1)
		}

		// Signing in again renews nothing, and what was asked for is not taken apart meanwhile.
		h.Clock.Set(began.Add(14*day - time.Second))
		m.In()
		if n := len(h.Mail(member, "reminder", 1)); n != 1 { // the last one; those before it are no news any more
			t.Errorf("after a standstill the member is reminded %d times", n)
		}
		if state() != "grace" {
			t.Errorf("a second before the deadline the member is %s", state())
		}
		o.In().Confirm().Call("DELETE", "/me/factors", nil).Refused(409, "second_factor_enforced")
		h.Clock.Set(began.Add(14 * day))
		m.Call("GET", "/accounts", nil).Refused(403, "enrolment_due")
		if state() != "enrolment_due" {
			t.Errorf("at the deadline the member is %s", state())
		}
		if status := m.RefreshNow().Must(200).Text("status"); status != "enrolment_required" {
			t.Errorf("the refresh answers %s", status)
		}

		// A later deadline opens again, a shorter one closes at once, and nobody is told twice of the same.
		later := map[string]any{"grace_days": 30}
		o.In().ConfirmPassword().Enforce(account, acme, later).Refused(401, "confirmation_required")
		o.Confirm().Enforce(account, acme, later).Must(200)
		h.Eventually("the member is let in again", func() bool { return m.SignIn().Must(200).Text("status") == "signed_in" })
		o.Enforce(account, acme, map[string]any{"grace_days": 0}).Must(200)
		clicked := time.Now()
		h.Eventually("the shorter deadline binds", func() bool { return m.Call("GET", "/accounts", nil).Is(403, "enrolment_due") })
		if took := time.Since(clicked); took > promptly {
			t.Errorf("it took %v", took)
		}
		if n := len(h.Mail(member, "enforced", 1)); n != 1 {
			t.Errorf("the member has %d mails about one activation", n)
		}
	})
}

func TestOnePersonCanBeBoundAlone(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		a, m, c := h.Person(admin).In(), h.Person(member).In(), h.Person(contractor).In()
		m.Client = h.At(1)
		account := a.Account(acme)
		_, claims := whole.Claims(m.Access)
		path := "/accounts/" + account + "/members/" + claims["sub"].(string)
		m.Call("PATCH", path, map[string]any{"two_factor_required": true}).Refused(403, "admin_only")
		tab := m.Client.Listen(m.Access)
		a.Call("PATCH", path, map[string]any{"two_factor_required": true}).Must(200)
		told := tab.Wait("standing_changed")
		if by, _ := told.Data["required_by"].([]any); told.Data["state"] != "enrolment_due" || len(by) != 1 || by[0] != "member" {
			t.Errorf("the tab is told %v", told.Data)
		}
		m.Call("GET", "/accounts", nil).Refused(403, "enrolment_due")
		c.Call("GET", "/accounts", nil).Must(200)
		release := map[string]any{"two_factor_required": false}
		a.Call("PATCH", path, release).Refused(401, "confirmation_required")
		a.Confirm().Call("PATCH", path, release).Must(200)
		if told := tab.Wait("standing_changed"); told.Data["state"] != "clear" {
			t.Errorf("the tab is told %v", told.Data)
		}
		m.Call("GET", "/accounts", nil).Must(200)
	})
}

func TestAnOwnerWhoSignsMembersOutEndsTheirSessionsAtOnceForGoodAndKeepsTheirOwn(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm()
		elsewhere := o.Again(1).In()
		m, c, stranger := h.Person(member).In(), h.Person(contractor).In(), h.Person("owner@blue.test").In()
		between := h.Person(admin).Protected().Again(1)
		between.SignIn().Must(200)
		tab := h.At(1).Listen(m.Access)
		h.Clock.Advance(time.Second)
		clicked := time.Now()
		o.Enforce(account, acme, map[string]any{"sign_out_members": true, "grace_days": 7}).Must(200)
		out := func(what string, p *whole.Person) {
			t.Helper()
			h.Eventually(what, func() bool { return h.At(1).Call("GET", "/me", p.Token(), nil).Is(401, "unauthenticated") })
		}
		out("the member is signed out", m)
		out("the contractor is signed out", c)
		out("who stood between the doors must begin again", between)
		if took := time.Since(clicked); took > promptly {
			t.Errorf("it took %v", took)
		}
		tab.Wait("session_ended")
		tab.End()
		old := *c
		m.RefreshNow().Refused(401, "unauthenticated")
		for _, p := range []*whole.Person{o, elsewhere, stranger} {
			p.Call("GET", "/accounts", nil).Must(200)
		}
		m.In()
		if n := len(m.Call("GET", "/me/sessions", nil).Must(200).Texts("items")); n != 1 {
			t.Errorf("the member's list shows %d sessions", n)
		}

		// Whatever happens to the rule and to the membership later: what is over stays over.
		o.Lift(account, acme).Must(200)
		h.At(0).Call("GET", "/me", old.Access, nil).Refused(401, "unauthenticated")
		_, claims := whole.Claims(old.Access)
		o.Call("DELETE", "/accounts/"+account+"/members/"+claims["sub"].(string), nil).Must(204)
		h.Eventually("the other replica knows of it", func() bool {
			return !slices.Contains(o.Call("GET", "/accounts/"+account+"/members", nil).Must(200).Texts("items", "email"), contractor)
		})
		for i := range 2 {
			h.At(i).Call("GET", "/me", old.Access, nil).Refused(401, "unauthenticated")
		}
		old.RefreshNow().Refused(401, "unauthenticated")
	})
}

func TestOfTwoOwnersWhoSignMembersOutNeitherRevivesTheirOwnOldSessions(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o, second := h.Person(owner).Protected(), h.Person(admin).Protected()
		account := o.Account(acme)
		_, claims := whole.Claims(second.Access)
		o.Confirm().Call("PATCH", "/accounts/"+account+"/members/"+claims["sub"].(string), map[string]any{"role": "owner"}).Must(200)
		stolen := second.Again(0).In()
		h.Clock.Advance(time.Second)
		o.Confirm().Enforce(account, acme, map[string]any{"sign_out_members": true}).Must(200)
		h.Eventually("the second owner's sessions are over", func() bool { return h.At(1).Call("GET", "/me", stolen.Access, nil).Is(401, "unauthenticated") })
		h.Clock.Advance(time.Minute)
		second.In().ConfirmPassword()
		h.Clock.Advance(time.Second)
		second.Enforce(account, acme, map[string]any{"sign_out_members": true}).Must(200)
		h.Eventually("the first owner's sessions are over", func() bool { return h.At(1).Call("GET", "/me", o.Access, nil).Is(401, "unauthenticated") })
		for i := range 2 {
			h.At(i).Call("GET", "/me", stolen.Access, nil).Refused(401, "unauthenticated")
		}
		stolen.RefreshNow().Refused(401, "unauthenticated")
		second.Call("GET", "/me", nil).Must(200)
	})
}
