package blackbox_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// idle waits until no job is due any more.
func idle(h *whole.House, db *sql.DB) {
	h.T.Helper()
	h.Eventually("no message waits", func() bool {
		return count(h.T, db, "SELECT count(*) FROM jobs WHERE dead_at = 0 AND run_at <= $1", h.Clock.Now().UnixMicro()) == 0
	})
}

// toldOf is who has mails of this kind, and how many.
func toldOf(h *whole.House, about string) map[string]int {
	h.T.Helper()
	found := map[string]int{}
	for _, m := range h.Mails("") {
		if m.About() == about {
			found[m.To]++
		}
	}
	return found
}

// The rule of an account that enforces already is made stricter and earlier, looser and later. Who is told each time is everybody
// who does not meet what is asked now, and as many as the preview has said.
func TestWhoDoesNotMeetATightenedRuleIsToldOnceForEachChange(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		db := whole.SQL(t, h.Database)
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		at := "/accounts/" + account
		a := h.Person(admin).In().Confirm()
		byMail := a.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
		okay(a, byMail, map[string]any{"code": sent(t, h, admin, 1)})
		const invited, gone = "newcomer@acme.test", "gone@acme.test"
		o.Confirm().Join(account, gone, "member")
		execute(t, db, "UPDATE users SET disabled_at = 1 WHERE email = $1", gone)
		o.Confirm().Call("POST", at+"/invitations", map[string]any{"email": invited, "role": "member"}).Must(201)

		preview := func(asked string) int {
			t.Helper()
			return o.Call("GET", at+"/two-factor/preview?"+asked, nil).Must(200).Number("mailed")
		}
		if n := preview("minimum_strength=any&grace_days=14"); n != 5 {
			t.Errorf("enforcing would mail %d", n)
		}
		o.Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
		idle(h, db)
		if mails := toldOf(h, "enforced"); len(mails) != 5 || mails[gone] != 0 {
			t.Errorf("the enforcement has told %v", mails)
		}

		want := map[string]int{}
		change := func(what, asked string, rule map[string]any, whom ...string) {
			t.Helper()
			if n := preview(asked); n != len(whom) {
				t.Errorf("%s: the preview says %d, not %d", what, n, len(whom))
			}
			o.Enforce(account, acme, rule).Must(200)
			for _, address := range whom {
				want[address]++
			}
			idle(h, db)
			if got := toldOf(h, "tightened"); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("%s: by now %v are told, not %v", what, got, want)
			}
		}
		kept := map[string]any{"keep_deadline": true, "minimum_strength": "no_email"}
		change("stricter", "minimum_strength=no_email&keep_deadline=true", kept, admin, member, contractor, invited)
		change("the same again", "minimum_strength=no_email&keep_deadline=true", kept)
		change("with other matters", "minimum_strength=no_email&keep_deadline=true",
			map[string]any{"keep_deadline": true, "minimum_strength": "no_email", "api_tokens": "keep", "guarded_enrolment": true})
		change("later", "minimum_strength=no_email&grace_days=20", map[string]any{"grace_days": 20, "minimum_strength": "no_email"})
		change("looser", "keep_deadline=true", map[string]any{"keep_deadline": true})
		change("earlier", "grace_days=10", map[string]any{"grace_days": 10}, member, contractor, invited)
		change("earlier and looser", "minimum_strength=any&grace_days=9", map[string]any{"grace_days": 9}, member, contractor, invited)
		change("later and stricter", "minimum_strength=no_email&grace_days=12", map[string]any{"grace_days": 12, "minimum_strength": "no_email"},
			admin, member, contractor, invited)
		change("at once", "minimum_strength=no_email", map[string]any{"minimum_strength": "no_email"}, admin, member, contractor, invited)
		change("later again", "minimum_strength=no_email&grace_days=3", map[string]any{"grace_days": 3, "minimum_strength": "no_email"})
		if mails := toldOf(h, "enforced"); len(mails) != 5 || mails[member] != 1 {
			t.Errorf("of one activation %v are told", mails)
		}
		o.Call("GET", at+"/two-factor/preview?grace_days=3&keep_deadline=true", nil).Refused(422, "validation_failed")
	})
}

func TestTheNoticeOfAnActivationNamesWhatIsAcceptedAndNothingElse(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	o := h.Person(owner).Protected()
	account := o.Account(acme)
	const invited = "newcomer@acme.test"
	o.Confirm().Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": invited, "role": "member"}).Must(201)
	o.Enforce(account, acme, map[string]any{"minimum_strength": "no_email_no_sms"}).Must(200)
	for _, address := range []string{member, invited} {
		text := h.Mail(address, "enforced", 1)[0].Text
		if !strings.Contains(text, "Accepted: authenticator app, passkey or security key\n") || strings.Contains(text, "SMS") {
			t.Errorf("%s is told:\n%s", address, text)
		}
	}
}

func TestTheNoticeOfATightenedRuleSaysWhatHasChangedAndUntilWhen(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	db := whole.SQL(t, h.Database)
	o := h.Person(owner).Protected()
	account := o.Account(acme)
	const invited = "newcomer@acme.test"
	o.Confirm().Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": invited, "role": "member"}).Must(201)
	in := func(days int) time.Time { return h.Clock.Now().Add(time.Duration(days) * day) }
	english := func(days int) string { return in(days).Format("2 January 2006, 15:04 UTC") }
	german := func(days int) string { return in(days).Format("2. ") }
	settle := func() {
		t.Helper()
		idle(h, db)
		h.Clock.Advance(time.Second) // the newest mail comes first
	}
	says := func(what string, to string, nth int, parts ...string) {
		t.Helper()
		m := h.Mail(to, "tightened", nth)[0]
		for _, part := range parts {
			if !strings.Contains(strings.Join(strings.Fields(m.Text), " "), part) {
				t.Errorf("%s: %s is not told %q:\n%s", what, to, part, m.Text)
			}
		}
	}
	o.Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
	settle()

	o.Enforce(account, acme, map[string]any{"keep_deadline": true, "minimum_strength": "no_email_no_sms"}).Must(200)
	settle()
	says("stricter", member, 1, "An owner of Acme Hosting (SP-100001)", "authenticator app, passkey or security key", "any method", english(14), "/me/security")
	says("stricter", contractor, 1, "Eine Inhaberin oder ein Inhaber von Acme Hosting (SP-100001)", "Authenticator-App, Passkey oder Sicherheitsschlüssel", german(14))
	says("stricter", invited, 1, "open invitation to Acme Hosting", "authenticator app, passkey or security key", english(14))

	before := english(14)
	o.Enforce(account, acme, map[string]any{"grace_days": 7, "minimum_strength": "no_email_no_sms"}).Must(200)
	settle()
	says("earlier", member, 2, before, english(7))
	if m := h.Mail(member, "tightened", 2)[0]; strings.Contains(m.Text, "any method") {
		t.Errorf("what has not changed is told as changed:\n%s", m.Text)
	}
	if got := toldOf(h, "reminder"); len(got) != 0 { // seven days before is today
		t.Errorf("whoever has just been told is reminded: %v", got)
	}
	o.Enforce(account, acme, map[string]any{"minimum_strength": "no_email_no_sms"}).Must(200)
	settle()
	says("at once", member, 3, "From now on the portal is closed to you")

	// An incident binds at once too; its end asks nothing new of anybody.
	o.Enforce(account, acme, map[string]any{"grace_days": 5, "minimum_strength": "no_email_no_sms"}).Must(200)
	o.Call("POST", "/accounts/"+account+"/incident", map[string]any{"account_number": acme}).Must(200)
	settle()
	says("an incident", member, 4, "From now on the portal is closed to you")
	o.Call("POST", "/accounts/"+account+"/incident/end", map[string]any{"account_number": acme}).Must(200)
	settle()
	if got := toldOf(h, "tightened"); got[member] != 4 || got[contractor] != 4 || got[invited] != 4 || got[owner] != 0 {
		t.Errorf("in the end %v are told", got)
	}
	h.Clock.Advance(4*day + time.Hour)
	idle(h, db)
	if m := h.Mail(member, "reminder", 1)[0]; !strings.Contains(m.Text, "Accepted: authenticator app, passkey or security key") {
		t.Errorf("a reminder says\n%s", m.Text)
	}
}

func TestNobodyIsToldOfAChangeThatWasUndoneBeforeTheirTurn(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	db := whole.SQL(t, h.Database)
	o := h.Person(owner).Protected().Confirm()
	account := o.Account(acme)
	o.Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
	idle(h, db)
	execute(t, db, `CREATE TRIGGER later AFTER INSERT ON jobs WHEN NEW.kind = 'enforcement_notices'
		BEGIN UPDATE jobs SET run_at = NEW.run_at + 3600000000 WHERE id = NEW.id; END`)
	set := func(strength string) {
		t.Helper()
		o.Confirm().Enforce(account, acme, map[string]any{"keep_deadline": true, "minimum_strength": strength}).Must(200)
	}
	hourLater := func() {
		t.Helper()
		h.Clock.Advance(time.Hour)
		idle(h, db)
		o.RefreshNow().Must(200)
	}
	set("no_email")
	set("any")
	hourLater()
	if got := toldOf(h, "tightened"); len(got) != 0 {
		t.Errorf("of what is no longer so %v are told", got)
	}

	// What is told is the rule as it is by then.
	set("no_email_no_sms")
	set("no_email")
	hourLater()
	if m := h.Mail(member, "tightened", 1)[0]; !strings.Contains(m.Text, "Accepted: authenticator app, passkey, security key or text message (SMS)") {
		t.Errorf("the member is told\n%s", m.Text)
	}
	set("no_email_no_sms")
	o.Lift(account, acme).Must(200)
	hourLater()
	if got := toldOf(h, "tightened"); got[member] != 1 || got[contractor] != 1 {
		t.Errorf("in the end %v are told", got)
	}
}
