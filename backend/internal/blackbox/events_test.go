package blackbox_test

import (
	"testing"

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
