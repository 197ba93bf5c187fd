package main

import (
	"strings"
	"testing"
)

func TestFactorReset(t *testing.T) {
	t.Parallel()
	serving(t, func(t *testing.T, s *served) {
		m := s.Person(ordinary).Protected()
		// A number, which goes with its factor, and is told all the same.
		phone := m.Confirm().Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": "+4915155501234"}).Must(201).Text("phone.id")
		code := ""
		s.Eventually("the code is there", func() bool {
			for _, text := range s.Mails("+4915155501234") {
				code = strings.Fields(text.Text)[0]
			}
			return code != ""
		})
		m.Call("POST", "/me/phones/"+phone+"/verify", map[string]any{"code": code}).Must(200)
		text := m.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_id": phone}).Must(201).Text("factor.id")
		m.Keep(m.Call("POST", "/me/factors/"+text+"/activate", nil).Must(200))
		old := *m

		listed := s.run("factor", "list", "--user", ordinary).must("totp", "active", "10 recovery codes left")
		if strings.Contains(listed.out, m.App.Secret) {
			t.Error("the list shows the secret")
		}
		s.run("factor", "reset", "--user", ordinary, "--reason", why, "--factor", "nothing").refuses()
		m.Call("GET", "/me", nil).Must(200)
		s.run("factor", "reset", "--user", ordinary, "--reason", why).must("2 second factors of "+ordinary+": gone (totp, sms)", "password alone opens the portal")
		s.soon("every session is over", func() bool { return m.Call("GET", "/me", nil).Is(401, "unauthenticated") })
		s.run("factor", "list", "--user", ordinary).must("0 recovery codes left")

		// The password alone is asked now; what was lost opens nothing.
		s.soon("the next sign-in asks for no more", func() bool { return m.SignIn().Must(200).Text("status") == "signed_in" })
		s.Eventually("the mailbox is told", func() bool {
			for _, mail := range s.Mails(ordinary) {
				if mail.Subject == "Our support has reset your two-factor authentication" {
					return true
				}
			}
			return false
		})
		s.Eventually("the telephone is told", func() bool {
			for _, text := range s.Mails("+4915155501234") {
				if strings.Contains(text.Text, "our support has removed your second factors") {
					return true
				}
			}
			return false
		})
		o := s.Person(owner).In()
		event := s.recorded(o, o.Account(acme), "factor.reset")
		if event.Text("items.0.detail.methods_before") != "totp sms" || event.Value("items.0.detail.methods") != "" || strings.Contains(string(event.Body), why) {
			t.Errorf("the account's record says %s", event.Body)
		}

		// Of several one can go alone. With a rule the next sign-in asks for what is left, or to set one up.
		m.ConfirmPassword().Enrol()
		second := m.Confirm().Begin()
		m.Call("POST", "/me/factors/"+second.FactorID+"/verify", map[string]any{"code": second.Next()}).Must(200)
		m.Keep(m.Call("POST", "/me/factors/"+second.FactorID+"/activate", nil).Must(200))
		s.run("enforce", "on", "--account", acme, "--reason", why).must()
		s.run("factor", "reset", "--user", ordinary, "--reason", why, "--factor", m.App.FactorID).must("asks for one of those that are left")
		m.SignIn().Must(200)
		m.Answer(old.App.Next()).Must(401)
		m.App = second
		m.In()
		s.run("factor", "reset", "--user", ordinary, "--reason", why, "--factor", second.FactorID).must("asks them to set up a new one")
		s.soon("every session is over again", func() bool { return m.Call("GET", "/me", nil).Is(401, "unauthenticated") })
		s.soon("the next sign-in asks to set one up", func() bool { return m.SignIn().Must(200).Text("status") == "enrolment_required" })
	})
}
