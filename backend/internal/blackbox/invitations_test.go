package blackbox_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestAnInvitedNewcomerJoinsAndIsAskedForASecondFactor(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Enforce(account, acme, nil).Must(200)
		const ada = "ada@newcomer.test"
		o.Invite(account, ada, "billing", map[string]any{"two_factor_required": true})
		if mail := h.Mail(ada, "invitation", 1)[0]; !strings.Contains(mail.Text, "requires two-factor authentication") {
			t.Errorf("the invitation does not warn: %s", mail.Text)
		}
		link := h.Links(ada, 1)[0]
		stranger := h.At(1)
		send := func(path string, more map[string]any) whole.Answer {
			body := map[string]any{"token": link}
			for k, v := range more {
				body[k] = v
			}
			return stranger.Call("POST", "/invitations/"+path, "", body)
		}
		door := send("inspect", nil).Must(200)
		if door.Text("account_name") != "Acme Hosting" || door.Text("inviter") != "Acme Owner" || door.Text("email_hint") != "a••••a@newcomer.test" ||
			door.Text("role") != "billing" || door.Value("two_factor_required") != true || door.Value("person_known") != false ||
			door.Text("expires_at") != h.Clock.Now().Add(7*day).Format(time.RFC3339) {
			t.Errorf("the door says %s", door.Body)
		}
		h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": ada, "password": whole.NewcomersPassword}).Refused(401, "invalid_credentials")
		if wrong := send("accept", nil).Must(422); strings.Join(wrong.Texts("errors", "pointer"), " ") != "/name /password" {
			t.Errorf("nothing: %s", wrong.Body)
		}
		if wrong := send("accept", map[string]any{"name": "Ada", "password": "sallyport4ever"}).Must(422); wrong.Text("errors.0.pointer") != "/password" {
			t.Errorf("a weak password: %s", wrong.Body)
		}
		accepted := send("accept", map[string]any{"name": "Ada", "password": whole.NewcomersPassword, "locale": "de"}).Must(200)
		if accepted.Text("email") != ada || accepted.Value("person_known") != false {
			t.Errorf("accepting answers %s", accepted.Body)
		}
		for _, path := range []string{"inspect", "accept"} {
			send(path, nil).Refused(410, "link_expired")
		}

		// Nobody is signed in by it, and R6: the first sign-in asks for a second factor.
		p := h.Person(ada)
		p.Password, p.Client = whole.NewcomersPassword, h.At(1)
		signedIn := p.SignIn().Must(200)
		if by := strings.Join(signedIn.Texts("required_by"), " "); signedIn.Text("status") != "enrolment_required" || by != "account member" {
			t.Errorf("the first sign-in answers %s", signedIn.Body)
		}
		p.Enrol()
		if a := p.Call("GET", "/accounts", nil).Must(200); a.Text("items.0.role") != "billing" || a.Text("items.0.number") != acme {
			t.Errorf("the newcomer's accounts are %s", a.Body)
		}
		if locale := p.Call("GET", "/me", nil).Must(200).Text("locale"); locale != "de" {
			t.Errorf("the newcomer's language is %s", locale)
		}
		m := o.Call("GET", "/accounts/"+account+"/members?q=ada@", nil).Must(200)
		if m.Value("items.0.two_factor_required") != true || m.Value("items.0.two_factor.active") != true {
			t.Errorf("the member is %s", m.Body)
		}
	})
}

func TestAnInvitationOfSomebodyKnownChangesNothingOfTheirs(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person("owner@blue.test").Protected()
		account := o.Account(blue)
		m := h.Person(member).In()
		elsewhere := m.Again(1).In()
		// An owner who has signed everybody out has not meant those who were not there.
		h.Clock.Advance(time.Minute)
		o.Confirm().Enforce(account, blue, map[string]any{"sign_out_members": true, "grace_days": 14}).Must(200)
		o.Invite(account, strings.ToUpper(member), "admin", nil)
		link := h.Links(strings.ToUpper(member), 1)[0]
		body := map[string]any{"token": link, "name": "Somebody Else", "password": "not theirs", "locale": "de"}
		if door := h.At(1).Call("POST", "/invitations/inspect", "", map[string]any{"token": link}).Must(200); door.Value("person_known") != true {
			t.Errorf("the door says %s", door.Body)
		}
		if a := h.At(1).Call("POST", "/invitations/accept", "", body).Must(200); a.Text("email") != member || a.Value("person_known") != true {
			t.Errorf("accepting answers %s", a.Body)
		}
		h.Eventually("the open session knows of the account", func() bool {
			return len(m.Call("GET", "/accounts", nil).Must(200).Texts("items")) == 2
		})
		h.Eventually("the other replica has heard of its rule", func() bool {
			return m.Call("GET", "/me", nil).Must(200).Text("standing.state") == "grace"
		})
		elsewhere.Call("GET", "/me", nil).Must(200)
		me := m.Call("GET", "/me", nil).Must(200)
		if me.Text("name") != "Acme Member" || me.Text("locale") != "en" {
			t.Errorf("the person is %s", me.Body)
		}
		m.SignIn().Must(200)
	})
}

func TestAnInvitationOpensOnceHoweverManyComeWithIt(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In().Confirm()
		account := o.Account(acme)
		o.Invite(account, "race@newcomer.test", "member", nil)
		link := h.Links("race@newcomer.test", 1)[0]
		var group sync.WaitGroup
		answers := make(chan whole.Answer, 20)
		for i := range cap(answers) {
			group.Go(func() {
				answers <- h.At(i).Call("POST", "/invitations/accept", "",
					map[string]any{"token": link, "name": "Racer", "password": whole.NewcomersPassword + " " + string(rune('a'+i))})
			})
		}
		group.Wait()
		close(answers)
		accepted := 0
		for a := range answers {
			if a.Status == 200 {
				accepted++
			} else if !a.Is(410, "link_expired") {
				t.Errorf("got %d %s", a.Status, a.Body)
			}
		}
		if accepted != 1 {
			t.Errorf("%d have joined", accepted)
		}
	})
}

func TestOnlyTheNewestLinkOfAnOpenInvitationOpens(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In().Confirm()
		account := o.Account(acme)
		id := o.Invite(account, "again@newcomer.test", "member", nil)
		resend := "/accounts/" + account + "/invitations/" + id + "/resend"
		h.Clock.Advance(6 * day)
		o.In().Call("POST", resend, nil).Refused(401, "confirmation_required")
		o.Confirm()
		again := o.Call("POST", resend, nil).Must(200)
		if again.Text("id") != id || again.Text("expires_at") != h.Clock.Now().Add(7*day).Format(time.RFC3339) {
			t.Errorf("resending answers %s", again.Body)
		}
		refused := o.Call("POST", resend, nil)
		refused.Refused(429, "rate_limited")
		if refused.Header.Get("Retry-After") != "60" {
			t.Errorf("come again after %s", refused.Header.Get("Retry-After"))
		}
		links := h.Links("again@newcomer.test", 2)
		inspect := func(token string) whole.Answer {
			return h.At(1).Call("POST", "/invitations/inspect", "", map[string]any{"token": token})
		}
		inspect(links[0]).Refused(410, "link_expired")
		inspect(links[1]).Must(200)
		h.Clock.Advance(7*day - time.Second)
		inspect(links[1]).Must(200)
		h.Clock.Advance(time.Second)
		inspect(links[1]).Refused(410, "link_expired")
		o.In().Confirm().Call("POST", resend, nil).Refused(404, "not_found")

		id = o.Invite(account, "revoked@newcomer.test", "member", nil)
		link := h.Links("revoked@newcomer.test", 1)[0]
		o.Call("DELETE", "/accounts/"+account+"/invitations/"+id, nil).Must(204)
		inspect(link).Refused(410, "link_expired")
		inspect("nonsense").Refused(410, "link_expired")

		// Whoever is shut out has left no other door open behind them.
		a := h.Person(admin).In().Confirm()
		a.Invite(account, "friend@newcomer.test", "member", nil)
		link = h.Links("friend@newcomer.test", 1)[0]
		inspect(link).Must(200)
		o.Call("DELETE", "/accounts/"+account+"/members/"+a.Self(), nil).Must(204)
		inspect(link).Refused(410, "link_expired")
	})
}
