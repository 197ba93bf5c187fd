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
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// secretFields are the fields, of requests and answers, whose values nobody but the two ends may ever see.
var secretFields = []string{"access_token", "refresh_token", "partial_token", "token", "secret", "otpauth_uri", "password", "code", "recovery_codes"}

// overheard collects secrets from what goes over the wire.
type overheard struct {
	mu      sync.Mutex
	secrets map[string]string // the value, and which field it was
}

func (o *overheard) answer(a whole.Answer) {
	o.mu.Lock()
	defer o.mu.Unlock()
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
			out = append(out, string(raw))
		}
		out = append(out, hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)))
		for _, e := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			out = append(out, e.EncodeToString(raw))
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

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// everything lives a life with every secret there is, and with everything that can go wrong with one.
func everything(t *testing.T, h *whole.House) {
	t.Helper()
	p := h.Person(owner).In()
	account := p.Account(acme)
	p.Call("POST", "/auth/confirmation", map[string]any{"password": "a wrong password"}).Refused(401, "invalid_credentials")
	p.Confirm()
	app := p.Begin()
	p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Wrong()}).Refused(401, "invalid_code")
	p.Call("DELETE", "/me/factors/"+app.FactorID, nil).Must(204)
	p.Enrol().Confirm()
	p.Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}).Must(201)
	mail := p.Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201)
	okay(p, mail.Text("factor.id"), map[string]any{"code": sent(t, h, owner, 1)})
	program(p, []string{"portal:read"})
	p.Enforce(account, acme, nil).Must(200)
	m := h.Person(member)
	m.SignIn().Must(200)
	m.Enrol().RefreshNow().Must(200)
	m.SignIn().Must(200)
	m.AnswerRecovery(m.RecoveryCodes[0]).Must(200)
	m.SignIn().Must(200)
	m.AnswerRecovery(m.RecoveryCodes[0]).Refused(409, "code_already_used")
	m.Answer(m.App.Wrong()).Refused(401, "invalid_code")
	m.Answer(m.App.Next()).Must(200)
	m.Confirm().Call("POST", "/me/recovery-codes", nil).Must(201)
	_, cookie := cookieSession(h, "owner@blue.test")
	reload(h.At(0), cookie, nil).Must(200)
	h.At(0).Call("GET", "/me", m.Access+"x", nil).Refused(401, "unauthenticated")
	h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/sign-in", Body: []byte(`{"email":"` + member + `","password":"another wrong password"`)}).Must(400)
	h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": member, "password": strings.Repeat("too long ", 200)}).Must(422)
	h.Clock.Advance(time.Minute)
}

func TestNoSecretIsInTheLogOrInTheDatabase(t *testing.T) {
	t.Parallel()
	heard, log := &overheard{secrets: map[string]string{}}, &buffer{}
	h := whole.Open(t, whole.SQLite(t), whole.Plan{Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	h.Hear(heard.answer)
	everything(t, h)
	h.Mail("newcomer@acme.test", "enforced", 1)
	for _, m := range h.Mails("") {
		if _, link, ok := strings.Cut(m.Text, "/invitation#"); ok {
			heard.keep("invitation", strings.Fields(link)[0])
		}
	}
	fields := map[string]bool{}
	for _, name := range heard.secrets {
		fields[name] = true
	}
	t.Logf("%d secrets: %v", len(heard.secrets), slices.Sorted(maps.Keys(fields)))
	if len(heard.secrets) < 60 || !fields["secret"] || !fields["cookie"] || !fields["invitation"] || !fields["recovery_codes"] {
		t.Errorf("only %d secrets were overheard: %v", len(heard.secrets), fields)
	}

	cells := dump(t, h)
	if len(cells) < 200 || !strings.Contains(log.b.String(), "route=/api/v1/auth/second-factor") {
		t.Fatalf("there is too little to look through: %d cells, %d bytes of log", len(cells), log.b.Len())
	}
	all := strings.Join(slices.Collect(maps.Values(cells)), "\n")
	for secret, name := range heard.secrets {
		if found(log.b.String(), secret) {
			t.Errorf("the log has a %s", name)
		}
		if !found(all, secret) {
			continue
		}
		for where, text := range cells {
			if found(text, secret) {
				t.Errorf("%s has a %s: %.80s", where, name, text)
			}
		}
	}
}

// dump is all that the database holds, cell by cell, but for the letters that the demo keeps instead of sending them.
func dump(t *testing.T, h *whole.House) map[string]string {
	t.Helper()
	db := whole.SQL(t, h.Database)
	tables, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'demo_messages'")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tables.Close() }()
	cells := map[string]string{}
	for tables.Next() {
		var table string
		if err := tables.Scan(&table); err != nil {
			t.Fatal(err)
		}
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
