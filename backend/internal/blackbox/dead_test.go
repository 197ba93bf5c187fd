package blackbox_test

import (
	"database/sql"
	"fmt"
	"net"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit"
	"sallyport/internal/testkit/twilio"
	"sallyport/internal/testkit/whole"
)

// nobody is an address of this machine where nobody listens.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// dead is a house outside the demo whose mail server and whose Twilio are somewhere else.
func dead(t *testing.T, databaseURL, smtpURL, twilioURL string) *whole.House {
	t.Helper()
	return whole.Open(t, databaseURL, whole.Plan{Config: func(_ int, c *app.Config) {
		c.Demo, c.SMTPURL, c.MailFrom = false, smtpURL, "Sallyport <no-reply@portal.test>"
		c.TwilioAccountSID, c.TwilioAuthToken, c.TwilioFrom, c.TwilioBaseURL = twilio.AccountSID, twilio.AuthToken, twilio.From, twilioURL
	}})
}

// inTime holds an answer to what is required of it while others are dead. Nothing here takes a hundredth of that.
func inTime(t *testing.T, a whole.Answer) whole.Answer {
	t.Helper()
	if a.Took > 2*time.Second {
		t.Errorf("%s %s took %v", a.Request.Method, a.Request.Path, a.Took)
	}
	return a
}

// jobsOf counts the jobs of a kind that are not given up; tried: those that have been tried in vain.
func jobsOf(t *testing.T, db *sql.DB, kind string) (all, tried int) {
	t.Helper()
	if err := db.QueryRow("SELECT count(*), count(CASE WHEN last_error <> '' THEN 1 END) FROM jobs WHERE kind = $1 AND dead_at = 0", kind).Scan(&all, &tried); err != nil {
		t.Fatal(err)
	}
	return all, tried
}

// inVain says whether a mail and a text have been tried in vain.
func inVain(t *testing.T) func(db *sql.DB) bool {
	return func(db *sql.DB) bool {
		_, mails := jobsOf(t, db, "notify")
		_, texts := jobsOf(t, db, "notify_text")
		return mails > 0 && texts > 0
	}
}

func TestSignInWaitsForNeitherMailServerNorTwilio(t *testing.T) {
	t.Parallel()
	// more is how many mails are asked for: more than there are workers to hang.
	const more = 20
	story := func(t *testing.T, h *whole.House, hanging func(db *sql.DB) bool) {
		t.Helper()
		db := whole.SQL(t, h.Database)
		o := h.Person(owner).Protected().Confirm() // which mails that a factor is on
		account := o.Account(acme)
		for i := range more {
			inTime(t, o.Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": fmt.Sprintf("guest-%d@guest.test", i), "role": "member"})).Must(201)
		}
		m := h.Person(member).In().Confirm()
		inTime(t, m.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobileNumber})).Must(201)
		inTime(t, m.Call("POST", "/me/factors", map[string]any{"type": "email"})).Must(201)
		h.Eventually("everybody who sends has met the dead", func() bool { return hanging(db) })

		inTime(t, o.SignIn()).Must(200)
		inTime(t, o.Answer(o.App.Next())).Must(200)
		inTime(t, o.Call("GET", "/accounts", nil)).Must(200)
		inTime(t, m.SignIn()).Must(200)
		inTime(t, askReset(h.At(0), admin)).Must(202)
		if !hanging(db) {
			t.Error("nothing hung while people signed in: this shows nothing")
		}
		h.Clock.Advance(time.Minute)
		mails, _ := jobsOf(t, db, "notify")
		texts, _ := jobsOf(t, db, "notify_text")
		if mails < more+2 || texts < 1 {
			t.Errorf("%d mails and %d texts wait: some are lost", mails, texts)
		}
	}
	for name, database := range map[string]func(testing.TB) string{"sqlite": whole.SQLite, "postgres": whole.Postgres} {
		t.Run(name+", both swallow what they are told", func(t *testing.T) {
			t.Parallel()
			mails, texts := testkit.BlackHole(t), testkit.BlackHole(t)
			h := dead(t, database(t), "smtp://"+mails.Address, "http://"+texts.Address)
			// Eight workers send mail. All of them hang, and none has given up.
			story(t, h, func(*sql.DB) bool { return mails.Held() == 8 && texts.Held() >= 1 && mails.Ended() == 0 })
		})
		t.Run(name+", nobody listens", func(t *testing.T) {
			t.Parallel()
			h := dead(t, database(t), "smtp://"+nobody(t), "http://"+nobody(t))
			story(t, h, inVain(t))
		})
		t.Run(name+", their names lead nowhere", func(t *testing.T) {
			t.Parallel()
			h := dead(t, database(t), "smtp://mail.invalid", "https://twilio.invalid")
			story(t, h, inVain(t))
		})
	}
}
