package blackbox_test

import (
	"maps"
	"slices"
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

// passkey is one, and the factor that it is.
type passkey struct {
	*whole.Passkey
	id string
}

// withPasskey gives a person who has confirmed a passkey too. more are fields such as replaces.
func withPasskey(t *testing.T, p *whole.Person, more map[string]any) passkey {
	t.Helper()
	body := map[string]any{"type": "passkey"}
	maps.Copy(body, more)
	key := whole.NewPasskey(t, "http://localhost:0")
	e := p.Call("POST", "/me/factors", body).Must(201)
	okay(p, e.Text("factor.id"), map[string]any{"credential": key.Create(e.Value("passkey_options"))})
	return passkey{key, e.Text("factor.id")}
}

// confirm says with the passkey, which has verified its user, that it is still them: whoever has one confirms with nothing less.
func (k passkey) confirm(p *whole.Person) *whole.Person {
	p.Client.T.Helper()
	c := p.Call("POST", "/auth/confirmation/challenges", map[string]any{"factor_id": k.id}).Must(201)
	shown := map[string]any{"type": "passkey", "challenge_id": c.Text("challenge_id"), "credential": k.Get(c.Value("passkey_options"))}
	p.Call("POST", "/auth/confirmation", map[string]any{"second_factor": shown}).Must(200)
	return p
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

		key := withPasskey(t, p.In().Confirm(), nil)
		// From now on nothing less than the passkey confirms.
		if a := setPassword(p.Confirm(), fresh).Refused(401, "confirmation_required"); !slices.Equal(a.Texts("accepts"), []string{"passkey"}) {
			t.Errorf("it accepts %v", a.Texts("accepts"))
		}
		setPassword(key.confirm(p), "kx8#hqp").Refused(422, "validation_failed")
		setPassword(p, "password").Refused(422, "validation_failed") // common all the same
		reset(h.At(1), link, short).Must(204)                        // the same link, still good
		p.Password = short
		key.confirm(p.In())

		// Its owner does not take the passkey away: neither alone, nor with all, nor by putting something else in its place.
		for _, refused := range []whole.Answer{
			p.Call("DELETE", "/me/factors/"+key.id, nil),
			p.Call("DELETE", "/me/factors", nil),
			p.Call("POST", "/me/factors", map[string]any{"type": "totp", "replaces": key.id}),
		} {
			if refused.Refused(409, "short_password_needs_passkey"); !strings.Contains(refused.Text("detail"), "Set a longer password first") {
				t.Errorf("%s names no way out", refused.Body)
			}
		}
		p.Call("DELETE", "/me/factors/"+p.App.FactorID, nil).Must(204) // the app may go, the passkey stays
		p.App = nil
		second := withPasskey(t, p, nil)
		p.Call("DELETE", "/me/factors/"+key.id, nil).Must(204) // there is another
		p.Call("DELETE", "/me/factors/"+second.id, nil).Refused(409, "short_password_needs_passkey")
		third := withPasskey(t, p, map[string]any{"replaces": second.id})
		setPassword(p, fresh).Must(204)
		third.confirm(p).Call("DELETE", "/me/factors/"+third.id, nil).Must(204)
		p.In()
	})
}

func TestAnEnrolmentThatWouldLeaveAShortPasswordAloneIsNotFinished(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected().Confirm()
		key := withPasskey(t, p, nil)
		begin := func() *whole.Authenticator {
			t.Helper()
			e := key.confirm(p).Call("POST", "/me/factors", map[string]any{"type": "totp", "replaces": key.id}).Must(201)
			return whole.AuthenticatorOf(h, e.Text("factor.id"), e.Text("totp.secret"))
		}
		// A password that is set between the beginning and the end leaves no end.
		app := begin()
		p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Now()}).Must(200)
		setPassword(p, short).Must(204)
		p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Refused(404, "not_found")

		// Nor does one that the other passkey would have allowed, once that one is gone.
		second := withPasskey(t, key.confirm(p), nil)
		app = begin()
		p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Now()}).Must(200)
		p.Call("DELETE", "/me/factors/"+second.id, nil).Must(204)
		p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Refused(409, "short_password_needs_passkey")
		withPasskey(t, p, nil)
		p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
		p.Call("GET", "/accounts", nil).Must(200)
	})
}

func TestAShortPasswordGoesWithAPasskeyThatItsOwnerDisowns(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected().Confirm()
		setPassword(withPasskey(t, p, nil).confirm(p), short).Must(204)
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
			key := withPasskey(t, p, nil)
			key.confirm(p)
			answers := make(chan whole.Answer, 2)
			go func() { answers <- bearing(p, 0, "DELETE", "/me/factors/"+key.id, nil) }()
			go func() { answers <- bearing(p, round+1, "PUT", "/me/password", map[string]any{"password": short}) }()
			a, b := <-answers, <-answers
			if a.Status+b.Status != 204+409 && a.Status+b.Status != 204+422 {
				t.Errorf("%s: %d %s and %d %s", email, a.Status, a.Body, b.Status, b.Body)
			}
		}
	})
}
