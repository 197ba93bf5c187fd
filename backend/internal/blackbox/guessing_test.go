package blackbox_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestOneSignInTakesFiveWrongCodesAndOnePersonTenAnHour(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		confirmed := p.Again(0).In()
		began := h.Clock.Now()

		first := p.Again(0)
		first.SignIn().Must(200)
		for left := 4; left >= 0; left-- {
			if a := first.Answer(p.App.Wrong()).Refused(401, "invalid_code"); a.Number("attempts_left") != left {
				t.Errorf("%d attempts are left, not %d", a.Number("attempts_left"), left)
			}
		}
		first.Answer(p.App.Next()).Refused(429, "too_many_attempts")

		// Neither a new sign-in nor another replica nor another address nor another place to type the code begins anew.
		second := p.Again(1)
		second.Client = h.At(1).From("127.0.0.2")
		second.SignIn().Must(200)
		for range 3 {
			second.Answer(p.App.Wrong()).Refused(401, "invalid_code")
		}
		for range 2 {
			confirmed.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": p.App.Answer(p.App.Wrong())}).Refused(401, "invalid_code")
		}
		for i, place := range []*whole.Person{first, second, p.Again(0), p.Again(1)} {
			place.SignIn().Must(200)
			a := place.Answer(p.App.Next()).Refused(429, "too_many_attempts") // though it is right
			if wait, _ := strconv.Atoi(a.Header.Get("Retry-After")); wait < 1 {
				t.Errorf("place %d is not told when to come again", i)
			}
		}
		confirmed.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": p.App.Answer(p.App.Next())}).Refused(429, "too_many_attempts")

		h.Clock.Set(began.Add(time.Hour - time.Second))
		first.SignIn().Must(200)
		first.Answer(p.App.Now()).Refused(429, "too_many_attempts")
		h.Clock.Set(began.Add(time.Hour))
		first.SignIn().Must(200)
		first.Answer(p.App.At(p.App.Step() + 1)).Must(200)
	})
}

func TestTwoHundredGuessesAtOnceStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		doors := partials(p, 40)
		wrong, others := 0, 0
		for _, a := range volley(h, 200, doors, p.App.Answer(p.App.Wrong())) {
			switch {
			case a.Is(401, "invalid_code"):
				wrong++
			case a.Is(429, "too_many_attempts"):
				others++
			default:
				t.Errorf("a guess is answered %d %s", a.Status, a.Body)
			}
		}
		if wrong != 10 || others != 190 {
			t.Errorf("%d guesses were looked at and %d were not, instead of 10 and 190", wrong, others)
		}
		last := p.Again(1)
		last.SignIn().Must(200)
		last.Answer(p.App.Next()).Refused(429, "too_many_attempts")
		h.Clock.Advance(time.Hour)
		p.In()
	})
}

func TestWhoDoesNotKnowThePasswordTakesNoGuessAwayFromItsOwner(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		stranger := h.At(1).From("127.0.0.66")
		wrong := map[string]any{"email": p.Email, "password": "not it"}
		for range 10 {
			stranger.Call("POST", "/auth/sign-in", "", wrong).Refused(401, "invalid_credentials")
		}
		// The stranger is stopped, whatever they say about where they come from; the owner, elsewhere, is not.
		forwarded := http.Header{"X-Forwarded-For": {"192.0.2.1"}, "X-Real-Ip": {"192.0.2.2"}, "Forwarded": {"for=192.0.2.3"}, "True-Client-Ip": {"192.0.2.4"}}
		a := stranger.Send(whole.Request{Method: "POST", Path: "/auth/sign-in", Body: wrong, Header: forwarded}).Refused(429, "rate_limited")
		wait, err := strconv.Atoi(a.Header.Get("Retry-After"))
		if err != nil || wait < 1 || wait > 60 {
			t.Fatalf("the stranger is to wait %q seconds", a.Header.Get("Retry-After"))
		}
		spelled := map[string]any{"email": "OWNER@Acme.TEST", "password": p.Password}
		stranger.Call("POST", "/auth/sign-in", "", spelled).Refused(429, "rate_limited")
		for range 5 { // all five tries of the second door are there
			other := p.Again(0)
			other.SignIn().Must(200)
			other.Answer(p.App.Next()).Must(200)
		}
		h.Clock.Advance(time.Duration(wait) * time.Second)
		if status := stranger.Call("POST", "/auth/sign-in", "", spelled).Must(200).Text("status"); status != "second_factor_required" {
			t.Errorf("after the wait the right password is answered %s", status)
		}
		stranger.Call("POST", "/auth/sign-in", "", wrong).Refused(401, "invalid_credentials")
	})
}

func TestAConfirmationIsLimitedLikeASignIn(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		thief, p := h.Person(member).In(), h.Person(member).In()
		p.Client = h.At(1).From("127.0.0.3")
		for range 10 {
			thief.Call("POST", "/auth/confirmation", map[string]any{"password": "guess"}).Refused(401, "invalid_credentials")
		}
		thief.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password}).Refused(429, "rate_limited")
		p.ConfirmPassword()
		h.Clock.Advance(time.Minute)
		thief.ConfirmPassword()
	})
}

func TestAHundredWrongCodesInARowLockTheFactorAndTellItsOwner(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		guess := p.Again(0)
		for n := range 100 {
			if n%5 == 0 {
				if n%10 == 0 {
					h.Clock.Advance(time.Hour)
				}
				guess.SignIn().Must(200)
			}
			guess.Answer(p.App.Wrong()).Refused(401, "invalid_code")
		}
		if n := len(h.Mail(owner, "locked", 1)); n != 1 {
			t.Errorf("the owner was told %d times", n)
		}
		h.Clock.Advance(time.Hour)
		a := p.SignIn().Must(200)
		if a.Text("status") != "second_factor_required" || len(a.Texts("factors")) != 0 {
			t.Errorf("the sign-in offers %s", a.Body)
		}
		p.Answer(p.App.Next()).Refused(409, "factor_disabled")
		p.AnswerRecovery(p.RecoveryCodes[0]).Must(200)
		p.Call("GET", "/me", nil).Must(200)
	})
}

func TestARightCodeEndsTheRowOfWrongOnes(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p := h.Person(owner).Protected()
	for range 14 { // 126 wrong ones, and never a hundred in a row
		h.Clock.Advance(time.Hour)
		for range 3 {
			p.SignIn().Must(200)
			for range 3 {
				p.Answer(p.App.Wrong()).Refused(401, "invalid_code")
			}
		}
		p.In()
	}
}

func TestRecoveryCodesAndAuthenticatorCodesAreCountedApart(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		for n := range 10 {
			if n%5 == 0 {
				p.SignIn().Must(200)
			}
			p.Answer(p.App.Wrong()).Refused(401, "invalid_code")
		}
		p.SignIn().Must(200)
		p.Answer(p.App.Next()).Refused(429, "too_many_attempts")
		p.AnswerRecovery(p.RecoveryCodes[0]).Must(200)

		h.Clock.Advance(time.Hour)
		for n := range 10 {
			if n%5 == 0 {
				p.SignIn().Must(200)
			}
			p.AnswerRecovery("0000-0000-0000-000"+strconv.Itoa(n)).Refused(401, "invalid_code")
		}
		p.SignIn().Must(200)
		p.AnswerRecovery(p.RecoveryCodes[1]).Refused(429, "too_many_attempts")
		p.Answer(p.App.Next()).Must(200)
	})
}

func TestPasswordsTriedAtOnceStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		var guesses sync.WaitGroup
		answers := make([]whole.Answer, 60)
		for i := range answers {
			guesses.Go(func() {
				answers[i] = h.At(i).Call("POST", "/auth/sign-in", "", map[string]any{"email": member, "password": "guess " + strconv.Itoa(i)})
			})
		}
		guesses.Wait()
		looked := 0
		for _, a := range answers {
			if a.Is(401, "invalid_credentials") {
				looked++
			} else if !a.Is(429, "rate_limited") {
				t.Errorf("a password is answered %d %s", a.Status, a.Body)
			}
		}
		if looked != 10 {
			t.Errorf("%d passwords were looked at, not 10", looked)
		}
	})
}
