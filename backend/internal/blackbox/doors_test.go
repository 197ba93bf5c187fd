package blackbox_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

// due is somebody who is held at the second door, with whatever they have got hold of.
type due struct {
	h        *whole.House
	account  string // of theirs, which enforces
	email    string
	kind     string // how a full token of theirs is held: second_factor_due or enrolment_due
	full     func() *whole.Person
	programs []string // API tokens of theirs from before
	scopes   []string
	next     string // what their sign-in answers

	held    []token
	things  []string // ids that an answer has named
	refresh string   // the session's refresh token
}

// begin gives them a full token from before they were due, and their API tokens.
func (d *due) begin() {
	session := d.full()
	d.held, d.things, d.refresh = nil, nil, session.Refresh
	d.hold(d.kind, session.Access, nil)
	for _, p := range d.programs {
		d.hold(d.kind, p, d.scopes)
	}
}

func (d *due) hold(kind, secret string, scopes []string) {
	d.held = append(d.held, token{name: kind, kind: kind, fresh: func() string { return secret }, account: d.account, scopes: scopes})
}

// body is one that the contract allows; at the first door, and where a refresh token is exchanged, sometimes one that is right.
func (d *due) body(r *rapid.T, op *contract.Operation) any {
	if op.JSON() == nil {
		return nil
	}
	switch right := rapid.Bool().Draw(r, "right"); {
	case right && op.ID == "signIn":
		return map[string]any{"email": d.email, "password": whole.Password, "session": "bearer"}
	case right && op.ID == "refresh":
		return map[string]any{"refresh_token": d.refresh}
	case right && op.ID == "confirm":
		return map[string]any{"password": whole.Password}
	}
	return valid(r, op.JSON())
}

// path fills in their own account, something that an answer has named, or what is nowhere.
func (d *due) path(r *rapid.T, op *contract.Operation) string {
	steps := strings.Split(concrete(op.Served(), d.account), "/")
	for i, s := range strings.Split("/"+op.Served(), "/") {
		if strings.HasPrefix(s, "{") && s != "{account_id}" && len(d.things) > 0 && rapid.Bool().Draw(r, "known") {
			steps[i] = rapid.SampledFrom(d.things).Draw(r, "thing")
		}
	}
	query := url.Values{}
	for _, p := range op.Parameters {
		if p.Value.In == "query" && p.Value.Name != "cursor" && (p.Value.Required || rapid.Bool().Draw(r, p.Value.Name)) {
			query.Set(p.Value.Name, fmt.Sprint(valid(r, p.Value.Schema.Value)))
		}
	}
	return strings.Join(steps, "/") + "?" + query.Encode()
}

// take keeps what an answer gives: it may open something later.
func (d *due) take(r *rapid.T, op *contract.Operation, a whole.Answer) {
	for _, at := range []string{"access_token", "session.access_token"} {
		if a.Text(at) != "" {
			r.Fatalf("%s gives a full token to somebody who is due: %s", op.ID, a.Body)
		}
	}
	if partial := a.Text("partial_token"); partial != "" {
		kind := map[string]string{"second_factor_required": "second_factor", "enrolment_required": "enrolment"}[a.Text("status")]
		d.hold(kind, partial, nil)
	}
	for _, at := range []string{"id", "factor.id", "challenge_id", "challenge.challenge_id", "items.0.id"} {
		if id := a.Text(at); id != "" {
			d.things = append(d.things, id)
		}
	}
}

// Whoever is due reaches the doors that the contract marks for the token that they hold, and nothing else, in whatever order
// they try, and with whatever they got on the way.
func TestNoSequenceOfCallsTakesSomebodyWhoIsDueThroughAnyButTheMarkedDoors(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o, protected := h.Person(owner).Protected(), h.Person(admin).Protected()
		account, m := o.Account(acme), h.Person(member).In()
		scopes := []string{"account:read", "account:write", "portal:read", "portal:write"}
		first, _ := program(m, scopes)
		reader, _ := program(m, scopes[2:3])
		o.Confirm().Enforce(account, acme, nil).Must(200)
		served := slices.DeleteFunc(routes(t, h), func(op *contract.Operation) bool { return op.Media == contract.MediaForm }) // a form: Twilio's

		everybody := []*due{
			{kind: "enrolment_due", email: member, full: fullButDue(t, h, member), programs: []string{first}, scopes: scopes, next: "enrolment_required"},
			{kind: "enrolment_due", email: member, full: fullButDue(t, h, member), programs: []string{reader}, scopes: scopes[2:3], next: "enrolment_required"},
			{kind: "second_factor_due", email: admin, full: withoutFactor(t, h, protected), next: "second_factor_required"},
		}
		rapid.Check(t, func(r *rapid.T) {
			h.Clock.Advance(time.Hour) // guesses and mails are counted by the hour
			d := rapid.SampledFrom(everybody).Draw(r, "somebody")
			d.h, d.account = h, account
			d.begin()
			for range rapid.IntRange(2, 10).Draw(r, "calls") {
				h.Clock.Advance(2 * time.Second)
				op := rapid.SampledFrom(served).Draw(r, "operation")
				with := rapid.SampledFrom(d.held).Draw(r, "token")
				replica := rapid.IntRange(0, 1).Draw(r, "replica")
				a := h.At(replica).Call(op.Method, d.path(r, op), with.fresh(), d.body(r, op))
				if op.Open {
					d.take(r, op, a)
					continue
				}
				status, code := expected(op, with)
				switch {
				case a.Is(401, "unauthenticated"): // what has ended, or was spent on the way, opens nothing at all
				case code != "" && !a.Is(status, code):
					r.Fatalf("%s with a token of somebody who is %s: %d %s, not %d %s", op.ID, with.kind, a.Status, a.Body, status, code)
				case code == "" && slices.Contains(gateCodes, a.Code()) && a.Code() != "forbidden":
					r.Fatalf("%s with a token of somebody who is %s: %d %s, though the contract marks it", op.ID, with.kind, a.Status, a.Body)
				default:
					d.take(r, op, a)
				}
			}
			if next := h.Person(d.email).SignIn().Must(200).Text("status"); next != d.next {
				r.Fatalf("afterwards a sign-in answers %s", next)
			}
		})
	})
}
