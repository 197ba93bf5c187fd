package blackbox_test

import (
	"slices"
	"strings"
	"testing"

	"sallyport/internal/testkit/whole"
)

// company is an account with somebody of each role, and a stranger who owns another one.
type company struct {
	h       *whole.House
	account string
	other   string                   // the stranger's account
	who     map[string]*whole.Person // by role; "stranger"
	made    int
}

func newCompany(t *testing.T, h *whole.House) *company {
	t.Helper()
	c := &company{h: h, who: map[string]*whole.Person{"owner": h.Person(owner).Protected(), "admin": h.Person(admin).Protected(),
		"billing": h.Person(member).In(), "member": h.Person(contractor).In(), "stranger": h.Person("owner@blue.test").In()}}
	for _, p := range c.who { // roles are what this is about: everybody has confirmed
		p.Confirm()
	}
	c.account, c.other = c.who["owner"].Account(acme), c.who["stranger"].Account(blue)
	c.who["owner"].Call("PATCH", c.at("/members/", c.who["billing"].Self()), map[string]any{"role": "billing"}).Must(200)
	return c
}

func (c *company) at(parts ...string) string {
	return "/accounts/" + c.account + strings.Join(parts, "")
}

// another is an address that nobody has had yet.
func (c *company) another() string {
	c.made++
	return "another" + string(rune('a'+c.made/26)) + string(rune('a'+c.made%26)) + "@role.test"
}

// colleague is a new member of a role, by id.
func (c *company) colleague(role string) string {
	p := c.who["owner"].Join(c.account, c.another(), role)
	list := c.who["owner"].Call("GET", c.at("/members?q=", p.Email), nil).Must(200)
	return list.Text("items.0.user_id")
}

// asked is a colleague whom an owner has asked for a second factor.
func (c *company) asked(role string) string {
	id := c.colleague(role)
	c.who["owner"].Call("PATCH", c.at("/members/", id), map[string]any{"two_factor_required": true}).Must(200)
	return id
}

func (c *company) invitation(role string) string {
	return c.who["owner"].Invite(c.account, c.another(), role, nil)
}

// alone leaves the account to one owner.
func (c *company) alone() {
	list := c.who["owner"].Call("GET", c.at("/members?limit=200"), nil).Must(200)
	roles := list.Texts("items", "role")
	for i, id := range list.Texts("items", "user_id") {
		if roles[i] == "owner" && id != c.who["owner"].Self() {
			c.who["owner"].Call("PATCH", c.at("/members/", id), map[string]any{"role": "member"}).Must(200)
		}
	}
}

// row is one call and what it answers to each role.
type row struct {
	operation, action string // action is one of the operation's x-actions; "" where it names none
	what              string
	call              func(p *whole.Person) whole.Answer
	owner             string
	admin             string
	billing           string
	member            string
	stranger          string
}

func (r row) wants(role string) string {
	return map[string]string{"owner": r.owner, "admin": r.admin, "billing": r.billing, "member": r.member, "stranger": r.stranger}[role]
}

const (
	ok, none     = "", "not_found"
	adminsOnly   = "admin_only"
	ownersOnly   = "owner_only"
	onceRevealed = "no_incident" // a role that may, where there is nothing to end
)

// table is every call of an account and every role. The weakest role comes first, so that what is refused has changed nothing
// that a later role's call needs.
func (c *company) table() []row {
	send := func(method, path string, body any) func(p *whole.Person) whole.Answer {
		return func(p *whole.Person) whole.Answer { return p.Call(method, path, body) }
	}
	// fresh makes the object of the call anew for each caller.
	fresh := func(method string, path func() string, body any) func(p *whole.Person) whole.Answer {
		return func(p *whole.Person) whole.Answer { return p.Call(method, path(), body) }
	}
	at := func(part string, make func(role string) string, role, behind string) func() string {
		return func() string { return c.at(part, make(role), behind) }
	}
	j := func(pairs ...any) map[string]any {
		m := map[string]any{}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i].(string)] = pairs[i+1]
		}
		return m
	}
	number := j("account_number", acme)
	return []row{
		{"getAccount", "", "see the account", send("GET", c.at(), nil), ok, ok, ok, ok, none},
		{"updateAccount", "rename_account", "rename it", send("PATCH", c.at(), j("name", "Acme")), ok, ok, adminsOnly, adminsOnly, none},
		{"getTwoFactor", "", "see the rule", send("GET", c.at("/two-factor"), nil), ok, ok, ok, ok, none},
		{"previewTwoFactor", "", "see whom enforcing locks out", send("GET", c.at("/two-factor/preview"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"listMembers", "", "see the members", send("GET", c.at("/members"), nil), ok, ok, ok, ok, none},
		{"listMembers", "", "see who lacks a second factor", send("GET", c.at("/members?two_factor=missing"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"updateMember", "raise_role", "make a member an admin", fresh("PATCH", at("/members/", c.colleague, "member", ""), j("role", "admin")), ok, ok, adminsOnly, adminsOnly, none},
		{"updateMember", "make_owner", "make a member an owner", fresh("PATCH", at("/members/", c.colleague, "member", ""), j("role", "owner")), ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"updateMember", "unmake_owner", "take an owner's role", fresh("PATCH", at("/members/", c.colleague, "owner", ""), j("role", "member")), ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"updateMember", "require_member", "ask a member for a second factor", fresh("PATCH", at("/members/", c.colleague, "member", ""), j("two_factor_required", true)), ok, ok, adminsOnly, adminsOnly, none},
		{"updateMember", "require_owner", "ask an owner for a second factor", fresh("PATCH", at("/members/", c.colleague, "owner", ""), j("two_factor_required", true)), ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"updateMember", "lower_role", "make an admin a member", fresh("PATCH", at("/members/", c.colleague, "admin", ""), j("role", "member")), ok, ok, adminsOnly, adminsOnly, none},
		{"updateMember", "release_member", "take back that a member was asked", fresh("PATCH", at("/members/", c.asked, "member", ""), j("two_factor_required", false)), ok, ok, adminsOnly, adminsOnly, none},
		{"updateMember", "release_oneself", "take back that an owner was asked", fresh("PATCH", at("/members/", c.asked, "owner", ""), j("two_factor_required", false)), ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"updateMember", "make_owner", "promote oneself", func(p *whole.Person) whole.Answer {
			return p.Call("PATCH", c.at("/members/", p.Self()), j("role", "owner"))
		}, ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"removeMember", "remove_member", "remove a member", fresh("DELETE", at("/members/", c.colleague, "member", ""), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"removeMember", "remove_member", "remove an admin", fresh("DELETE", at("/members/", c.colleague, "admin", ""), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"removeMember", "remove_owner", "remove an owner", fresh("DELETE", at("/members/", c.colleague, "owner", ""), nil), ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"listInvitations", "", "see invitations", send("GET", c.at("/invitations"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"createInvitation", "invite", "invite a member", func(p *whole.Person) whole.Answer {
			return p.Call("POST", c.at("/invitations"), j("email", c.another(), "role", "member"))
		}, ok, ok, adminsOnly, adminsOnly, none},
		{"createInvitation", "invite_owner", "invite an owner", func(p *whole.Person) whole.Answer {
			return p.Call("POST", c.at("/invitations"), j("email", c.another(), "role", "owner"))
		}, ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"resendInvitation", "invite", "mail an invitation again", fresh("POST", at("/invitations/", c.invitation, "billing", "/resend"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"resendInvitation", "invite_owner", "mail an owner's invitation again", fresh("POST", at("/invitations/", c.invitation, "owner", "/resend"), nil), ok, ownersOnly, adminsOnly, adminsOnly, none},
		{"revokeInvitation", "administer_people", "revoke an invitation", fresh("DELETE", at("/invitations/", c.invitation, "owner", ""), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"putTwoFactor", "enforce_rule", "enforce", send("PUT", c.at("/two-factor"), j("enforced", true, "account_number", acme, "grace_days", 20)), ok, ownersOnly, ownersOnly, ownersOnly, none},
		{"putTwoFactor", "loosen_rule", "make the rule bind later", send("PUT", c.at("/two-factor"), j("enforced", true, "account_number", acme, "grace_days", 30)), ok, ownersOnly, ownersOnly, ownersOnly, none},
		{"putTwoFactor", "lift_rule", "lift", send("PUT", c.at("/two-factor"), j("enforced", false, "account_number", acme)), ok, ownersOnly, ownersOnly, ownersOnly, none},
		{"endIncident", "end_incident", "end an incident", send("POST", c.at("/incident/end"), number), onceRevealed, ownersOnly, ownersOnly, ownersOnly, none},
		{"listAuditEvents", "", "see what happened", send("GET", c.at("/audit-events"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"exportAuditEvents", "export_record", "export it", send("GET", c.at("/audit-events.ndjson"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"exportAuditEventsAsSheet", "export_record", "export it as a table", send("GET", c.at("/audit-events.csv"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"reportTwoFactor", "export_record", "have the report", send("GET", c.at("/two-factor/report.csv"), nil), ok, ok, adminsOnly, adminsOnly, none},
		{"removeMember", "leave", "leave", func(p *whole.Person) whole.Answer { return p.Call("DELETE", c.at("/members/", p.Self()), nil) }, "last_owner", ok, ok, ok, none},
		// The last, since it ends everybody's session but the owner's: here only those who are refused ask.
		{"startIncident", "start_incident", "start an incident", send("POST", c.at("/incident"), number), ok, none, none, none, none},
	}
}

// elsewhere are operations of accounts that have role tables of their own.
var elsewhere = []string{"listAccounts", "createAccount", "inspectInvitation", "acceptInvitation"}

func TestEveryRoleAtEveryCallOfAnAccount(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		c := newCompany(t, h)
		tried := map[string][]string{} // actions by operation
		// Refused before anything is so: later nobody but the owner belongs to the account any more.
		for _, role := range []string{"admin", "billing", "member"} {
			c.who[role].Call("POST", c.at("/incident"), map[string]any{"account_number": acme}).Refused(403, ownersOnly)
		}
		// Nobody but an owner takes back what was asked of themselves.
		a := c.who["admin"]
		c.who["owner"].Call("PATCH", c.at("/members/", a.Self()), map[string]any{"two_factor_required": true}).Must(200)
		a.Call("PATCH", c.at("/members/", a.Self()), map[string]any{"two_factor_required": false}).Refused(403, ownersOnly)
		c.who["owner"].Call("PATCH", c.at("/members/", a.Self()), map[string]any{"two_factor_required": false}).Must(200)
		for _, r := range c.table() {
			tried[r.operation] = append(tried[r.operation], r.action)
			if r.what == "leave" {
				c.alone()
			}
			for _, role := range []string{"stranger", "member", "billing", "admin", "owner"} {
				a, want := r.call(c.who[role]), r.wants(role)
				if allowed := a.Status < 300; a.Code() != want || allowed != (want == ok) {
					t.Errorf("%s, to a %s: %d %s, not %q", r.what, role, a.Status, a.Code(), want)
				}
			}
		}
		for _, op := range h.Contract.Operations {
			if op.Tag != "accounts" || slices.Contains(elsewhere, op.ID) {
				continue
			}
			if len(tried[op.ID]) == 0 {
				t.Errorf("%s is not in the table", op.ID)
			}
			for _, action := range op.Actions {
				if !slices.Contains(tried[op.ID], action) {
					t.Errorf("%s is not in the table with %s", op.ID, action)
				}
			}
		}
	})
}
