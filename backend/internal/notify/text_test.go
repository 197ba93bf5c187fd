package notify_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/testkit"
)

// text sends a code the whole way and gives the letter.
func text(t *testing.T, channel notify.Channel, locale, brand, host string) notify.Letter {
	t.Helper()
	d := &desk{}
	n := &notify.Notifier{Queue: d, Box: testkit.Box(t), Sender: d, Brand: brand, Host: host, Now: testkit.NewClock().Now}
	m := notify.Message{ID: "1", Channel: channel, To: "+491701234567", Locale: locale, Template: notify.CodeSMS, Data: map[string]string{"code": "123456"}}
	if channel == notify.Voice {
		m.Template = notify.CodeVoice
	}
	if err := n.Enqueue(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := n.Deliver(t.Context(), d.jobs[0]); err != nil {
		t.Fatal(err)
	}
	return d.letters[0]
}

// gsm matches what one text message of 160 characters can hold without an escape.
var gsm = regexp.MustCompile(`^[@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&'()*+,\-./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà]{1,160}$`)

func TestTextMessage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("very-", 50) + "long.example"

	for _, locale := range []string{"en", "de"} {
		t.Run("is one segment and bound to the portal in "+locale, func(t *testing.T) {
			t.Parallel()
			l := text(t, notify.SMS, locale, "Sallyport", "portal.example")
			lines := strings.Split(l.Text, "\n")
			if !gsm.MatchString(l.Text) || lines[len(lines)-1] != "@portal.example #123456" {
				t.Errorf("%q", l.Text)
			}
			if !strings.HasPrefix(lines[0], "123456 ") || !strings.Contains(lines[0], "Sallyport") || l.Subject != "" || l.HTML != "" || l.Locale != locale {
				t.Errorf("%+v", l)
			}
		})
	}

	for what, c := range map[string]struct {
		brand, host string
		has, lacks  string
	}{
		"names the operator's brand":                             {"Söhne & Co", "portal.example", "Söhne & Co", "Sallyport"},
		"leaves out a brand in other letters":                    {"接待处", "portal.example", "@portal.example #123456", "接"},
		"leaves out a brand that is too long":                    {strings.Repeat("Acme ", 30), "portal.example", "@portal.example #123456", "Acme"},
		"leaves out a host that is too long":                     {"Acme", long, "for Acme", "@"},
		"leaves out both where both are too long":                {strings.Repeat("Acme ", 30), long, "123456", "Acme"},
		"writes a host in other letters as browsers read it":     {"Acme", "münchen.example", "@xn--mnchen-3ya.example #123456", "münchen"},
		"is bound to nothing where the portal has no host":       {"Acme", "", "123456", "@"},
		"lets no brand begin a line of its own":                  {"Acme\n@evil.example #123456", "portal.example", "\n\n@portal.example #123456", "\n@evil"},
		"counts a letter that takes two places":                  {strings.Repeat("€", 45), "portal.example", "@portal.example #123456", "€"},
		"keeps letters that take two places where there is room": {"A[c]me", "portal.example", "A[c]me", "Sallyport"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			l := text(t, notify.SMS, "en", c.brand, c.host)
			if !strings.HasPrefix(l.Text, "123456 is your code") || !strings.Contains(l.Text, c.has) || strings.Contains(l.Text, c.lacks) || len([]rune(l.Text)) > 160 {
				t.Errorf("%q", l.Text)
			}
		})
	}

	t.Run("bears no host where it bears no code", func(t *testing.T) {
		t.Parallel()
		for locale, has := range map[string]string{"en": "Acme: our support", "de": "Acme: Unser Support"} {
			d := &desk{}
			n := &notify.Notifier{Queue: d, Box: testkit.Box(t), Sender: d, Brand: "Acme", Host: "portal.example", Now: testkit.NewClock().Now}
			if err := n.Enqueue(t.Context(), notify.Message{ID: "1", Channel: notify.SMS, To: "+491701234567", Locale: locale, Template: notify.FactorsResetText}); err != nil {
				t.Fatal(err)
			}
			if err := n.Deliver(t.Context(), d.jobs[0]); err != nil {
				t.Fatal(err)
			}
			if l := d.letters[0]; !gsm.MatchString(l.Text) || !strings.HasPrefix(l.Text, has) || strings.Contains(l.Text, "@") {
				t.Errorf("%q", l.Text)
			}
		}
	})

	t.Run("is said twice, digit by digit", func(t *testing.T) {
		t.Parallel()
		for locale, has := range map[string]string{"en": "Your code is", "de": "Ihr Code lautet"} {
			l := text(t, notify.Voice, locale, "Acme", "portal.example")
			if strings.Count(l.Text, "\n1, 2, 3, 4, 5, 6\n") != 2 || strings.Count(l.Text, has) != 2 || strings.Contains(l.Text, "@") {
				t.Errorf("%q", l.Text)
			}
		}
	})
}

func TestTextMessageRefuses(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(*notify.Message){
		"a code that is no digits":      func(m *notify.Message) { m.Data["code"] = "12\n3456" },
		"no code":                       func(m *notify.Message) { delete(m.Data, "code") },
		"a letter as a text message":    func(m *notify.Message) { m.Template, m.Data = notify.Invitation, samples()[notify.Invitation] },
		"a text message by e-mail":      func(m *notify.Message) { m.Channel = notify.Email },
		"the words of a call in a text": func(m *notify.Message) { m.Template = notify.CodeVoice },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			n := &notify.Notifier{Queue: &desk{}, Box: testkit.Box(t), Now: time.Now}
			m := notify.Message{ID: "1", Channel: notify.SMS, To: "+491701234567", Template: notify.CodeSMS, Data: map[string]string{"code": "123456"}}
			spoil(&m)
			if err := n.Enqueue(t.Context(), m); err == nil || strings.Contains(err.Error(), "3456") {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	t.Parallel()
	clock := testkit.NewClock()
	d := &desk{}
	n := &notify.Notifier{Queue: d, Box: testkit.Box(t), Sender: d, Now: clock.Now}
	m := notify.Message{ID: "1", Channel: notify.SMS, To: "+491701234567", Template: notify.CodeSMS, Data: map[string]string{"code": "123456"},
		ExpiresAt: clock.Now().Add(5 * time.Minute)}
	if err := n.Enqueue(t.Context(), m); err != nil {
		t.Fatal(err)
	}

	clock.Advance(5*time.Minute - time.Microsecond)
	if err := n.Deliver(t.Context(), d.jobs[0]); err != nil || len(d.letters) != 1 || !d.letters[0].ExpiresAt.Equal(m.ExpiresAt) {
		t.Fatalf("a message in time: %+v, %v", d.letters, err)
	}
	clock.Advance(time.Microsecond)
	if err := n.Deliver(t.Context(), d.jobs[0]); !jobs.Discarded(err) || len(d.letters) != 1 {
		t.Fatalf("a message that had expired: %+v, %v", d.letters, err)
	}
	m.ExpiresAt = time.Time{}
	if err := n.Enqueue(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	clock.Advance(1000 * time.Hour)
	if err := n.Deliver(t.Context(), d.jobs[1]); err != nil || len(d.letters) != 2 {
		t.Fatalf("a message that never expires: %v", err)
	}
}
