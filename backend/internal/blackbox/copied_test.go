package blackbox_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

// Whoever has copied a session holds its access token and its refresh token, and of a sign-in between the doors its partial token and the one
// that resumes it. They do not hold what stands beside it in the page: the token of a confirmation, and the one of an enrolment.

const (
	confirmationHeader = "Sallyport-Confirmation"
	enrolmentHeader    = "Sallyport-Enrolment"
)

// copies are what a copy can show instead of the token that it has not, by name: each is asked for when the original has its own.
func (f *flight) falseConfirmations(p *whole.Person) map[string]string {
	f.Helper()
	other := f.again() // signed in just now, with everything that the person has
	changed := []byte(p.Confirmation)
	if middle := len(changed) / 2; changed[middle] == 'A' {
		changed[middle] = 'B'
	} else {
		changed[middle] = 'A'
	}
	return map[string]string{
		"no token": "", "a word": "x", "a token that was changed": string(changed), "the confirmation of another session": other.Confirmation,
		"the refresh token": p.Refresh, "the access token": beginning(p.Access), "the confirmation of another person": f.owner().Confirmation,
	}
}

// beginning is as much of a token as these headers bear.
func beginning(token string) string { return token[:min(len(token), 512)] }

// how asks for one action of an operation whose confirmation depends on the body.
type how struct {
	before func(f *flight) // what must be so, by another hand
	in     map[string]string
	body   map[string]any
}

// actions are how each action is asked for. An action that is not here fails the test.
func (f *flight) actions() map[string]how {
	role := func(who, role string) how {
		return how{in: map[string]string{"user_id": who}, body: map[string]any{"role": role}}
	}
	released := func(who string) how {
		return how{in: map[string]string{"user_id": who}, body: map[string]any{"two_factor_required": false},
			before: func(f *flight) {
				f.sql("UPDATE members SET two_factor_required = TRUE, required_at = 1 WHERE user_id = $1", who)
			}}
	}
	removed := func(who string) how { return how{in: map[string]string{"user_id": who}} }
	enforced := func(f *flight) {
		f.person.Enforce(f.account, f.number, map[string]any{"minimum_strength": "no_email"}).Must(200)
	}
	rule := func(more map[string]any, before func(f *flight)) how {
		body := map[string]any{"account_number": f.number}
		maps.Copy(body, more)
		return how{body: body, before: before}
	}
	return map[string]how{
		"updateMember raise_role": role(f.friend, "admin"), "updateMember make_owner": role(f.friend, "owner"), "updateMember unmake_owner": role(f.boss, "admin"),
		"updateMember release_member": released(f.friend), "updateMember release_oneself": released(f.who),
		"removeMember leave": removed(f.who), "removeMember remove_member": removed(f.friend), "removeMember remove_owner": removed(f.boss),
		"putTwoFactor enforce_rule": rule(map[string]any{"enforced": true}, nil),
		"putTwoFactor loosen_rule":  rule(map[string]any{"enforced": true}, enforced),
		"putTwoFactor lift_rule":    rule(map[string]any{"enforced": false}, enforced),
	}
}

// sensitiveCalls are all that need a confirmation: each operation, or each action of it.
func sensitiveCalls(c *whole.Contract) map[string]*contract.Operation {
	all := map[string]*contract.Operation{}
	for _, op := range c.Operations {
		switch {
		case op.Always != "":
			all[op.ID] = op
		case op.Sensitive():
			for action := range op.Confirmation {
				all[op.ID+" "+action] = op
			}
		}
	}
	return all
}

func TestACopiedSessionDoesNothingThatMustBeConfirmed(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		a := newAirport(t, h)
		calls := sensitiveCalls(h.Contract)
		if len(calls) < 20 {
			t.Fatalf("only %d operations and actions need a confirmation", len(calls))
		}
		a.each(t, slices.Sorted(maps.Keys(calls)), func(f *flight, name string) {
			op := calls[name]
			p := f.in(f.person)
			f.enrolApp(p) // what the strong level asks for is asked of whoever has it
			var r whole.Request
			if op.Always != "" {
				r = f.request(op, f.prepare(op))
			} else {
				h, known := f.actions()[name]
				if !known {
					f.Fatalf("nobody has said how this is asked for: say it here")
				}
				if h.before != nil {
					h.before(f)
				}
				c := call{in: h.in}
				if h.body != nil {
					c.body = h.body
				}
				r = f.request(op, c)
			}
			confirmed := r.Header.Get(confirmationHeader)
			if confirmed == "" {
				f.Fatalf("the original has confirmed nothing")
			}
			instead := f.falseConfirmations(p)
			copied := func(what, token string) {
				f.Helper()
				for _, c := range []*whole.Client{f.here, f.there} {
					tried := r
					tried.Header = r.Header.Clone()
					tried.Header.Del("Idempotency-Key")
					if tried.Header.Del(confirmationHeader); token != "" {
						tried.Header.Set(confirmationHeader, token)
					}
					before := f.rows(f.db)
					if got := c.Send(tried); !got.Is(401, "confirmation_required") {
						f.Errorf("with %s it answers %d %s", what, got.Status, got.Body)
					}
					f.nothing(before)
				}
			}
			for _, what := range slices.Sorted(maps.Keys(instead)) {
				copied(what, instead[what])
			}
			// A copy that refreshes has what is newest, and still no confirmation.
			q := *p
			q.Confirmation = ""
			q.RefreshNow().Must(200)
			if q.Fresh != "" {
				f.Errorf("a refresh confirms")
			}
			r.Token, p.Access, p.Refresh = q.Access, q.Access, q.Refresh
			copied("what a refresh gives", "")
			if level := op.Level(action(name)); level != contract.Password {
				got := f.here.Send(whole.Request{Method: "POST", Path: "/auth/confirmation", Token: q.Access, Body: map[string]any{"password": p.Password}}).Must(200)
				copied("the password alone", got.Text("confirmation_token"))
			}
			if got := f.here.Send(r); got.Status < 200 || got.Status > 299 { // so that this can fail
				f.Errorf("with its confirmation it answers %d %s", got.Status, got.Body)
			}
		})
	})
}

func action(name string) string {
	_, action, _ := strings.Cut(name, " ")
	return action
}

// each runs f for each name, a few at once.
func (a *airport) each(t *testing.T, names []string, f func(f *flight, name string)) {
	t.Helper()
	a.some(t, names, false, f)
}

func (a *airport) some(t *testing.T, names []string, enforced bool, f func(f *flight, name string)) {
	t.Helper()
	var all sync.WaitGroup
	places := make(chan struct{}, atATime)
	for _, name := range names {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			fl := a.flight(t, name, enforced)
			defer fl.close()
			f(fl, name)
		})
	}
	all.Wait()
}

// firsts are what a copy does before it tries, or shows with its try: it gives the header that it shows.
var firsts = map[string]func(f *flight, copied *whole.Person, factorID string) string{
	"nothing":            func(*flight, *whole.Person, string) string { return "" },
	"a wrong token":      func(*flight, *whole.Person, string) string { return "x" },
	"its own bearer":     func(_ *flight, c *whole.Person, _ string) string { return beginning(c.Token()) },
	"the factor's name":  func(_ *flight, _ *whole.Person, factorID string) string { return factorID },
	"a look at the list": func(_ *flight, c *whole.Person, _ string) string { c.Call("GET", "/me/factors", nil); return "" },
	"a newer token of the same stay": func(f *flight, c *whole.Person, _ string) string {
		if c.Access != "" {
			c.RefreshNow().Must(200)
		} else {
			c.Keep(c.Client.Call("POST", "/auth/resume", "", map[string]any{"resume_token": c.Resume}).Must(200))
		}
		return ""
	},
	"the token of another enrolment": func(f *flight, c *whole.Person, _ string) string {
		// In a session only the original can have begun it; between the doors whoever stands there can.
		q := *c
		if q.Access != "" {
			q.Confirmation = f.person.Confirmation
		}
		return q.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Must(201).Text("enrolment_token")
	},
	"the token of an enrolment of another stay": func(f *flight, c *whole.Person, _ string) string {
		q := &whole.Person{House: f.h, Email: f.person.Email, Password: whole.Password, Client: f.there}
		if q.SignIn().Must(200); q.Access != "" {
			q.Confirmation = q.Fresh
		}
		return q.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Must(201).Text("enrolment_token")
	},
	"the confirmation of another session": func(f *flight, c *whole.Person, _ string) string {
		if c.Access != "" {
			c.Confirmation = f.again().Confirmation
		}
		return ""
	},
	"a confirmation of its own": func(f *flight, c *whole.Person, _ string) string { // with the password, which it may have too
		if c.Access != "" {
			c.ConfirmPassword()
		}
		return ""
	},
}

func TestACopyNeitherReadsNorFinishesNorCancelsAnOpenEnrolment(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		a := newAirport(t, h)
		for _, stay := range []string{"session", "enrolment"} {
			var names []string
			for _, op := range h.Contract.Operations {
				if op.Enrolment && op.Opens(map[string]contract.Token{"session": contract.TokenFull, "enrolment": contract.TokenEnrolment}[stay]) {
					names = append(names, op.ID+" from "+stay)
				}
			}
			if len(names) < 5 {
				t.Fatalf("only %d operations of an enrolment are known from %s", len(names), stay)
			}
			a.some(t, names, stay == "enrolment", func(f *flight, name string) {
				id, _, _ := strings.Cut(name, " ")
				op := h.Contract.Operations[slices.IndexFunc(h.Contract.Operations, func(op *contract.Operation) bool { return op.ID == id })]
				p := f.person
				if p.SignIn().Must(200); p.Access != "" {
					p.Confirmation = p.Fresh
				}
				c := f.prepare(op)
				factorID := c.in["factor_id"]
				original := f.request(op, c)
				if original.Header.Get(enrolmentHeader) == "" {
					f.Fatalf("the original has no token of its enrolment")
				}
				row := func() string {
					return fmt.Sprint(f.table(f.db, "SELECT * FROM factors WHERE id = $1", factorID), f.table(f.db, "SELECT * FROM code_sets WHERE user_id = $1", f.who))
				}
				before := row()
				for _, first := range slices.Sorted(maps.Keys(firsts)) {
					copied := *p
					copied.Confirmation, copied.Enrolments, copied.Fresh = "", nil, ""
					shown := firsts[first](f, &copied, factorID)
					p.Access, p.Refresh, p.Partial = copied.Access, copied.Refresh, copied.Partial // what is newest, for the next one
					for _, client := range []*whole.Client{f.here, f.there} {
						r := whole.Request{Method: original.Method, Path: original.Path, Body: original.Body, Token: copied.Token(), Header: http.Header{}}
						if shown != "" {
							r.Header.Set(enrolmentHeader, shown)
						}
						if copied.Confirmation != "" {
							r.Header.Set(confirmationHeader, copied.Confirmation)
						}
						if got := client.Send(r); !got.Is(404, "not_found") {
							f.Errorf("after %s it answers a copy %d %s", first, got.Status, got.Body)
						}
					}
					if now := row(); now != before {
						f.Errorf("after %s a copy has changed it:\n%s\n%s", first, before, now)
						before = now
					}
				}
				f.unspent()
				original.Token = p.Token()
				if got := f.here.Send(original); got.Status < 200 || got.Status > 299 { // so that this can fail
					f.Errorf("with its token it answers %d %s", got.Status, got.Body)
				}
			})
		}
	})
}
