package blackbox_test

import (
	"net/url"
	"regexp"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

// sent is the newest code that was sent to an address or number: the nth from the first on.
func sent(t *testing.T, h *whole.House, to string, n int) string {
	t.Helper()
	var codes []string
	h.Eventually("a code arrives at "+to, func() bool {
		codes = codes[:0]
		a := h.At(0).Call("GET", "/demo/messages?limit=200&to="+url.QueryEscape(to), "", nil).Must(200)
		items, _ := a.Value("items").([]any)
		for _, item := range items { // newest first
			m := item.(map[string]any)
			subject, _ := m["subject"].(string)
			if m["channel"] == "sms" || subject == "Your code" || subject == "Ihr Code" {
				codes = append([]string{sixDigits.FindString(m["text"].(string))}, codes...)
			}
		}
		return len(codes) >= n
	})
	return codes[n-1]
}

const (
	mobile = "+4915155501234"
	backup = "+4915155509999"
)

// okay verifies and activates a factor.
func okay(p *whole.Person, factorID string, proof map[string]any) {
	p.Client.T.Helper()
	p.Call("POST", "/me/factors/"+factorID+"/verify", proof).Must(200)
	p.Keep(p.Call("POST", "/me/factors/"+factorID+"/activate", nil).Must(200))
}

func challenge(p *whole.Person, body map[string]any) whole.Answer {
	p.Client.T.Helper()
	return p.Call("POST", "/auth/second-factor/challenges", body)
}

func answer(p *whole.Person, kind, challengeID, code string) whole.Answer {
	p.Client.T.Helper()
	return p.Keep(p.Call("POST", "/auth/second-factor", map[string]any{"type": kind, "challenge_id": challengeID, "code": code}))
}

func TestAnEmailCodeEnrolsSignsInConfirmsAndIsDisabled(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		e := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201)
		id := e.Text("factor.id")
		p.Call("POST", "/me/factors/"+id+"/challenges", nil).Refused(429, "resend_too_soon")
		p.Call("POST", "/me/factors/"+id+"/activate", nil).Refused(409, "factor_not_verified")
		okay(p, id, map[string]any{"code": sent(t, h, member, 1)})
		if got := p.Call("GET", "/me", nil).Must(200).Text("two_factor.assurance"); got != "aal1+email" {
			t.Errorf("an e-mail code is called %s", got)
		}

		other := p.Again(1)
		if s := other.SignIn().Must(200).Text("status"); s != "second_factor_required" {
			t.Fatalf("sign-in answers %s", s)
		}
		if n := len(h.Mails(member)); n > 2 {
			t.Errorf("%d mails although nobody has picked a factor", n)
		}
		c := challenge(other, map[string]any{"factor_id": id}).Must(201)
		code := sent(t, h, member, 2)
		answer(other, "sms", c.Text("challenge_id"), code).Refused(401, "invalid_code") // another method's answer
		answer(other, "email", c.Text("challenge_id"), code).Must(200)
		answer(other.Again(0), "email", c.Text("challenge_id"), code).Refused(401, "unauthenticated")

		// It confirms, and then disables itself: the code of the sign-in is spent, the one of the confirmation is its own.
		other.Call("DELETE", "/me/factors", nil).Refused(401, "confirmation_required")
		c = other.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": id}).Must(201)
		second := map[string]any{"type": "email", "challenge_id": c.Text("challenge_id"), "code": sent(t, h, member, 3)}
		other.Call("POST", "/auth/confirmation", map[string]any{"password": other.Password, "second_factor": second}).Must(200)
		other.Call("POST", "/auth/confirmation", map[string]any{"password": other.Password, "second_factor": second}).Refused(409, "code_already_used")
		other.Call("DELETE", "/me/factors", nil).Must(204)
		if s := other.Again(0).SignIn().Must(200).Text("status"); s != "signed_in" {
			t.Errorf("after disabling, sign-in answers %s", s)
		}
	})
}

func TestASentCodeExpiresAndASecondOneVoidsTheFirst(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		id := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(p, id, map[string]any{"code": sent(t, h, member, 1)})

		q := p.Again(0)
		q.SignIn().Must(200)
		first := challenge(q, map[string]any{"factor_id": id}).Must(201)
		challenge(q, map[string]any{"factor_id": id}).Refused(429, "resend_too_soon")
		h.Clock.Advance(31 * time.Second)
		second := challenge(q, map[string]any{"factor_id": id}).Must(201)
		answer(q, "email", first.Text("challenge_id"), sent(t, h, member, 2)).Refused(410, "code_expired")
		h.Clock.Advance(31 * time.Second)
		challenge(q, map[string]any{"factor_id": id}).Refused(429, "resend_too_soon") // the wait has grown
		answer(q, "email", second.Text("challenge_id"), sent(t, h, member, 3)).Must(200)

		late := p.Again(0)
		late.SignIn().Must(200)
		c := challenge(late, map[string]any{"factor_id": id}).Must(201)
		code := sent(t, h, member, 4)
		h.Clock.Advance(10*time.Minute + time.Second)
		if a := answer(late, "email", c.Text("challenge_id"), code); a.Status == 200 {
			t.Error("a code of ten minutes ago opens the door")
		}
	})
}

func TestAnSMSCodeGoesToTheNumberOrToTheVerifiedBackupNumber(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		p.Call("POST", "/me/factors", map[string]any{"type": "sms"}).Refused(422, "validation_failed")
		p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": "0151 55501234"}).Refused(422, "validation_failed")
		p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobile, "backup_phone_number": mobile}).Refused(409, "same_number")
		e := p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobile, "backup_phone_number": backup}).Must(201)
		id := e.Text("factor.id")
		okay(p, id, map[string]any{"code": sent(t, h, mobile, 1)})

		q := p.Again(1)
		factors := q.SignIn().Must(200)
		if hint := factors.Text("factors.0.backup_hint"); hint != "" {
			t.Errorf("a backup number that nobody has verified is offered: %s", hint)
		}
		challenge(q, map[string]any{"factor_id": id, "to_backup": true}).Refused(409, "no_backup_number")
		c := challenge(q, map[string]any{"factor_id": id}).Must(201)
		answer(q, "sms", c.Text("challenge_id"), sent(t, h, mobile, 2)).Must(200)

		var phone string
		for _, item := range q.Call("GET", "/me/phones", nil).Must(200).Value("items").([]any) {
			if m := item.(map[string]any); m["kind"] == "backup" {
				phone = m["id"].(string)
			}
		}
		q.Call("POST", "/me/phones/"+phone+"/challenges", nil).Must(201)
		q.Call("POST", "/me/phones/"+phone+"/verify", map[string]any{"code": sent(t, h, backup, 1)}).Must(200)

		r := p.Again(0)
		if hint := r.SignIn().Must(200).Text("factors.0.backup_hint"); hint == "" {
			t.Fatal("the verified backup number is not offered")
		}
		c = challenge(r, map[string]any{"factor_id": id, "to_backup": true}).Must(201)
		answer(r, "sms", c.Text("challenge_id"), sent(t, h, backup, 2)).Must(200)
		if got := r.Call("GET", "/me", nil).Must(200).Text("two_factor.assurance"); got != "aal2" {
			t.Errorf("an SMS code is called %s", got)
		}
	})
}

// phoneOf is the id of a person's number of one kind; "" where there is none.
func phoneOf(p *whole.Person, kind string) string {
	p.Client.T.Helper()
	list := p.Call("GET", "/me/phones", nil).Must(200)
	for i, k := range list.Texts("items", "kind") {
		if k == kind {
			return list.Texts("items", "id")[i]
		}
	}
	return ""
}

func TestAVerifiedNumberBecomesASecondFactorWithoutASecondCode(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		begin := func(more map[string]any) whole.Answer {
			body := map[string]any{"type": "sms"}
			for k, v := range more {
				body[k] = v
			}
			return p.Call("POST", "/me/factors", body)
		}
		id := p.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobile}).Must(201).Text("phone.id")
		begin(map[string]any{"phone_id": id}).Refused(422, "validation_failed") // nobody has verified it
		p.Call("POST", "/me/phones/"+id+"/verify", map[string]any{"code": sent(t, h, mobile, 1)}).Must(200)
		begin(map[string]any{"phone_id": id, "phone_number": mobile}).Refused(422, "validation_failed")
		begin(map[string]any{"phone_id": "01938c7e-0000-7000-8000-000000000001"}).Refused(422, "validation_failed")
		stranger := h.Person("contractor@acme.test").In().ConfirmPassword()
		stranger.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_id": id}).Refused(422, "validation_failed")

		// A dialog that was closed leaves the number where it was.
		given := begin(map[string]any{"phone_id": id}).Must(201)
		p.Call("DELETE", "/me/factors/"+given.Text("factor.id"), nil).Refused(404, "not_found") // it is no factor yet
		p.Call("DELETE", "/me/factors/"+given.Text("factor.id")+"/enrolment", nil).Must(204)
		made := begin(map[string]any{"phone_id": id}).Must(201)
		if made.Text("factor.status") != "verified" || made.Value("challenge") != nil || len(made.Texts("recovery_codes")) != 10 {
			t.Errorf("a number that was verified a moment ago: %s", made.Body)
		}
		if s := p.Again(1).SignIn().Must(200).Text("status"); s != "signed_in" {
			t.Errorf("before Okay, sign-in answers %s", s)
		}
		factorID := made.Text("factor.id")
		p.Keep(p.Call("POST", "/me/factors/"+factorID+"/activate", nil).Must(200))
		if used := p.Call("GET", "/me/phones", nil).Must(200); used.Text("items.0.factor_id") != factorID {
			t.Errorf("the number does not say which factor uses it: %s", used.Body)
		}
		p.ConfirmPassword().Call("DELETE", "/me/phones/"+id, nil).Refused(401, "confirmation_required")
		q := p.Again(0)
		q.SignIn().Must(200)
		c := challenge(q, map[string]any{"factor_id": factorID}).Must(201)
		answer(q, "sms", c.Text("challenge_id"), sent(t, h, mobile, 2)).Must(200)
		h.Clock.Advance(time.Minute)
		c = q.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": factorID}).Must(201)
		second := map[string]any{"type": "sms", "challenge_id": c.Text("challenge_id"), "code": sent(t, h, mobile, 3)}
		q.Call("POST", "/auth/confirmation", map[string]any{"password": q.Password, "second_factor": second}).Must(200)
		q.Call("DELETE", "/me/phones/"+id, nil).Refused(409, "phone_in_use")

		// A number that takes its place takes the factor's place too, and after ten minutes it is asked once more.
		other := q.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": backup}).Must(201).Text("phone.id")
		q.Call("POST", "/me/phones/"+other+"/verify", map[string]any{"code": sent(t, h, backup, 1)}).Must(200)
		h.Clock.Advance(11 * time.Minute)
		q.RefreshNow().Must(200)
		c = q.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": factorID}).Must(201)
		second = map[string]any{"type": "sms", "challenge_id": c.Text("challenge_id"), "code": sent(t, h, mobile, 4)}
		q.Call("POST", "/auth/confirmation", map[string]any{"password": q.Password, "second_factor": second}).Must(200)
		late := q.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_id": other, "replaces": factorID}).Must(201)
		if late.Text("factor.status") != "pending" || late.Text("challenge.sent_to") == "" || len(late.Texts("recovery_codes")) != 0 {
			t.Errorf("a number that was verified long ago: %s", late.Body)
		}
		okay(q, late.Text("factor.id"), map[string]any{"code": sent(t, h, backup, 2)})
		if left := q.Call("GET", "/me/phones", nil).Must(200); len(left.Texts("items", "id")) != 1 || phoneOf(q, "mobile") != other {
			t.Errorf("after the replacement there are %s", left.Body)
		}
	})
}

func TestAPasskeyEnrolsAndSignsInAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		e := p.Call("POST", "/me/factors", map[string]any{"type": "passkey", "name": "Blue key"}).Must(201)
		id := e.Text("factor.id")
		key := whole.NewPasskey(t, "http://localhost:0")
		stranger := whole.NewPasskey(t, "http://evil.test")
		p.Call("POST", "/me/factors/"+id+"/verify", map[string]any{"credential": stranger.Create(e.Value("passkey_options"))}).Refused(422, "passkey_refused")
		p.Call("POST", "/me/factors/"+id+"/verify", map[string]any{"code": "123456"}).Refused(422, "validation_failed")
		okay(p, id, map[string]any{"credential": key.Create(e.Value("passkey_options"))})

		q := p.Again(1)
		q.SignIn().Must(200)
		c := challenge(q, map[string]any{"factor_id": id}).Must(201)
		show := func(who *whole.Person, c whole.Answer, credential map[string]any) whole.Answer {
			return who.Keep(who.Call("POST", "/auth/second-factor", map[string]any{"type": "passkey", "challenge_id": c.Text("challenge_id"), "credential": credential}))
		}
		options := c.Value("passkey_options")
		wrongOrigin := *key
		wrongOrigin.Origin = "http://evil.test"
		show(q, c, wrongOrigin.Get(options)).Refused(401, "invalid_code")
		forged := key.Get(options)
		forged["response"].(map[string]any)["signature"] = stranger.Create(e.Value("passkey_options"))["response"].(map[string]any)["attestationObject"]
		show(q, c, forged).Refused(401, "invalid_code")
		swapped := key.Get(options)
		swapped["rawId"] = "AAAAAAAAAAAAAAAAAAAAAA" // id is not rawId
		show(q, c, swapped).Refused(401, "invalid_code")
		good := key.Get(options)
		show(q, c, good).Must(200)
		if got := q.Call("GET", "/me", nil).Must(200).Text("two_factor.assurance"); got != "aal2-phr" {
			t.Errorf("a passkey is called %s", got)
		}

		r := p.Again(0)
		r.SignIn().Must(200)
		c = challenge(r, map[string]any{"factor_id": id}).Must(201)
		show(r, c, good).Refused(401, "invalid_code") // the answer to another challenge
		key.Count = 0                                 // a counter that goes back: a clone
		show(r, c, key.Get(c.Value("passkey_options"))).Refused(401, "invalid_code")
	})
}

func TestAFactorIsReplacedInPlaceAndTheOldOneCountsUntilThen(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Enforce(account, acme, nil).Must(200)
		h.Clock.Advance(time.Minute)
		o.Confirm()
		old := o.App
		e := o.Call("POST", "/me/factors", map[string]any{"type": "totp", "name": "New phone", "replaces": old.FactorID}).Must(201)
		if s := o.Again(0).SignIn().Must(200); s.Text("factors.0.id") != old.FactorID {
			t.Errorf("while the new one is pending, sign-in asks for %s", s.Body)
		}
		next := whole.AuthenticatorOf(h, e.Text("factor.id"), e.Text("totp.secret"))
		okay(o, next.FactorID, map[string]any{"code": next.Next()})
		items := o.Call("GET", "/me/factors", nil).Must(200).Value("items").([]any)
		if len(items) != 1 || items[0].(map[string]any)["id"] != next.FactorID || items[0].(map[string]any)["default"] != true {
			t.Errorf("after the replacement there is %v", items)
		}
		// What the rules do not accept does not take its place.
		h.Clock.Advance(time.Minute)
		o.App = next
		o.Confirm().Enforce(account, acme, map[string]any{"minimum_strength": "no_email"}).Must(200)
		o.Call("POST", "/me/factors", map[string]any{"type": "email", "replaces": next.FactorID}).Refused(409, "second_factor_enforced")
		o.Call("DELETE", "/me/factors/"+next.FactorID, nil).Refused(409, "second_factor_enforced")
		o.Call("DELETE", "/me/factors", nil).Refused(409, "second_factor_enforced")
	})
}

func TestAWeakFactorIsProvenBeforeAStrongerOneIsEnrolled(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		m := h.Person(member).In().ConfirmPassword()
		id := m.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(m, id, map[string]any{"code": sent(t, h, member, 1)})
		o.Confirm().Enforce(o.Account(acme), acme, map[string]any{"minimum_strength": "no_email"}).Must(200)

		q := m.Again(1)
		if s := q.SignIn().Must(200).Text("status"); s != "second_factor_required" {
			t.Fatalf("with the password alone the next door is %s", s)
		}
		c := challenge(q, map[string]any{"factor_id": id}).Must(201)
		answer(q, "email", c.Text("challenge_id"), sent(t, h, member, 2)).Must(200)
		q.Call("GET", "/accounts", nil).Refused(403, "enrolment_due")
		a := q.RefreshNow().Must(200)
		if a.Text("status") != "enrolment_required" {
			t.Fatalf("the refresh answers %s", a.Body)
		}
		q.Call("POST", "/me/factors", map[string]any{"type": "email"}).Refused(409, "method_not_accepted")
		q.Enrol()
		q.Call("GET", "/accounts", nil).Must(200)
	})
}

func TestAnAPITokenActsWithinItsScopesWhileItsOwnerMeetsTheRules(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		m := h.Person(member).In()
		account := m.Account(acme)
		m.Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}}).Refused(401, "confirmation_required")
		m.ConfirmPassword()
		made := m.Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}, "expires_in_days": 30}).Must(201)
		token, api := made.Text("token"), h.At(1)
		services := "/accounts/" + account + "/services"
		api.Call("GET", services, token, nil).Must(200)
		api.Call("GET", "/accounts", token, nil).Refused(403, "insufficient_scope")
		api.Call("POST", "/accounts/"+account+"/cart/items", token, map[string]any{"product_id": "vps-2", "quantity": 1}).Refused(403, "insufficient_scope")
		api.Call("GET", "/me/factors", token, nil).Refused(403, "insufficient_scope")
		api.Call("GET", services, token[:len(token)-1]+"x", nil).Refused(401, "unauthenticated")

		o := h.Person(owner).Protected()
		o.Confirm().Enforce(account, acme, nil).Must(200)
		h.Eventually("the token stops", func() bool { return api.Call("GET", services, token, nil).Is(403, "enrolment_due") })
		h.Clock.Advance(time.Minute)
		o.Confirm().Enforce(account, acme, map[string]any{"api_tokens": "keep"}).Must(200)
		h.Eventually("the token is kept", func() bool { return api.Call("GET", services, token, nil).Status == 200 })
		h.Clock.Advance(time.Minute)
		o.Confirm().Lift(account, acme).Must(200)

		m.In()
		m.Call("DELETE", "/me/api-tokens/"+made.Text("id"), nil).Must(204)
		h.Eventually("the token is revoked", func() bool { return api.Call("GET", services, token, nil).Is(401, "unauthenticated") })
		m.ConfirmPassword()
		short := m.Call("POST", "/me/api-tokens", map[string]any{"name": "Short", "scopes": []string{"portal:read"}, "expires_in_days": 1}).Must(201).Text("token")
		h.Clock.Advance(24*time.Hour + time.Second)
		api.Call("GET", services, short, nil).Refused(401, "unauthenticated")
	})
}
