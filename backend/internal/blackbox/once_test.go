package blackbox_test

import (
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// volley sends the same body many times at once, over all replicas and with these partial tokens in turn, and gives the answers.
func volley(h *whole.House, times int, partials []string, body any) []whole.Answer {
	answers := make([]whole.Answer, times)
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range answers {
		all.Go(func() {
			<-ready
			answers[i] = h.At(i).Call("POST", "/auth/second-factor", partials[i%len(partials)], body)
		})
	}
	close(ready)
	all.Wait()
	return answers
}

// opened says how many of the answers opened a session, and complains of those that are neither that nor a refusal.
func opened(t *testing.T, answers []whole.Answer) int {
	t.Helper()
	n := 0
	for _, a := range answers {
		switch {
		case a.Status == 200:
			n++
		case a.Is(409, "code_already_used"), a.Is(429, "too_many_attempts"), a.Is(401, "unauthenticated"):
		default:
			t.Errorf("one of many answers %d %s", a.Status, a.Body)
		}
	}
	return n
}

// partials are sign-ins of a person that stand before the second door.
func partials(p *whole.Person, n int) []string {
	out := make([]string, n)
	for i := range out {
		other := p.Again(i)
		other.SignIn().Must(200)
		out[i] = other.Partial
	}
	return out
}

func TestARecoveryCodeWorksOnceHoweverManySendItAtOnce(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		rounds := 10 // on one replica a lock would do; the promise is about two
		if h.Postgreses() {
			rounds = 50
		}
		p := h.Person(owner).Protected()
		for round := range rounds {
			if len(p.RecoveryCodes) == 0 {
				p.RecoveryCodes = p.In().Confirm().Call("POST", "/me/recovery-codes", nil).Must(201).Texts("recovery_codes")
			}
			code := p.RecoveryCodes[0]
			p.RecoveryCodes = p.RecoveryCodes[1:]
			doors := partials(p, 1+round%3*4) // one sign-in, five, nine
			if n := opened(t, volley(h, 100, doors, map[string]any{"type": "recovery_code", "code": code})); n != 1 {
				t.Fatalf("round %d: one code opened %d sessions", round, n)
			}
		}
		p.In() // and what was sent too often has cost its owner nothing
		left := p.Call("GET", "/me/recovery-codes", nil).Must(200)
		if left.Number("remaining") != len(p.RecoveryCodes) {
			t.Errorf("%d recovery codes are left, not %d", left.Number("remaining"), len(p.RecoveryCodes))
		}
		p.SignIn().Must(200)
		p.AnswerRecovery(recoveryCode(p)).Must(200)
	})
}

// recoveryCode is one that the person has not used, from a new set where there is none.
func recoveryCode(p *whole.Person) string {
	if len(p.RecoveryCodes) == 0 {
		p.RecoveryCodes = p.Again(0).In().Confirm().Call("POST", "/me/recovery-codes", nil).Must(201).Texts("recovery_codes")
	}
	code := p.RecoveryCodes[0]
	p.RecoveryCodes = p.RecoveryCodes[1:]
	return code
}

func TestAnAuthenticatorCodeWorksOnceHoweverManySendItAtOnce(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		for round := range 12 {
			doors := partials(p, 1+round%3*4)
			if n := opened(t, volley(h, 100, doors, p.App.Answer(p.App.Next()))); n != 1 {
				t.Fatalf("round %d: one code opened %d sessions", round, n)
			}
			h.Clock.Advance(30 * time.Second)
		}
		p.In()
		p.Call("GET", "/me", nil).Must(200)
	})
}

func TestOneCodeConfirmsOrSignsInAndNotBoth(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		other := p.Again(1)
		other.SignIn().Must(200)
		code := p.App.Next()
		p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": p.App.Answer(code)}).Must(200)
		other.Answer(code).Refused(409, "code_already_used")
		other.Answer(p.App.Next()).Must(200)
	})
}

func TestACodeThatWasSpentStaysSpentWithinItsTime(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).In().Confirm()
		app := p.Begin()
		enrolled := app.Next()
		p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": enrolled}).Must(200)
		p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
		p.App = app

		first, second := p.Again(0), p.Again(1)
		first.SignIn().Must(200)
		second.SignIn().Must(200)
		first.Answer(enrolled).Refused(409, "code_already_used")
		code := app.Next() // the next step's, a little early
		first.Answer(code).Must(200)
		second.Answer(code).Refused(409, "code_already_used")

		now := app.Step()
		second.Answer(app.At(now)).Refused(409, "code_already_used") // older than what was spent
		h.Clock.Advance(60 * time.Second)
		second.Answer(code).Refused(409, "code_already_used") // still within the drift
		h.Clock.Advance(30 * time.Second)
		second.Answer(code).Refused(401, "invalid_code") // two steps off now
		second.Answer(app.At(app.Step()+2)).Refused(401, "invalid_code")
		second.SignIn().Must(200)                       // five attempts are all that one sign-in has
		second.Answer(app.At(app.Step() - 1)).Must(200) // one back, and never spent
	})
}
