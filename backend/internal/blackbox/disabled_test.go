package blackbox_test

import (
	"testing"

	"sallyport/internal/testkit/whole"
)

// A replica may remember for a moment that somebody may act who was disabled just now; on PostgreSQL for good where SQL by hand has
// done it. What they then do is held against the database all the same: nothing of it stays.
func TestWhoeverIsDisabledLeavesNothingBehindWhateverAReplicaRemembers(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		db := whole.SQL(t, h.Database)
		o := h.Person(owner).Protected().Confirm()
		account := o.Account(acme)
		at := "/accounts/" + account
		program := o.Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"account:write"}, "expires_in_days": 30}).Must(201).Text("token")
		left := func() int {
			return count(t, db, `SELECT (SELECT count(*) FROM invitations) + (SELECT count(*) FROM api_tokens) + (SELECT count(*) FROM accounts)
				+ (SELECT count(*) FROM accounts WHERE enforced_at > 0 OR name = 'Mine') + (SELECT count(*) FROM phones) + (SELECT count(*) FROM factors)
				+ (SELECT count(*) FROM jobs) + (SELECT count(*) FROM audit_events WHERE outcome = 'ok')`)
		}
		const known = "owner@blue.test"
		o.Invite(account, known, "member", nil)
		door := h.Links(known, 1)[0]
		execute(t, db, "UPDATE users SET disabled_at = 1 WHERE email = $1", known)
		idle(h, db)
		h.At(0).Call("POST", at+"/invitations", program, map[string]any{"email": "friend@acme.test", "role": "owner"}).Refused(403, "insufficient_scope")
		before := left()
		h.At(0).Call("POST", "/invitations/accept", "", map[string]any{"token": door}).Refused(410, "link_expired")
		execute(t, db, "UPDATE users SET disabled_at = 1 WHERE email = $1", owner)
		invitation := map[string]any{"email": "friend@acme.test", "role": "owner"}
		for what, answer := range map[string]whole.Answer{
			"an invitation":           o.Call("POST", at+"/invitations", invitation),
			"a name by a program":     h.At(0).Call("PATCH", at, program, map[string]any{"name": "Mine"}),
			"an API token":            o.Call("POST", "/me/api-tokens", map[string]any{"name": "Later", "scopes": []string{"portal:read"}, "expires_in_days": 30}),
			"an account":              o.Call("POST", "/accounts", map[string]any{"name": "Mine"}),
			"a name":                  o.Call("PATCH", at, map[string]any{"name": "Mine"}),
			"a rule":                  o.Enforce(account, acme, nil),
			"a second factor that is": o.Call("DELETE", "/me/factors", nil),
		} {
			if !answer.Is(401, "unauthenticated") {
				t.Errorf("%s: %d %s", what, answer.Status, answer.Body)
			}
		}
		if n := left(); n != before {
			t.Errorf("%d things are left behind", n-before)
		}
	})
}
