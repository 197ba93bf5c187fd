package blackbox_test

import (
	"net/url"
	"testing"
	"time"

	"sallyport/internal/testkit/twilio"
	"sallyport/internal/testkit/whole"
)

// A text that has failed holds nobody up: the next may be asked for at once. It counts all the same: towards the caps, and towards
// how long the wait is after one that has not failed.
func TestATextThatHasFailedHoldsNobodyUpAndIsCountedAllTheSame(t *testing.T) {
	t.Parallel()
	eachTexting(t, func(t *testing.T, h *whole.House, carrier *twilio.Server) {
		p := h.Person(member)
		factorID := texted(h, carrier, p)
		h.Clock.Advance(time.Hour)
		p.SignIn().Must(200)
		ask := func() whole.Answer {
			return p.Call("POST", "/auth/second-factor/challenges", map[string]any{"factor_id": factorID})
		}
		waits := func(a whole.Answer) time.Duration {
			t.Helper()
			until, err := time.Parse(time.RFC3339, a.Text("resend_at"))
			if err != nil {
				t.Fatal(err)
			}
			return until.Sub(h.Clock.Now())
		}
		refuse := func(r twilio.Request) twilio.Answer {
			if r.Sends() {
				return twilio.Unsubscribed
			}
			return twilio.Answer{}
		}
		fails := func() whole.Answer {
			t.Helper()
			a := ask().Must(201)
			h.Eventually("it has failed", func() bool { return delivery(p, a.Text("challenge_id")) == "failed" })
			return p.Call("GET", "/challenges/"+a.Text("challenge_id"), nil).Must(200)
		}

		carrier.Script(refuse)
		if wait := waits(fails()); wait > 0 {
			t.Errorf("after a text that has failed the page waits %v", wait)
		}
		carrier.Script(nil)
		sent := ask().Must(201)
		if wait := waits(sent); wait != time.Minute {
			t.Errorf("after the second, which has not failed, the page waits %v", wait)
		}
		ask().Refused(429, "resend_too_soon")
		m, _ := arrived(h, carrier, 2)
		address, form := carrier.Report(m, "undelivered", 30003)
		given, _ := url.Parse(address)
		h.Eventually("it has failed too, later", func() bool {
			twilio.Post(t, p.Client.Base+given.RequestURI(), twilio.Sign(twilio.AuthToken, address, form), form)
			return delivery(p, sent.Text("challenge_id")) == "failed"
		})

		// Five an hour to one number, whatever becomes of them.
		carrier.Script(refuse)
		for range 3 {
			fails()
		}
		ask().Refused(429, "sms_budget_exhausted")
	})
}
