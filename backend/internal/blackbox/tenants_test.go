package blackbox_test

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

// anonymous is an answer without what differs from request to request.
func anonymous(a whole.Answer) string {
	return string(bytes.ReplaceAll(a.Body, []byte(a.Header.Get("X-Request-Id")), nil))
}

func TestAnotherAccountIsAnsweredLikeOneThatIsNowhere(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o, stranger := h.Person(owner).Protected().Confirm(), h.Person("owner@blue.test").Protected()
		theirs, own := o.Account(acme), stranger.Account(blue)
		invited := o.Call("POST", "/accounts/"+theirs+"/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}).Must(201).Text("id")
		item := o.Call("POST", "/accounts/"+theirs+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}).Must(201).Text("items.0.id")
		memberID := o.Call("GET", "/accounts/"+theirs+"/members", nil).Must(200).Text("items.0.user_id")
		stranger.Confirm()
		inside := map[string]string{"{user_id}": memberID, "{invitation_id}": invited, "{item_id}": item}
		for _, op := range h.Contract.Operations {
			if !strings.Contains(op.Served(), "{account_id}") {
				continue
			}
			call := func(accountID string, ids map[string]string) whole.Answer {
				t.Helper()
				path := strings.Replace(op.Served(), "{account_id}", accountID, 1)
				for name, id := range ids {
					path = strings.Replace(path, name, id, 1)
				}
				if op.ID == "search" {
					path += "?q=a"
				}
				path = concrete(path, "")
				if body := op.Example(); body != nil {
					return stranger.Call(op.Method, path, body)
				}
				return stranger.Call(op.Method, path, nil)
			}
			nowhere := call(uuid.NewString(), nil)
			if !nowhere.Is(404, "not_found") {
				t.Errorf("%s in an account that is nowhere: %d %s", op.ID, nowhere.Status, nowhere.Body)
			}
			for what, a := range map[string]whole.Answer{
				"in another account": call(theirs, inside), "in another account, with its name written otherwise": call(strings.ToUpper(theirs), inside),
			} {
				if a.Status != nowhere.Status || anonymous(a) != anonymous(nowhere) {
					t.Errorf("%s %s: %d %s", op.ID, what, a.Status, a.Body)
				}
			}
			// What belongs to another account is not reached through one's own either.
			if strings.Count(op.Served(), "{") > 1 {
				if a := call(own, inside); !a.Is(404, "not_found") {
					t.Errorf("%s of another account through one's own: %d %s", op.ID, a.Status, a.Body)
				}
			}
		}
		if n := o.Call("GET", "/accounts/"+theirs+"/cart", nil).Must(200).Number("count"); n != 1 {
			t.Errorf("a stranger has changed the cart: %d", n)
		}
		// A colleague has a cart of their own in the same account.
		colleague := h.Person(member).In()
		colleague.Call("DELETE", "/accounts/"+theirs+"/cart/items/"+item, nil).Refused(404, "not_found")
		colleague.Call("PATCH", "/accounts/"+theirs+"/cart/items/"+item, map[string]any{"quantity": 2}).Refused(404, "not_found")
		if n := colleague.Call("GET", "/accounts/"+theirs+"/cart", nil).Must(200).Number("count"); n != 0 {
			t.Errorf("a colleague's cart holds %d", n)
		}
	})
}

func TestWhatIsPersonalIsNowhereForAnotherPerson(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p, stranger := h.Person(owner).Protected(), h.Person(admin).Protected()
		p.Confirm()
		stranger.Confirm()
		_, tokenID := program(p, []string{"portal:read"})
		_, claims := whole.Claims(p.Access)
		mine := map[string]string{"{factor_id}": p.App.FactorID, "{session_id}": claims["sid"].(string), "{token_id}": tokenID}
		phone := p.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": "+4915155501234"})
		if phone.Status == 201 {
			mine["{phone_id}"], mine["{challenge_id}"] = phone.Text("phone.id"), phone.Text("challenge.challenge_id")
		}
		for _, op := range h.Contract.Operations {
			if !strings.Contains(op.Served(), "{") || strings.Contains(op.Served(), "{account_id}") || !op.Opens(contract.TokenFull) {
				continue
			}
			path := op.Served()
			for name, id := range mine {
				path = strings.Replace(path, name, id, 1)
			}
			var body any
			if example := op.Example(); example != nil {
				body = example
			}
			a, nowhere := stranger.Call(op.Method, concrete(path, ""), body), stranger.Call(op.Method, concrete(op.Served(), ""), body)
			if !a.Is(404, "not_found") || anonymous(a) != anonymous(nowhere) {
				t.Errorf("%s of another person: %d %s, of nobody: %d %s", op.ID, a.Status, a.Body, nowhere.Status, nowhere.Body)
			}
		}
		p.Call("GET", "/me/factors", nil).Must(200)
	})
}

// privileges are fields that decide something, and that some API somewhere has taken from a body where it should not.
var privileges = []string{"id", "role", "enforced", "two_factor_required", "account_id", "user_id", "status", "owner", "is_admin", "staff_role",
	"email_verified", "password_hash", "assurance", "acr", "amr", "factor_bits", "created_at", "disabled_at", "number", "price", "total", "default",
	"Role", "two_factor", "__proto__", "constructor", "enforced_by"}

func TestABodyWithAFieldTooManyIsRefusedAndTheFieldNamed(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p := h.Person(owner).Protected().Confirm()
	account := p.Account(acme)
	partial := secondDoor(p)
	for _, op := range h.Contract.Operations {
		if op.JSON() == nil {
			continue
		}
		example := op.Example()
		if example == nil {
			t.Errorf("%s takes a body, and the contract shows no example", op.ID)
			continue
		}
		token := p.Access
		if op.Open || !op.Opens(contract.TokenFull) {
			token = partial
		}
		for _, field := range privileges {
			if h.Contract.Knows(op, field) {
				continue
			}
			body := maps.Clone(example)
			body[field] = true
			a := h.At(0).Call(op.Method, concrete(op.Served(), account), token, body)
			if !a.Is(422, "validation_failed") || !slices.Contains(a.Texts("errors", "pointer"), "/"+field) {
				t.Errorf("%s with %s: %d %s", op.ID, field, a.Status, a.Body)
			}
		}
	}
}

func TestRolesDecideWhatAMemberMayDo(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		m, a := h.Person(member).In().Confirm(), h.Person(admin).In().Confirm()
		account := m.Account(acme)
		in := "/accounts/" + account
		list := m.Call("GET", in+"/members", nil).Must(200)
		for i, email := range list.Texts("items", "email") {
			if seen := list.Value("items." + string(rune('0'+i)) + ".two_factor"); (seen != nil) != (email == member) {
				t.Errorf("a member sees of %s: %v", email, seen)
			}
		}
		_, claims := whole.Claims(m.Access)
		self := in + "/members/" + claims["sub"].(string)
		m.Call("GET", in+"/members?two_factor=missing", nil).Refused(403, "admin_only")
		m.Call("GET", in+"/two-factor/preview", nil).Refused(403, "admin_only")
		m.Call("GET", in+"/invitations", nil).Refused(403, "admin_only")
		m.Call("POST", in+"/invitations", map[string]any{"email": "x@acme.test", "role": "member"}).Refused(403, "admin_only")
		m.Call("PATCH", in, map[string]any{"name": "Mine"}).Refused(403, "admin_only")
		for _, role := range []string{"owner", "admin", "billing"} {
			m.Call("PATCH", self, map[string]any{"role": role}).Refused(403, "admin_only")
		}
		_, claims = whole.Claims(a.Access)
		a.Call("PATCH", in+"/members/"+claims["sub"].(string), map[string]any{"role": "owner"}).Refused(403, "owner_only")
		a.Call("PATCH", self, map[string]any{"role": "owner"}).Refused(403, "owner_only")
		a.Call("POST", in+"/invitations", map[string]any{"email": "x@acme.test", "role": "owner"}).Refused(403, "owner_only")
		if role := m.Call("GET", in, nil).Must(200).Text("role"); role != "member" {
			t.Errorf("the member is %s by now", role)
		}
	})
}
