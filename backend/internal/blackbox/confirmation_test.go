package blackbox_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

var (
	passes        []string
	needsPassword = []string{"password"}
	needsBoth     = []string{"password", "second_factor"}
)

// confirmations say what a sensitive call answers to whoever has shown this: that it passes, or what it needs.
//
// one: the contract's x-confirmation asks for the password, or the person has nothing else to show.
// two: it asks for what protects the person, who has a second factor.
var confirmations = []struct {
	shown    string
	show     func(p *whole.Person)
	one, two []string
}{
	{"nothing", func(p *whole.Person) { p.Confirmation = "" }, needsPassword, needsBoth},
	{"what somebody has made up", func(p *whole.Person) { p.Confirmation = p.Refresh }, needsPassword, needsBoth},
	{"everything they have, five minutes ago", func(p *whole.Person) {
		p.Confirm()
		p.House.Clock.Advance(5 * time.Minute)
	}, needsPassword, needsBoth},
	{"everything they have, in another session", func(p *whole.Person) { p.Confirmation = p.Again(1).In().Confirm().Confirmation }, needsPassword, needsBoth},
	{"everything they have, in the session before", func(p *whole.Person) { p.Confirm().In() }, needsPassword, needsBoth},
	{"a wrong password", func(p *whole.Person) {
		p.Call("POST", "/auth/confirmation", map[string]any{"password": "not it"}).Refused(401, "invalid_credentials")
	}, needsPassword, needsBoth},
	{"the password, with a second factor that is not theirs", func(p *whole.Person) {
		foreign := map[string]any{"type": "totp", "factor_id": "0198c6b2-0000-7000-8000-000000000000", "code": "123456"}
		p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": foreign}).Refused(401, "invalid_code")
		p.House.Clock.Advance(10 * time.Minute) // ten such guesses an hour are answered
		p.In()
	}, needsPassword, needsBoth},
	{"the second factor without the password", func(p *whole.Person) {
		if p.App != nil {
			p.Call("POST", "/auth/confirmation", map[string]any{"second_factor": p.App.Answer(p.App.Next())}).Must(200)
		}
	}, needsPassword, needsBoth},
	{"the password alone", func(p *whole.Person) { p.ConfirmPassword() }, passes, needsBoth},
	{"the password just now, everything they have five minutes ago", func(p *whole.Person) {
		p.Confirm()
		p.House.Clock.Advance(4 * time.Minute)
		p.ConfirmPassword()
		p.House.Clock.Advance(time.Minute)
	}, passes, needsBoth},
	{"everything they have, a second less than five minutes ago", func(p *whole.Person) {
		p.Confirm()
		p.House.Clock.Advance(5*time.Minute - time.Second)
	}, passes, passes},
	{"everything they have, at the sign-in", func(p *whole.Person) { p.Confirmation = p.Fresh }, passes, passes},
}

// impossible is what somebody without a second factor is refused before they are asked for anything, or once they have confirmed.
var impossible = map[string]string{"startIncident": "own_second_factor_missing", "endIncident": "no_incident",
	"putTwoFactor enforce_rule": "own_second_factor_missing", "putTwoFactor loosen_rule": "own_second_factor_missing"}

// moves are what an owner does to a colleague, by the action that it is, and how the colleague must be for it.
var moves = map[string]struct{ before, body map[string]any }{
	"raise_role":      {map[string]any{"role": "member"}, map[string]any{"role": "admin"}},
	"lower_role":      {map[string]any{"role": "admin"}, map[string]any{"role": "member"}},
	"make_owner":      {map[string]any{"role": "member"}, map[string]any{"role": "owner"}},
	"unmake_owner":    {map[string]any{"role": "owner"}, map[string]any{"role": "member"}},
	"require_member":  {map[string]any{"role": "member", "two_factor_required": false}, map[string]any{"two_factor_required": true}},
	"release_member":  {map[string]any{"role": "member", "two_factor_required": true}, map[string]any{"two_factor_required": false}},
	"require_owner":   {map[string]any{"role": "owner", "two_factor_required": false}, map[string]any{"two_factor_required": true}},
	"release_oneself": {map[string]any{"role": "owner", "two_factor_required": true}, map[string]any{"two_factor_required": false}},
}

// rules are what an owner makes of the rule, by the action that it is, and which rule there must be for it.
var rules = map[string]struct{ before, body map[string]any }{
	"enforce_rule": {map[string]any{"enforced": false}, map[string]any{"enforced": true}},
	"loosen_rule":  {map[string]any{"enforced": true, "minimum_strength": "no_email"}, map[string]any{"enforced": true}},
	"lift_rule":    {map[string]any{"enforced": true}, map[string]any{"enforced": false}},
}

// confirmer is an owner who confirms, with what they do it to.
type confirmer struct {
	*whole.Person
	account, number, colleague string
	ready                      map[string]string // paths of what was prepared, by operation and action, until it is done
}

func newConfirmer(p *whole.Person, number string) *confirmer {
	p.Client.T.Helper()
	c := &confirmer{Person: p, account: p.Account(number), number: number, ready: map[string]string{}}
	c.colleague = c.newColleague()
	return c
}

// newColleague is somebody new in the account, by id.
func (c *confirmer) newColleague() string {
	c.Client.T.Helper()
	p := c.In().Confirm().Join(c.account, uuid.NewString()+"@colleague.test", "member")
	return c.Call("GET", "/accounts/"+c.account+"/members?q="+p.Email, nil).Must(200).Text("items.0.user_id")
}

func TestWhatProtectsYouIsChangedOnlyByWhatProtectsYou(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		protected, bare := newConfirmer(h.Person(owner).Protected(), acme), newConfirmer(h.Person("owner@blue.test").In(), blue)
		for _, op := range h.Contract.Operations { // an operation that asks for a confirmation is held to this the day it is born
			if !op.Sensitive() {
				continue
			}
			actions := []string{""}
			if op.Always == "" {
				actions = op.Actions
			}
			for _, action := range actions {
				what, done := strings.TrimSpace(op.ID+" "+action), false
				for _, p := range []*confirmer{protected, bare} {
					for _, c := range confirmations {
						if op.ID == "removeFactor" && p == bare {
							continue // there is none to name
						}
						call := p.sensitive(op, action)
						p.In()
						c.show(p.Person)
						a := call()
						needs := c.one
						switch level := op.Level(action); {
						case level == "":
							needs = passes
						case p == protected && level != contract.Password:
							needs = c.two
						}
						switch {
						case p == bare && a.Is(409, impossible[what]):
						case needs == nil && (a.Status < 400 || a.Status == 409): // what the state does not allow was confirmed all the same
							done = done || a.Status < 400
							delete(p.ready, op.ID+action)
							p.asBefore(op, a)
						case needs == nil, !a.Is(401, "confirmation_required"), !slices.Equal(a.Texts("needs"), needs):
							t.Errorf("%s, %s has shown %s, %v: %d %s", what, p.Email, c.shown, needs, a.Status, a.Body)
						case len(needs) > 1 && !slices.Equal(a.Texts("accepts"), []string{"totp"}), len(needs) == 1 && a.Value("accepts") != nil:
							t.Errorf("%s needs %v and accepts %v", what, needs, a.Value("accepts"))
						case !strings.Contains(a.Header.Get("WWW-Authenticate"), "max_age=300"):
							t.Errorf("%s does not say how old a confirmation may be: %s", what, a.Header.Get("WWW-Authenticate"))
						}
					}
				}
				if !done {
					t.Errorf("%s is never done", what)
				}
			}
		}
	})
}

// sensitive prepares an operation that asks for a confirmation, and gives the call. The contract's example does for most; where what must
// be confirmed depends on the body, there is one for each action.
func (c *confirmer) sensitive(op *contract.Operation, action string) func() whole.Answer {
	c.Client.T.Helper()
	path, body := concrete(op.Served(), c.account), any(nil)
	if example := op.Example(); example != nil {
		if _, asks := example["account_number"]; asks {
			example["account_number"] = c.number
		}
		body = example
	}
	switch op.ID {
	case "addPhone":
		c.House.Clock.Advance(time.Hour) // so many texts are sent
	case "updateMember":
		body = moves[action].body
	case "putTwoFactor":
		body = c.with(rules[action].body)
	}
	if c.ready[op.ID+action] == "" {
		c.ready[op.ID+action] = c.prepared(op.ID, action, path)
	}
	path = c.ready[op.ID+action]
	return func() whole.Answer { c.Client.T.Helper(); return c.Call(op.Method, path, body) }
}

// with is a rule with the account's number.
func (c *confirmer) with(rule map[string]any) map[string]any {
	rule = maps.Clone(rule)
	rule["account_number"] = c.number
	return rule
}

// prepared makes what an operation is done to, and gives its path.
func (c *confirmer) prepared(operation, action, path string) string {
	c.Client.T.Helper()
	switch operation {
	case "removeMember":
		return "/accounts/" + c.account + "/members/" + c.newColleague()
	case "resendInvitation":
		return "/accounts/" + c.account + "/invitations/" + c.In().Confirm().Invite(c.account, uuid.NewString()+"@colleague.test", "member", nil) + "/resend"
	case "resumeApiToken":
		return "/me/api-tokens/" + c.suspended() + "/resume"
	case "removeFactor":
		return "/me/factors/" + c.App.FactorID
	case "removePhone":
		c.House.Clock.Advance(time.Hour) // so many texts are sent
		return "/me/phones/" + c.In().Confirm().Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobile}).Must(201).Text("phone.id")
	case "updateMember":
		path = "/accounts/" + c.account + "/members/" + c.colleague
		c.In().Confirm().Call("PATCH", path, moves[action].before).Must(200)
	case "putTwoFactor":
		if c.App != nil { // whoever has none enforces nothing
			c.In().Confirm().Call("PUT", path, c.with(rules[action].before)).Must(200)
		}
	}
	return path
}

// suspended is an API token of theirs from before their newest password.
func (c *confirmer) suspended() string {
	c.Client.T.Helper()
	_, id := program(c.In(), []string{"portal:read"})
	c.Call("PUT", "/me/password", map[string]any{"password": fresh}).Must(204)
	c.formerPassword()
	return id
}

// formerPassword gives them the one of before, which takes less to check than one that is set over HTTP.
func (c *confirmer) formerPassword() {
	c.Client.T.Helper()
	db := whole.SQL(c.Client.T, c.House.Database)
	if _, err := db.Exec("UPDATE users SET password_hash = (SELECT password_hash FROM users WHERE email = $1) WHERE email = $2", member, c.Email); err != nil {
		c.Client.T.Fatal(err)
	}
}

// asBefore lets a person whom an operation has changed go on as they were.
func (c *confirmer) asBefore(op *contract.Operation, a whole.Answer) {
	c.Client.T.Helper()
	switch op.ID {
	case "changePassword":
		c.formerPassword()
	case "putTwoFactor":
		if a.Value("enforced") == true {
			c.Confirm().Lift(c.account, c.number).Must(200)
		}
	case "resumeApiToken":
		if a.Status == 200 && a.Text("status") != "active" {
			c.Client.T.Errorf("what was resumed is %s", a.Body)
		}
	}
	if c.App != nil && c.Call("GET", "/me", nil).Must(200).Value("two_factor.active") == false {
		c.App = nil
		c.Confirm().Enrol()
	}
}
