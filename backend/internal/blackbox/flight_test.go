package blackbox_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"sallyport/internal/app"
	"sallyport/internal/contract"
	"sallyport/internal/testkit/whole"
)

// A flight is one wish that is under way in one replica, and a few people of its own: whom it is the wish of, the owner of the account who
// can take their authority away, and a member to do something to. Many flights share a house, and touch nothing of each other.
type flight struct {
	*named // complains with the name of the flight
	h      *whole.House
	db     *sql.DB
	tools  *app.Tools // an operator's rooms
	here   *whole.Client
	there  *whole.Client // another replica, where there is one

	n                 int64
	account, number   string
	who, boss, friend string // identifiers of persons
	bossEmail         string
	person            *whole.Person // the subject, at the stay that acts
	first             *whole.Person // of an API token: the session that has made it
	stay              string        // session, second_factor, enrolment, api_token
	tokenID           string
	mailFactor        string
	addresses         []string // of all the mail and texts that this flight can send
}

// named is a test that begins what it says with a name, and cleans up when it is told to.
type named struct {
	testing.TB
	name string
	last []func()
}

func (n *named) Errorf(format string, args ...any) {
	n.Helper()
	n.TB.Errorf("%s: "+format, append([]any{n.name}, args...)...)
}

func (n *named) Fatalf(format string, args ...any) {
	n.Helper()
	n.TB.Fatalf("%s: "+format, append([]any{n.name}, args...)...)
}

func (n *named) Fatal(args ...any) { n.Helper(); n.Fatalf("%s", fmt.Sprint(args...)) }

func (n *named) Cleanup(f func()) { n.last = append(n.last, f) }

// close cleans up.
func (n *named) close() {
	for _, f := range slices.Backward(n.last) {
		f()
	}
}

var flights atomic.Int64

// airport is what flights of one house share.
type airport struct {
	h     *whole.House
	db    *sql.DB
	tools *app.Tools
}

// manyTexts: what a budget refuses nobody has taken away.
func manyTexts(_ int, c *app.Config) {
	c.SMSPerPrefixHour, c.SMSPerCountryDay, c.SMSPerDay = 1_000_000, 1_000_000, 1_000_000
}

func newAirport(t *testing.T, h *whole.House) *airport {
	t.Helper()
	tools, err := app.OpenTools(t.Context(), app.Config{DatabaseURL: h.Database, Brand: "Sallyport", Issuer: "sallyport", RootKey: whole.RootKey}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tools.Close() })
	return &airport{h: h, db: whole.SQL(t, h.Database), tools: tools}
}

// flight makes the people of one, with the subject as an owner. enforced: the account asks for a second factor from its beginning.
func (a *airport) flight(t testing.TB, name string, enforced bool) *flight {
	t.Helper()
	n := flights.Add(1)
	f := &flight{named: &named{TB: t, name: name}, h: a.h, db: a.db, tools: a.tools, n: n, number: fmt.Sprintf("SP-%06d", 500000+n)}
	f.here, f.there = a.client(f, 0), a.client(f, 1)
	ids := make([]string, 4)
	for i := range ids {
		ids[i] = newID()
	}
	f.account, f.who, f.boss, f.friend = ids[0], ids[1], ids[2], ids[3]
	f.bossEmail = fmt.Sprintf("boss%d@flight.test", n)
	email := fmt.Sprintf("subject%d@flight.test", n)
	f.addresses = []string{email, f.bossEmail, f.address("friend"), f.address("guest"), f.address("moved"), f.phone(), f.otherPhone()}
	now := a.h.Clock.Now().UnixMicro()
	tx, err := a.db.BeginTx(t.Context(), nil)
	f.ok(err)
	defer func() { _ = tx.Rollback() }()
	run := func(statement string, args ...any) {
		t.Helper()
		_, err := tx.ExecContext(t.Context(), statement, args...)
		f.ok(err)
	}
	rule := int64(0)
	if enforced {
		rule = now
	}
	run("INSERT INTO accounts (id, number, name, created_at, enforcement_id, enforced_at) VALUES ($1, $2, $3, $4, $5, $6)",
		f.account, f.number, fmt.Sprintf("Flight %d", n), now, map[bool]string{true: "by hand"}[enforced], rule)
	for i, who := range []struct{ id, email, role string }{{f.who, email, "owner"}, {f.boss, f.bossEmail, "owner"}, {f.friend, f.address("friend"), "member"}} {
		run(`INSERT INTO users (id, email, email_key, name, password_hash, password_id, email_verified_at, created_at)
			SELECT $1, $2, $2, $3, password_hash, $4, $5, $5 FROM users WHERE email = $6`, who.id, who.email, fmt.Sprintf("Passenger %d", i), newID(), now, owner)
		run("INSERT INTO members (account_id, user_id, role, created_at, email_key) VALUES ($1, $2, $3, $4, $5)", f.account, who.id, who.role, now, who.email)
	}
	f.ok(tx.Commit())
	f.person = &whole.Person{House: a.h, Email: email, Password: whole.Password, Client: f.here}
	return f
}

// client is one of a replica, from an address of its own: no flight spends the guesses of another.
func (a *airport) client(f *flight, replica int) *whole.Client {
	c := whole.NewClient(f, a.h.At(replica).Base, fmt.Sprintf("127.%d.%d.%d", 1+replica, f.n/250, 1+f.n%250))
	return c
}

func newID() string { return uuid.Must(uuid.NewV7()).String() }

func (f *flight) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *flight) address(of string) string { return fmt.Sprintf("%s%d@flight.test", of, f.n) }
func (f *flight) phone() string            { return fmt.Sprintf("+491515%07d", 5500000+f.n) }
func (f *flight) otherPhone() string       { return fmt.Sprintf("+491525%07d", 5500000+f.n) }

// sql changes the database by another hand.
func (f *flight) sql(statement string, args ...any) {
	f.Helper()
	_, err := f.db.ExecContext(f.Context(), statement, args...)
	f.ok(err)
}

// code shows a code of the subject's app that was not shown before. The clock, which others look at too, stands still meanwhile.
func (f *flight) code(p *whole.Person) map[string]any {
	f.Helper()
	f.sql("UPDATE factors SET last_step = 0 WHERE id = $1", p.App.FactorID)
	return p.App.Answer(p.App.Now())
}

// unspent lets the code that the subject's app shows be good once more.
func (f *flight) unspent() {
	f.Helper()
	f.sql("UPDATE factors SET last_step = 0 WHERE user_id = $1", f.who)
}

// in signs somebody in, through both doors.
func (f *flight) in(p *whole.Person) *whole.Person {
	f.Helper()
	if a := p.SignIn().Must(200); a.Text("status") == "second_factor_required" {
		p.Keep(p.Client.Call("POST", "/auth/second-factor", p.Partial, f.code(p)).Must(200))
	}
	if p.Access == "" {
		f.Fatalf("%s is asked to enrol", p.Email)
	}
	p.Confirmation = p.Fresh
	return p
}

// again is the subject once more, at another replica, and signed in.
func (f *flight) again() *whole.Person {
	f.Helper()
	return f.in(&whole.Person{House: f.h, Email: f.person.Email, Password: whole.Password, Client: f.there, App: f.person.App})
}

// owner is the other owner of the account, signed in at the other replica.
func (f *flight) owner() *whole.Person {
	f.Helper()
	p := &whole.Person{House: f.h, Email: f.bossEmail, Password: whole.Password, Client: f.there}
	if p.SignIn().Must(200); p.Access == "" { // a rule asks them for a second factor already
		p.Enrol()
	}
	return f.in(p)
}

// enrolApp gives somebody who is in an authenticator app, and signs them in anew with it.
func (f *flight) enrolApp(p *whole.Person) {
	f.Helper()
	p.Enrol()
	f.in(p)
}

// enrolMail gives somebody who has an app their mailbox as a second factor too, and gives its factor.
func (f *flight) enrolMail(p *whole.Person) string {
	f.Helper()
	id := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
	okay(p, id, map[string]any{"code": f.sent(p.Email)})
	f.in(p)
	return id
}

// enrolPasskey gives them a passkey, and gives its factor.
func (f *flight) enrolPasskey(p *whole.Person) string {
	f.Helper()
	key := whole.NewPasskey(f, "http://localhost:0")
	e := p.Call("POST", "/me/factors", map[string]any{"type": "passkey"}).Must(201)
	okay(p, e.Text("factor.id"), map[string]any{"credential": key.Create(e.Value("passkey_options"))})
	return e.Text("factor.id")
}

// sent is the newest code that was sent somewhere.
func (f *flight) sent(to string) string {
	f.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		var body string
		err := f.db.QueryRowContext(f.Context(), "SELECT body_text FROM demo_messages WHERE recipient = $1 ORDER BY id DESC LIMIT 1", to).Scan(&body)
		if found := sixDigits.FindString(body); err == nil && found != "" {
			return found
		}
	}
	f.Fatalf("no code arrives at %s", to)
	return ""
}

// link is the token of the newest link that was mailed to the subject.
func (f *flight) link(page string) string {
	f.Helper()
	for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(5 * time.Millisecond) {
		var body string
		err := f.db.QueryRowContext(f.Context(), "SELECT body_text FROM demo_messages WHERE recipient = $1 AND body_text LIKE $2 ORDER BY id DESC LIMIT 1",
			f.person.Email, "%/"+page+"#%").Scan(&body)
		if _, rest, found := strings.Cut(body, "/"+page+"#"); err == nil && found {
			token, _, _ := strings.Cut(rest, "\n")
			return strings.Fields(token)[0]
		}
	}
	f.Fatalf("no link to %s arrives", page)
	return ""
}

// longAgo lets a code, or an invitation, be sent again.
func (f *flight) longAgo() {
	f.Helper()
	f.sql("UPDATE challenges SET created_at = 1, resend_at = 1 WHERE user_id = $1", f.who)
	f.sql("UPDATE invitations SET created_at = 1, resent_at = 1 WHERE account_id = $1", f.account)
}

// A call is what a wish asks for, once it is prepared: parameters of the path by name, and a body.
type call struct {
	in   map[string]string
	body any
}

// needsApp are the operations whose subject has a second factor, and shows it.
var needsApp = []string{"answerSecondFactor", "challengeConfirmation", "disableSecondFactor", "updateFactor", "removeFactor", "regenerateRecoveryCodes", "putTwoFactor",
	"startIncident", "endIncident"}

// prepare brings about what an operation needs, and gives the call. An operation that is not known here fails the test.
func (f *flight) prepare(op *contract.Operation) call {
	f.Helper()
	p := f.person
	at := "/accounts/" + f.account
	factor := func(id string) map[string]string { return map[string]string{"factor_id": id} }
	number := map[string]any{"account_number": f.number}
	switch op.ID {
	case "signOut", "disableSecondFactor", "challengeEnrolmentGuard", "regenerateRecoveryCodes":
		return call{}
	case "answerSecondFactor":
		return call{body: f.code(p)}
	case "challengeSecondFactor", "challengeConfirmation":
		return call{body: map[string]any{"factor_id": f.mailFactor}}
	case "confirm":
		return call{body: map[string]any{"password": p.Password}}
	case "refresh":
		return call{body: map[string]any{"refresh_token": p.Refresh}}
	case "resume":
		return call{body: map[string]any{"resume_token": p.Resume}}
	case "updateMe", "changePassword", "createAccount", "updateAccount", "createApiToken":
		return call{body: op.Example()}
	case "changeEmail":
		return call{body: map[string]any{"email": f.address("moved")}}
	case "enrolFactor":
		return call{body: map[string]any{"type": "totp"}}
	case "updateFactor":
		return call{in: factor(p.App.FactorID), body: map[string]any{"name": "Tablet"}}
	case "removeFactor":
		return call{in: factor(p.App.FactorID)}
	case "getEnrolment", "cancelEnrolment":
		return call{in: factor(p.Begin().FactorID)}
	case "verifyFactor":
		app := p.Begin()
		return call{in: factor(app.FactorID), body: map[string]any{"code": app.Now()}}
	case "activateFactor":
		app := p.Begin()
		p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Now()}).Must(200)
		return call{in: factor(app.FactorID)}
	case "challengeEnrolment":
		e := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201)
		f.longAgo()
		return call{in: factor(e.Text("factor.id"))}
	case "addPhone":
		return call{body: map[string]any{"kind": "mobile", "number": f.phone()}}
	case "removePhone", "verifyPhone", "challengePhone":
		id := p.Call("POST", "/me/phones", map[string]any{"kind": "mobile", "number": f.phone()}).Must(201).Text("phone.id")
		c := call{in: map[string]string{"phone_id": id}}
		if op.ID == "verifyPhone" {
			c.body = map[string]any{"code": f.sent(f.phone())}
		}
		f.longAgo()
		return c
	case "passEnrolmentGuard":
		p.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
		return call{body: map[string]any{"code": f.sent(p.Email)}}
	case "endOtherSessions":
		f.again()
		return call{}
	case "endSession":
		return call{in: map[string]string{"session_id": fmt.Sprint(claim(f.again().Access, "sid"))}}
	case "resumeApiToken", "revokeApiToken":
		id := p.Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}}).Must(201).Text("id")
		if op.ID == "resumeApiToken" {
			f.sql("UPDATE api_tokens SET epoch = epoch - 1 WHERE id = $1", id)
		}
		return call{in: map[string]string{"token_id": id}}
	case "putTwoFactor":
		return call{body: map[string]any{"enforced": true, "account_number": f.number}}
	case "startIncident":
		return call{body: number}
	case "endIncident":
		p.Call("POST", at+"/incident", number).Must(200)
		return call{body: number}
	case "updateMember":
		return call{in: map[string]string{"user_id": f.friend}, body: map[string]any{"role": "admin"}}
	case "removeMember":
		return call{in: map[string]string{"user_id": f.friend}}
	case "createInvitation":
		return call{body: map[string]any{"email": f.address("guest"), "role": "member"}}
	case "revokeInvitation", "resendInvitation":
		id := p.Invite(f.account, f.address("guest"), "member", nil)
		f.longAgo()
		return call{in: map[string]string{"invitation_id": id}}
	case "addCartItem":
		return call{body: op.Example()}
	case "updateCartItem", "removeCartItem":
		id := p.Call("POST", at+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}).Must(201).Text("items.0.id")
		c := call{in: map[string]string{"item_id": id}}
		if op.ID == "updateCartItem" {
			c.body = op.Example()
		}
		return c
	case "exportAuditEvents", "exportAuditEventsAsSheet", "reportTwoFactor":
		return call{}
	}
	f.Fatalf("nobody has said how %s is prepared: say it here", op.ID)
	return call{}
}

// board brings the subject to where they act from, and prepares the operation.
func (f *flight) board(op *contract.Operation, stay string) whole.Request {
	f.Helper()
	p := f.person
	f.stay = stay
	if stay == "enrolment" {
		p.SignIn().Must(200)
	} else {
		f.in(p)
		if slices.Contains(needsApp, op.ID) || stay == "second_factor" {
			f.enrolApp(p)
		}
		if op.ID == "challengeSecondFactor" || op.ID == "challengeConfirmation" {
			f.mailFactor = f.enrolMail(p)
		}
		if stay == "second_factor" {
			p.SignIn().Must(200)
		}
	}
	c := f.prepare(op)
	if stay == "api_token" {
		made := p.Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{op.Scope}}).Must(201)
		first := *p
		f.first, f.tokenID = &first, made.Text("id")
		p.Access, p.Confirmation = made.Text("token"), ""
	}
	return f.request(op, c)
}

// request is what the call looks like on the line.
func (f *flight) request(op *contract.Operation, c call) whole.Request {
	f.Helper()
	path := strings.ReplaceAll(op.Path, "{account_id}", f.account)
	for name, value := range c.in {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if strings.Contains(path, "{") {
		f.Fatalf("nobody has said what %s is about", path)
	}
	r := whole.Request{Method: op.Method, Path: path, Body: c.body, Header: http.Header{}}
	if !op.Open {
		r.Token = f.person.Token()
	}
	if op.Idempotency {
		r.Header.Set("Idempotency-Key", newID())
	}
	r.Header = f.person.Headers(path, r.Header)
	return r
}

// slowly sends the head of a request, calls meanwhile when the server has let it in and asks for the body, and then sends the body. A
// server that answers the head alone has let nobody in: meanwhile is called all the same.
func (f *flight) slowly(r whole.Request, meanwhile func()) whole.Answer {
	f.Helper()
	raw, err := json.Marshal(r.Body)
	f.ok(err)
	asked, body := make(chan struct{}, 1), &slowBody{rest: bytes.NewReader(raw), come: make(chan struct{})}
	ctx := httptrace.WithClientTrace(f.Context(), &httptrace.ClientTrace{Got100Continue: func() { asked <- struct{}{} }})
	q, err := http.NewRequestWithContext(ctx, r.Method, f.here.Base+whole.Prefix+r.Path, body)
	f.ok(err)
	for name, values := range r.Header {
		q.Header[name] = values
	}
	q.ContentLength = int64(len(raw))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Expect", "100-continue")
	if r.Token != "" {
		q.Header.Set("Authorization", "Bearer "+r.Token)
	}
	transport := &http.Transport{ExpectContinueTimeout: time.Minute, DisableKeepAlives: true}
	a := whole.Answer{T: f, Request: r}
	answered := make(chan error, 1)
	go func() {
		response, err := transport.RoundTrip(q)
		if err == nil {
			a.Status, a.Header = response.StatusCode, response.Header
			a.Body, err = io.ReadAll(response.Body)
			_ = response.Body.Close()
		}
		answered <- err
	}()
	select {
	case <-asked:
	case err := <-answered:
		f.Fatalf("the gate is shut before anything has happened: %d %s %v", a.Status, a.Body, err)
	case <-time.After(20 * time.Second):
		f.Fatalf("nobody asks for the body")
	}
	meanwhile()
	close(body.come)
	f.ok(<-answered)
	return a
}

// slowBody is a body that comes when it may.
type slowBody struct {
	rest io.Reader
	come chan struct{}
}

func (b *slowBody) Read(p []byte) (int, error) { <-b.come; return b.rest.Read(p) }
func (b *slowBody) Close() error               { return nil }

// rows are what the database says of the people and the account of a flight, by table: all that somebody could get in with, or has brought
// about. What only counts attempts, or tells of a refusal, is not among it.
func (f *flight) rows(by querier) map[string][]string {
	f.Helper()
	const people = "user_id IN ($1, $2, $3)"
	const accounts = "SELECT account_id FROM members WHERE " + people + " UNION SELECT $4"
	out := map[string][]string{}
	for table, where := range map[string]string{
		"users": "id IN ($1, $2, $3)", "sessions": people, "sign_ins": people, "api_tokens": people, "factors": people, "phones": people, "code_sets": people,
		"recovery_codes": people, "challenges": people, "mail_tokens": people, "replays": people, "cart_items": people,
		"refresh_tokens": "session_id IN (SELECT id FROM sessions WHERE " + people + ")",
		"members":        people + " OR account_id = $4",
		"accounts":       "id IN (" + accounts + ")", "invitations": "account_id IN (" + accounts + ")",
		"audit_events": "outcome <> 'refused' AND (" + people + " OR actor_id IN ($1, $2, $3) OR account_id = $4)",
	} {
		if !strings.Contains(where, "$4") {
			where += " AND '' <> $4"
		}
		out[table] = f.table(by, "SELECT * FROM "+table+" WHERE "+where, f.who, f.boss, f.friend, f.account)
	}
	return out
}

// counters are columns that count attempts, tell when a token was used last, or are filled in by the chain of the record.
var counters = []string{"attempts", "failed_in_row", "last_used_at", "seq", "form", "hash"}

// querier is a database, or a transaction of it.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (f *flight) table(by querier, query string, args ...any) []string {
	f.Helper()
	rows, err := by.QueryContext(context.Background(), query, args...)
	f.ok(err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	f.ok(err)
	var out []string
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		f.ok(rows.Scan(into...))
		var row strings.Builder
		for i, column := range columns {
			if !slices.Contains(counters, column) {
				fmt.Fprintf(&row, "%s=%v ", column, values[i])
			}
		}
		out = append(out, row.String())
	}
	f.ok(rows.Err())
	slices.Sort(out)
	return out
}

// nothing complains of whatever is other in the database than it was.
func (f *flight) nothing(before map[string][]string) {
	f.Helper()
	after := f.rows(f.db)
	for table, rows := range before {
		for _, row := range after[table] {
			if !slices.Contains(rows, row) {
				f.Errorf("something is left behind in %s: %s", table, row)
			}
		}
		for _, row := range rows {
			underWay := table == "replays" && strings.Contains(row, " answer= ") // a refusal is not kept: it may be asked again
			if !slices.Contains(after[table], row) && !underWay {
				f.Errorf("something has gone from %s: %s", table, row)
			}
		}
	}
}
