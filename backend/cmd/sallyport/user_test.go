package main

import (
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/testkit/whole"
)

func TestWhoeverIsDisabledIsOutAtOnceAndEverywhere(t *testing.T) {
	t.Parallel()
	serving(t, func(t *testing.T, s *served) {
		o := s.Person(owner).Protected()
		account := o.Account(acme)
		// A session of each kind, a program, a sign-in between the doors, a link in the mailbox, and a door left open for a friend.
		script := o.Confirm().Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}, "expires_in_days": 30}).Must(201)
		token := script.Text("token")
		services := "/accounts/" + account + "/services"
		s.At(0).Call("GET", services, token, nil).Must(200)
		o.Invite(account, "friend@acme.test", "owner", nil)
		friend := s.Links("friend@acme.test", 1)[0]
		between := o.Again(0)
		between.SignIn().Must(200)
		s.At(0).Call("POST", "/auth/password-reset", "", map[string]any{"email": owner}).Must(202)
		reset := link(t, s, owner, "reset-password")
		tab := s.At(0).Listen(o.Access)

		said := s.run("user", "disable", owner, "--reason", why).must(owner + " is disabled")
		said.says(acme, "has no owner any more") // and nobody is stopped by that
		s.soon("the live session is over", func() bool { return o.Call("GET", services, nil).Is(401, "unauthenticated") })
		tab.Wait("session_ended")
		tab.End()
		s.soon("the program is out", func() bool { return s.At(0).Call("GET", services, token, nil).Is(401, "unauthenticated") })
		o.Again(0).SignIn().Refused(401, "invalid_credentials")
		s.At(0).Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": o.Refresh}).Refused(401, "unauthenticated")
		s.At(0).Call("GET", "/me", between.Partial, nil).Refused(401, "unauthenticated")
		between.Answer(o.App.Next()).Refused(401, "unauthenticated")
		s.At(0).Call("PUT", "/auth/password-reset", "", map[string]any{"token": reset, "password": whole.NewcomersPassword}).Refused(410, "link_expired")
		s.At(0).Call("POST", "/invitations/accept", "", map[string]any{"token": friend, "name": "Friend", "password": whole.NewcomersPassword}).Refused(410, "link_expired")
		s.run("user", "password-link", owner, "--reason", why).refuses("disabled")
		s.run("user", "disable", owner, "--reason", why).refuses("disabled")
		s.run("user", "list", "--disabled").must(owner)
		a := s.Person(admin).In()
		if e := s.recorded(a, account, "invitation.revoked"); e.Text("items.0.detail.reason") != "inviter_may_no_longer" {
			t.Errorf("the record says %s", e.Body)
		}

		s.run("user", "enable", owner, "--reason", "it was the wrong one").must("may sign in again")
		s.soon("they may come back", func() bool { return o.Again(0).SignIn().Status == 200 })
		o.Call("GET", services, nil).Refused(401, "unauthenticated") // what was over stays over
		s.soon("their programs wait for them", func() bool { return s.At(0).Call("GET", services, token, nil).Is(403, "api_token_suspended") })
		back := o.Again(0) // by a recovery code: the codes of the app that may be shown by now are spent
		back.SignIn().Must(200)
		back.AnswerRecovery(o.RecoveryCodes[0]).Must(200)
		back.Confirmation = back.Fresh
		back.Call("POST", "/me/api-tokens/"+script.Text("id")+"/resume", nil).Must(200)
		s.soon("their programs go on", func() bool { return s.At(0).Call("GET", services, token, nil).Status == 200 })
		if listed := s.run("user", "list", "--disabled").must().out; strings.Contains(listed, owner) {
			t.Errorf("still listed:\n%s", listed)
		}
	})
}

var password = regexp.MustCompile(`/reset-password#([A-Za-z0-9_-]+)`)

// link is the token of the newest link in somebody's mailbox.
func link(t *testing.T, s *served, to, path string) string {
	t.Helper()
	token := ""
	s.Eventually("there is a link to "+path, func() bool {
		for _, m := range s.Mails(to) {
			if found := password.FindStringSubmatch(m.Text); found != nil {
				token = found[1]
				return true
			}
		}
		return false
	})
	return token
}

func TestUserCommands(t *testing.T) {
	t.Parallel()
	serving(t, func(t *testing.T, s *served) {
		m := s.Person(ordinary).In()
		t.Run("somebody is made, and sets a password by a link that works once", func(t *testing.T) {
			var made personJSON
			s.run("user", "create", "--email", "New@acme.test", "--name", "New Person", "--locale", "de", "--json").must().json(&made)
			s.run("user", "show", "new@ACME.test").must("New Person", "no password", "de")
			n := s.Person("new@acme.test")
			n.Password = whole.NewcomersPassword
			n.SignIn().Refused(401, "invalid_credentials")
			p := s.run("user", "password-link", made.ID, "--reason", why).must("works once", "New@acme.test")
			token := password.FindStringSubmatch(p.out)
			if token == nil || strings.Count(p.out, "\n") != 1 || strings.Contains(p.err, token[1]) {
				t.Fatalf("printed %q and %q", p.out, p.err)
			}
			set := map[string]any{"token": token[1], "password": n.Password}
			s.At(0).Call("PUT", "/auth/password-reset", "", set).Must(204)
			s.At(0).Call("PUT", "/auth/password-reset", "", set).Refused(410, "link_expired")
			n.In()
			if again := s.run("user", "password-link", made.ID, "--reason", why, "--mail").must("goes to New@acme.test"); strings.Contains(again.out+again.err, "#") {
				t.Errorf("a link that is mailed is printed too: %s", again.out)
			}
			link(t, s, "New@acme.test", "reset-password")
		})
		t.Run("signing out ends sessions, and programs where it is said", func(t *testing.T) {
			token := m.Confirm().Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}, "expires_in_days": 30}).Must(201).Text("token")
			services := "/accounts/" + m.Account(acme) + "/services"
			s.run("user", "sign-out", ordinary, "--reason", why).must("signed out everywhere")
			s.soon("the session is over", func() bool { return m.Call("GET", "/me", nil).Is(401, "unauthenticated") })
			s.At(0).Call("GET", services, token, nil).Must(200)
			s.run("user", "sign-out", ordinary, "--reason", why, "--api-tokens").must()
			s.soon("the program is out", func() bool { return s.At(0).Call("GET", services, token, nil).Is(401, "unauthenticated") })
		})
		t.Run("lists are whole, or say that they are not", func(t *testing.T) {
			s.run("user", "list", "--limit", "2").must("There are more")
			var all struct{ Items []personJSON }
			s.run("user", "list", "--limit", "0", "--json").must().json(&all)
			if len(all.Items) != 8 || all.Items[0].Email != admin {
				t.Errorf("got %d: %+v", len(all.Items), all.Items)
			}
			if found := s.run("user", "list", "--query", "CONTRACT").must(contractor).out; strings.Count(found, "\n") != 2 {
				t.Errorf("found:\n%s", found)
			}
			s.run("user", "show", contractor, "--json").must(`"number": "SP-100002"`, `"sessions": 0`)
		})
		t.Run("no command prints what is secret", func(t *testing.T) {
			for _, line := range []string{"user list --json", "user show " + ordinary + " --json", "members list --account " + acme + " --json", "factor list --json --user " + ordinary} {
				if out := s.run(strings.Fields(line)...).must().out; strings.Contains(out, "argon2") || strings.Contains(strings.ToLower(out), "hash") {
					t.Errorf("%s prints\n%s", line, out)
				}
			}
		})
	})
}
