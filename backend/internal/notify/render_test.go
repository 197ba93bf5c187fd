package notify_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/testkit"
)

// desk keeps what a Notifier does, in memory.
type desk struct {
	jobs    []jobs.Job
	letters []notify.Letter
}

func (d *desk) EnqueueJobs(_ context.Context, js ...jobs.Job) error {
	d.jobs = append(d.jobs, js...)
	return nil
}

func (d *desk) Send(_ context.Context, l notify.Letter) error {
	d.letters = append(d.letters, l)
	return nil
}

// write sends a message the whole way and gives the letter.
func write(t *testing.T, m notify.Message) notify.Letter {
	t.Helper()
	d := &desk{}
	n := &notify.Notifier{Queue: d, Box: testkit.Box(t), Sender: d, Brand: "Acme Hosting", Now: testkit.NewClock().Now}
	if err := n.Enqueue(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if err := n.Deliver(t.Context(), d.jobs[0]); err != nil {
		t.Fatal(err)
	}
	return d.letters[0]
}

// samples has every template with all its data.
func samples() map[string]map[string]string {
	const link, security = "https://portal.test/sign-in?x=1&y=2", "https://portal.test/security"
	const notMe = "https://portal.test/not-me#a-token"
	const at = "2026-03-02T09:30:00Z"
	return map[string]map[string]string{
		notify.TwoFactorEnforced:        {"name": "Ada", "account_name": "Acme & Söhne", "account_number": "SP-100001", "link": link, "accepted": "phishing_resistant", "deadline": at},
		notify.TwoFactorEnforcedInvited: {"account_name": "Acme & Söhne", "link": link, "accepted": "no_email"},
		notify.TwoFactorTightened: {"name": "Ada", "account_name": "Acme & Söhne", "account_number": "SP-100001", "link": link, "accepted": "phishing_resistant",
			"accepted_before": "any", "deadline": at, "deadline_before": at},
		notify.TwoFactorTightenedInvited: {"account_name": "Acme & Söhne", "link": link, "accepted": "no_email_no_sms", "accepted_before": "no_email",
			"deadline": at, "deadline_before": at},
		notify.TwoFactorDisabled:        {"name": "Ada", "method": "totp", "at": at, "security_link": security, "not_me_link": notMe},
		notify.FactorActivated:          {"name": "Ada", "method": "totp", "at": at, "security_link": security, "not_me_link": notMe},
		notify.FactorRemoved:            {"name": "Ada", "method": "passkey", "at": at, "security_link": security, "not_me_link": notMe},
		notify.FactorDisabledByGuessing: {"name": "Ada", "method": "sms", "at": at, "security_link": security},
		notify.RecoveryCodesRenewed:     {"name": "Ada", "at": at, "security_link": security, "not_me_link": notMe},
		notify.RecoveryCodeUsed:         {"name": "Ada", "left": "9", "at": at, "security_link": security, "not_me_link": notMe},
		notify.VerifyEmail:              {"link": link, "at": at},
		notify.SignUpTaken:              {"name": "Ada", "link": link, "at": at},
		notify.PasswordReset:            {"name": "Ada", "link": link, "at": at},
		notify.PasswordChanged:          {"name": "Ada", "at": at, "security_link": security, "not_me_link": notMe},
		notify.EmailChangeConfirm:       {"link": link, "at": at},
		notify.EmailChangeNotice:        {"name": "Ada", "email": "a••••e@example.test", "at": at, "security_link": security, "not_me_link": notMe},
		notify.EmailChanged:             {"name": "Ada", "email": "a••••e@example.test", "at": at, "security_link": security, "not_me_link": notMe},
		notify.NotMeDone:                {"name": "Ada", "link": link, "at": at, "frozen": "yes", "codes": "yes", "password": "yes", "short": "yes"},
		notify.Welcome:                  {"name": "Ada", "account_name": "Acme & Söhne", "link": link, "two_factor": "yes"},
		notify.FactorsReset:             {"name": "Ada", "method": "totp", "at": at, "security_link": security, "not_me_link": notMe},
		notify.Invitation:               {"account_name": "Acme & Söhne", "inviter": "Grace", "link": link, "two_factor": "yes"},
		notify.TwoFactorReminder:        {"name": "Ada", "account_name": "Acme & Söhne", "account_number": "SP-100001", "link": link, "deadline": at, "accepted": "no_email"},
		notify.TwoFactorSummary:         {"name": "Ada", "account_name": "Acme & Söhne", "link": link, "deadline": at, "total": "120", "missing": "17", "compliant": "103"},
		notify.CodeEmail:                {"name": "Ada", "code": "904817"},
		notify.PhoneAdded:               {"name": "Ada", "number": "+49 ••• ••67", "at": at, "security_link": security, "not_me_link": notMe},
		notify.PhoneRemoved:             {"name": "Ada", "number": "+49 ••• ••67", "at": at, "security_link": security, "not_me_link": notMe},
		notify.PasswordVoided:           {"name": "Ada", "at": at, "link": link},
		notify.MemberEnrolled:           {"name": "Ada", "member": "Grace", "method": "totp", "account_name": "Acme & Söhne", "at": at, "link": link},
	}
}

var tag = regexp.MustCompile(`(?s)<style>.*?</style>|<title>.*?</title>|<[^>]*>`)

// words are a text's words, whatever stands between them.
func words(s string) string { return strings.Join(strings.Fields(s), " ") }

// quiet are the letters that change nothing by themselves, or that a stranger may have asked for: there is nothing to disown.
var quiet = []string{notify.TwoFactorEnforced, notify.TwoFactorEnforcedInvited, notify.TwoFactorTightened, notify.TwoFactorTightenedInvited, notify.TwoFactorReminder, notify.TwoFactorSummary, notify.MemberEnrolled,
	notify.CodeEmail, notify.VerifyEmail, notify.SignUpTaken, notify.PasswordReset, notify.EmailChangeConfirm, notify.Invitation, notify.Welcome,
	notify.FactorDisabledByGuessing, notify.PasswordVoided, notify.NotMeDone}

// accepted is what each strength accepts, in words.
var accepted = map[string]map[string]string{
	"en": {"any": "any method", "no_email": "authenticator app, passkey, security key or text message (SMS)",
		"no_email_no_sms": "authenticator app, passkey or security key", "phishing_resistant": "passkey or security key"},
	"de": {"any": "jede Methode", "no_email": "Authenticator-App, Passkey, Sicherheitsschlüssel oder SMS",
		"no_email_no_sms": "Authenticator-App, Passkey oder Sicherheitsschlüssel", "phishing_resistant": "Passkey oder Sicherheitsschlüssel"},
}

var (
	address = regexp.MustCompile(`[a-z]+://[^\s"<)]+`)
	link    = regexp.MustCompile(`<a [^>]*href="([^"]*)"`)
	fetched = regexp.MustCompile(`(?i)<(img|script|link|iframe|object|embed|video|audio|source|form|input|meta http|base|svg)\b|\bsrc|url\(|@import|@font-face|\bbackground="|\bon[a-z]+="|\bping="`)
)

func TestLetters(t *testing.T) {
	t.Parallel()
	all := samples()
	for _, template := range notify.Letters() {
		if all[template] == nil {
			t.Errorf("%s is not looked at: give it a sample", template)
		}
	}
	for template, data := range all {
		for _, locale := range []string{"en", "de"} {
			l := write(t, notify.Message{ID: "1", Channel: notify.Email, To: "ada@example.test", Locale: locale, Template: template, Data: data})
			t.Run(template+" in "+locale+" says all that it was given, as text and as HTML", func(t *testing.T) {
				t.Parallel()
				shown := html.UnescapeString(words(tag.ReplaceAllString(l.HTML, " ")))
				for key, value := range data {
					switch {
					case value == "yes":
						continue
					case key == "method":
						continue
					case key == "accepted" || key == "accepted_before":
						value = accepted[locale][value]
					case key == "at" || key == "deadline" || key == "deadline_before":
						value = map[string]string{"en": "2 March 2026, 09:30 UTC", "de": "2. März 2026, 09:30 Uhr (UTC)"}[locale]
					}
					if !strings.Contains(words(l.Text), value) {
						t.Errorf("the text lacks %s:\n%s", key, l.Text)
					}
					if !strings.Contains(shown, value) {
						t.Errorf("the HTML lacks %s:\n%s", key, shown)
					}
				}
				for _, s := range []string{l.Subject, l.Text, shown} {
					if strings.ContainsAny(s, "{}!") || strings.Contains(s, "<no value>") || s == "" {
						t.Errorf("not fit to be sent: %q", s)
					}
				}
				for paragraph := range strings.SplitSeq(strings.Split(l.Text, "\n-- \n")[0], "\n\n") {
					if p := words(regexp.MustCompile(`(?m)^\d\. `).ReplaceAllString(paragraph, "")); !strings.Contains(p, "http") && !strings.Contains(shown, p) {
						t.Errorf("the HTML lacks %q", p)
					}
				}
			})
			t.Run(template+" in "+locale+" has a subject that says neither code nor link, and a way to disown what was done", func(t *testing.T) {
				t.Parallel()
				if strings.ContainsAny(l.Subject, "\r\n") || len([]rune(l.Subject)) > 100 || address.MatchString(l.Subject) {
					t.Errorf("the subject is %q", l.Subject)
				}
				if code := data["code"]; code != "" && strings.Contains(l.Subject, code) {
					t.Errorf("the subject holds the code: %q", l.Subject)
				}
				disown := strings.Count(l.Text, "/not-me#")
				if want := map[bool]int{true: 0, false: 1}[slices.Contains(quiet, template)]; disown != want || strings.Count(l.HTML, `class="button" href="https://portal.test/not-me#`) != want {
					t.Errorf("%d links disown it, not %d", disown, want)
				}
			})
			t.Run(template+" in "+locale+" loads nothing, follows nobody and suits a phone and the dark", func(t *testing.T) {
				t.Parallel()
				if foreign := fetched.FindString(l.HTML); foreign != "" {
					t.Errorf("the HTML holds %s", foreign)
				}
				for _, to := range link.FindAllStringSubmatch(l.HTML, -1) {
					if !slices.Contains(slices.Collect(maps.Values(data)), html.UnescapeString(to[1])) {
						t.Errorf("it links to %s, which nobody asked for", to[1])
					}
				}
				for _, at := range append(address.FindAllString(l.HTML, -1), address.FindAllString(l.Text, -1)...) {
					if !slices.Contains(slices.Collect(maps.Values(data)), html.UnescapeString(at)) {
						t.Errorf("it holds the address %s", at)
					}
				}
				for _, must := range []string{`<html lang="` + locale + `">`, "width=device-width", "prefers-color-scheme: dark", "color-scheme"} {
					if !strings.Contains(l.HTML, must) {
						t.Errorf("the HTML lacks %s", must)
					}
				}
			})
		}
	}
}

func TestLetter(t *testing.T) {
	t.Parallel()
	message := func(data map[string]string) notify.Message {
		return notify.Message{ID: "1", Channel: notify.Email, To: "ada@example.test", Locale: "en", Template: notify.Invitation, Data: data}
	}

	t.Run("lets nobody's name add a line, a header, markup or a link", func(t *testing.T) {
		t.Parallel()
		l := write(t, message(map[string]string{
			"account_name": "Acme\r\nBcc: mallory@example.test\u2028\u202e\u0000\xff{link}",
			"inviter":      `<a href="https://evil.test">https://evil.test www.evil.test</a> ` + strings.Repeat("win ", 100),
			"link":         "https://portal.test/i",
		}))
		if strings.ContainsAny(l.Subject, "\r\n\u2028\u202e\x00") || len([]rune(l.Subject)) > 200 {
			t.Errorf("subject %q", l.Subject)
		}
		if strings.Contains(l.Text, "\nBcc") || strings.Contains(l.Text, "https://evil") || strings.Contains(l.Text, "www.") {
			t.Errorf("text:\n%s", l.Text)
		}
		if strings.Contains(l.HTML, "<a href=\"https://evil") || strings.Contains(l.HTML, "https://evil") {
			t.Errorf("HTML:\n%s", l.HTML)
		}
		if n := strings.Count(l.Text, "https://portal.test/i"); n != 1 {
			t.Errorf("a name that spells a placeholder was filled in: %d links", n)
		}
	})

	t.Run("greets someone without a name", func(t *testing.T) {
		t.Parallel()
		m := message(samples()[notify.FactorActivated])
		m.Template, m.Data["name"] = notify.FactorActivated, " \t"
		if l := write(t, m); !strings.HasPrefix(l.Text, "Hello,\n") {
			t.Errorf("text:\n%s", l.Text)
		}
	})

	t.Run("names the method in the reader's language", func(t *testing.T) {
		t.Parallel()
		m := message(samples()[notify.FactorActivated])
		m.Template, m.Locale = notify.FactorActivated, "de"
		if l := write(t, m); l.Subject != "Die Zwei-Faktor-Authentifizierung ist eingeschaltet: Authenticator-App" {
			t.Errorf("subject %q", l.Subject)
		}
	})

	t.Run("is English in a language that is not spoken here", func(t *testing.T) {
		t.Parallel()
		m := message(samples()[notify.Invitation])
		m.Locale = "fr"
		if l := write(t, m); l.Locale != "en" || !strings.Contains(l.Text, "requires two-factor authentication") {
			t.Errorf("%s:\n%s", l.Locale, l.Text)
		}
		m.Data["two_factor"] = ""
		if l := write(t, m); strings.Contains(l.Text, "requires two-factor authentication") {
			t.Errorf("speaks of what is not so:\n%s", l.Text)
		}
	})

	t.Run("bears the time when it was enqueued", func(t *testing.T) {
		t.Parallel()
		if l := write(t, message(samples()[notify.Invitation])); !l.CreatedAt.Equal(testkit.NewClock().Now()) {
			t.Errorf("created at %v", l.CreatedAt)
		}
	})
}

func TestEnqueueRefuses(t *testing.T) {
	t.Parallel()
	for what, spoil := range map[string]func(*notify.Message){
		"a message without an ID": func(m *notify.Message) { m.ID = "" },
		"an unknown channel":      func(m *notify.Message) { m.Channel = "pigeon" },
		"an unknown template":     func(m *notify.Message) { m.Template = "spam" },
		"missing data":            func(m *notify.Message) { delete(m.Data, "inviter") },
		"unknown data":            func(m *notify.Message) { m.Data["code"] = "123456" },
		"a link to no web page":   func(m *notify.Message) { m.Data["link"] = "javascript:alert(1)" },
		"a link to nowhere":       func(m *notify.Message) { m.Data["link"] = "https:///x" },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			n := &notify.Notifier{Queue: d, Box: testkit.Box(t), Sender: d, Now: time.Now}
			m := notify.Message{ID: "1", Channel: notify.Email, To: "ada@example.test", Template: notify.Invitation, Data: samples()[notify.Invitation]}
			spoil(&m)
			if err := n.Enqueue(t.Context(), m); err == nil || len(d.jobs) > 0 {
				t.Fatalf("error %v", err)
			}
			plain, _ := json.Marshal(m)
			payload, err := n.Box.Seal("job:"+m.ID, plain)
			if err != nil {
				t.Fatal(err)
			}
			if err := n.Deliver(t.Context(), jobs.Job{ID: m.ID, Payload: payload}); !jobs.Discarded(err) {
				t.Fatalf("delivered: %v", err)
			}
		})
	}
	if err := (&notify.Notifier{Box: testkit.Box(t)}).Deliver(t.Context(), jobs.Job{Payload: "{"}); !jobs.Discarded(err) {
		t.Fatalf("error %v", err)
	}
	if err := (notify.Unconfigured{}).Send(t.Context(), notify.Letter{}); !errors.Is(err, notify.ErrUnconfigured) || jobs.Discarded(err) {
		t.Fatalf("error %v", err)
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	link := "https://portal.test/reset-password#a-token-that-opens-a-door"
	message := notify.Message{ID: "1", Channel: notify.Email, To: "ada@example.test", Template: notify.Invitation,
		Data: map[string]string{"account_name": "Acme", "inviter": "Grace", "link": link}}
	d := &desk{}
	n := &notify.Notifier{Queue: d, Box: testkit.Box(t), Sender: d, Now: testkit.NewClock().Now}
	if err := n.Enqueue(t.Context(), message); err != nil {
		t.Fatal(err)
	}

	t.Run("a message shows neither its link nor its reader to whoever reads the queue", func(t *testing.T) {
		payload := d.jobs[0].Payload
		if raw, err := base64.StdEncoding.DecodeString(payload); err == nil {
			payload += string(raw)
		}
		for _, secret := range []string{link, "a-token", "ada@", "Acme"} {
			if strings.Contains(payload, secret) {
				t.Errorf("the payload holds %q", secret)
			}
		}
	})

	t.Run("a message opens in its own job alone", func(t *testing.T) {
		moved := d.jobs[0]
		moved.ID = "2"
		if err := n.Deliver(t.Context(), moved); !jobs.Discarded(err) || len(d.letters) > 0 {
			t.Fatalf("error %v, %d letters", err, len(d.letters))
		}
		if err := n.Deliver(t.Context(), d.jobs[0]); err != nil || len(d.letters) != 1 || !strings.Contains(d.letters[0].Text, link) {
			t.Fatalf("error %v, letters %v", err, d.letters)
		}
	})
}
