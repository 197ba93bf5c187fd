package blackbox_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"

	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

// callers are tokens for every stage, renewed when one is spent.
type callers struct {
	h                        *whole.House
	full                     *whole.Person
	account                  string
	access, partial, toEnrol string
	strong                   bool // they confirm with everything they have, and not with the password alone
}

// headers are those of a call that a full token opens: the confirmation.
func (c *callers) headers(op *contract.Operation) http.Header {
	if op.Open || !op.Opens(contract.TokenFull) {
		return nil
	}
	return c.full.Headers(op.Path, nil)
}

func (c *callers) token(op *contract.Operation) string {
	renew := func(token *string, fresh func() string) string {
		if *token == "" || c.h.At(0).Call("GET", "/me", *token, nil).Status == 401 {
			*token = fresh()
		}
		return *token
	}
	switch {
	case op.Open:
		return ""
	case op.Opens(contract.TokenFull):
		return renew(&c.access, func() string {
			c.h.Clock.Advance(time.Hour) // made-up codes are guesses, of which there are so many an hour
			if c.full.In(); c.strong {
				return c.full.Confirm().Access
			}
			return c.full.ConfirmPassword().Access
		})
	case op.Opens(contract.TokenSecondFactor):
		return renew(&c.partial, func() string { return secondDoor(c.full) })
	}
	return renew(&c.toEnrol, func() string {
		p := c.h.Person(member)
		p.SignIn().Must(200)
		return p.Partial
	})
}

func everybody(t *testing.T, h *whole.House) *callers {
	t.Helper()
	c := &callers{h: h, full: h.Person(owner).Protected()}
	c.account = c.full.Account(acme)
	c.full.Confirm().Enforce(c.account, acme, nil).Must(200)
	return c
}

func TestNoBodyThatTheContractForbidsIsAnsweredByAnythingButAProblem(t *testing.T) {
	whole.Each(t, func(t *testing.T, h *whole.House) {
		c := everybody(t, h)
		withBody := slices.DeleteFunc(slices.Clone(h.Contract.Operations), func(op *contract.Operation) bool { return op.JSON() == nil })
		rapid.Check(t, func(r *rapid.T) {
			h.Clock.Advance(2 * time.Second)
			op := rapid.SampledFrom(withBody).Draw(r, "operation")
			body, pointer, kind := broken(r, op)
			a := h.At(0).Send(whole.Request{Method: op.Method, Path: concrete(op.Served(), c.account), Token: c.token(op), Header: c.headers(op), Body: body})
			switch {
			case a.Status < 400 || a.Status > 422 || a.Status == 401 || a.Status == 404:
				r.Fatalf("%s with a body that is %s: %d %s\n%.300s", op.ID, kind, a.Status, a.Body, body)
			case a.Status == 422 && pointer != "" && !slices.ContainsFunc(a.Texts("errors", "pointer"), func(p string) bool { return p == pointer || strings.HasPrefix(p, pointer+"/") }):
				r.Fatalf("%s: %s is %s, and the problem names %s\n%.300s", op.ID, pointer, kind, a.Body, body)
			case pointer != "" && a.Status != 422:
				r.Fatalf("%s: %s is %s: %d %s\n%.300s", op.ID, pointer, kind, a.Status, a.Body, body)
			case bytes.Contains(a.Body, []byte(marker)):
				r.Fatalf("%s says what was sent: %s", op.ID, a.Body)
			}
		})
	})
}

func TestEveryBodyThatTheContractAllowsIsAnsweredAsTheContractPromises(t *testing.T) {
	whole.Each(t, func(t *testing.T, h *whole.House) {
		c := everybody(t, h)
		rapid.Check(t, func(r *rapid.T) {
			h.Clock.Advance(2 * time.Second)
			op := rapid.SampledFrom(h.Contract.Operations).Draw(r, "operation")
			if op.ID == "metrics" || op.ID == "signOut" || op.Media == contract.MediaForm { // a form, see texts_test.go
				return
			}
			q := whole.Request{Method: op.Method, Path: concrete(op.Served(), c.account), Token: c.token(op)}
			q.Header = c.headers(op)
			if op.JSON() != nil {
				q.Body = valid(r, op.JSON())
			}
			query := url.Values{}
			for _, p := range op.Parameters {
				if p.Value.In == "query" && p.Value.Name != "cursor" && (p.Value.Required || rapid.Bool().Draw(r, p.Value.Name)) {
					query.Set(p.Value.Name, fmt.Sprint(valid(r, p.Value.Schema.Value)))
				}
			}
			q.Path += "?" + query.Encode()
			if a := h.At(0).Send(q); a.Status == 400 || a.Status == 413 || a.Status == 415 { // the client has held the rest against the contract
				r.Fatalf("%s %s with %v: %d %s", op.ID, q.Path, q.Body, a.Status, a.Body)
			}
		})
	})
}

func TestNoQueryIsAnsweredByAnythingButAListOrAProblemThatNamesTheParameter(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		c := everybody(t, h)
		c.strong = true
		for _, op := range h.Contract.Operations {
			for _, p := range op.Parameters {
				if p.Value.In != "query" || op.Method != http.MethodGet {
					continue
				}
				for _, value := range oddValues(p.Value.Schema.Value) {
					path := concrete(op.Served(), c.account) + "?" + p.Value.Name + "=" + value
					if op.ID == "search" && p.Value.Name != "q" {
						path += "&q=a"
					}
					a := h.At(0).Send(whole.Request{Method: op.Method, Path: path, Token: c.token(op), Header: c.headers(op)})
					if a.Status != 200 && (!a.Is(422, "validation_failed") || a.Text("errors.0.pointer") != p.Value.Name) {
						t.Errorf("%s?%s=%.60s: %d %s", op.ID, p.Value.Name, value, a.Status, a.Body)
					}
					if strings.HasPrefix(value, "!") && a.Status == 200 {
						t.Errorf("%s?%s=%.60s is taken", op.ID, p.Value.Name, value)
					}
				}
			}
		}
	})
}

// oddValues are what nobody should send; those that begin with "!" no parameter of this schema takes.
func oddValues(s *openapi3.Schema) []string {
	long := strings.Repeat("x", 9000)
	odd := []string{"", "0", "-1", "201", "1e3", "1.0", "0x10", "99999999999999999999", "null", "%00", "%ff", "%F0%28%8C%BC", "%27%20OR%201%3D1--", "a%0d%0aSet-Cookie:x=y",
		"1&limit=2", "%", "%zz", "%25", "_", "*", "[]", "{}", long, "WyJhIl0", "WyJcdTAwMDAiXQ", "WyJcdWQ4MDAiXQ", "W10", "WzFd", "bnVsbA", "eyJhIjoxfQ", "MTYgYQ", "LTEgLTE"}
	if len(s.Enum) > 0 || s.Type.Is("integer") || s.Type.Is("boolean") {
		odd = append(odd, "!", "!1")
	}
	return odd
}

func TestOddHeadersAreNoReasonToFail(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		sign := func(header http.Header) whole.Answer {
			return h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/sign-in", Header: header,
				Body: map[string]any{"email": member, "password": whole.Password}})
		}
		for name, value := range map[string]string{
			"User-Agent": "\xff\xfe\xc0\xaf", "Accept": "application/\xff", "Origin": "\xff", "X-Request-Id": "'; DROP TABLE users; --",
			"X-Forwarded-For": strings.Repeat("1.1.1.1, ", 500), "Accept-Language": strings.Repeat("de,", 3000), "Referer": "\x80", "Cookie": "sallyport_refresh=\xff; =; ;;",
		} {
			a := sign(http.Header{name: {value}}).Must(200)
			if a.Header.Get("X-Request-Id") == value {
				t.Error("a client names its own request")
			}
			h.At(0).Call("GET", "/me/sessions", a.Text("session.access_token"), nil).Must(200)
		}
		long := sign(http.Header{"User-Agent": {strings.Repeat("Mozilla/5.0 ", 2000)}}).Must(200)
		agent := h.At(0).Call("GET", "/me/sessions", long.Text("session.access_token"), nil).Must(200).Text("items.0.user_agent")
		if len(agent) > 1024 {
			t.Errorf("%d bytes of what a client calls itself are kept", len(agent))
		}
		for _, media := range []string{"text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded", "application/json-patch+json", "", "application", "application/json; charset=\xff", "*/*"} {
			if a := sign(http.Header{"Content-Type": {media}}); a.Status != 415 && !(a.Status == 200 && strings.HasPrefix(media, "application/json;")) {
				t.Errorf("the content type %q is answered %d", media, a.Status)
			}
		}
		sign(http.Header{"Content-Type": {"application/json; charset=utf-8"}}).Must(200)
	})
}
