package blackbox_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit"
	"sallyport/internal/testkit/twilio"
	"sallyport/internal/testkit/whole"
)

// secretFields are the fields, of requests and answers, whose values nobody but the two ends may ever see.
var secretFields = []string{"access_token", "refresh_token", "partial_token", "resume_token", "confirmation_token", "enrolment_token", "token", "secret", "otpauth_uri", "password", "code", "recovery_codes"}

// shown are the fields of answers in which the contract puts secrets, each time a new one. The refresh cookie comes with tokens.
var shown = map[string][]string{
	"signIn":                  {"session.access_token", "session.refresh_token", "session.confirmation_token", "partial_token", "resume_token"},
	"refresh":                 {"session.access_token", "session.refresh_token", "partial_token", "resume_token"},
	"resume":                  {"session.access_token", "session.refresh_token", "partial_token", "resume_token"},
	"answerSecondFactor":      {"access_token", "refresh_token", "confirmation_token"},
	"confirm":                 {"confirmation_token"},
	"enrolFactor":             {"totp.secret", "totp.otpauth_uri", "enrolment_token"},
	"verifyFactor":            {"recovery_codes"},
	"activateFactor":          {"session.access_token", "session.refresh_token", "session.confirmation_token"},
	"regenerateRecoveryCodes": {"recovery_codes"},
	"createApiToken":          {"token"},
}

// overheard collects secrets from what goes over the wire, and all else that is answered.
type overheard struct {
	contract *whole.Contract

	mu      sync.Mutex
	secrets map[string]string // the value, and which field it was
	kinds   map[string]int    // how often each field was heard
	rest    []string          // answers, without what the contract shows in them
}

// leaves is an answer without what the contract shows in it.
func (o *overheard) leaves(a whole.Answer) string {
	path, _, _ := strings.Cut(a.Request.Path, "?")
	if root, ok := strings.CutPrefix(path, "//"); ok {
		path = "/" + root
	} else {
		path = whole.Prefix + path
	}
	header, body := a.Header.Clone(), string(a.Body)
	op := o.contract.Operation(a.Request.Method, path)
	if op != nil && len(shown[op.ID]) > 0 && a.Status < 300 {
		var value map[string]any
		if json.Unmarshal(a.Body, &value) == nil {
			for _, field := range shown[op.ID] {
				if strings.HasSuffix(field, "refresh_token") {
					header.Del("Set-Cookie")
				}
				at, name := value, field
				if outer, inner, nested := strings.Cut(field, "."); nested {
					at, _ = value[outer].(map[string]any)
					name = inner
				}
				delete(at, name)
			}
			raw, _ := json.Marshal(value)
			body = string(raw)
		}
	}
	return fmt.Sprintf("%s %s: %d %v %s", a.Request.Method, path, a.Status, header, body)
}

func (o *overheard) answer(a whole.Answer) {
	left := o.leaves(a)
	o.mu.Lock()
	defer o.mu.Unlock()
	o.rest = append(o.rest, left)
	var value any
	if json.Unmarshal(a.Body, &value) == nil && a.Status < 400 {
		o.look("", value)
	}
	if raw, err := json.Marshal(a.Request.Body); err == nil && json.Unmarshal(raw, &value) == nil {
		o.look("", value)
	}
	for _, c := range a.Header.Values("Set-Cookie") {
		if _, rest, _ := strings.Cut(c, "="); rest != "" {
			o.keep("cookie", strings.Split(rest, ";")[0])
		}
	}
	o.keep("Authorization", a.Request.Token)
}

func (o *overheard) look(name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			o.look(key, inner)
		}
	case []any:
		for _, inner := range v {
			o.look(name, inner)
		}
	case string:
		if slices.Contains(secretFields, name) {
			o.keep(name, v)
		}
	}
}

func (o *overheard) keep(name, value string) {
	if len(value) >= 6 {
		o.secrets[value] = name
		o.kinds[name]++
	}
}

// forms are the ways in which a value could have been written down.
func forms(secret string) []string {
	raws := [][]byte{[]byte(secret)}
	if key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret); err == nil && len(key) >= 16 {
		raws = append(raws, key) // an app's secret, as the bytes that it stands for
	}
	if plain := strings.ReplaceAll(secret, "-", ""); plain != secret && len(plain) == 16 {
		raws = append(raws, []byte(plain), []byte(strings.ToLower(plain)))
	}
	if len(secret) <= 19 { // so little that anybody tries all: not even a hash that needs no key
		sum := sha256.Sum256([]byte(secret))
		raws = append(raws, sum[:])
	}
	var out []string
	for _, raw := range raws {
		if len(raw) > 6 {
			out = append(out, string(raw), url.QueryEscape(string(raw)), url.PathEscape(string(raw)))
		}
		out = append(out, hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)))
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, e.EncodeToString(raw))
			for shift := 1; shift <= 2; shift++ { // within something longer: all but the characters that it shares with its neighbours
				in := e.EncodeToString(append(make([]byte, shift), raw...))
				out = append(out, in[shift+1:len(in)-1])
			}
		}
		out = append(out, base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw))
	}
	return out
}

// found says in which form a secret is in a text. Six digits are in every longer number: they must stand alone.
func found(text, secret string) bool {
	if len(secret) == 6 && regexp.MustCompile(`(^|[^0-9A-Za-z.])`+regexp.QuoteMeta(secret)+`($|[^0-9A-Za-z])`).MatchString(text) {
		return true
	}
	return slices.ContainsFunc(forms(secret), func(form string) bool { return strings.Contains(text, form) })
}

// buffer is a log that several replicas write to.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// world is a house with everything there is outside it: a mail server and a Twilio.
type world struct {
	*whole.House
	t       *testing.T
	post    *testkit.SMTPDouble
	carrier *twilio.Server
	read    map[string]int // mails that were read, by address and what they were read for
}

// next waits for the next mail to an address in which find finds something.
func (w *world) next(to, what string, find func(m testkit.Mail) string) string {
	w.t.Helper()
	w.read[to+" "+what]++
	var found []string
	w.Eventually(to+" is mailed a "+what, func() bool {
		found = found[:0]
		for _, m := range w.post.Mails() {
			if got := find(m); got != "" && slices.Contains(m.To, to) {
				found = append(found, got)
			}
		}
		return len(found) >= w.read[to+" "+what]
	})
	return found[w.read[to+" "+what]-1]
}

func (w *world) code(to string) string {
	w.t.Helper()
	return w.next(to, "code", codeIn)
}

func (w *world) link(to, page string) string {
	w.t.Helper()
	return w.next(to, page, func(m testkit.Mail) string { return tokenIn(m, page) })
}

func codeIn(m testkit.Mail) string {
	if m.Subject != "Your code" && m.Subject != "Ihr Code" {
		return ""
	}
	return sixDigits.FindString(m.Text)
}

func tokenIn(m testkit.Mail, page string) string {
	if _, token, ok := strings.Cut(m.Text, page+"#"); ok {
		return strings.Fields(token)[0]
	}
	return ""
}

// text is the code of the newest of so many texts and calls.
func (w *world) text(n int) string {
	w.t.Helper()
	w.Eventually("a text arrives", func() bool { return len(w.carrier.Sent()) >= n })
	return codeOf(w.carrier.Sent()[n-1])
}

var spokenDigit = regexp.MustCompile(`>([0-9])</Say>`)

// codeOf is the code of a text, or of a call, which says it twice.
func codeOf(m twilio.Sent) string {
	if !m.Voice {
		return boundCode.FindStringSubmatch(m.Body)[1]
	}
	said := ""
	for _, digit := range spokenDigit.FindAllStringSubmatch(m.Body, 6) {
		said += digit[1]
	}
	return said
}

// everything lives a life with every secret there is, and with everything that can go wrong with one.
func everything(w *world) {
	w.t.Helper()
	h := w.House
	p := h.Person(owner).In()
	account := p.Account(acme)
	p.Call("POST", "/auth/confirmation", map[string]any{"password": "a wrong password"}).Refused(401, "invalid_credentials")
	p.Confirm()
	app := p.Begin()
	p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Wrong()}).Refused(401, "invalid_code")
	p.Call("DELETE", "/me/factors/"+app.FactorID+"/enrolment", nil).Must(204)
	p.Enrol().Confirm()
	p.Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}).Must(201)
	open := w.link("newcomer@acme.test", "/invitation")
	h.At(1).Call("POST", "/invitations/accept", "", map[string]any{"token": open, "name": "Newcomer", "password": "eight lanterns drift"}).Must(200)
	mail := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201)
	okay(p, mail.Text("factor.id"), map[string]any{"code": w.code(owner)})
	key := whole.NewPasskey(w.t, "http://localhost:0")
	created := p.Call("POST", "/me/factors", map[string]any{"type": "passkey"}).Must(201)
	okay(p, created.Text("factor.id"), map[string]any{"credential": key.Create(created.Value("passkey_options"))})
	passkey{key, created.Text("factor.id")}.confirm(p)
	secret := p.Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}}).Must(201).Text("token")
	h.At(0).Call("GET", "/catalogue", secret, nil).Must(200)

	p.SignIn().Must(200)
	asked := challenge(p, map[string]any{"factor_id": created.Text("factor.id")}).Must(201)
	p.Keep(p.Call("POST", "/auth/second-factor", map[string]any{"type": "passkey", "challenge_id": asked.Text("challenge_id"),
		"credential": key.Get(asked.Value("passkey_options"))})).Must(200)
	p.SignIn().Must(200)
	asked = challenge(p, map[string]any{"factor_id": mail.Text("factor.id")}).Must(201)
	answer(p, "email", asked.Text("challenge_id"), w.code(owner)).Must(200)
	p.Confirm().Enforce(account, acme, map[string]any{"guarded_enrolment": true}).Must(200)

	m := h.Person(member)
	m.SignIn().Must(200)
	m.Keep(h.At(1).Call("POST", "/auth/resume", "", map[string]any{"resume_token": m.Resume})).Must(200)
	m.Call("POST", "/me/enrolment-guard/challenges", nil).Must(201)
	m.Call("POST", "/me/enrolment-guard", map[string]any{"code": w.code(member)}).Must(204)
	m.Enrol().RefreshNow().Must(200)
	m.SignIn().Must(200)
	m.AnswerRecovery(m.RecoveryCodes[0]).Must(200)
	m.SignIn().Must(200)
	m.AnswerRecovery(m.RecoveryCodes[0]).Refused(409, "code_already_used")
	m.Answer(m.App.Wrong()).Refused(401, "invalid_code")
	m.Answer(m.App.Next()).Must(200)
	m.Confirm().Call("POST", "/me/recovery-codes", nil).Must(201)
	texts(w, m)

	_, cookie := cookieSession(h, "owner@blue.test")
	reload(h.At(0), cookie, nil).Must(200)
	links(w)
	h.At(0).Call("GET", "/me", m.Access+"x", nil).Refused(401, "unauthenticated")
	h.At(0).Call("GET", "/me?access_token="+m.Access, "", nil).Refused(401, "unauthenticated")
	h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/sign-in", Body: []byte(`{"email":"` + member + `","password":"another wrong password"`)}).Must(400)
	h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": member, "password": strings.Repeat("too long ", 200)}).Must(422)
	h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": member, "password": "right", "code": "never-a-field"}).Must(422)
}

// texts has codes go to a number, to its backup and by a call.
func texts(w *world, m *whole.Person) {
	w.t.Helper()
	e := m.Confirm().Call("POST", "/me/factors", map[string]any{"type": "sms", "phone_number": mobile, "backup_phone_number": backup}).Must(201)
	okay(m, e.Text("factor.id"), map[string]any{"code": w.text(1)})
	phones := m.Call("GET", "/me/phones", nil).Must(200)
	for i, kind := range phones.Texts("items", "kind") {
		if kind == "backup" {
			path := "/me/phones/" + phones.Texts("items", "id")[i]
			m.Call("POST", path+"/challenges", nil).Must(201)
			m.Call("POST", path+"/verify", map[string]any{"code": w.text(2)}).Must(200)
		}
	}
	for n, way := range []map[string]any{{}, {"to_backup": true}, {"by_voice": true}} {
		w.Clock.Advance(20 * time.Minute)
		way["factor_id"] = e.Text("factor.id")
		m.SignIn().Must(200)
		asked := challenge(m, way).Must(201)
		answer(m, "sms", asked.Text("challenge_id"), w.text(3+n)).Must(200)
	}
	if calls := slices.DeleteFunc(w.carrier.Sent(), func(s twilio.Sent) bool { return !s.Voice }); len(calls) != 1 {
		w.t.Errorf("%d calls", len(calls))
	}
}

// links opens a link of each kind.
func links(w *world) {
	w.t.Helper()
	signUp(w.At(0), "guest@example.com", "nine lanterns drift").Must(202)
	open(w.At(1), "email-verification", w.link("guest@example.com", "/verify-email")).Must(204)
	askReset(w.At(0), admin).Must(202)
	token := w.link(admin, "/reset-password")
	reset(w.At(1), token, "qwertyuiop12").Refused(422, "validation_failed")
	reset(w.At(1), token, fresh).Must(204)
	open(w.At(0), "not-me", w.link(admin, "/not-me")).Must(204)
	b := w.Person("owner@blue.test").In().Confirm()
	b.Call("POST", "/me/email", map[string]any{"email": "harbour@blue.test"}).Must(202)
	open(w.At(0), "email-verification", w.link("harbour@blue.test", "/verify-email")).Must(204)
	askReset(w.At(0), "harbour@blue.test").Must(202)
	w.link("harbour@blue.test", "/reset-password") // and it is never used
}

func TestNoSecretIsAnywhereButWhereTheContractPutsIt(t *testing.T) {
	t.Parallel()
	for name, database := range map[string]func(testing.TB) string{"sqlite": whole.SQLite, "postgres": whole.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			log, url := &buffer{}, database(t)
			w := &world{t: t, post: testkit.SMTPServer(t), carrier: twilio.New(t), read: map[string]int{}}
			w.House = whole.Open(t, url, whole.Plan{
				Replicas: map[string]int{"postgres": 2}[name],
				Log:      slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
				Config: func(_ int, c *app.Config) {
					c.Demo, c.SMTPURL, c.MailFrom, c.MetricsToken = false, w.post.URL(""), "Sallyport <no-reply@portal.test>", "a token for nothing but tests"
					c.TwilioAccountSID, c.TwilioAuthToken, c.TwilioFrom, c.TwilioBaseURL = twilio.AccountSID, twilio.AuthToken, twilio.From, w.carrier.URL
				}})
			w.carrier.Clock(w.Clock.Now)
			heard := &overheard{contract: w.Contract, secrets: map[string]string{}, kinds: map[string]int{}}
			w.Hear(heard.answer)
			everything(w)
			w.Hear(nil)
			metrics := ""
			for i := range w.Replicas {
				metrics += string(w.At(i).Call("GET", "//metrics", "a token for nothing but tests", nil).Must(200).Body)
			}
			w.Clock.Advance(time.Minute)
			w.secretsStayAtHome(heard, map[string]string{"the log": log.String(), "the metrics": metrics})
		})
	}
}

// secretsStayAtHome greps for every secret that was heard or sent, in every form.
func (w *world) secretsStayAtHome(heard *overheard, places map[string]string) {
	w.t.Helper()
	heard.keep("telephone number", mobile[1:])
	heard.keep("telephone number", backup[1:])
	heard.keep("Twilio's auth token", twilio.AuthToken)
	own := map[string]string{} // where a secret was sent, which is the one place where it may be
	for i, m := range w.post.Mails() {
		at := fmt.Sprintf("mail %d, %q", i, m.Subject)
		for what, secret := range map[string]string{"code": codeIn(m), "invitation": tokenIn(m, "/invitation"), "verification": tokenIn(m, "/verify-email"),
			"reset": tokenIn(m, "/reset-password"), "not me": tokenIn(m, "/not-me")} {
			heard.keep(what, secret)
			own[at] += " " + secret
		}
		places[at] = m.Text + m.HTML
		places[at+", its headers"] = fmt.Sprint(m.Header, m.From, m.To)
	}
	for i, s := range w.carrier.Sent() {
		at := fmt.Sprintf("text %d", i)
		heard.keep("text", codeOf(s))
		own[at] = codeOf(s)
		places[at] = s.Body
	}
	places["the answers"] = strings.Join(heard.rest, "\n")
	cells := dump(w.t, w.House)
	places["the database"] = strings.Join(slices.Collect(maps.Values(cells)), "\n")

	for _, must := range []string{"access_token", "refresh_token", "partial_token", "resume_token", "confirmation_token", "enrolment_token", "secret", "otpauth_uri", "recovery_codes", "password", "cookie", "code", "text",
		"invitation", "verification", "reset", "not me"} {
		if heard.kinds[must] == 0 {
			w.t.Errorf("no %s was overheard: %v", must, heard.kinds)
		}
	}
	if len(heard.secrets) < 110 || len(cells) < 200 || len(heard.rest) < 70 || len(w.post.Mails()) < 20 || !strings.Contains(places["the log"], "route=/api/v1/auth/second-factor") ||
		!strings.Contains(places["the metrics"], "sallyport_http_request_seconds") {
		w.t.Errorf("there is too little to look for or through: %d secrets, %d cells, %d answers, %d mails", len(heard.secrets), len(cells), len(heard.rest), len(w.post.Mails()))
	}
	for secret, name := range heard.secrets {
		for where, text := range places {
			if strings.Contains(own[where], secret) || !found(text, secret) {
				continue
			}
			w.t.Errorf("%s: there is a %s", where, name)
			for _, line := range append(heard.rest, slices.Collect(maps.Values(cells))...) {
				if (where == "the answers" || where == "the database") && found(line, secret) {
					w.t.Logf("in %.300s", line)
				}
			}
		}
	}
}

// dump is all that the database holds, cell by cell.
func dump(t *testing.T, h *whole.House) map[string]string {
	t.Helper()
	db := whole.SQL(t, h.Database)
	list := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	if h.Postgreses() {
		list = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	}
	tables, err := db.Query(list)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for tables.Next() {
		var name string
		if err := tables.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := tables.Close(); err != nil || len(names) < 20 {
		t.Fatalf("%d tables, %v", len(names), err)
	}
	cells := map[string]string{}
	for _, table := range names {
		rows, err := db.Query("SELECT * FROM " + table) //nolint:gosec // its own name
		if err != nil {
			t.Fatal(err)
		}
		columns, err := rows.Columns()
		for n := 0; err == nil && rows.Next(); n++ {
			values, to := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				to[i] = &values[i]
			}
			err = rows.Scan(to...)
			for i, v := range values {
				if raw, ok := v.([]byte); ok {
					v = string(raw)
				}
				cells[fmt.Sprintf("%s %d %s", table, n, columns[i])] = fmt.Sprint(v)
			}
		}
		if closed := rows.Close(); err != nil || closed != nil {
			t.Fatal(err, closed)
		}
	}
	return cells
}
