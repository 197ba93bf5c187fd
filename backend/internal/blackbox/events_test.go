package blackbox_test

import (
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestAnOpenTabHearsOfItsOwnPersonAndOfNobodyElse(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		m, c := h.Person(member).In(), h.Person(contractor).In()
		account := m.Account(acme)
		mine, other := h.At(1).Listen(m.Access), h.At(1).Listen(c.Access)
		items := "/accounts/" + account + "/cart/items"
		m.Call("POST", items, map[string]any{"product_id": "vps-2", "quantity": 1}).Must(201)
		if e := mine.Wait("cart_changed"); e.Data["account_id"] != account || len(e.Data) != 1 {
			t.Errorf("the tab is told %v", e.Data)
		}
		// What the other tab hears first is about its own person: nothing of the cart came before it.
		c.Call("POST", items, map[string]any{"product_id": "vps-2", "quantity": 1}).Must(201)
		other.Wait("cart_changed")
		c.Call("POST", "/auth/sign-out", nil).Must(204)
		if e := other.Next(); e.Name != "session_ended" {
			t.Errorf("the other tab hears of %s", e.Name)
		}
		other.End()
		m.Call("GET", "/me", nil).Must(200)
	})
}

func TestWhoStandsBetweenTheDoorsHearsThatARuleWasLiftedAndNothingOfTheCart(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Enforce(account, acme, nil).Must(200)
		m := h.Person(member)
		m.SignIn().Must(200)
		window := h.At(1).Listen(m.Partial)
		o.Call("POST", "/accounts/"+account+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}).Must(201)
		o.Lift(account, acme).Must(200)
		if e := window.Next(); e.Name != "standing_changed" || e.Data["state"] != "clear" {
			t.Errorf("the window hears %s %v", e.Name, e.Data)
		}
		m.Call("GET", "/accounts", nil).Refused(401, "partial_token") // it must sign in all the same
	})
}

func TestAnOpenPageHearsWhatAnotherOwnerHasMadeOfTheAccount(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		at, number := "/accounts/"+account, map[string]any{"account_number": acme}
		second := o.Confirm().Join(account, "second@acme.test", "owner").Protected()
		o.Confirm().Call("POST", at+"/incident", number).Must(200)
		second.In() // the incident has ended every other session
		page := h.At(1).Listen(second.Access)
		stranger := h.At(1).Listen(h.Person("owner@blue.test").In().Access)
		window := h.Person(member)
		window.SignIn().Must(200)
		shut := h.At(1).Listen(window.Partial)

		hears := func(what string, change func() whole.Answer) {
			t.Helper()
			began := time.Now()
			change().Must(200)
			e := page.Wait("account_changed")
			if e.Data["account_id"] != account || len(e.Data) != 1 || e.At.Sub(began) > promptly {
				t.Errorf("%s: after %v the page is told %v", what, e.At.Sub(began), e.Data)
			}
		}
		hears("the incident is over", func() whole.Answer { return o.Call("POST", at+"/incident/end", number) })
		hears("enforced", func() whole.Answer { return o.Enforce(account, acme, map[string]any{"grace_days": 14}) })
		hears("another strength", func() whole.Answer {
			return o.Enforce(account, acme, map[string]any{"keep_deadline": true, "minimum_strength": "no_email"})
		})
		hears("another deadline", func() whole.Answer {
			return o.Enforce(account, acme, map[string]any{"grace_days": 7, "minimum_strength": "no_email"})
		})
		hears("another name", func() whole.Answer { return o.Call("PATCH", at, map[string]any{"name": "Acme & Co"}) })
		hears("lifted", func() whole.Answer { return o.Lift(account, acme) })
		hears("another role", func() whole.Answer {
			return o.Call("PATCH", at+"/members/"+second.Self(), map[string]any{"role": "admin"})
		})

		// Nobody else hears of it: neither whoever does not belong to the account, nor whoever has not passed the second door.
		its := h.Person("owner@blue.test").In()
		its.Call("POST", "/accounts/"+its.Account(blue)+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}).Must(201)
		if e := stranger.Next(); e.Name != "cart_changed" {
			t.Errorf("a stranger is told %s %v", e.Name, e.Data)
		}
		if e := shut.Next(); e.Name != "standing_changed" {
			t.Errorf("whoever stands between the doors is told %s %v", e.Name, e.Data)
		}
	})
}
