package twilio_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/notify/budget"
	"sallyport/internal/notify/twilio"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	double "sallyport/internal/testkit/twilio"
	"sallyport/internal/user"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

const number = "+491701234567"

// office is a sender, its Twilio, and its database.
type office struct {
	*twilio.Sender
	t      *testing.T
	twilio *double.Server
	store  *store.Store
	clock  *testkit.Clock
	log    *bytes.Buffer

	mu     sync.Mutex
	counts map[string]int
}

const portal = "https://portal.example"

func config(api *double.Server) twilio.Config {
	return twilio.Config{AccountSID: double.AccountSID, AuthToken: double.AuthToken, From: double.From, APIURL: api.URL, PortalURL: portal}
}

func open(t *testing.T, databaseURL string, change ...func(*twilio.Config)) *office {
	t.Helper()
	o := &office{t: t, twilio: double.New(t), store: testkit.OpenStore(t, databaseURL), clock: testkit.NewClock(), log: &bytes.Buffer{}, counts: map[string]int{}}
	o.twilio.Clock(o.clock.Now)
	c := config(o.twilio)
	for _, f := range change {
		f(&c)
	}
	var err error
	if o.Sender, err = twilio.New(c); err != nil {
		t.Fatal(err)
	}
	o.Store, o.Now, o.Log, o.Count = o.store, o.clock.Now, slog.New(slog.NewTextHandler(o.log, nil)), o.count
	t.Cleanup(func() { _ = o.Close() })
	if _, err := o.store.AddUser(t.Context(), user.User{ID: "ada", Email: "ada@example.test", Name: "Ada", PasswordHash: "-"}, ""); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) count(result string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.counts[result]++
}

// letter is a code that a budget has counted. Its text is its own.
func (o *office) letter(id string) notify.Letter {
	o.t.Helper()
	if _, err := o.store.TakeMessage(o.t.Context(), budget.Message{ID: id, UserID: "ada", NumberHash: "n", PrefixHash: "p", Country: "DE", CreatedAt: o.clock.Now()}, nil, true); err != nil {
		o.t.Fatal(err)
	}
	code := strconv.Itoa(100000 + len(id)*7919 + int(id[len(id)-1]))
	return notify.Letter{ID: id, Channel: notify.SMS, To: number, Locale: "en", Text: code + " is your code for Acme.\n\n@portal.example #" + code,
		CreatedAt: o.clock.Now(), ExpiresAt: o.clock.Now().Add(10 * time.Minute)}
}

func (o *office) state(id string) notify.Delivery {
	o.t.Helper()
	d, err := o.store.DeliveryState(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

// quiet holds an error to saying nothing that it must not.
func (o *office) quiet(err error) {
	o.t.Helper()
	for _, secret := range []string{double.AuthToken, double.AccountSID, "1234567", "is your code"} {
		if strings.Contains(err.Error(), secret) || strings.Contains(o.log.String(), secret) {
			o.t.Errorf("%q is told: %v\n%s", secret, err, o.log)
		}
	}
}

// sends is how often Twilio was asked to send.
func (o *office) sends() (n int) {
	for _, r := range o.twilio.Requests() {
		if r.Sends() {
			n++
		}
	}
	return n
}

// once scripts the first n requests to send, and lets Twilio be itself afterwards.
func (o *office) once(n int, a double.Answer) {
	o.twilio.Script(func(r double.Request) double.Answer {
		if r.Sends() && n > 0 {
			n--
			return a
		}
		return double.Answer{}
	})
}

func TestSend(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		t.Run("a text message, as Twilio's API asks for it, once", func(t *testing.T) {
			o := open(t, url)
			l := o.letter("sent 1")
			for range 3 { // a job is done at least once
				if err := o.Send(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			sent := o.twilio.Sent()
			if len(sent) != 1 || o.sends() != 1 {
				t.Fatalf("%d messages, %d requests", len(sent), o.sends())
			}
			form := sent[0].Form
			if form.Get("To") != number || form.Get("From") != double.From || form.Get("Body") != l.Text || form.Get("ValidityPeriod") != "600" ||
				form.Get("StatusCallback") != portal+"/api/v1/webhooks/twilio/status?message=sent+1" || form.Has("MessagingServiceSid") {
				t.Errorf("%v", form)
			}
			if d := o.state(l.ID); d.Progress != notify.Sent || d.SID != sent[0].SID {
				t.Errorf("%+v", d)
			}
			if o.counts[twilio.Accepted] != 1 {
				t.Errorf("counted %v", o.counts)
			}
		})

		t.Run("a text message by a messaging service", func(t *testing.T) {
			o := open(t, url, func(c *twilio.Config) { c.From = "MG00000000000000000000000000000000" })
			if err := o.Send(t.Context(), o.letter("service 1")); err != nil {
				t.Fatal(err)
			}
			if form := o.twilio.Sent()[0].Form; form.Get("MessagingServiceSid") != "MG00000000000000000000000000000000" || form.Has("From") {
				t.Errorf("%v", form)
			}
			if o.Calls() {
				t.Error("it says that it can call")
			}
			l := o.letter("service 2")
			l.Channel = notify.Voice
			if err := o.Send(t.Context(), l); !jobs.Discarded(err) {
				t.Errorf("a call without a caller: %v", err)
			}
		})

		t.Run("a call that says the digits slowly, twice, in the person's language", func(t *testing.T) {
			o := open(t, url)
			for locale, language := range map[string]string{"en": "en-US", "de": "de-DE"} {
				l := o.letter("call " + locale)
				l.Channel, l.Locale, l.Text = notify.Voice, locale, "This is A & B.\nYour code is\n1, 2, 3\nOnce more. Your code is\n1, 2, 3\nGoodbye."
				if err := o.Send(t.Context(), l); err != nil {
					t.Fatal(err)
				}
				sent := o.twilio.Sent()
				said := sent[len(sent)-1].Body
				slowly := ""
				for _, digit := range []string{"1", "2", "3"} {
					slowly += `<Say language="` + language + `">` + digit + `</Say><Pause length="1"/>`
				}
				if strings.Count(said, slowly) != 2 || !strings.Contains(said, "A &amp; B") || !strings.HasPrefix(said, "<Response><Pause") {
					t.Errorf("said: %s", said)
				}
				if form := sent[len(sent)-1].Form; form.Get("StatusCallbackMethod") != "POST" || form.Get("TimeLimit") == "" || form.Get("To") != number {
					t.Errorf("%v", form)
				}
			}
		})

		t.Run("nothing that no budget has counted, and nothing that has expired", func(t *testing.T) {
			o := open(t, url)
			l := o.letter("expired")
			o.clock.Advance(10 * time.Minute)
			if err := o.Send(t.Context(), l); !jobs.Discarded(err) {
				t.Errorf("expired: %v", err)
			}
			l.ID = "uncounted"
			if err := o.Send(t.Context(), l); !jobs.Discarded(err) {
				t.Errorf("uncounted: %v", err)
			}
			if o.sends() != 0 {
				t.Error("Twilio was asked")
			}
		})

		t.Run("no address for reports where Twilio would not reach us", func(t *testing.T) {
			o := open(t, url, func(c *twilio.Config) { c.PortalURL, c.APIURL = "http://localhost:8080", "" })
			if err := o.Report(t.Context(), "1", double.Sign(double.AuthToken, "?message=1", nil), nil); !errors.Is(err, twilio.ErrSignature) {
				t.Error(err)
			}
		})
	})
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		for what, c := range map[string]struct {
			answer double.Answer
			reason notify.Reason
			code   int
		}{
			"a number that is none":           {double.NotANumber, notify.NotMobile, 21211},
			"a fixed line":                    {double.NotMobile, notify.NotMobile, 21614},
			"an owner who has answered STOP":  {double.Unsubscribed, notify.Unsubscribed, 21610},
			"a country that is not permitted": {double.Answer{Status: 403, Code: 21408, Message: "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: %s."}, notify.NotServed, 21408},
		} {
			t.Run(what+" is told, and not tried again", func(t *testing.T) {
				o := open(t, databaseURL)
				o.once(1, c.answer)
				l := o.letter(what)
				err := o.Send(t.Context(), l)
				if !jobs.Discarded(err) {
					t.Fatal(err)
				}
				o.quiet(err)
				if d := o.state(l.ID); d.Progress != notify.Failed || d.Reason != c.reason || d.ErrorCode != c.code || d.Reason.Sentence() == "" {
					t.Errorf("%+v", d)
				}
				if err := o.Send(t.Context(), l); err != nil || o.sends() != 1 {
					t.Errorf("once more: %v, %d requests", err, o.sends())
				}
				if o.counts[twilio.Refused] != 1 {
					t.Errorf("counted %v", o.counts)
				}
			})
		}

		for what, c := range map[string]struct {
			answer double.Answer
			result string
		}{
			"too many requests":        {double.TooMany, twilio.Postponed},
			"an error that is unknown": {double.Answer{Status: 400, Code: 21606, Message: "The 'From' phone number is not a valid, message-capable Twilio phone number."}, twilio.Postponed},
			"a redirection":            {double.Answer{Status: 302, HTML: true}, twilio.Postponed},
			"wrong credentials":        {double.Unauthorised, twilio.Unauthorised},
		} {
			t.Run(what+" postpones the message, and it is sent at once afterwards", func(t *testing.T) {
				o := open(t, databaseURL)
				o.once(2, c.answer)
				l := o.letter(what)
				for range 2 {
					err := o.Send(t.Context(), l)
					if err == nil || jobs.Discarded(err) {
						t.Fatal(err)
					}
					o.quiet(err)
				}
				if d := o.state(l.ID); d.Progress != notify.Queued || !d.HandedAt.IsZero() {
					t.Errorf("%+v", d)
				}
				if err := o.Send(t.Context(), l); err != nil || len(o.twilio.Sent()) != 1 {
					t.Errorf("%v, %d messages", err, len(o.twilio.Sent()))
				}
				if o.counts[c.result] != 2 {
					t.Errorf("counted %v", o.counts)
				}
			})
		}

		t.Run("a Twilio that is not there costs nothing but time", func(t *testing.T) {
			o := open(t, databaseURL, func(c *twilio.Config) { c.APIURL = "http://127.0.0.1:1" })
			l := o.letter("dead")
			err := o.Send(t.Context(), l)
			if err == nil || jobs.Discarded(err) || !o.state(l.ID).HandedAt.IsZero() || o.counts[twilio.Unreached] != 1 {
				t.Errorf("%v, %+v, %v", err, o.state(l.ID), o.counts)
			}
			o.quiet(err)
		})
	})
}

// lost are the ways in which an answer is lost.
var lost = map[string]double.Answer{
	"a connection cut before the request was heard": double.Cut,
	"a connection cut after the message was taken":  double.CutAccepted,
	"a proxy's page before":                         double.BadGateway,
	"a proxy's page after":                          {Status: 502, HTML: true, Accept: true},
	"an internal error before":                      double.Broken,
	"an internal error after":                       {Status: 500, Code: 20500, Message: "An internal server error has occurred", Accept: true},
}

func TestLostAnswers(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		for what, answer := range lost {
			t.Run(what+" sends the message exactly once", func(t *testing.T) {
				o := open(t, databaseURL)
				o.once(1, answer)
				l := o.letter(what)
				err := o.Send(t.Context(), l)
				if err == nil || jobs.Discarded(err) {
					t.Fatal(err)
				}
				o.quiet(err)
				if o.counts[twilio.Unknown] != 1 {
					t.Errorf("counted %v", o.counts)
				}
				for range 3 { // long before it would be certain
					o.clock.Advance(5 * time.Second)
					if err := o.Send(t.Context(), l); (err == nil) != answer.Accept || jobs.Discarded(err) {
						t.Fatalf("while it is not certain: %v", err)
					}
				}
				o.clock.Advance(15 * time.Second)
				for range 3 {
					if err := o.Send(t.Context(), l); err != nil {
						t.Fatal(err)
					}
				}
				sent := o.twilio.Sent()
				if len(sent) != 1 || o.state(l.ID).Progress != notify.Sent || o.state(l.ID).SID != sent[0].SID {
					t.Errorf("%d messages, %+v", len(sent), o.state(l.ID))
				}
				if found := o.counts[twilio.Found]; (found == 1) != answer.Accept {
					t.Errorf("found %d", found)
				}
			})
		}

		t.Run("a slow Twilio is not waited for, and not asked twice", func(t *testing.T) {
			o := open(t, databaseURL)
			o.Timeout = 100 * time.Millisecond
			wait, done := make(chan struct{}), make(chan struct{})
			o.once(1, double.Answer{Wait: wait, Done: done})
			l := o.letter("slow")
			began := time.Now()
			err := o.Send(t.Context(), l)
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
				t.Fatalf("after %v: %v", time.Since(began), err)
			}
			close(wait) // now it takes the message after all
			<-done
			o.Timeout = 10 * time.Second
			if err := o.Send(t.Context(), l); err != nil || len(o.twilio.Sent()) != 1 || o.state(l.ID).SID == "" {
				t.Errorf("%v, %d messages", err, len(o.twilio.Sent()))
			}
		})

		t.Run("an answer that is cut off behind its status counts as sent", func(t *testing.T) {
			o := open(t, databaseURL)
			o.once(1, double.Answer{CutBody: true})
			l := o.letter("half")
			for range 2 {
				if err := o.Send(t.Context(), l); err != nil {
					t.Fatal(err)
				}
			}
			if d := o.state(l.ID); d.Progress != notify.Sent || d.SID != "" || o.sends() != 1 {
				t.Errorf("%+v, %d requests", d, o.sends())
			}
		})

		t.Run("a Twilio that does not say what it has sent is asked until it does", func(t *testing.T) {
			o := open(t, databaseURL)
			o.twilio.Script(func(r double.Request) double.Answer {
				if r.Sends() {
					return double.CutAccepted
				}
				return double.Answer{CutBody: true}
			})
			l := o.letter("mute")
			for range 5 {
				if err := o.Send(t.Context(), l); err == nil || jobs.Discarded(err) {
					t.Fatal(err)
				}
				o.clock.Advance(time.Minute)
			}
			if o.sends() != 1 {
				t.Errorf("%d requests to send", o.sends())
			}
		})

		t.Run("a message that cannot be read may be this one, and is not sent again", func(t *testing.T) {
			o := open(t, databaseURL)
			o.once(1, double.CutAccepted)
			l := o.letter("blotted")
			_ = o.Send(t.Context(), l)
			o.twilio.Blot()
			o.clock.Advance(time.Minute)
			if err := o.Send(t.Context(), l); err != nil || o.sends() != 1 || o.state(l.ID).Progress != notify.Sent {
				t.Errorf("%v, %d requests, %+v", err, o.sends(), o.state(l.ID))
			}
			if !strings.Contains(o.log.String(), "may have been sent") {
				t.Errorf("log: %s", o.log)
			}
		})

		t.Run("other messages to the same number are not taken for it", func(t *testing.T) {
			o := open(t, databaseURL)
			if err := o.Send(t.Context(), o.letter("other a")); err != nil {
				t.Fatal(err)
			}
			o.once(1, double.Cut)
			l := o.letter("other bb")
			_ = o.Send(t.Context(), l)
			o.clock.Advance(time.Minute)
			if err := o.Send(t.Context(), l); err != nil || len(o.twilio.Sent()) != 2 {
				t.Errorf("%v, %d messages", err, len(o.twilio.Sent()))
			}
		})

		t.Run("what has failed at Twilio meanwhile is told so", func(t *testing.T) {
			o := open(t, databaseURL)
			o.once(1, double.CutAccepted)
			l := o.letter("failed meanwhile")
			_ = o.Send(t.Context(), l)
			o.twilio.Report(o.twilio.Sent()[0], "undelivered", 30003)
			if err := o.Send(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			if d := o.state(l.ID); d.Progress != notify.Undelivered || d.Reason != notify.Unreachable || d.ErrorCode != 30003 {
				t.Errorf("%+v", d)
			}
		})

		t.Run("a call is never made again", func(t *testing.T) {
			for name, answer := range map[string]double.Answer{"call heard": double.CutAccepted, "call not heard": double.Cut} {
				o := open(t, databaseURL)
				o.once(1, answer)
				l := o.letter(name)
				l.Channel = notify.Voice
				if err := o.Send(t.Context(), l); err == nil {
					t.Fatal("no error")
				}
				o.clock.Advance(time.Minute)
				if err := o.Send(t.Context(), l); err != nil || o.sends() != 1 || o.state(l.ID).Progress != notify.Sent {
					t.Errorf("%v, %d requests", err, o.sends())
				}
			}
		})

		t.Run("workers who hold the same message send it once", func(t *testing.T) {
			o := open(t, databaseURL)
			l := o.letter("together")
			var workers sync.WaitGroup
			for range 12 {
				workers.Go(func() { _ = o.Send(t.Context(), l) })
			}
			workers.Wait()
			if len(o.twilio.Sent()) != 1 {
				t.Errorf("%d messages", len(o.twilio.Sent()))
			}
		})
	})
}

func TestReport(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		o := open(t, databaseURL)
		sendOne := func(id string) double.Sent {
			t.Helper()
			if err := o.Send(t.Context(), o.letter(id)); err != nil {
				t.Fatal(err)
			}
			sent := o.twilio.Sent()
			return sent[len(sent)-1]
		}
		report := func(id, address string, form url.Values) error {
			return o.Report(t.Context(), id, double.Sign(double.AuthToken, address, form), form)
		}

		m := sendOne("r1")
		address, sent := o.twilio.Report(m, "sent", 0)
		_, delivered := o.twilio.Report(m, "delivered", 0)
		for what, c := range map[string]struct {
			id, signature string
			form          url.Values
		}{
			"no signature":                  {"r1", "", delivered},
			"another key's signature":       {"r1", double.Sign("fedcba9876543210fedcba9876543210", address, delivered), delivered},
			"the signature of another form": {"r1", double.Sign(double.AuthToken, address, sent), delivered},
			"the signature of another host": {"r1", double.Sign(double.AuthToken, strings.Replace(address, "portal.example", "evil.example", 1), delivered), delivered},
			"the signature of http":         {"r1", double.Sign(double.AuthToken, strings.Replace(address, "https", "http", 1), delivered), delivered},
			"another message's address":     {"r2", double.Sign(double.AuthToken, address, delivered), delivered},
			"another account's report": {"r1", double.Sign(double.AuthToken, address, with(delivered, "AccountSid", "AC1")),
				with(delivered, "AccountSid", "AC1")},
			"a key twice, of which the first is signed": {"r1", double.Sign(double.AuthToken, address, sent),
				url.Values{"MessageStatus": {"sent", "delivered"}, "AccountSid": sent["AccountSid"], "MessageSid": sent["MessageSid"]}},
			"a key without a value": {"r1", double.Sign(double.AuthToken, address, sent), with(sent, "MessageStatus")},
		} {
			if err := o.Report(t.Context(), c.id, c.signature, c.form); !errors.Is(err, twilio.ErrSignature) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if d := o.state("r1"); d.Progress != notify.Sent {
			t.Fatalf("moved by nobody: %+v", d)
		}

		if err := report("r1", address, delivered); err != nil || o.state("r1").Progress != notify.Delivered {
			t.Errorf("delivered: %v, %+v", err, o.state("r1"))
		}
		for range 2 { // replayed, and from before
			if err := report("r1", address, sent); err != nil || o.state("r1").Progress != notify.Delivered {
				t.Errorf("replayed: %v, %+v", err, o.state("r1"))
			}
		}

		for status, want := range map[string]notify.Progress{"queued": notify.Sent, "sending": notify.Sent, "delivered": notify.Delivered, "read": notify.Delivered,
			"undelivered": notify.Undelivered, "failed": notify.Failed, "canceled": notify.Failed, "something new": notify.Sent, "": notify.Sent} {
			m := sendOne("status " + status)
			address, form := o.twilio.Report(m, status, 0)
			if err := report("status "+status, address, form); err != nil || o.state("status "+status).Progress != want {
				t.Errorf("%q: %v, %+v", status, err, o.state("status "+status))
			}
		}

		for code, want := range map[int]notify.Reason{30003: notify.Unreachable, 30004: notify.Blocked, 30006: notify.NotMobile, 30007: notify.Blocked, 99999: notify.Unreachable} {
			id := "code " + strconv.Itoa(code)
			address, form := o.twilio.Report(sendOne(id), "undelivered", code)
			if err := report(id, address, form); err != nil || o.state(id).Reason != want || o.state(id).ErrorCode != code {
				t.Errorf("%d: %v, %+v", code, err, o.state(id))
			}
		}

		m = sendOne("r3")
		address, form := o.twilio.Report(m, "delivered", 0)
		if err := report("r3", address, with(form, "MessageSid", "SM99")); err != nil || o.state("r3").Progress != notify.Sent {
			t.Errorf("another message's report: %v, %+v", err, o.state("r3"))
		}
		if err := report("r3", address, with(form, "NewParameter", "of next year")); err != nil || o.state("r3").Progress != notify.Delivered {
			t.Errorf("with a parameter that is new: %v, %+v", err, o.state("r3"))
		}
		unknown := portal + twilio.ReportPath + "?message=nobody"
		if err := report("nobody", unknown, form); err != nil {
			t.Errorf("of no message known here: %v", err)
		}

		// The report is faster than the answer, which is lost.
		o.once(1, double.CutAccepted)
		l := o.letter("fast")
		if err := o.Send(t.Context(), l); err == nil {
			t.Fatal("the answer was not lost")
		}
		all := o.twilio.Sent()
		address, form = o.twilio.Report(all[len(all)-1], "delivered", 0)
		if err := report("fast", address, form); err != nil {
			t.Fatal(err)
		}
		before := len(o.twilio.Requests())
		if err := o.Send(t.Context(), l); err != nil || len(o.twilio.Requests()) != before || o.state("fast").Progress != notify.Delivered {
			t.Errorf("fast: %v, %+v", err, o.state("fast"))
		}

		for status, want := range map[string]notify.Progress{"ringing": notify.Sent, "in-progress": notify.Sent, "completed": notify.Delivered,
			"busy": notify.Undelivered, "no-answer": notify.Undelivered, "failed": notify.Failed} {
			l := o.letter("call " + status)
			l.Channel = notify.Voice
			if err := o.Send(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			all := o.twilio.Sent()
			address, form := o.twilio.Report(all[len(all)-1], status, 0)
			if err := report(l.ID, address, form); err != nil || o.state(l.ID).Progress != want {
				t.Errorf("a call that is %s: %v, %+v", status, err, o.state(l.ID))
			}
		}
	})
}

// with is a form with another value; without one it has the key and none.
func with(form url.Values, key string, values ...string) url.Values {
	changed := url.Values{}
	for k, v := range form {
		changed[k] = v
	}
	changed[key] = values
	return changed
}

func TestConfiguration(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(*twilio.Config){
		"no account":               func(c *twilio.Config) { c.AccountSID = "" },
		"an account that is none":  func(c *twilio.Config) { c.AccountSID = "SK00000000000000000000000000000000" },
		"an account with a path":   func(c *twilio.Config) { c.AccountSID = "AC0/../.." },
		"no token":                 func(c *twilio.Config) { c.AuthToken = "" },
		"a token with a line":      func(c *twilio.Config) { c.AuthToken = "0123\n4567" },
		"no sender":                func(c *twilio.Config) { c.From = "" },
		"a sender that is none":    func(c *twilio.Config) { c.From = "+0049" },
		"a caller that is none":    func(c *twilio.Config) { c.VoiceFrom = "Acme" },
		"an API that is none":      func(c *twilio.Config) { c.APIURL = "api.twilio.com" },
		"an API in the clear":      func(c *twilio.Config) { c.APIURL = "http://api.twilio.com" },
		"a portal without address": func(c *twilio.Config) { c.PortalURL = "" },
	} {
		t.Run("refuses "+what, func(t *testing.T) {
			t.Parallel()
			c := twilio.Config{AccountSID: double.AccountSID, AuthToken: double.AuthToken, From: double.From, PortalURL: portal}
			if _, err := twilio.New(c); err != nil {
				t.Fatal(err)
			}
			spoil(&c)
			if _, err := twilio.New(c); err == nil || strings.Contains(err.Error(), "0123456789") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestDoubleRefusesAsTwilioDoes(t *testing.T) {
	t.Parallel()
	s := double.New(t)
	messages, calls := "/2010-04-01/Accounts/"+double.AccountSID+"/Messages.json", "/2010-04-01/Accounts/"+double.AccountSID+"/Calls.json"
	good := url.Values{"To": {number}, "From": {double.From}, "Body": {"Hello"}}
	for what, c := range map[string]struct {
		path   string
		form   url.Values
		token  string
		media  string
		status int
	}{
		"takes a message":       {messages, good, double.AuthToken, "application/x-www-form-urlencoded", http.StatusCreated},
		"refuses a wrong token": {messages, good, "x", "application/x-www-form-urlencoded", http.StatusUnauthorized},
		"refuses another path":  {"/2010-04-01/Messages.json", good, double.AuthToken, "application/x-www-form-urlencoded", http.StatusNotFound},
		"refuses JSON":          {messages, good, double.AuthToken, "application/json", http.StatusBadRequest},
		"refuses no sender":     {messages, with(good, "From", ""), double.AuthToken, "application/x-www-form-urlencoded", http.StatusBadRequest},
		"refuses no text":       {messages, with(good, "Body", ""), double.AuthToken, "application/x-www-form-urlencoded", http.StatusBadRequest},
		"refuses no number":     {messages, with(good, "To", "0170"), double.AuthToken, "application/x-www-form-urlencoded", http.StatusBadRequest},
		"refuses no TwiML":      {calls, with(good, "Twiml", "<Say>"), double.AuthToken, "application/x-www-form-urlencoded", http.StatusBadRequest},
	} {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+c.path, strings.NewReader(c.form.Encode()))
		r.Header.Set("Content-Type", c.media)
		r.SetBasicAuth(double.AccountSID, c.token)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != c.status {
			t.Errorf("%s: %d", what, answer.StatusCode)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}
