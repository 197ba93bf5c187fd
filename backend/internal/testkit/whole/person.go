package whole

import (
	"net/http"
	"strings"
	"time"
)

// Person is somebody who signs in, as a program of a third party would do it for them.
type Person struct {
	House           *House
	Email, Password string
	Client          *Client // the replica that they talk to

	Access, Refresh, Partial string            // what the last answer gave
	Resume                   string            // of a sign-in between the doors
	Confirmation             string            // what Confirm got; every call bears it
	Fresh                    string            // the confirmation that a sign-in answered; no call bears it by itself
	Enrolments               map[string]string // tokens of what they are enrolling, by factor
	App                      *Authenticator
	RecoveryCodes            []string
}

// Person is a person of the demo who talks to the first replica.
func (h *House) Person(email string) *Person {
	return &Person{House: h, Email: email, Password: Password, Client: h.At(0)}
}

// Again is the same person in another place: same factor, no tokens.
func (p *Person) Again(replica int) *Person {
	other := *p
	other.Client, other.Access, other.Refresh, other.Partial = p.House.At(replica), "", "", ""
	other.Resume, other.Confirmation, other.Fresh, other.Enrolments = "", "", "", nil
	return &other
}

// Keep takes the tokens out of an answer; the ones before are forgotten.
func (p *Person) Keep(a Answer) Answer {
	if a.Status >= 300 {
		return a
	}
	at := "session."
	if a.Text("access_token") != "" {
		at = ""
	}
	if access := a.Text(at + "access_token"); access != "" {
		p.Access, p.Refresh, p.Partial, p.Fresh = access, a.Text(at+"refresh_token"), "", a.Text(at+"confirmation_token")
	}
	if partial := a.Text("partial_token"); partial != "" {
		p.Partial, p.Access, p.Resume = partial, "", a.Text("resume_token")
	}
	return a
}

// Token is the token that they hold: full, or else partial.
func (p *Person) Token() string {
	if p.Access != "" {
		return p.Access
	}
	return p.Partial
}

// Call sends a request with the tokens that they hold: the one of the stay, the confirmation, and the one of the enrolment that the path
// is about.
func (p *Person) Call(method, path string, body any) Answer {
	p.Client.T.Helper()
	return p.Send(Request{Method: method, Path: path, Body: body})
}

// Send is Call for a request with headers of its own.
func (p *Person) Send(r Request) Answer {
	p.Client.T.Helper()
	if r.Token == "" {
		r.Token = p.Token()
	}
	r.Header = p.Headers(r.Path, r.Header)
	a := p.Client.Send(r)
	if token := a.Text("confirmation_token"); a.Status == 200 && r.Path == "/auth/confirmation" {
		p.Confirmation = token
	}
	if token := a.Text("enrolment_token"); a.Status == 201 && token != "" {
		if p.Enrolments == nil {
			p.Enrolments = map[string]string{}
		}
		p.Enrolments[a.Text("factor.id")] = token
	}
	return a
}

// Headers adds to own headers those that they bear to a path.
func (p *Person) Headers(path string, own http.Header) http.Header {
	h := http.Header{}
	if p.Confirmation != "" {
		h.Set("Sallyport-Confirmation", p.Confirmation)
	}
	if rest, ok := strings.CutPrefix(path, "/me/factors/"); ok {
		factorID, _, _ := strings.Cut(rest, "/")
		if token := p.Enrolments[factorID]; token != "" {
			h.Set("Sallyport-Enrolment", token)
		}
	}
	for name, values := range own {
		h[name] = values
	}
	return h
}

// SignIn shows e-mail address and password at the first door.
func (p *Person) SignIn() Answer {
	p.Client.T.Helper()
	return p.Keep(p.Client.Call("POST", "/auth/sign-in", "", map[string]any{"email": p.Email, "password": p.Password, "session": "bearer"}))
}

// Answer shows a code of their app at the second door.
func (p *Person) Answer(code string) Answer {
	p.Client.T.Helper()
	return p.Keep(p.Client.Call("POST", "/auth/second-factor", p.Partial, p.App.Answer(code)))
}

// AnswerRecovery shows a recovery code at the second door.
func (p *Person) AnswerRecovery(code string) Answer {
	p.Client.T.Helper()
	return p.Keep(p.Client.Call("POST", "/auth/second-factor", p.Partial, map[string]any{"type": "recovery_code", "code": code}))
}

// In goes through every door that asks for something they have, and ends the test where it stays shut.
func (p *Person) In() *Person {
	p.Client.T.Helper()
	if a := p.SignIn().Must(200); a.Text("status") == "second_factor_required" {
		p.Answer(p.App.Next()).Must(200)
	}
	if p.Access == "" {
		p.Client.T.Fatalf("%s is asked to enrol", p.Email)
	}
	return p
}

// Confirm says again that it is them: password, and the second factor where they have one.
func (p *Person) Confirm() *Person {
	p.Client.T.Helper()
	body := map[string]any{"password": p.Password}
	if p.App != nil {
		body["second_factor"] = p.App.Answer(p.App.Next())
	}
	p.Call("POST", "/auth/confirmation", body).Must(200)
	return p
}

// ConfirmPassword says it with the password alone.
func (p *Person) ConfirmPassword() *Person {
	p.Client.T.Helper()
	p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password}).Must(200)
	return p
}

// Begin begins to enrol an authenticator app.
func (p *Person) Begin() *Authenticator {
	p.Client.T.Helper()
	a := p.Call("POST", "/me/factors", map[string]any{"type": "totp", "name": "Phone"}).Must(201)
	return &Authenticator{FactorID: a.Text("factor.id"), Secret: a.Text("totp.secret"), clock: p.House.Clock}
}

// Enrol sets an authenticator app up, from the first call to "Okay", with the token that they hold.
func (p *Person) Enrol() *Person {
	p.Client.T.Helper()
	app := p.Begin()
	codes := p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Next()}).Must(200).Texts("recovery_codes")
	p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200))
	if p.App = app; len(codes) > 0 {
		p.RecoveryCodes = codes
	}
	return p
}

// Protected signs in, confirms and enrols.
func (p *Person) Protected() *Person {
	p.Client.T.Helper()
	return p.In().Confirm().Enrol()
}

// RefreshNow exchanges the refresh token.
func (p *Person) RefreshNow() Answer {
	p.Client.T.Helper()
	return p.Keep(p.Client.Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": p.Refresh}))
}

// Account is the id of the account that they belong to and that has this number.
func (p *Person) Account(number string) string {
	p.Client.T.Helper()
	list := p.Call("GET", "/accounts", nil).Must(200)
	for i, n := range list.Texts("items", "number") {
		if n == number {
			return list.Texts("items", "id")[i]
		}
	}
	p.Client.T.Fatalf("%s belongs to no account %s", p.Email, number)
	return ""
}

// Enforce enforces the second factor for an account, with more fields such as grace_days. A fresh confirmation is needed.
func (p *Person) Enforce(accountID, number string, more map[string]any) Answer {
	p.Client.T.Helper()
	body := map[string]any{"enforced": true, "account_number": number}
	for k, v := range more {
		body[k] = v
	}
	return p.Call("PUT", "/accounts/"+accountID+"/two-factor", body)
}

// Lift takes it back.
func (p *Person) Lift(accountID, number string) Answer {
	p.Client.T.Helper()
	return p.Call("PUT", "/accounts/"+accountID+"/two-factor", map[string]any{"enforced": false, "account_number": number})
}

// patience is how long a test waits for what must happen some time; only a failing test waits so long.
const patience = 20 * time.Second

// Eventually waits until f says so. It is for what other goroutines do, never for the clock: that one stands still.
func (h *House) Eventually(what string, f func() bool) time.Duration {
	h.T.Helper()
	began := time.Now()
	for time.Since(began) < patience {
		if f() {
			return time.Since(began)
		}
		time.Sleep(3 * time.Millisecond)
	}
	h.T.Fatalf("waited in vain for: %s", what)
	return 0
}
