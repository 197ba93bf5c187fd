package main

import (
	"strings"
	"testing"

	"sallyport/internal/testkit/whole"
)

func TestEnforce(t *testing.T) {
	t.Parallel()
	serving(t, func(t *testing.T, s *served) {
		o, m := s.Person(owner).In(), s.Person(ordinary).In()
		a := s.Person(admin).Protected()
		account := o.Account(acme)
		tab := s.At(0).Listen(m.Access)
		m.Call("GET", "/accounts", nil).Must(200)
		lists := func() bool { return m.Call("GET", "/accounts", nil).Is(403, "enrolment_due") }

		// Looking changes nothing, and says whom it would stop.
		var p previewJSON
		s.run("enforce", "on", "--account", acme, "--dry-run", "--json").must().json(&p)
		if p.Members != 4 || p.Missing != 3 || p.Compliant != 1 || p.Mailed != 4 || p.Enforced || strings.Join(p.LockedOut, " ") != contractor+" "+ordinary+" "+owner {
			t.Errorf("got %+v", p)
		}
		s.run("enforce", "on", "--account", acme, "--strength", "phishing_resistant", "--grace-days", "14", "--dry-run").
			must("Nothing was changed", "lock out, in 14 days, 4 of 4 members", "mail 4 people", "lacks one: "+admin)
		s.run("enforce", "status", "--account", "sp-100001").must("not enforced", "4, of whom 3 lack")
		m.Call("GET", "/accounts", nil).Must(200)

		// It binds who is in, the owner too who has no factor, and everybody is told.
		s.run("enforce", "on", "--account", acme, "--reason", why, "--guarded-enrolment", "--api-tokens", "keep").
			must("enforced, any", "3 of 4 members", "mail 4 people", "lacks one: "+owner)
		s.soon("a live session is bound", lists)
		if told := tab.Wait("standing_changed"); told.Data["state"] != "enrolment_due" {
			t.Errorf("an open page is told %v", told.Data)
		}
		o.Call("GET", "/accounts", nil).Refused(403, "enrolment_due")
		rule := a.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200)
		if rule.Value("enforced") != true || rule.Text("enforced_by.name") != "Operator" || rule.Value("enforced_by.id") != nil ||
			rule.Value("guarded_enrolment") != true || rule.Text("api_tokens") != "keep" {
			t.Errorf("the API says %s", rule.Body)
		}
		for _, who := range []string{owner, admin, ordinary} {
			if mail := s.Mail(who, "enforced", 1)[0]; !strings.Contains(mail.Text, "our support has switched on") || strings.Contains(mail.Text, "An owner") {
				t.Errorf("%s is told:\n%s", who, mail.Text)
			}
		}
		event := s.recorded(a, account, "account.enforced")
		if event.Text("items.0.detail.reason") != why || event.Text("items.0.detail.minimum_strength") != "any" || event.Text("items.0.detail.enforced_before") != "false" {
			t.Errorf("the record says %s", event.Body)
		}
		var st statusJSON
		s.run("enforce", "status", "--account", acme, "--json").must().json(&st)
		if !st.Enforced || st.EnforcedBy != "Operator" || st.Strength != "any" || !st.GuardedEnrolment || st.APITokens != "keep" || st.Missing != 3 {
			t.Errorf("got %+v", st)
		}

		// Asking again is the same activation, with a deadline now; nobody is told twice of it.
		s.run("enforce", "on", "--account", acme, "--reason", why, "--grace-days", "7").must("binds 20", "mail 0 people")
		s.soon("grace lets them in", func() bool { return m.Call("GET", "/accounts", nil).Status == 200 })
		// A change that asks for more is told, to those who do not meet it, as support's doing.
		stricter := []string{"enforce", "on", "--account", acme, "--strength", "no_email_no_sms", "--grace-days", "3"}
		s.run(append(stricter, "--dry-run")...).must("mail 3 people")
		s.run(append(stricter, "--reason", why)...).must("mail 3 people")
		if mail := s.Mail(ordinary, "tightened", 1)[0]; !strings.Contains(mail.Text, "Our support has tightened") || strings.Contains(mail.Text, "An owner") {
			t.Errorf("the member is told:\n%s", mail.Text)
		}
		s.run("enforce", "off", "--account", acme, "--reason", "the deadline was a mistake").must("not enforced")
		s.soon("nothing is asked any more", func() bool {
			return m.Call("GET", "/me", nil).Must(200).Text("standing.state") == "clear"
		})
		if e := s.recorded(a, account, "account.enforcement_lifted"); e.Text("items.0.detail.reason") != "the deadline was a mistake" {
			t.Errorf("the record says %s", e.Body)
		}
		if n := len(s.Mail(ordinary, "enforced", 1)); n != 1 {
			t.Errorf("the member has %d mails about one activation", n)
		}

		// With everybody signed out, whoever has a factor shows it again.
		s.run("enforce", "on", "--account", acme, "--reason", why, "--sign-out-members").must()
		s.soon("sessions are over", func() bool { return a.Call("GET", "/accounts", nil).Is(401, "unauthenticated") })
		a.In().Call("GET", "/accounts", nil).Must(200)
	})
}

func TestWhatIsMisusedIsNamedAndWhatIsNotThereToo(t *testing.T) {
	t.Parallel()
	sh := newShell(t, whole.SQLite(t))
	sh.env = append(sh.env, "SALLYPORT_ROOT_KEY="+whole.RootKey)
	for line, parts := range map[string][]string{
		"enforce on --account SP-100001":                                             {"--reason"},
		"enforce off --account SP-100001":                                            {"--reason"},
		"enforce on --reason abc":                                                    {"--account"},
		"enforce on --account SP-100001 --reason abc --strength strong":              {"--strength", "phishing_resistant", "strong"},
		"enforce on --account SP-100001 --reason abc --grace-days 31":                {"--grace-days", "0 to 30"},
		"enforce on --account SP-100001 --reason abc --grace-days many":              {"--grace-days"},
		"enforce on --account SP-100001 --reason abc --api-tokens maybe":             {"--api-tokens"},
		"enforce on --account SP-100001 --reason x":                                  {"--reason", "3 to 120"},
		"user disable member@acme.test":                                              {"--reason"},
		"user enable member@acme.test":                                               {"--reason"},
		"user sign-out member@acme.test":                                             {"--reason"},
		"user password-link member@acme.test":                                        {"--reason"},
		"user show":                                                                  {"person"},
		"user create --name Nobody":                                                  {"--email"},
		"user create --email nobody --name Nobody":                                   {"--email"},
		"user create --email nobody@acme.test --name Nobody --locale fr":             {"--locale", "en"},
		"user list --limit -1":                                                       {"--limit"},
		"factor reset --user member@acme.test":                                       {"--reason"},
		"factor reset --reason abc":                                                  {"--user"},
		"factor list":                                                                {"--user"},
		"account create --name X":                                                    {"--owner"},
		"account rename SP-100001 --name X":                                          {"--reason"},
		"members remove member@acme.test --account SP-100001":                        {"--reason"},
		"members role member@acme.test --account SP-100001 --role boss --reason abc": {"--role", "billing"},
		"members add --account SP-100001 --email new@acme.test":                      {"--name"},
		"members import --account SP-100001":                                         {"file"},
		"members import --account SP-100001 --update people.csv":                     {"--reason"},
		"members list --account SP-100001 --two-factor none":                         {"--two-factor", "missing"},
		"members list": {"--account"},
		"nonsense":     {"nonsense"},
	} {
		sh.run(strings.Fields(line)...).isMisused(parts...)
	}
	for line, part := range map[string]string{
		"enforce on --account SP-999999 --reason abc":                     "no account",
		"account show nothing":                                            "no account",
		"user show nobody@acme.test":                                      "Nobody has this address",
		"factor reset --user nobody@acme.test --reason abc":               "Nobody has this address",
		"factor reset --user member@acme.test --reason abc":               "no second factor",
		"members remove owner@blue.test --account SP-100001 --reason abc": "no member",
		"members import --account SP-100001 /nowhere/people.csv":          "/nowhere/people.csv",
		"user create --email MEMBER@acme.test --name Twice":               "already",
		"user enable member@acme.test --reason abc":                       "not disabled",
		"members add --account SP-100001 --email member@acme.test":        "member already",
	} {
		sh.run(strings.Fields(line)...).refuses(part)
	}
}
