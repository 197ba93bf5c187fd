package blackbox_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

const (
	short      = "kx8#hqpw!" // nine characters
	passkeyOn  = "Two-factor authentication is on: passkey or security key"
	noPassword = "Please choose a new password"
)

// withPasskey gives a person who has an app, and has confirmed, a passkey too, and its factor's id.
func withPasskey(t *testing.T, p *whole.Person) string {
	t.Helper()
	key := whole.NewPasskey(t, "http://localhost:0")
	e := p.Call("POST", "/me/factors", map[string]any{"type": "passkey"}).Must(201)
	okay(p, e.Text("factor.id"), map[string]any{"credential": key.Create(e.Value("passkey_options"))})
	return e.Text("factor.id")
}

func setPassword(p *whole.Person, password string) whole.Answer {
	p.Client.T.Helper()
	a := p.Call("PUT", "/me/password", map[string]any{"password": password})
	if a.Status == 204 {
		p.Password = password
	}
	return a
}

func TestAShortPasswordStandsBesideAPasskeyAndNeverAlone(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		tooShort := func(a whole.Answer) {
			t.Helper()
			if a.Refused(422, "validation_failed"); !strings.Contains(told(a), "at least 12 characters") {
				t.Errorf("it is told %s", a.Body)
			}
		}
		tooShort(signUp(h.At(0), "newcomer@example.com", short))
		p := h.Person(member).Protected()
		tooShort(setPassword(p.Confirm(), short))
		link := resetToken(h, member)
		tooShort(reset(h.At(0), link, short))

		passkey := withPasskey(t, p.In().Confirm())
		setPassword(p, "kx8#hqp").Refused(422, "validation_failed")
		setPassword(p, "password").Refused(422, "validation_failed") // common all the same
		reset(h.At(1), link, short).Must(204)                        // the same link, still good
		p.Password = short
		p.In().Confirm()

		// Its owner does not take the passkey away: neither alone, nor with all, nor by putting something else in its place.
		for _, refused := range []whole.Answer{
			p.Call("DELETE", "/me/factors/"+passkey, nil),
			p.Call("DELETE", "/me/factors", nil),
			p.Call("POST", "/me/factors", map[string]any{"type": "totp", "replaces": passkey}),
		} {
			if refused.Refused(409, "short_password_needs_passkey"); !strings.Contains(refused.Text("detail"), "Set a longer password first") {
				t.Errorf("%s names no way out", refused.Body)
			}
		}
		p.Call("DELETE", "/me/factors/"+p.App.FactorID, nil).Must(204) // the app may go, the passkey stays
		p.App = nil
		second := withPasskey(t, p)
		p.Call("DELETE", "/me/factors/"+passkey, nil).Must(204) // there is another
		p.Call("DELETE", "/me/factors/"+second, nil).Refused(409, "short_password_needs_passkey")
		key := whole.NewPasskey(t, "http://localhost:0")
		e := p.Call("POST", "/me/factors", map[string]any{"type": "passkey", "replaces": second}).Must(201)
		okay(p, e.Text("factor.id"), map[string]any{"credential": key.Create(e.Value("passkey_options"))})
		setPassword(p, fresh).Must(204)
		p.Call("DELETE", "/me/factors/"+e.Text("factor.id"), nil).Must(204)
		p.In()
	})
}

func TestAnEnrolmentThatWouldLeaveAShortPasswordAloneIsNotFinished(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected().Confirm()
		passkey := withPasskey(t, p)
		e := p.Call("POST", "/me/factors", map[string]any{"type": "totp", "replaces": passkey}).Must(201)
		app := whole.AuthenticatorOf(h, e.Text("factor.id"), e.Text("totp.secret"))
		setPassword(p, short).Must(204) // between the beginning and the end
		p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Now()}).Must(200)
		p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Refused(409, "short_password_needs_passkey")
		setPassword(p, fresh).Must(204)
		p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
		p.Call("GET", "/accounts", nil).Must(200)
	})
}

func TestAShortPasswordGoesWithAPasskeyThatItsOwnerDisowns(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected().Confirm()
		withPasskey(t, p)
		setPassword(p, short).Must(204)
		open(h.At(1), "not-me", linked(t, mailed(h, member, passkeyOn, 1)[0], "/not-me")).Must(204)
		p.SignIn().Refused(401, "invalid_credentials")
		if m := mailed(h, member, signedOut, 1)[0]; !strings.Contains(m.Text, "fewer than 12 characters") || !strings.Contains(m.Text, "/forgot-password") {
			t.Errorf("the mail says\n%s", m.Text)
		}
		h.Clock.Advance(time.Hour)
		link := resetToken(h, member)
		reset(h.At(0), link, "kx8#hqpw?").Refused(422, "validation_failed") // a frozen passkey opens nothing
		reset(h.At(0), link, fresh).Must(204)
		p.Password = fresh
		p.In()
	})
}

func TestOfAShortPasswordAndTheEndOfThePasskeyAtOnceOneIsDone(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		for round, email := range []string{owner, admin, member} {
			p := h.Person(email).Protected().Confirm()
			passkey := withPasskey(t, p)
			answers := make(chan whole.Answer, 2)
			go func() { answers <- p.Client.Call("DELETE", "/me/factors/"+passkey, p.Access, nil) }()
			go func() {
				answers <- h.At(round+1).Call("PUT", "/me/password", p.Access, map[string]any{"password": short})
			}()
			a, b := <-answers, <-answers
			if a.Status+b.Status != 204+409 && a.Status+b.Status != 204+422 {
				t.Errorf("%s: %d %s and %d %s", email, a.Status, a.Body, b.Status, b.Body)
			}
		}
	})
}
