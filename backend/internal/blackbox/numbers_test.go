package blackbox_test

import (
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// A number is its person's, and not the factor's that sends codes to it: it stays when that factor is disabled, taken off or
// replaced by another method, and goes when its person deletes it or gives another one.
func TestANumberStaysItsPersonsWhenTheFactorThatSentCodesToItGoes(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In().ConfirmPassword()
		texts := 0
		text := func() map[string]any {
			texts++
			return map[string]any{"code": sent(t, h, mobile, texts)}
		}
		enrol := func(more map[string]any) string {
			t.Helper()
			body := map[string]any{"type": "sms", "phone_number": mobile}
			for k, v := range more {
				body[k] = v
			}
			id := p.Call("POST", "/me/factors", body).Must(201).Text("factor.id")
			okay(p, id, text())
			return id
		}
		confirm := func(factorID string) {
			t.Helper()
			h.Clock.Advance(2 * time.Minute)
			c := p.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": factorID}).Must(201)
			second := map[string]any{"type": "sms", "challenge_id": c.Text("challenge_id"), "code": text()["code"]}
			p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": second}).Must(200)
		}
		still := func(what string) {
			t.Helper()
			list := p.Call("GET", "/me/phones", nil).Must(200)
			if len(list.Texts("items", "id")) != 1 || list.Text("items.0.kind") != "mobile" || list.Value("items.0.verified") != true || list.Value("items.0.factor_id") != nil {
				t.Errorf("%s: the numbers are %s", what, list.Body)
			}
		}

		confirm(enrol(nil))
		p.Call("DELETE", "/me/factors", nil).Must(204)
		still("two-factor authentication is disabled")

		// The same number is enrolled anew, and is one number.
		h.Clock.Advance(time.Hour)
		p.RefreshNow().Must(200)
		p.ConfirmPassword()
		id := enrol(nil)
		if n := len(p.Call("GET", "/me/phones", nil).Must(200).Texts("items", "id")); n != 1 {
			t.Errorf("the same number is there %d times", n)
		}
		confirm(id)
		app := p.Call("POST", "/me/factors", map[string]any{"type": "email", "replaces": id}).Must(201).Text("factor.id")
		okay(p, app, map[string]any{"code": sent(t, h, member, 1)})
		still("another method has taken the factor's place")

		// Its person deletes it, and nobody else does.
		h.Clock.Advance(2 * time.Minute)
		c := p.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": app}).Must(201)
		second := map[string]any{"type": "email", "challenge_id": c.Text("challenge_id"), "code": sent(t, h, member, 2)}
		p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": second}).Must(200)
		p.Call("DELETE", "/me/phones/"+phoneOf(p, "mobile"), nil).Must(204)
		if left := p.Call("GET", "/me/phones", nil).Must(200); len(left.Texts("items", "id")) != 0 {
			t.Errorf("what was deleted is there: %s", left.Body)
		}
	})
}
