package blackbox_test

import (
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

const (
	acme = "SP-100001"
	blue = "SP-100002"

	owner, admin, member, contractor = "owner@acme.test", "admin@acme.test", "member@acme.test", "contractor@acme.test"
)

// promptly is how soon everybody is bound, from the owner's click on. The promise is a second; a busy machine gets as much again.
const promptly = 2 * time.Second

func TestAnOwnerEnforcesAndEveryMemberIsBoundAtOnceAndTold(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In()
		account := o.Account(acme)
		invitation := map[string]any{"email": "newcomer@acme.test", "role": "member"}

		// Nobody enforces what they have not set up themselves; nobody sets it up without saying again who they are.
		o.Enforce(account, acme, nil).Refused(409, "own_second_factor_missing")
		o.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(401, "confirmation_required")
		o.Call("POST", "/accounts/"+account+"/invitations", invitation).Refused(401, "confirmation_required")
		o.Confirm().Call("POST", "/accounts/"+account+"/invitations", invitation).Must(201)
		o.Enrol()

		m := h.Person(member)
		m.Client = h.At(1)
		m.In()
		services := "/accounts/" + account + "/services"
		m.Call("GET", services, nil).Must(200)
		window := m.Client.Listen(m.Access)

		o.Enforce(account, "SP-999999", nil).Refused(422, "account_number_mismatch")
		m.Call("GET", services, nil).Must(200)
		preview := o.Call("GET", "/accounts/"+account+"/two-factor/preview", nil).Must(200)
		if n := preview.Number("mailed"); n != 5 {
			t.Errorf("%d people are to be told, not 4 members and 1 invited", n)
		}
		clicked := time.Now()
		rule := o.Enforce(account, acme, nil).Must(200)
		if rule.Value("enforced") != true || rule.Number("members.missing") != 3 {
			t.Errorf("the rule is %s", rule.Body)
		}

		h.Eventually("the member is refused on the other replica", func() bool {
			return m.Call("GET", services, nil).Is(403, "enrolment_due")
		})
		bound := time.Since(clicked)
		told := window.Wait("standing_changed")
		if told.Data["state"] != "enrolment_due" {
			t.Errorf("the open tab is told %v", told.Data)
		}
		t.Logf("refused %v and told %v after the owner's click", bound, told.At.Sub(clicked))
		if bound > promptly || told.At.Sub(clicked) > promptly {
			t.Errorf("it took %v to bind and %v to tell", bound, told.At.Sub(clicked))
		}

		lastsThroughEnrolment(t, h, m, account)

		// The owner lifts it: the factor stays, and with it the question.
		o.Confirm().Lift(account, acme).Must(200)
		h.Eventually("the rule is lifted on the other replica", func() bool {
			return m.Call("GET", "/me", nil).Must(200).Value("two_factor.can_disable") == true
		})
		if !m.Call("GET", "/me", nil).Must(200).Value("two_factor.active").(bool) {
			t.Error("the member's second factor is gone")
		}
		if status := m.Again(0).SignIn().Must(200).Text("status"); status != "second_factor_required" {
			t.Errorf("the member, who has a second factor, is answered %s", status)
		}
		everybodyHasOneMail(t, h)
	})
}

// lastsThroughEnrolment walks the member who has just been bound to the portal again, and through the second door after that.
func lastsThroughEnrolment(t *testing.T, h *whole.House, m *whole.Person, account string) {
	t.Helper()
	services := "/accounts/" + account + "/services"
	m.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(403, "enrolment_due")
	old := m.Access
	if status := m.RefreshNow().Must(200).Text("status"); status != "enrolment_required" {
		t.Fatalf("the refresh answers %s", status)
	}
	m.Call("GET", services, nil).Refused(401, "partial_token")
	if hint := m.Call("GET", "/me", nil).Must(200); hint.Text("email") != "" || hint.Text("standing.state") != "enrolment_due" {
		t.Errorf("a partial token is told %s", hint.Body)
	}
	m.Enrol()
	m.Call("GET", services, nil).Must(200)
	m.Client.Call("GET", "/me", old, nil).Refused(401, "unauthenticated")
	m.Confirm().Call("DELETE", "/me/factors", nil).Refused(409, "second_factor_enforced")

	gone := m.Access
	m.Call("POST", "/auth/sign-out", nil).Must(204)
	m.Client.Call("GET", "/me", gone, nil).Refused(401, "unauthenticated")
	if status := m.SignIn().Must(200).Text("status"); status != "second_factor_required" {
		t.Fatalf("the member, who has a second factor, is answered %s", status)
	}
	m.Answer(m.App.Next()).Must(200)
	m.Call("GET", services, nil).Must(200)
	m.Client = h.At(1)
}

// everybodyHasOneMail counts who was told. It comes after everything else: a mail too many has had its time.
func everybodyHasOneMail(t *testing.T, h *whole.House) {
	t.Helper()
	for _, to := range []string{owner, admin, member, contractor, "newcomer@acme.test"} {
		if n := len(h.Mail(to, "enforced", 1)); n != 1 {
			t.Errorf("%s has %d mails about the enforcement", to, n)
		}
	}
	if mails := h.Mails("owner@blue.test"); len(mails) != 0 {
		t.Errorf("a stranger was told: %v", mails)
	}
}
