package blackbox_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// Each test here is an attack that has succeeded once, by somebody who holds the password or a session and nothing else. It is told
// from outside, over HTTP, and ends with the thief outside.

// obligedMember is a member whom a rule of their account holds at the second door, and a thief who knows their password. Both stand there,
// on different replicas.
func obligedMember(t *testing.T, h *whole.House, more map[string]any) (o, m, thief *whole.Person) {
	t.Helper()
	o = h.Person(owner).Protected()
	o.Confirm().Enforce(o.Account(acme), acme, more).Must(200)
	m, thief = h.Person(member), h.Person(member)
	thief.Client = h.At(1)
	m.SignIn().Must(200)
	thief.SignIn().Must(200)
	if m.Partial == "" || thief.Partial == "" {
		t.Fatal("a member whom the rule binds is let in")
	}
	return o, m, thief
}

// lets says whether an answer has given somebody a session.
func lets(a whole.Answer) bool {
	return a.Status < 300 && (a.Text("session.access_token") != "" || a.Text("access_token") != "")
}

// active are the factors of a person that count.
func active(p *whole.Person) (ids []string) {
	list := p.Call("GET", "/me/factors", nil).Must(200)
	for i, status := range list.Texts("items", "status") {
		if status == "active" {
			ids = append(ids, list.Texts("items", "id")[i])
		}
	}
	return ids
}

func TestNobodyFinishesAnEnrolmentThatAnotherHasBegun(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		_, m, thief := obligedMember(t, h, nil)
		app := m.Begin()
		path := "/me/factors/" + app.FactorID
		for _, call := range []struct {
			method, path string
			body         any
		}{
			{"GET", path + "/enrolment", nil},
			{"POST", path + "/verify", map[string]any{"code": app.At(app.Step() + 1)}},
			{"DELETE", path + "/enrolment", nil},
		} {
			if a := thief.Call(call.method, call.path, call.body); a.Status != 404 {
				t.Errorf("another sign-in of the same person, %s %s: %d %s", call.method, call.path, a.Status, a.Body)
			}
		}
		m.Call("POST", path+"/verify", map[string]any{"code": app.Next()}).Must(200)
		if a := thief.Call("POST", path+"/activate", nil); lets(a) || a.Status != 404 {
			t.Errorf("another sign-in says Okay in the victim's place: %d %s", a.Status, a.Body)
		}
		if ids := thief.Call("GET", "/me", nil).Must(200); ids.Text("standing.state") != "enrolment_due" {
			t.Errorf("the thief stands at %s", ids.Body)
		}
		m.Keep(m.Call("POST", path+"/activate", nil).Must(200))
		if ids := active(m); !slices.Equal(ids, []string{app.FactorID}) {
			t.Errorf("the member has %v", ids)
		}
	})
}

func TestTheSameTokenInAnotherSessionFinishesNoEnrolment(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		app := p.Begin()
		other := p.Again(1).In()
		other.Enrolments = p.Enrolments // even who has read the token over a shoulder
		path := "/me/factors/" + app.FactorID
		other.Call("POST", path+"/verify", map[string]any{"code": app.Now()}).Refused(404, "not_found")
		other.Call("GET", path+"/enrolment", nil).Refused(404, "not_found")
		p.Call("POST", path+"/verify", map[string]any{"code": app.Next()}).Must(200)
		other.Call("POST", path+"/activate", nil).Refused(404, "not_found")
		other.Call("DELETE", path+"/enrolment", nil).Refused(404, "not_found")
		p.Call("POST", path+"/activate", nil).Must(200)
	})
}

func TestANumberThatOneHasVerifiedIsNoFactorOfAnother(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		phone := p.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobile}).Must(201).Text("phone.id")
		thief := p.Again(1).In().ConfirmPassword()
		code := sent(t, h, mobile, 1)
		thief.Call("POST", "/me/phones/"+phone+"/verify", map[string]any{"code": code}).Refused(404, "not_found")
		p.Call("POST", "/me/phones/"+phone+"/verify", map[string]any{"code": code}).Must(200)
		h.Clock.Advance(time.Minute)
		begun := thief.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_id": phone}).Must(201)
		if begun.Text("factor.status") != "pending" || len(begun.Texts("recovery_codes")) > 0 {
			t.Errorf("what the victim has verified is verified for the thief: %s", begun.Body)
		}
		if a := thief.Call("POST", "/me/factors/"+begun.Text("factor.id")+"/activate", nil); lets(a) {
			t.Errorf("the thief has the second factor: %s", a.Body)
		}
		p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_id": phone}).Must(201) // whose it is needs no second code
	})
}

func TestAnotherEnrolmentInBetweenLeavesTheRecoveryCodesAlone(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		_, m, thief := obligedMember(t, h, nil)
		mine := m.Begin()
		codes := m.Call("POST", "/me/factors/"+mine.FactorID+"/verify", map[string]any{"code": mine.Next()}).Must(200).Texts("recovery_codes")
		theirs := thief.Begin()
		stolen := thief.Call("POST", "/me/factors/"+theirs.FactorID+"/verify", map[string]any{"code": theirs.Next()}).Must(200).Texts("recovery_codes")
		m.Keep(m.Call("POST", "/me/factors/"+mine.FactorID+"/activate", nil).Must(200))
		m.App = mine
		h.Clock.Advance(time.Minute)
		thief.SignIn().Must(200)
		if a := thief.AnswerRecovery(stolen[0]); lets(a) {
			t.Fatalf("a code that the thief was shown opens: %s", a.Body)
		}
		m.SignIn().Must(200)
		m.AnswerRecovery(codes[0]).Must(200)
	})
}

func TestWhatWasVerifiedBeforeThePasswordChangedIsNotActivatedAfterwards(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		thief := p.Again(1).In().ConfirmPassword()
		begun := thief.Begin()
		thief.Call("POST", "/me/factors/"+begun.FactorID+"/verify", map[string]any{"code": begun.Next()}).Must(200)
		mine := p.Begin()
		p.Call("POST", "/me/factors/"+mine.FactorID+"/verify", map[string]any{"code": mine.Next()}).Must(200)
		p.Call("PUT", "/me/password", map[string]any{"password": "another horse battery staple"}).Must(204)
		p.Password = "another horse battery staple"
		if a := thief.Call("POST", "/me/factors/"+begun.FactorID+"/activate", nil); a.Status != 401 {
			t.Errorf("a session from before: %d %s", a.Status, a.Body)
		}
		// Nor in the session that has changed it: who says Okay there may be a copy.
		p.Call("POST", "/me/factors/"+mine.FactorID+"/activate", nil).Refused(404, "not_found")
		if ids := active(p); len(ids) != 0 {
			t.Errorf("the person has %v", ids)
		}
		p.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(401, "confirmation_required") // what was confirmed before is over too
		p.ConfirmPassword().Enrol()
	})
}

func TestAGuardThatOneHasPassedLetsNobodyElseEnrol(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		_, m, thief := obligedMember(t, h, map[string]any{"guarded_enrolment": true})
		m.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
		m.Call("POST", "/me/enrolment-guard", map[string]any{"code": sent(t, h, member, 1)}).Must(204)
		thief.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(403, "enrolment_guarded")
		app := m.Begin()
		m.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Next()}).Must(200)
		if a := thief.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil); a.Status != 404 {
			t.Errorf("the thief activates it: %d %s", a.Status, a.Body)
		}
		m.Keep(m.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
	})
}

func TestAMailboxThatHasJustResetThePasswordPassesNoGuard(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		_, _, thief := obligedMember(t, h, map[string]any{"guarded_enrolment": true})
		thief.Password = "chosen by who reads the mails"
		reset(h.At(1), resetToken(h, member), thief.Password).Must(204)
		thief.SignIn().Must(200)
		thief.Call("POST", "/me/enrolment-guard/challenges", nil).Refused(409, "mailbox_spent")
		thief.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(403, "enrolment_guarded")
		h.Clock.Advance(24*time.Hour + time.Minute) // whose mailbox it is has heard of the reset by then
		thief.SignIn().Must(200)
		thief.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
	})
}

func TestAnAddressThatWasAskedForBeforeThePasswordChangedIsNotTaken(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In()
		thief := p.Again(1).In().ConfirmPassword()
		thief.Call("POST", "/me/email", map[string]any{"email": "thief@elsewhere.test"}).Must(202)
		link := linked(t, mailed(h, "thief@elsewhere.test", confirmEmail, 1)[0], "/verify-email")
		p.ConfirmPassword().Call("PUT", "/me/password", map[string]any{"password": "another horse battery staple"}).Must(204)
		open(h.At(1), "email-verification", link).Refused(410, "link_expired")
		if got := p.Call("GET", "/me", nil).Must(200).Text("email"); got != member {
			t.Errorf("the address is %s", got)
		}
	})
}

func TestAWeakerFactorConfirmsNothingOfAStrongerOne(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected().Confirm()
		mail := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(p, mail, map[string]any{"code": sent(t, h, member, 1)})
		h.Clock.Advance(10 * time.Minute)
		p.RefreshNow()

		thief := *p // the session, the password and the mailbox
		thief.Confirmation = ""
		c := thief.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": mail}).Must(201)
		byMail := map[string]any{"type": "email", "challenge_id": c.Text("challenge_id"), "code": sent(t, h, member, 2)}
		thief.Call("POST", "/auth/confirmation", map[string]any{"password": thief.Password, "second_factor": byMail}).Must(200)
		for _, call := range []struct {
			method, path string
			body         any
		}{
			{"DELETE", "/me/factors/" + p.App.FactorID, nil},
			{"DELETE", "/me/factors", nil},
			{"POST", "/me/factors", map[string]any{"type": "totp"}},
			{"POST", "/me/recovery-codes", nil},
			{"PUT", "/me/password", map[string]any{"password": "another horse battery staple"}},
			{"POST", "/me/api-tokens", map[string]any{"name": "door", "scopes": []string{"account:read"}}},
		} {
			a := thief.Call(call.method, call.path, call.body).Refused(401, "confirmation_required")
			if accepts := a.Texts("accepts"); !slices.Equal(accepts, []string{"totp"}) {
				t.Errorf("%s %s accepts %v", call.method, call.path, accepts)
			}
		}
		p.Confirm().Call("DELETE", "/me/factors/"+mail, nil).Must(204)
		// A recovery code stands for what is lost.
		body := map[string]any{"password": p.Password, "second_factor": map[string]any{"type": "recovery_code", "code": p.RecoveryCodes[0]}}
		p.Confirmation = ""
		p.Call("POST", "/auth/confirmation", body).Must(200)
		p.Call("POST", "/me/recovery-codes", nil).Must(201)
	})
}

func TestATightenedRuleLetsNobodyEnrolWhoHasNotJustShownWhatTheyHave(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		mail := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(p, mail, map[string]any{"code": sent(t, h, member, 1)})
		h.Clock.Advance(11 * time.Minute)

		o := h.Person(owner).Protected()
		o.Confirm().Enforce(o.Account(acme), acme, map[string]any{"minimum_strength": "no_email"}).Must(200)
		// Who has stolen the session knows the password too, and not the mailbox.
		a := p.RefreshNow().Must(200)
		if a.Text("status") != "second_factor_required" || !slices.Equal(a.Texts("factors", "type"), []string{"email"}) {
			t.Fatalf("a refresh answers %s", a.Body)
		}
		p.Call("POST", "/me/factors", map[string]any{"type": "totp", "password": p.Password}).Refused(403, "forbidden")
		c := p.Call("POST", "/auth/second-factor/challenges", map[string]any{"factor_id": mail}).Must(201)
		p.Keep(answer(p, "email", c.Text("challenge_id"), sent(t, h, member, 2)).Must(200))
		p.Call("GET", "/accounts", nil).Refused(403, "enrolment_due")
		if a := p.RefreshNow().Must(200); a.Text("status") != "enrolment_required" {
			t.Fatalf("whoever has just shown the mailbox is answered %s", a.Body)
		}
		app := p.Call("POST", "/me/factors", map[string]any{"type": "totp", "password": p.Password}).Must(201)
		p.App = whole.AuthenticatorOf(h, app.Text("factor.id"), app.Text("totp.secret"))
		okay(p, p.App.FactorID, map[string]any{"code": p.App.Next()})
		p.Call("GET", "/accounts", nil).Must(200)
	})
}

func TestASessionAloneGivesNobodyAnAccount(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		admins := o.Confirm().Call("GET", "/accounts/"+account+"/members", nil).Must(200)
		adminID := admins.Texts("items", "user_id")[slices.Index(admins.Texts("items", "email"), admin)]
		token := o.Call("POST", "/me/api-tokens", map[string]any{"name": "script", "scopes": []string{"account:read", "account:write"}}).Must(201).Text("token")
		thief := *o
		thief.Confirmation, thief.Client = "", h.At(1)
		calls := []struct {
			method, path string
			body         any
		}{
			{"POST", "/accounts/" + account + "/invitations", map[string]any{"email": "thief@elsewhere.test", "role": "owner"}},
			{"PATCH", "/accounts/" + account + "/members/" + adminID, map[string]any{"role": "owner"}},
			{"DELETE", "/accounts/" + account + "/members/" + adminID, nil},
			{"PUT", "/accounts/" + account + "/two-factor", map[string]any{"enforced": false, "account_number": acme}},
		}
		for _, c := range calls {
			thief.Call(c.method, c.path, c.body).Refused(401, "confirmation_required")
			if a := h.At(1).Call(c.method, c.path, token, c.body); !a.Is(403, "insufficient_scope") {
				t.Errorf("an API token, %s %s: %d %s", c.method, c.path, a.Status, a.Body)
			}
		}
	})
}
