package blackbox_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"sallyport/internal/testkit/whole"
)

// token is one kind of token, as somebody may come with it.
type token struct {
	name    string
	kind    string // second_factor, enrolment, full, second_factor_due, enrolment_due; "none": no token at all, or as good as none
	fresh   func() string
	account string   // of which its holder is a member
	scopes  []string // of an API token
}

// everyKindOfToken has people in every state, and forgers of every kind.
func everyKindOfToken(t *testing.T, h *whole.House) []token {
	t.Helper()
	o := h.Person(owner).Protected()
	account := o.Account(acme)
	free := h.Person("owner@blue.test").In()
	harbour := free.Account(blue)
	protected := h.Person(admin).Protected()
	due := h.Person(member).In() // before the account enforces
	everything := []string{"account:read", "account:write", "portal:read", "portal:write"}
	stopped, _ := program(due, everything)
	o.Confirm().Enforce(account, acme, nil).Must(200)

	// What runs out does so first: after this the clock stands still.
	old, oldPartial := h.Person("owner@blue.test").In().Access, protected.Again(0)
	oldPartial.SignIn().Must(200)
	h.Clock.Advance(10 * time.Minute)
	due.Client.Call("GET", "/me", due.Access, nil).Refused(401, "unauthenticated")
	due.RefreshNow()

	gone := h.Person("owner@blue.test").In()
	gone.Call("POST", "/auth/sign-out", nil).Must(204)
	spent := protected.Again(0)
	spent.SignIn().Must(200)
	spentPartial := spent.Partial
	spent.Answer(spent.App.Next()).Must(200)
	live := h.Person("owner@blue.test").In()
	full, _ := program(live, everything)
	reader, _ := program(live, everything[2:3])
	revoked, id := program(live, everything)
	live.Call("DELETE", "/me/api-tokens/"+id, nil).Must(204)

	partial := func(email string) func() string {
		return func() string {
			p := h.Person(email)
			p.SignIn().Must(200)
			return p.Partial
		}
	}
	access := func(p func() *whole.Person) func() string { return func() string { return p().Access } }
	always := func(s string) func() string { return func() string { return s } }
	tokens := []token{
		{"no token", "none", always(""), harbour, nil},
		{"a word", "none", always("x"), harbour, nil},
		{"an expired access token", "none", always(old), harbour, nil},
		{"an expired partial token", "none", always(oldPartial.Partial), account, nil},
		{"the token of a session that was ended", "none", always(gone.Access), harbour, nil},
		{"a partial token that has opened the door once", "none", always(spentPartial), account, nil},
		{"a refresh token", "none", always(live.Refresh), harbour, nil},
		{"a partial token for the second factor", "second_factor", partial(admin), account, nil},
		{"a partial token for enrolment", "enrolment", partial(contractor), account, nil},
		{"a full token of somebody whom nothing binds", "full", func() string { return h.Person("owner@blue.test").In().Access }, harbour, nil},
		{"a full token of somebody who must enrol", "enrolment_due", access(fullButDue(t, h, member)), account, nil},
		{"a full token without the second factor that its owner has", "second_factor_due", access(withoutFactor(t, h, protected)), account, nil},
		{"an API token with every scope", "full", always(full), harbour, everything},
		{"an API token that may read the portal", "full", always(reader), harbour, everything[2:3]},
		{"an API token of somebody who must enrol", "enrolment_due", always(stopped), account, everything},
		{"an API token that was revoked", "none", always(revoked), harbour, nil},
		{"an API token that never was", "none", always("spat_" + strings.Repeat("A", 43)), harbour, nil},
	}
	for name, forged := range forgeries(h, live, partial(admin)()) {
		tokens = append(tokens, token{name, "none", always(forged), harbour, nil})
	}
	return tokens
}

// program makes an API token, after a confirmation.
func program(p *whole.Person, scopes []string) (secret, id string) {
	made := p.Confirm().Call("POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": scopes}).Must(201)
	return made.Text("token"), made.Text("id")
}

// fullButDue is a full token from a time when the rule did not bind its owner yet. The rule binds already when this is called,
// so the session is opened by somebody else's hand: as the owner of nothing that enforces, and then moved.
func fullButDue(t *testing.T, h *whole.House, email string) func() *whole.Person {
	t.Helper()
	db := whole.SQL(t, h.Database)
	var key *ecdsa.PrivateKey
	var kid string
	var read time.Time
	return func() *whole.Person {
		if now := h.Clock.Now(); now.Sub(read) > 24*time.Hour { // the server's key may be another one by now
			key, kid = h.Signer("access")
			read = now
		}
		p := h.Person("owner@blue.test").In()
		_, claims := whole.Claims(p.Access)
		var userID string
		if err := db.QueryRow("SELECT id FROM users WHERE email = $1", email).Scan(&userID); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec("UPDATE sessions SET user_id = $1 WHERE id = $2", userID, claims["sid"]); err != nil {
			t.Fatal(err)
		}
		claims["sub"] = userID
		p.Access = whole.Sign(jwt.SigningMethodES256, key, map[string]any{"typ": "at+jwt", "kid": kid}, claims)
		return p
	}
}

// withoutFactor is a full token of a session that has not shown the second factor which its owner has: what is left of one
// that was opened before a method stopped to count.
func withoutFactor(t *testing.T, h *whole.House, p *whole.Person) func() *whole.Person {
	t.Helper()
	db := whole.SQL(t, h.Database)
	return func() *whole.Person {
		other := p.Again(0).In()
		_, claims := whole.Claims(other.Access)
		if _, err := db.Exec("UPDATE sessions SET amr = 'pwd' WHERE id = $1", claims["sid"]); err != nil {
			t.Fatal(err)
		}
		return other
	}
}

// forgeries are tokens that nobody was given. Those that bear a good signature have it from the server's own key: what is wrong
// with them is what they say.
func forgeries(h *whole.House, live *whole.Person, partialToken string) map[string]string {
	own, kid := h.Signer("access")
	between, betweenKid := h.Signer("partial")
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		h.T.Fatal(err)
	}
	_, access := whole.Claims(live.Access)
	_, partial := whole.Claims(partialToken)
	der, _ := x509.MarshalPKIXPublicKey(&own.PublicKey)
	public := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	headers := func(more ...any) map[string]any {
		m := map[string]any{"typ": "at+jwt", "kid": kid}
		for i := 0; i < len(more); i += 2 {
			m[more[i].(string)] = more[i+1]
		}
		return m
	}
	say := func(more ...any) string { // the server's signature on other claims
		c := maps.Clone(access)
		for i := 0; i < len(more); i += 2 {
			c[more[i].(string)] = more[i+1]
			if more[i+1] == nil {
				delete(c, more[i].(string))
			}
		}
		return whole.Sign(jwt.SigningMethodES256, own, headers(), c)
	}
	// A partial token with the server's signature on other claims: it has a key of its own.
	sayBetween := func(claims jwt.MapClaims) string {
		return whole.Sign(jwt.SigningMethodES256, between, map[string]any{"typ": "partial+jwt", "kid": betweenKid}, claims)
	}
	byForeign := func(more ...any) string { return whole.Sign(jwt.SigningMethodES256, foreign, headers(more...), access) }
	hmac := func(secret []byte) string { return whole.Sign(jwt.SigningMethodHS256, secret, headers(), access) }
	parts := strings.Split(live.Access, ".")
	out := map[string]string{
		"algorithm none":                     whole.Sign(jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, headers(), access),
		"algorithm none with a signature":    segment(headers("alg", "none")) + "." + parts[1] + "." + parts[2],
		"algorithm nOnE":                     segment(headers("alg", "nOnE")) + "." + parts[1] + ".",
		"no signature":                       parts[0] + "." + parts[1] + ".",
		"HS256 with the public key":          hmac(public),
		"HS256 with the public key in DER":   hmac(der),
		"HS256 with nothing":                 hmac(nil),
		"ES256 called ES384":                 segment(headers("alg", "ES384")) + "." + parts[1] + "." + parts[2],
		"a foreign key":                      byForeign(),
		"a foreign key that it brings along": byForeign("jwk", map[string]any{"kty": "EC", "crv": "P-256", "kid": kid}, "jku", "http://127.0.0.1:1/jwks.json", "x5u", "http://127.0.0.1:1/"),
		"a signature of zeros":               parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(make([]byte, 64)),
		"another's claims":                   parts[0] + "." + strings.Split(partialToken, ".")[1] + "." + parts[2],
		"something behind":                   live.Access + ".x",
		"padding":                            live.Access + "==",
		"typ JWT":                            whole.Sign(jwt.SigningMethodES256, own, headers("typ", "JWT"), access),
		"no typ":                             whole.Sign(jwt.SigningMethodES256, own, map[string]any{"kid": kid, "typ": nil}, access),
		"a partial token's typ":              whole.Sign(jwt.SigningMethodES256, own, headers("typ", "partial+jwt"), access),
		"a partial token called a full one":  whole.Sign(jwt.SigningMethodES256, own, headers(), partial),
		"a partial token for the API":        sayBetween(with(partial, "aud", "sallyport:api")),
		"a partial token for everything":     sayBetween(with(partial, "purpose", "full")),
		"somebody else's partial token":      sayBetween(with(partial, "sub", access["sub"])),
		"an enrolment made of a sign-in":     sayBetween(with(partial, "purpose", "enrolment")),
		"a sign-in that never was":           sayBetween(with(partial, "jti", uuid.NewString())),
		"a partial token by the public key":  whole.Sign(jwt.SigningMethodES256, own, headers("typ", "partial+jwt"), partial),
		"a partial token by that kid":        whole.Sign(jwt.SigningMethodES256, between, headers("typ", "partial+jwt"), partial),
		"a full token by the other key":      whole.Sign(jwt.SigningMethodES256, between, headers("kid", betweenKid), access),
		"a full token by the other key, kid": whole.Sign(jwt.SigningMethodES256, between, headers(), access),
		"a full token called a partial one":  sayBetween(access),
		"no audience":                        say("aud", nil),
		"another audience":                   say("aud", "somebody-else"),
		"the second factor's audience":       say("aud", "sallyport:second-factor"),
		"two audiences":                      say("aud", []string{"sallyport:api", "sallyport:second-factor"}),
		"another issuer":                     say("iss", "https://evil.test"),
		"no issuer":                          say("iss", nil),
		"no end":                             say("exp", nil),
		"an end that is over":                say("exp", h.Clock.Now().Unix()),
		"a beginning that is to come":        say("iat", h.Clock.Now().Add(time.Hour).Unix()),
		"not before tomorrow":                say("nbf", h.Clock.Now().Add(24*time.Hour).Unix()),
		"no session":                         say("sid", nil),
		"a session that never was":           say("sid", uuid.NewString()),
		"somebody else's session":            say("sub", uuid.NewString()),
		"nobody":                             say("sub", ""),
		"16 kB of dots":                      strings.Repeat(".", 16<<10),
		"16 kB of a token":                   live.Access + strings.Repeat("A", 16<<10),
	}
	for _, trick := range []any{"", "../../../../dev/null", "' OR '1'='1", "http://127.0.0.1:1/key", "/proc/self/environ", kid + "\x00", 1, nil, []string{kid}} {
		name, _ := json.Marshal(trick)
		out["kid "+string(name)] = byForeign("kid", trick)
	}
	return out
}

func with(c jwt.MapClaims, name string, value any) jwt.MapClaims {
	c = maps.Clone(c)
	c[name] = value
	return c
}

func segment(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}
