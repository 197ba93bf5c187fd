package blackbox_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit/twilio"
	"sallyport/internal/testkit/whole"
)

const mobileNumber = "+491701234567"

// texting is a house whose texts go by Twilio.
func texting(t *testing.T, databaseURL string, change ...func(*app.Config)) (*whole.House, *twilio.Server) {
	t.Helper()
	carrier := twilio.New(t)
	h := whole.Open(t, databaseURL, whole.Plan{Config: func(_ int, c *app.Config) {
		c.TwilioAccountSID, c.TwilioAuthToken, c.TwilioFrom, c.TwilioBaseURL = twilio.AccountSID, twilio.AuthToken, twilio.From, carrier.URL
		for _, f := range change {
			f(c)
		}
	}})
	carrier.Clock(h.Clock.Now)
	return h, carrier
}

// eachTexting runs f on both databases.
func eachTexting(t *testing.T, f func(t *testing.T, h *whole.House, carrier *twilio.Server)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		h, carrier := texting(t, whole.SQLite(t))
		f(t, h, carrier)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		h, carrier := texting(t, whole.Postgres(t))
		f(t, h, carrier)
	})
}

var boundCode = regexp.MustCompile(`#([0-9]{6})$`)

// arrived waits for the nth text message, counted from 1, and gives it with its code.
func arrived(h *whole.House, carrier *twilio.Server, n int) (twilio.Sent, string) {
	h.T.Helper()
	h.Eventually("a text message arrives", func() bool { return len(carrier.Sent()) >= n })
	m := carrier.Sent()[n-1]
	found := boundCode.FindStringSubmatch(m.Body)
	if found == nil {
		h.T.Fatalf("no code is bound to the portal: %q", m.Body)
	}
	return m, found[1]
}

// delivery is how far a challenge's message has come.
func delivery(p *whole.Person, challengeID string) string {
	p.Client.T.Helper()
	return p.Call("GET", "/challenges/"+challengeID, nil).Must(200).Text("delivery")
}

// texted enrols a text message factor and gives the factor's id.
func texted(h *whole.House, carrier *twilio.Server, p *whole.Person) string {
	h.T.Helper()
	a := p.In().Confirm().Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobileNumber}).Must(201)
	_, code := arrived(h, carrier, 1)
	factorID := a.Text("factor.id")
	p.Call("POST", "/me/factors/"+factorID+"/verify", map[string]any{"code": code}).Must(200)
	p.Keep(p.Call("POST", "/me/factors/"+factorID+"/activate", nil).Must(200))
	return factorID
}

func TestACodeByText(t *testing.T) {
	t.Parallel()
	eachTexting(t, func(t *testing.T, h *whole.House, carrier *twilio.Server) {
		p := h.Person(member)
		factorID := texted(h, carrier, p)
		p.SignIn().Must(200)
		asked := p.Call("POST", "/auth/second-factor/challenges", map[string]any{"factor_id": factorID}).Must(201)
		challengeID := asked.Text("challenge_id")
		m, code := arrived(h, carrier, 2)
		if m.To != mobileNumber || m.Form.Get("From") != twilio.From || strings.Contains(asked.Text("sent_to"), "1234567") {
			t.Errorf("%v, %s", m.Form, asked.Body)
		}
		h.Eventually("it is sent", func() bool { return delivery(p, challengeID) == "sent" })

		// Only Twilio moves it: what it says is signed for the address that it was given.
		address, form := carrier.Report(m, "delivered", 0)
		given, err := url.Parse(address)
		if err != nil || given.Path != "/api/v1/webhooks/twilio/status" || given.Query().Get("message") != challengeID {
			t.Fatalf("Twilio was told to report to %s", address)
		}
		real := p.Client.Base + given.RequestURI()
		report := func(signature, body string, header ...string) whole.Answer {
			t.Helper()
			h := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=UTF-8"}}
			if signature != "" {
				h.Set("X-Twilio-Signature", signature)
			}
			if len(header) > 0 {
				h.Set("Content-Type", header[0])
			}
			return p.Client.Send(whole.Request{Method: "POST", Path: strings.TrimPrefix(given.RequestURI(), whole.Prefix), Header: h, Body: []byte(body)})
		}
		signature := twilio.Sign(twilio.AuthToken, address, form)
		report("", form.Encode()).Refused(403, "invalid_signature")
		report("bm9uc2Vuc2U=", form.Encode()).Refused(403, "invalid_signature")
		report(twilio.Sign(twilio.AuthToken, real, form), form.Encode()).Refused(403, "invalid_signature") // for where it arrived
		report(signature, form.Encode()+"&MessageStatus=failed").Refused(400, "malformed_request")
		report(signature, "MessageStatus=failed&"+form.Encode()).Refused(400, "malformed_request")
		report(signature, strings.Replace(form.Encode(), "MessageStatus=delivered", "MessageStatus=failed", 1)).Refused(403, "invalid_signature")
		report(signature, `{"AccountSid":"x"}`, "application/json").Refused(415, "unsupported_media_type")
		report(signature, "%zz").Refused(400, "malformed_request")
		report(signature, "MessageStatus=delivered").Refused(422, "validation_failed")
		report(signature, "AccountSid=%00").Refused(422, "validation_failed")
		report(signature, "AccountSid=%ff").Refused(400, "malformed_request")
		p.Client.Send(whole.Request{Method: "POST", Path: "/webhooks/twilio/status", Body: []byte("AccountSid=x"),
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}).Refused(422, "validation_failed")
		if d := delivery(p, challengeID); d != "sent" {
			t.Fatalf("moved by nobody to %s", d)
		}
		if status := twilio.Post(t, real, signature, form); status != 204 || delivery(p, challengeID) != "delivered" {
			t.Errorf("%d, %s", status, delivery(p, challengeID))
		}
		_, before := carrier.Report(m, "sent", 0)
		if status := twilio.Post(t, real, twilio.Sign(twilio.AuthToken, address, before), before); status != 204 || delivery(p, challengeID) != "delivered" {
			t.Errorf("back: %d, %s", status, delivery(p, challengeID))
		}

		p.Keep(p.Client.Call("POST", "/auth/second-factor", p.Partial, map[string]any{"type": "sms", "challenge_id": challengeID, "code": code}).Must(200))
		if len(carrier.Sent()) != 2 {
			t.Errorf("%d messages", len(carrier.Sent()))
		}
	})
}

func TestATextThatDoesNotArriveSaysWhy(t *testing.T) {
	t.Parallel()
	h, carrier := texting(t, whole.SQLite(t))
	p := h.Person(member)
	factorID := texted(h, carrier, p)
	p.SignIn().Must(200)

	carrier.Script(func(r twilio.Request) twilio.Answer {
		if r.Sends() {
			return twilio.Unsubscribed
		}
		return twilio.Answer{}
	})
	a := p.Call("POST", "/auth/second-factor/challenges", map[string]any{"factor_id": factorID}).Must(201)
	h.Eventually("it has failed", func() bool { return delivery(p, a.Text("challenge_id")) == "failed" })
	if said := p.Call("GET", "/challenges/"+a.Text("challenge_id"), nil).Text("delivery_reason"); said != "unsubscribed" {
		t.Errorf("because %q", said)
	}

	// Reported later, by the network.
	carrier.Script(nil)
	h.Clock.Advance(2 * time.Minute)
	a = p.Call("POST", "/auth/second-factor/challenges", map[string]any{"factor_id": factorID}).Must(201)
	m, _ := arrived(h, carrier, 2)
	address, form := carrier.Report(m, "undelivered", 30003)
	given, _ := url.Parse(address)
	h.Eventually("it is failed too", func() bool {
		twilio.Post(t, p.Client.Base+given.RequestURI(), twilio.Sign(twilio.AuthToken, address, form), form)
		return delivery(p, a.Text("challenge_id")) == "failed"
	})
	if said := p.Call("GET", "/challenges/"+a.Text("challenge_id"), nil).Text("delivery_reason"); said != "unreachable" {
		t.Errorf("because %q", said)
	}
}

func TestSignInDoesNotWaitForADeadTwilio(t *testing.T) {
	t.Parallel()
	h, carrier := texting(t, whole.SQLite(t))
	p := h.Person(member)
	factorID := texted(h, carrier, p)
	for what, a := range map[string]func() twilio.Answer{
		"slow": func() twilio.Answer { <-t.Context().Done(); return twilio.Cut },
		"cut":  func() twilio.Answer { return twilio.Cut },
		"5xx":  func() twilio.Answer { return twilio.BadGateway },
		"429":  func() twilio.Answer { return twilio.TooMany },
	} {
		carrier.Script(func(r twilio.Request) twilio.Answer { return a() })
		h.Clock.Advance(30 * time.Minute)
		if took := p.SignIn().Must(200).Took; took > 2*time.Second {
			t.Errorf("%s: signing in took %v", what, took)
		}
		asked := p.Call("POST", "/auth/second-factor/challenges", map[string]any{"factor_id": factorID}).Must(201)
		if asked.Took > 2*time.Second || delivery(p, asked.Text("challenge_id")) != "queued" {
			t.Errorf("%s: asking took %v, %s", what, asked.Took, delivery(p, asked.Text("challenge_id")))
		}
		// However many texts hang, mails do not.
		guest := what + "@guest.test"
		o := h.Person(owner).In().Confirm()
		o.Call("POST", "/accounts/"+o.Account(acme)+"/invitations", map[string]any{"email": guest, "role": "member"}).Must(201)
		h.Mail(guest, "invitation", 1)
	}
	carrier.Script(nil)
}

func TestTextsAreBounded(t *testing.T) {
	t.Parallel()
	h, carrier := texting(t, whole.SQLite(t), func(c *app.Config) { c.SMSCountries, c.MetricsToken = "de,AT", "a token for nothing but tests" })
	p := h.Person(member).In().Confirm()
	for number, detail := range map[string]string{"+43 664 1234567": "", "+12025550123": "this country is not served", "+49 900 1234567": "this kind of number is not served", "0170 1234567": "must begin with +"} {
		a := p.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": number})
		if detail == "" {
			a.Must(201)
		} else if a.Refused(422, "validation_failed"); a.Text("errors.0.pointer") != "/number" || !strings.Contains(a.Text("errors.0.detail"), detail) {
			t.Errorf("%s: %s", number, a.Body)
		}
	}
	p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": "+12025550123"}).Refused(422, "validation_failed")

	// Five an hour to one number, in whatever way they are asked for; an authenticator app still opens the door.
	factorID := ""
	refused := false
	for range 12 {
		h.Clock.Advance(4 * time.Minute)
		p.In().Confirm()
		a := p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobileNumber})
		if a.Status == 201 {
			factorID = a.Text("factor.id")
			continue
		}
		if a.Is(429, "resend_too_soon") {
			continue
		}
		a.Refused(429, "sms_budget_exhausted")
		refused = true
		break
	}
	if !refused || factorID == "" {
		t.Errorf("no cap was reached")
	}
	h.Eventually("what was allowed arrives", func() bool { return len(carrier.Sent()) == 6 }) // five, and the one to Austria
	p.Confirm().Enrol().SignIn().Must(200)
	p.Answer(p.App.Next()).Must(200)

	metrics := string(h.At(0).Call("GET", "//metrics", "a token for nothing but tests", nil).Must(200).Body)
	for _, line := range []string{`sallyport_sms_decisions_total{decision="allowed",label="DE"} 5`, `sallyport_sms_decisions_total{decision="allowed",label="AT"} 1`,
		`sallyport_sms_decisions_total{decision="refused",label="not_served"} 3`, `sallyport_sms_decisions_total{decision="refused",label="number"} 1`,
		`sallyport_sms_results_total{result="accepted"} 6`} {
		if !strings.Contains(metrics, line+"\n") {
			t.Errorf("the metrics lack %s", line)
		}
	}
	if strings.Contains(metrics, "1234567") {
		t.Error("the metrics hold a number")
	}
}

func TestTheDemoShowsTextsInThePersonsLanguage(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person("contractor@acme.test").In().Confirm()
		a := p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobileNumber}).Must(201)
		h.Eventually("it is delivered", func() bool { return delivery(p, a.Text("challenge.challenge_id")) == "delivered" })
		kept := h.At(0).Call("GET", "/demo/messages?to="+url.QueryEscape(mobileNumber), "", nil).Must(200)
		text := kept.Text("items.0.text")
		if kept.Text("items.0.channel") != "sms" || !strings.Contains(text, "ist Ihr Code für Sallyport") || boundCode.FindString(text) == "" {
			t.Errorf("%s", kept.Body)
		}
	})
}

func TestACallSaysTheCodeWhereThereIsANumberToCallFrom(t *testing.T) {
	t.Parallel()
	enrol := func(p *whole.Person, offered bool) string {
		t.Helper()
		a := p.Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobileNumber}).Must(201)
		if shown := p.Call("GET", "/challenges/"+a.Text("challenge.challenge_id"), nil).Must(200); a.Value("challenge.voice_offered") != offered || shown.Value("voice_offered") != offered {
			t.Errorf("calls: %s, later %s", a.Body, shown.Body)
		}
		return a.Text("factor.id")
	}
	called := map[string]any{"by_voice": true}

	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p := h.Person(member).In().Confirm()
	factorID := enrol(p, true)
	phoneID := p.Call("POST", "/me/phones", map[string]any{"kind": "backup", "number": "+4930123456"}).Must(201).Text("phone.id")
	h.Clock.Advance(31 * time.Second)
	p.Call("POST", "/me/factors/"+factorID+"/challenges", called).Must(201)
	p.Call("POST", "/me/phones/"+phoneID+"/challenges", called).Must(201)
	for _, to := range []string{mobileNumber, "+4930123456"} {
		h.Eventually("a call says the code to "+to, func() bool {
			return h.At(0).Call("GET", "/demo/messages?to="+url.QueryEscape(to), "", nil).Must(200).Text("items.0.channel") == "voice"
		})
	}

	quiet, _ := texting(t, whole.SQLite(t), func(c *app.Config) { c.TwilioFrom = "Sallyport" })
	p = quiet.Person(member).In().Confirm()
	factorID = enrol(p, false)
	quiet.Clock.Advance(31 * time.Second)
	p.Call("POST", "/me/factors/"+factorID+"/challenges", called).Refused(409, "sms_not_offered")
}

func TestWithoutTwilioNobodyReports(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	h.At(0).Send(whole.Request{Method: "POST", Path: "/webhooks/twilio/status?message=1", Body: []byte("AccountSid=x"),
		Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}}).Refused(404, "not_found")
}

func TestARefusedTextIsRecordedOnceAMinuteForEachPersonAndCap(t *testing.T) {
	t.Parallel()
	eachTexting(t, func(t *testing.T, h *whole.House, _ *twilio.Server) {
		db := whole.SQL(t, h.Database)
		recorded := func(p *whole.Person) (n int) {
			t.Helper()
			if err := db.QueryRow(`SELECT count(*) FROM audit_events WHERE action = 'text.refused' AND user_id = $1`, p.Self()).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		m, a := h.Person(member).In().Confirm(), h.Person(admin).In().Confirm()
		path := "/me/phones/" + m.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobileNumber}).Must(201).Text("phone.id") + "/challenges"
		for again := 2; again <= 5; again++ { // five an hour go to one number
			h.Clock.Advance(8 * time.Minute)
			m.In().Call("POST", path, nil).Must(201)
		}
		h.Clock.Advance(8 * time.Minute)
		m.In().Call("POST", path, nil).Refused(429, "sms_budget_exhausted")
		if n := recorded(m); n != 1 {
			t.Fatalf("a refusal is recorded %d times", n)
		}
		for range 5 {
			m.Call("POST", path, nil).Refused(429, "sms_budget_exhausted")
			m.Confirm().Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobileNumber}).Refused(429, "sms_budget_exhausted")
		}
		a.In().Confirm().Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobileNumber}).Refused(429, "sms_budget_exhausted")
		if of, its := recorded(m), recorded(a); of != 1 || its != 1 {
			t.Errorf("within a minute %d and %d are recorded, not one for each person", of, its)
		}
		h.Clock.Advance(time.Minute)
		m.Call("POST", path, nil).Refused(429, "sms_budget_exhausted")
		if n := recorded(m); n != 2 {
			t.Errorf("after a minute %d are recorded", n)
		}
		var detail string
		if err := db.QueryRow("SELECT detail FROM audit_events WHERE action = 'text.refused' LIMIT 1").Scan(&detail); err != nil || !strings.Contains(detail, "number") ||
			!strings.Contains(detail, "DE") || strings.Contains(detail, mobileNumber[3:]) {
			t.Errorf("it is recorded as %s, %v", detail, err)
		}
	})
}

func TestABudgetThatOnlyRecordsRefusesNothing(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"record_only", "enforce"} {
		h, carrier := texting(t, whole.SQLite(t), func(c *app.Config) {
			c.SMSBudget, c.SMSPerPrefixHour, c.MetricsToken = mode, 2, "a token for nothing but tests"
		})
		allowed := 0
		for i, email := range []string{owner, admin, member, contractor} { // neighbours, as whoever earns by them rents them
			a := h.Person(email).In().Confirm().Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobileNumber[:12] + string(rune('0'+i))})
			if a.Status == 201 {
				allowed++
			} else {
				a.Refused(429, "sms_budget_exhausted")
			}
		}
		decision, want := "refused", 2
		if mode == "record_only" {
			decision, want = "would_refuse", 4
		}
		h.Eventually("what was allowed arrives", func() bool { return len(carrier.Sent()) == want })
		metrics := string(h.At(0).Call("GET", "//metrics", "a token for nothing but tests", nil).Must(200).Body)
		if line := `sallyport_sms_decisions_total{decision="` + decision + `",label="prefix"} 2` + "\n"; allowed != want || !strings.Contains(metrics, line) {
			t.Errorf("%s: %d of 4 are allowed, and the metrics lack %s", mode, allowed, line)
		}
	}
}
