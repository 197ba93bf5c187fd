package blackbox_test

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// keyed is a header with an Idempotency-Key.
func keyed(key string) http.Header { return http.Header{"Idempotency-Key": {key}} }

func TestALostAnswerOfAnEnrolmentCanBeHadAgainUntilTheNextStep(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		_, m, thief := obligedMember(t, h, nil)
		app := m.Begin()
		path := "/me/factors/" + app.FactorID
		verify := whole.Request{Method: "POST", Path: path + "/verify", Body: map[string]any{"code": app.Next()}, Header: keyed("verify-once-0001")}
		first := m.Send(verify).Must(200)
		m.Client = h.At(1) // the other replica answers as well
		if again := m.Send(verify).Must(200); string(again.Body) != string(first.Body) || len(again.Texts("recovery_codes")) != 10 {
			t.Errorf("asked again it answers %s, and first %s", again.Body, first.Body)
		}
		other := verify
		other.Body = map[string]any{"code": app.At(app.Step() + 1)}
		m.Send(other).Refused(422, "idempotency_key_reused")
		stolen := *m
		stolen.Enrolments = nil // the partial token and the key, without the token of the enrolment
		if a := stolen.Send(verify); a.Status < 400 || len(a.Texts("recovery_codes")) > 0 {
			t.Errorf("without the enrolment's token: %d %s", a.Status, a.Body)
		}
		thief.Enrolments = m.Enrolments
		thief.Send(verify).Refused(404, "not_found") // in another sign-in it is another request

		partial := m.Partial
		activate := whole.Request{Method: "POST", Path: path + "/activate", Token: partial, Header: keyed("activate-once-0001")}
		opened := m.Send(activate).Must(200)
		again := m.Send(activate).Must(200) // the partial token has ended by this success
		if string(again.Body) != string(opened.Body) {
			t.Errorf("asked again it answers %s, and first %s", again.Body, opened.Body)
		}
		h.Eventually("the other replica knows of the factor", func() bool {
			return h.At(0).Call("GET", "/accounts", again.Text("session.access_token"), nil).Status == 200
		})
		h.At(0).Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": again.Text("session.refresh_token")}).Must(200)
		for _, a := range []whole.Answer{m.Client.Call("POST", path+"/activate", partial, nil), m.Client.Call("GET", "/me", partial, nil)} {
			a.Refused(401, "unauthenticated")
		}
		verify.Token = partial
		if a := m.Send(verify); a.Status < 400 {
			t.Errorf("after the next step the codes are shown again: %s", a.Body)
		}
	})
}

func TestWhatIsAskedForTwiceWithOneKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In()
		account := o.Account(acme)
		o.ConfirmPassword()
		made := map[string]struct {
			path string
			body map[string]any
		}{
			"createAccount":    {"/accounts", map[string]any{"name": "Acme Labs"}},
			"createApiToken":   {"/me/api-tokens", map[string]any{"name": "script", "scopes": []string{"account:read"}}},
			"createInvitation": {"/accounts/" + account + "/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}},
		}
		for _, op := range h.Contract.Operations { // an operation that takes a key is held to this the day it is born
			if _, here := made[op.ID]; op.Idempotency != here && op.ID != "verifyFactor" && op.ID != "activateFactor" {
				t.Errorf("%s takes a key, and this test does not ask it twice", op.ID)
			}
		}
		for what, make := range made {
			before := len(o.Call("GET", make.path, nil).Must(200).Texts("items", "id"))
			r := whole.Request{Method: "POST", Path: make.path, Body: make.body, Header: keyed("make-it-once-" + what)}
			var together sync.WaitGroup
			answers := make8(func(i int) whole.Answer {
				p := *o
				p.Client = h.At(i)
				return p.Send(r)
			}, &together)
			var bodies []string
			for _, a := range answers {
				switch {
				case a.Status == 201:
					bodies = append(bodies, string(a.Body))
				case !a.Is(409, "idempotency_in_flight"):
					t.Errorf("%s: %d %s", what, a.Status, a.Body)
				}
			}
			if bodies = slices.Compact(slices.Sorted(slices.Values(bodies))); len(bodies) != 1 {
				t.Errorf("%s is answered in %d ways", what, len(bodies))
			}
			for replica := range 2 { // afterwards the same, from every replica
				o.Client = h.At(replica)
				if a := o.Send(r).Must(201); !slices.Contains(bodies, string(a.Body)) {
					t.Errorf("%s is answered %s, and first %v", what, a.Body, bodies)
				}
			}
			if after := len(o.Call("GET", make.path, nil).Must(200).Texts("items", "id")); after != before+1 {
				t.Errorf("%s is there %d times", what, after-before)
			}
			r.Body = map[string]any{}
			for field, value := range make.body {
				r.Body.(map[string]any)[field] = value
			}
			for _, field := range []string{"name", "role"} {
				if r.Body.(map[string]any)[field] != nil {
					r.Body.(map[string]any)[field] = "admin"
				}
			}
			o.Send(r).Refused(422, "idempotency_key_reused")
		}
		// A key is one of a session, and forgets after a day.
		h.Clock.Advance(24*time.Hour + time.Minute)
		o.RefreshNow().Must(200)
		o.Send(whole.Request{Method: "POST", Path: "/accounts", Body: map[string]any{"name": "Acme Labs"}, Header: keyed("make-it-once-createAccount")}).Must(201)
		// What was refused has not happened: the same key may try again.
		r := whole.Request{Method: "POST", Path: "/me/api-tokens", Body: map[string]any{"name": "second", "scopes": []string{"portal:read"}}, Header: keyed("refused-at-first")}
		o.Confirmation = ""
		o.Send(r).Refused(401, "confirmation_required")
		o.ConfirmPassword().Send(r).Must(201)
		o.Send(whole.Request{Method: "POST", Path: "/accounts", Body: map[string]any{"name": "Acme Labs"}, Header: keyed("short")}).Refused(422, "validation_failed")
	})
}

// make8 makes eight calls at once.
func make8(call func(i int) whole.Answer, together *sync.WaitGroup) []whole.Answer {
	answers := make([]whole.Answer, 8)
	for i := range answers {
		together.Go(func() { answers[i] = call(i) })
	}
	together.Wait()
	return answers
}

func TestASignInBetweenTheDoorsIsResumed(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		p.SignIn().Must(200)
		resume := func(token string) whole.Answer {
			return h.At(1).Call("POST", "/auth/resume", "", map[string]any{"resume_token": token})
		}
		h.Clock.Advance(10*time.Minute + time.Second) // the partial token is over, the sign-in is not
		p.Client.Call("GET", "/me", p.Partial, nil).Refused(401, "unauthenticated")
		a := resume(p.Resume).Must(200)
		if a.Text("status") != "second_factor_required" || len(a.Texts("factors", "id")) != 1 || a.Text("session.access_token") != "" {
			t.Fatalf("resumed, it stands at %s", a.Body)
		}
		p.Keep(a)
		opened := p.Answer(p.App.Next()).Must(200)
		if opened.Text("confirmation_token") != "" {
			t.Error("what was shown ten minutes ago confirms")
		}
		resume(a.Text("resume_token")).Refused(401, "unauthenticated") // it has come to its end
		for _, token := range []string{"nonsense", p.Refresh, a.Text("resume_token") + "x"} {
			resume(token).Refused(401, "unauthenticated")
		}

		p.SignIn().Must(200)
		old := p.Resume
		h.Clock.Advance(29 * time.Minute)
		if a := resume(old).Must(200); a.Number("expires_in") > 60 {
			t.Errorf("a partial token lives longer than its sign-in: %s", a.Body)
		}
		h.Clock.Advance(time.Minute)
		resume(old).Refused(401, "unauthenticated")

		p.SignIn().Must(200)
		old = p.Resume
		other := p.Again(1).In()
		other.Confirm().Call("PUT", "/me/password", map[string]any{"password": "another horse battery staple"}).Must(204)
		resume(old).Refused(401, "unauthenticated")
	})
}

func TestAnEnrolmentGoesOnAfterAReload(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		// A refresh in the middle hands it on: what a session has begun, the sign-in goes on with that a rule sends it back to.
		blueOwner := h.Person("owner@blue.test").Protected()
		c := h.Person(contractor).In().ConfirmPassword()
		app := c.Begin()
		members := blueOwner.Confirm().Call("GET", "/accounts/"+blueOwner.Account(blue)+"/members", nil).Must(200)
		who := members.Texts("items", "user_id")[slices.Index(members.Texts("items", "email"), contractor)]
		blueOwner.Call("PATCH", "/accounts/"+blueOwner.Account(blue)+"/members/"+who, map[string]any{"two_factor_required": true}).Must(200)
		h.Eventually("the person is due", func() bool { return c.Call("GET", "/accounts", nil).Is(403, "enrolment_due") })
		if a := c.RefreshNow().Must(200); a.Text("status") != "enrolment_required" {
			t.Fatalf("the refresh answers %s", a.Body)
		}
		if a := c.Call("GET", "/me/factors/"+app.FactorID+"/enrolment", nil).Must(200); a.Text("totp.secret") != app.Secret {
			t.Errorf("after the refresh the enrolment is %s", a.Body)
		}
		okay(c, app.FactorID, map[string]any{"code": app.Next()})
		c.Call("GET", "/accounts", nil).Must(200)

		_, m, _ := obligedMember(t, h, nil)
		begun := m.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Must(201)
		path := "/me/factors/" + begun.Text("factor.id") + "/enrolment"
		m.Keep(h.At(1).Call("POST", "/auth/resume", "", map[string]any{"resume_token": m.Resume}).Must(200))
		again := m.Call("GET", path, nil).Must(200)
		if again.Text("totp.secret") != begun.Text("totp.secret") || again.Text("totp.qr_svg") != begun.Text("totp.qr_svg") || again.Text("enrolment_token") != "" {
			t.Errorf("after a reload the enrolment is %s", again.Body)
		}
		app = whole.AuthenticatorOf(h, begun.Text("factor.id"), begun.Text("totp.secret"))
		m.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Next()}).Must(200)
		if again := m.Call("GET", path, nil).Must(200); again.Text("totp.secret") != "" || again.Text("factor.status") != "verified" {
			t.Errorf("a secret that is verified is shown: %s", again.Body)
		}
		m.Keep(m.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
		m.Call("GET", path, nil).Refused(404, "not_found")
	})
}
