package blackbox_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

func TestNoStepOfTheWayInCanBeSkippedRepeatedOrTakenInAnotherOrder(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).In().Confirm()
		app := p.Begin()
		path := "/me/factors/" + app.FactorID
		verify := map[string]any{"code": app.Now()}
		p.Call("POST", path+"/activate", nil).Refused(409, "factor_not_verified")
		p.Call("PATCH", path, map[string]any{"default": true}).Refused(409, "factor_not_verified")
		p.Call("POST", path+"/verify", verify).Must(200)
		p.Call("POST", path+"/verify", map[string]any{"code": app.At(app.Step() + 1)}).Refused(409, "factor_not_pending")
		if on := p.Call("GET", "/me", nil).Must(200).Value("two_factor.active"); on != false {
			t.Error("a factor counts before its owner has said Okay")
		}
		// Before that, the password alone still signs in, and the code opens nothing.
		other := p.Again(1).In()
		other.Call("GET", "/accounts", nil).Must(200)
		before := p.Access
		p.Keep(p.Call("POST", path+"/activate", nil).Must(200))
		p.App = app
		h.Clock.Advance(time.Minute)                                    // what enrolled is spent
		p.Call("POST", path+"/activate", nil).Refused(404, "not_found") // the enrolment is over
		p.Call("POST", path+"/verify", verify).Refused(404, "not_found")
		h.Eventually("the session without the second factor is over", func() bool { return other.Call("GET", "/me", nil).Is(401, "unauthenticated") })
		h.At(0).Call("GET", "/accounts", before, nil).Must(200) // the same session, which has shown it by now

		// The second door without the first, with the wrong key, and twice with the same.
		answer := p.App.Answer(p.App.Next())
		h.At(1).Call("POST", "/auth/second-factor", "", answer).Refused(401, "unauthenticated")
		h.At(1).Call("POST", "/auth/second-factor", p.Access, answer).Refused(403, "forbidden")
		p.SignIn().Must(200)
		partial := p.Partial
		p.Client.Call("POST", "/auth/second-factor", partial, answer).Must(200) // a code that was refused for its token is not spent
		h.At(1).Call("POST", "/auth/second-factor", partial, p.App.Answer(p.App.Next())).Refused(401, "unauthenticated")
		h.At(1).Call("GET", "/me", partial, nil).Refused(401, "unauthenticated")
	})
}

func TestThePasswordAloneNeverSetsUpASecondFactorOverOneThatIsThere(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		account := p.Account(acme)
		door := secondDoor(p)
		h.At(1).Call("POST", "/me/factors", door, map[string]any{"type": "totp"}).Refused(403, "forbidden")
		h.At(1).Call("POST", "/me/factors/"+p.App.FactorID+"/verify", door, map[string]any{"code": p.App.Now()}).Refused(403, "forbidden")
		h.At(1).Call("POST", "/me/factors/"+p.App.FactorID+"/activate", door, nil).Refused(403, "forbidden")

		// Somebody who knows the password of a member who must enrol is at the door at the same time as the member.
		p.Confirm().Enforce(account, acme, nil).Must(200)
		m, thief := h.Person(member), h.Person(member)
		thief.Client = h.At(1)
		m.SignIn().Must(200)
		thief.SignIn().Must(200)
		begun, proven := thief.Begin(), thief.Begin()
		thief.Call("POST", "/me/factors/"+proven.FactorID+"/verify", map[string]any{"code": proven.Next()}).Must(200)
		m.Enrol()
		// The member was first, and from now on nothing is enrolled without what the member has.
		h.Eventually("the other replica knows of the factor", func() bool {
			return thief.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Is(401, "second_factor_due")
		})
		thief.Call("POST", "/me/factors/"+begun.FactorID+"/verify", map[string]any{"code": begun.Next()}).Refused(401, "second_factor_due")
		thief.Call("POST", "/me/factors/"+proven.FactorID+"/activate", nil).Refused(401, "second_factor_due")
		if n := len(slices.DeleteFunc(m.Call("GET", "/me/factors", nil).Must(200).Texts("items", "status"), func(s string) bool { return s != "active" })); n != 1 {
			t.Errorf("the member has %d active factors", n)
		}
	})
}

func TestOfTwoWhoEnrolWithThePasswordAloneAtOnceOneIsIn(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Enforce(account, acme, nil).Must(200)
		for _, email := range []string{member, contractor, admin} {
			var all sync.WaitGroup
			answers := make([]whole.Answer, 8)
			ready := make(chan struct{})
			for i := range answers {
				p := h.Person(email)
				p.Client = h.At(i)
				p.SignIn().Must(200)
				app := p.Begin()
				p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Now()}).Must(200)
				all.Go(func() {
					<-ready
					answers[i] = p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil)
				})
			}
			close(ready)
			all.Wait()
			in := 0
			for _, a := range answers {
				if a.Status == 200 {
					in++
				} else if !a.Is(401, "second_factor_due") {
					t.Errorf("%s: an activation answers %d %s", email, a.Status, a.Body)
				}
			}
			if in != 1 {
				t.Errorf("%s: %d of 8 who knew the password alone have a factor that counts", email, in)
			}
		}
	})
}

func TestAnEnrolmentThatARefreshHasOpenedAsksForThePasswordAgain(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		m := h.Person(member).In()
		o.Confirm().Enforce(account, acme, nil).Must(200)
		h.Clock.Advance(10*time.Minute + time.Second)
		m.RefreshNow().Must(200)
		a := m.Call("POST", "/me/factors", map[string]any{"type": "totp"}).Refused(401, "confirmation_required")
		if !slices.Equal(a.Texts("needs"), []string{"password"}) {
			t.Errorf("it needs %v", a.Texts("needs"))
		}
		m.Call("POST", "/me/factors", map[string]any{"type": "totp", "password": "not it"}).Refused(401, "invalid_credentials")
		m.Call("POST", "/me/factors", map[string]any{"type": "totp", "password": m.Password}).Must(201)
		m.Enrol()
		m.Call("GET", "/accounts", nil).Must(200)
	})
}

func TestAWrongAnswerConfirmsNothing(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected().In()
		for _, body := range []map[string]any{
			{"password": "not it", "second_factor": p.App.Answer(p.App.Next())},
			{"password": p.Password, "second_factor": p.App.Answer(p.App.Wrong())},
			{"password": p.Password, "second_factor": map[string]any{"type": "recovery_code", "code": "0000-0000-0000-0000"}},
		} {
			if a := p.Call("POST", "/auth/confirmation", body); a.Status != 401 {
				t.Errorf("it is answered %d %s", a.Status, a.Body)
			}
			p.Call("POST", "/me/recovery-codes", nil).Refused(401, "confirmation_required")
			p.Enforce(p.Account(acme), acme, nil).Refused(401, "confirmation_required")
		}
		// A wrong password is said before the code is looked at: the code is still good.
		p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": p.App.Answer(p.App.At(p.App.Step() + 1))}).Must(200)
		p.Call("POST", "/me/recovery-codes", nil).Must(201)
	})
}
