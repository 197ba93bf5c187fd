package whole

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Prefix is where the API is served.
const Prefix = "/api/v1"

// Client speaks to one replica from one network address, and holds each answer against the contract.
type Client struct {
	Base string
	T    testing.TB

	contract *Contract
	http     *http.Client
	any5xx   bool
	heard    func(Answer)
}

// NewClient speaks to the server at base. from is the address that it comes from, such as "127.0.0.2"; "": any.
func NewClient(t testing.TB, base, from string) *Client {
	t.Helper()
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	transport := &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 256, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &Client{Base: base, T: t, contract: promised(t), http: &http.Client{Transport: transport, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// From is a client that comes from another address.
func (c *Client) From(address string) *Client { return NewClient(c.T, c.Base, address) }

// Breaking is a client that does not mind a 503, for tests that break what the server needs.
func (c *Client) Breaking() *Client {
	broken := *c
	broken.any5xx = true
	return &broken
}

// Request is what Call sends.
type Request struct {
	Method, Path string // Path is below /api/v1, or begins with "//" for one below the root
	Token        string // "": no Authorization
	Body         any    // nil: none; []byte: as it is; else as JSON
	Header       http.Header
	Cookies      []*http.Cookie
}

// Answer is what came back.
type Answer struct {
	T       testing.TB
	Request Request
	Status  int
	Header  http.Header
	Body    []byte
	Took    time.Duration
}

// Call sends one request with a JSON body.
func (c *Client) Call(method, path, token string, body any) Answer {
	c.T.Helper()
	return c.Send(Request{Method: method, Path: path, Token: token, Body: body})
}

// Send sends one request. A connection that breaks is the test's failure; the answer then has status 0.
func (c *Client) Send(r Request) Answer {
	c.T.Helper()
	a, err := c.Try(context.Background(), r)
	if err != nil {
		c.T.Errorf("%s %s: %v", r.Method, short(r.Path), err)
	}
	return a
}

// Try is Send for tests that break the connection, or do not wait for the end: without an answer there is an error.
func (c *Client) Try(ctx context.Context, r Request) (Answer, error) {
	c.T.Helper()
	a := Answer{T: c.T, Request: r}
	q, err := c.request(ctx, r)
	if err != nil {
		return a, err
	}
	began := time.Now()
	response, err := c.http.Do(q)
	if err == nil {
		// A stream has no end to read to: that it opens is the answer. Listen reads one.
		if !strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream") {
			a.Body, err = io.ReadAll(response.Body)
		}
		_ = response.Body.Close()
	}
	a.Took = time.Since(began)
	if err != nil {
		return a, err
	}
	a.Status, a.Header = response.StatusCode, response.Header
	if c.heard != nil {
		c.heard(a)
	}
	if a.Status >= 500 && !c.any5xx {
		c.T.Errorf("%s %s answers %d: %s", r.Method, short(r.Path), a.Status, a.Body)
	}
	for _, wrong := range c.contract.Check(q.Method, q.URL.EscapedPath(), a) {
		c.T.Errorf("%s %s answers %d against the contract: %s\n%s", r.Method, short(r.Path), a.Status, wrong, short(string(a.Body)))
	}
	return a, nil
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	var body io.Reader
	switch b := r.Body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(raw)
	}
	path, root := strings.CutPrefix(r.Path, "//")
	if path = "/" + path; !root {
		path = Prefix + r.Path
	}
	q, err := http.NewRequestWithContext(ctx, r.Method, c.Base+path, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		q.Header.Set("Content-Type", "application/json")
	}
	for name, values := range r.Header {
		q.Header[name] = values
	}
	if r.Token != "" {
		q.Header.Set("Authorization", "Bearer "+r.Token)
	}
	for _, cookie := range r.Cookies {
		q.AddCookie(cookie)
	}
	return q, nil
}

func short(s string) string {
	if len(s) > 600 {
		return s[:600] + "…"
	}
	return s
}

// Must ends the test unless the status is this one.
func (a Answer) Must(status int) Answer {
	a.T.Helper()
	if a.Status != status {
		a.T.Fatalf("%s %s answers %d %s, not %d", a.Request.Method, a.Request.Path, a.Status, short(string(a.Body)), status)
	}
	return a
}

// Refused ends the test unless the answer is a problem with this status and code.
func (a Answer) Refused(status int, code string) Answer {
	a.T.Helper()
	if a.Status != status || a.Code() != code {
		a.T.Fatalf("%s %s answers %d %s, not %d %s", a.Request.Method, a.Request.Path, a.Status, short(string(a.Body)), status, code)
	}
	return a
}

// Is says whether the answer is a problem with this status and code.
func (a Answer) Is(status int, code string) bool { return a.Status == status && a.Code() == code }

// Code is the problem's code; "" where the answer is none.
func (a Answer) Code() string {
	if a.Status < 400 {
		return ""
	}
	return a.Text("code")
}

// Value walks into the JSON body: "items.0.id". nil where there is nothing.
func (a Answer) Value(path string) any {
	var v any
	d := json.NewDecoder(bytes.NewReader(a.Body))
	if d.Decode(&v) != nil {
		return nil
	}
	for _, step := range strings.Split(path, ".") {
		switch inner := v.(type) {
		case map[string]any:
			v = inner[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(inner) {
				return nil
			}
			v = inner[i]
		default:
			return nil
		}
	}
	return v
}

// Text is a string of the body; "" where there is none.
func (a Answer) Text(path string) string { s, _ := a.Value(path).(string); return s }

// Number is a number of the body; -1 where there is none.
func (a Answer) Number(path string) int {
	if n, ok := a.Value(path).(float64); ok {
		return int(n)
	}
	return -1
}

// Texts is a list of strings of the body, or of one field of a list's items: Texts("items", "id").
func (a Answer) Texts(path string, field ...string) []string {
	list, _ := a.Value(path).([]any)
	out := make([]string, 0, len(list))
	for _, v := range list {
		for _, f := range field {
			m, _ := v.(map[string]any)
			v = m[f]
		}
		s, _ := v.(string)
		out = append(out, s)
	}
	return out
}

// Cookie is a cookie that the answer sets; nil if none.
func (a Answer) Cookie(name string) *http.Cookie {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	return nil
}
