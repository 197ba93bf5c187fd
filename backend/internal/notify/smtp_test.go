package notify_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/testkit"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

const from = "Acme Hosting <no-reply@acme.test>"

func sender(t *testing.T, d *testkit.SMTPDouble, query string) *notify.SMTP {
	t.Helper()
	s, err := notify.NewSMTP(d.URL(query), from)
	if err != nil {
		t.Fatal(err)
	}
	s.Roots = d.Roots
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func letter(id string) notify.Letter {
	return notify.Letter{ID: id, Channel: notify.Email, To: "ada@example.test", Locale: "de", Subject: "Grüße", Text: "Hallo Ada,\n\nbis später.",
		HTML: "<p>Hallo Ada,</p>", CreatedAt: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)}
}

func TestSMTP(t *testing.T) {
	t.Parallel()

	t.Run("delivers text and HTML with the headers of an automatic message", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		if err := sender(t, d, "").Send(t.Context(), letter("one")); err != nil {
			t.Fatal(err)
		}
		m := d.Mails()[0]
		if m.From != "no-reply@acme.test" || m.To[0] != "ada@example.test" || m.Subject != "Grüße" ||
			strings.TrimSpace(m.Text) != "Hallo Ada,\n\nbis später." || strings.TrimSpace(m.HTML) != "<p>Hallo Ada,</p>" {
			t.Fatalf("arrived: %+v", m)
		}
		for header, want := range map[string]string{
			"Message-Id": "<one@acme.test>", "From": `"Acme Hosting" <no-reply@acme.test>`, "To": "<ada@example.test>",
			"Date": "Mon, 02 Mar 2026 09:30:00 +0000", "Auto-Submitted": "auto-generated", "Content-Language": "de", "X-Mailer": "", "User-Agent": "",
		} {
			if have := m.Header.Get(header); have != want {
				t.Errorf("%s: %q, want %q", header, have, want)
			}
		}
	})

	t.Run("composes the same letter to the same bytes", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		s := sender(t, d, "")
		for range 2 {
			if err := s.Send(t.Context(), letter("one")); err != nil {
				t.Fatal(err)
			}
		}
		if m := d.Mails(); string(m[0].Raw) != string(m[1].Raw) {
			t.Fatalf("first:\n%s\nthen:\n%s", m[0].Raw, m[1].Raw)
		}
	})

	t.Run("signs in, over STARTTLS and over TLS", func(t *testing.T) {
		t.Parallel()
		for _, config := range []testkit.SMTPConfig{{STARTTLS: true}, {TLS: true}} {
			config.User, config.Password = "portal", "p@ss/word:1"
			d := testkit.SMTPServer(t, config)
			if err := sender(t, d, "tls=required").Send(t.Context(), letter("one")); err != nil {
				t.Fatal(err)
			}
			if m := d.Mails()[0]; !m.TLS || m.User != "portal" {
				t.Fatalf("arrived: %+v", m)
			}
		}
	})

	t.Run("sends nothing unencrypted where encryption is required", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t, testkit.SMTPConfig{User: "portal", Password: "secret"})
		if err := sender(t, d, "tls=required").Send(t.Context(), letter("one")); err == nil || jobs.Discarded(err) {
			t.Fatalf("error %v", err)
		}
	})

	t.Run("sends nothing to a server whose certificate is not valid", func(t *testing.T) {
		t.Parallel()
		for _, config := range []testkit.SMTPConfig{{STARTTLS: true}, {TLS: true}} {
			d := testkit.SMTPServer(t, config)
			s := sender(t, d, "tls=required")
			s.Roots = nil
			if err := s.Send(t.Context(), letter("one")); err == nil || jobs.Discarded(err) || len(d.Mails()) > 0 {
				t.Fatalf("error %v", err)
			}
		}
	})

	t.Run("takes what encryption this machine's own server offers", func(t *testing.T) {
		t.Parallel()
		for _, config := range []testkit.SMTPConfig{{}, {STARTTLS: true}, {TLS: true}} {
			d := testkit.SMTPServer(t, config)
			s := sender(t, d, "")
			s.Roots = nil
			if err := s.Send(t.Context(), letter("one")); err != nil {
				t.Fatal(err)
			}
			if m := d.Mails()[0]; m.TLS != (config.STARTTLS || config.TLS) {
				t.Fatalf("%+v arrived with TLS %v", config, m.TLS)
			}
		}
	})

	t.Run("has a letter tried again after wrong credentials, since the operator can mend them", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t, testkit.SMTPConfig{User: "portal", Password: "secret"})
		s, err := notify.NewSMTP("smtp://portal:wrong-one@"+d.Address, from)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), letter("one")); err == nil || jobs.Discarded(err) || strings.Contains(err.Error(), "wrong-one") {
			t.Fatalf("error %v", err)
		}
	})

	for step, codes := range map[string]map[int]bool{
		"connect": {421: false, 554: false},
		"mail":    {451: false, 550: false},
		"rcpt":    {450: false, 451: false, 530: false, 550: true, 553: true},
		"data":    {452: false, 552: true, 554: true},
	} {
		for code, final := range codes {
			t.Run("understands a refusal of "+step, func(t *testing.T) {
				t.Parallel()
				d := testkit.SMTPServer(t)
				d.Answer(func(at, _ string) error {
					if at == step {
						return testkit.Reply(code, "no")
					}
					return nil
				})
				s := sender(t, d, "")
				if err := s.Send(t.Context(), letter("one")); err == nil || jobs.Discarded(err) != final {
					t.Fatalf("%d: final %v, error %v", code, jobs.Discarded(err), err)
				}
				d.Answer(func(string, string) error { return nil })
				if err := s.Send(t.Context(), letter("two")); err != nil || len(d.Mails()) != 1 {
					t.Fatalf("the next letter did not arrive: %v", err)
				}
			})
		}
	}

	t.Run("gives up on a server that says nothing, at any step", func(t *testing.T) {
		t.Parallel()
		for _, step := range []string{"connect", "mail", "rcpt", "data", "accepted"} {
			d := testkit.SMTPServer(t)
			release := make(chan struct{})
			d.Answer(func(at, _ string) error {
				if at == step {
					<-release
				}
				return nil
			})
			s := sender(t, d, "")
			s.Timeout = 100 * time.Millisecond
			err := s.Send(t.Context(), letter("one"))
			close(release)
			if !errors.Is(err, context.DeadlineExceeded) || jobs.Discarded(err) {
				t.Fatalf("%s: error %v", step, err)
			}
		}
	})

	t.Run("heeds its context", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		ctx, cancel := context.WithCancel(t.Context())
		d.Answer(func(at, _ string) error {
			if at == "rcpt" {
				cancel()
				<-ctx.Done()
			}
			return nil
		})
		if err := sender(t, d, "").Send(ctx, letter("one")); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	})

	t.Run("keeps connections between letters, and makes new ones when the server has hung up", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		p := testkit.TCPProxy(t, d.Address)
		s, err := notify.NewSMTP("smtp://"+p.Address, from)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		send := func() {
			if err := s.Send(t.Context(), letter("one")); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			send()
		}
		if n := d.Connections(); n != 1 {
			t.Fatalf("%d connections for 5 letters", n)
		}
		p.Cut()
		p.Restore()
		send()
		if n := d.Connections(); n != 2 {
			t.Fatalf("%d connections", n)
		}
		var first atomic.Bool
		d.Answer(func(at, _ string) error {
			if at == "mail" && first.CompareAndSwap(false, true) {
				return testkit.Reply(421, "too many letters")
			}
			return nil
		})
		send()
		if n := len(d.Mails()); n != 7 {
			t.Fatalf("%d letters", n)
		}
	})

	t.Run("serves many at once", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		s := sender(t, d, "")
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				for range 5 {
					if err := s.Send(t.Context(), letter("one")); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := len(d.Mails()); n != 100 {
			t.Fatalf("%d letters", n)
		}
	})

	t.Run("lets nobody add headers or recipients", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		s := sender(t, d, "")
		evil := letter("one\r\nBcc: mallory@example.test")
		evil.Subject = "Hi\r\nBcc: mallory@example.test\r\n\r\nbody\u2028x"
		evil.Text += "\r\n.\r\nMAIL FROM:<x@x>\r\n"
		if err := s.Send(t.Context(), evil); err != nil {
			t.Fatal(err)
		}
		m := d.Mails()[0]
		if m.Header.Get("Bcc") != "" || len(m.To) != 1 || m.Subject != "Hi Bcc: mallory@example.test body x" {
			t.Fatalf("arrived: %+v", m)
		}
		for _, to := range []string{
			"", "ada", "ada@example.test\r\nRCPT TO:<mallory@example.test>", "ada@example.test, mallory@example.test",
			"Ada <ada@example.test>", "<ada@example.test>", "ada@example.test\nDATA",
		} {
			l := letter("two")
			l.To = to
			if err := s.Send(t.Context(), l); !jobs.Discarded(err) {
				t.Errorf("%q: error %v", to, err)
			}
		}
		if n := len(d.Mails()); n != 1 {
			t.Fatalf("%d letters", n)
		}
	})
}

func TestNewSMTP(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "mail.test:587", "http://mail.test", "smtp://", "smtp://me:hunter2@mail.test?tls=maybe", "smtp://me:hunter2@mail.test?tls=off",
		"smtps://127.0.0.1?tls=off", "smtp://mail.test?from=nobody", "smtp://me:hunter2@mail.test:x%zz",
	} {
		t.Run("refuses "+url, func(t *testing.T) {
			t.Parallel()
			if _, err := notify.NewSMTP(url, from); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("error %v", err)
			}
		})
	}
	for _, url := range []string{
		"smtp://mail.test", "smtps://me:secret@mail.test", "smtp://mail.test?tls=off", "smtp://me:secret@127.0.0.1?tls=off", "smtp://[::1]:2525?from=Portal+%3Ca@b.test%3E",
	} {
		t.Run("takes "+url, func(t *testing.T) {
			t.Parallel()
			if _, err := notify.NewSMTP(url, from); err != nil {
				t.Fatal(err)
			}
		})
	}
}
