package blackbox_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

var (
	passes        []string
	needsPassword = []string{"password"}
	needsBoth     = []string{"password", "second_factor"}
)

// confirmations say what a sensitive call answers to whoever has shown this: that it passes, or what it needs.
//
// one: the contract's x-confirmation asks for the password, or the person has nothing else to show.
// two: it asks for what protects the person, who has a second factor.
var confirmations = []struct {
	shown    string
	show     func(p *whole.Person)
	one, two []string
}{
	{"nothing", func(*whole.Person) {}, needsPassword, needsBoth},
	{"everything they have, five minutes ago", func(p *whole.Person) {
		p.Confirm()
		p.House.Clock.Advance(5 * time.Minute)
	}, needsPassword, needsBoth},
	{"everything they have, in another session", func(p *whole.Person) { p.Again(1).In().Confirm() }, needsPassword, needsBoth},
	{"a wrong password", func(p *whole.Person) {
		p.Call("POST", "/auth/confirmation", map[string]any{"password": "not it"}).Refused(401, "invalid_credentials")
	}, needsPassword, needsBoth},
	{"the password, with a second factor that is not theirs", func(p *whole.Person) {
		foreign := map[string]any{"type": "totp", "factor_id": "0198c6b2-0000-7000-8000-000000000000", "code": "123456"}
		p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": foreign}).Refused(401, "invalid_code")
		p.House.Clock.Advance(10 * time.Minute) // ten such guesses an hour are answered
		p.In()
	}, needsPassword, needsBoth},
	{"the password alone", func(p *whole.Person) { p.ConfirmPassword() }, passes, needsBoth},
	{"the password just now, everything they have five minutes ago", func(p *whole.Person) {
		p.Confirm()
		p.House.Clock.Advance(4 * time.Minute)
		p.ConfirmPassword()
		p.House.Clock.Advance(time.Minute)
	}, passes, needsBoth},
	{"everything they have, a second less than five minutes ago", func(p *whole.Person) {
		p.Confirm()
		p.House.Clock.Advance(5*time.Minute - time.Second)
	}, passes, passes},
}

// impossible is what somebody without a second factor is refused before they are asked for anything.
var impossible = map[string]string{"startIncident": "own_second_factor_missing", "endIncident": "no_incident"}

func TestWhatProtectsYouIsChangedOnlyByWhatProtectsYou(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		protected, bare := h.Person(owner).Protected(), h.Person("owner@blue.test").In()
		accounts := map[*whole.Person]string{protected: protected.Account(acme), bare: bare.Account(blue)}
		for _, op := range h.Contract.Operations { // an operation that asks for a confirmation is held to this the day it is born
			if op.Confirmation == "" {
				continue
			}
			if !slices.Contains([]string{"password", "password_and_second_factor", "what_protects_you"}, op.Confirmation) {
				t.Errorf("%s: this table does not know what %s asks for", op.OperationID, op.Confirmation)
			}
			done := false
			for p, account := range accounts {
				for _, c := range confirmations {
					if op.OperationID == "removeFactor" && p == bare {
						continue // there is none to name
					}
					call := sensitive(op, p, account)
					p.In()
					c.show(p)
					a := call()
					needs := c.one
					if p == protected && op.Confirmation != "password" {
						needs = c.two
					}
					switch {
					case p == bare && a.Is(409, impossible[op.OperationID]):
					case needs == nil && (a.Status < 400 || a.Status == 409): // what the state does not allow was confirmed all the same
						done = done || a.Status < 400
						asBefore(p, op, a)
					case needs == nil, !a.Is(401, "confirmation_required"), !slices.Equal(a.Texts("needs"), needs):
						t.Errorf("%s, %s has shown %s, %v: %d %s", op.OperationID, p.Email, c.shown, needs, a.Status, a.Body)
					case !strings.Contains(a.Header.Get("WWW-Authenticate"), "max_age=300"):
						t.Errorf("%s does not say how old a confirmation may be: %s", op.OperationID, a.Header.Get("WWW-Authenticate"))
					}
				}
			}
			if !done {
				t.Errorf("%s is never done", op.OperationID)
			}
		}
	})
}

// sensitive prepares an operation that asks for a confirmation, and gives the call. The contract's example does for most.
func sensitive(op *whole.Operation, p *whole.Person, accountID string) func() whole.Answer {
	p.Client.T.Helper()
	path, body := concrete(op.Path, accountID), any(nil)
	if example := op.Example(); example != nil {
		if _, asks := example["account_number"]; asks {
			example["account_number"] = p.In().Call("GET", "/accounts/"+accountID, nil).Must(200).Text("number")
		}
		if op.OperationID == "putTwoFactor" { // lifting it leaves the others free to remove what they like
			delete(example, "minimum_strength")
			example["enforced"] = false
		}
		body = example
	}
	switch op.OperationID {
	case "removeFactor":
		path = "/me/factors/" + p.App.FactorID
	case "removePhone":
		p.House.Clock.Advance(time.Hour) // so many texts are sent
		path = "/me/phones/" + p.In().Confirm().Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": mobile}).Must(201).Text("phone.id")
	}
	return func() whole.Answer { p.Client.T.Helper(); return p.Call(op.Method, path, body) }
}

// asBefore lets a person whom an operation has changed go on as they were.
func asBefore(p *whole.Person, op *whole.Operation, a whole.Answer) {
	p.Client.T.Helper()
	if op.OperationID == "changePassword" {
		p.Password = op.Example()["password"].(string)
	}
	if p.App != nil && p.Call("GET", "/me", nil).Must(200).Value("two_factor.active") == false {
		p.App = nil
		p.Confirm().Enrol()
	}
}
