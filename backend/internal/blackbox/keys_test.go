package blackbox_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sallyport/internal/testkit/whole"
)

// published reads the keys as a service of somebody else would.
func published(t *testing.T, c *whole.Client) map[string]*ecdsa.PublicKey {
	t.Helper()
	a := c.Call("GET", "//.well-known/jwks.json", "", nil).Must(200)
	keys := map[string]*ecdsa.PublicKey{}
	list, _ := a.Value("keys").([]any)
	for _, v := range list {
		k := v.(map[string]any)
		if k["kty"] != "EC" || k["crv"] != "P-256" || k["alg"] != "ES256" || k["use"] != "sig" || k["d"] != nil {
			t.Errorf("a key is %v", k)
		}
		point := []byte{4}
		for _, name := range []string{"x", "y"} {
			raw, err := base64.RawURLEncoding.DecodeString(k[name].(string))
			if err != nil {
				t.Fatal(err)
			}
			point = append(point, raw...)
		}
		key, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil {
			t.Fatal(err)
		}
		keys[k["kid"].(string)] = key
	}
	return keys
}

var errNotPublished = errors.New("this key is not published")

func TestAnybodyCanVerifyAnAccessTokenWithThePublishedKeys(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		keys := published(t, h.At(1)) // of the replica that has not signed
		verify := func(token string) (*jwt.Token, error) {
			published := func(j *jwt.Token) (any, error) {
				if key := keys[j.Header["kid"].(string)]; key != nil {
					return key, nil
				}
				return nil, errNotPublished
			}
			return jwt.Parse(token, published, jwt.WithValidMethods([]string{"ES256"}),
				jwt.WithIssuer("sallyport"), jwt.WithAudience("sallyport:api"), jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithTimeFunc(h.Clock.Now))
		}
		p := h.Person(owner).In()
		expect := func(amr []string, acr string, signedIn time.Time) {
			t.Helper()
			token, err := verify(p.Access)
			if err != nil {
				t.Fatal(err)
			}
			c := token.Claims.(jwt.MapClaims)
			var said []string
			for _, v := range c["amr"].([]any) {
				said = append(said, v.(string))
			}
			now := float64(h.Clock.Now().Unix())
			if token.Header["typ"] != "at+jwt" || !slices.Equal(said, amr) || c["acr"] != acr || c["aud"] != "sallyport:api" || c["iat"] != now ||
				c["exp"] != now+600 || c["auth_time"] != float64(signedIn.Unix()) {
				t.Errorf("the token says %v %v", token.Header, c)
			}
			if names := slices.Sorted(maps.Keys(c)); !slices.Equal(names, []string{"acr", "amr", "aud", "auth_time", "client_id", "exp", "iat", "iss", "jti", "sid", "sub"}) {
				t.Errorf("the token says more, or less, than the contract: %v", names)
			}
			me := p.Call("GET", "/me", nil).Must(200)
			if c["sub"] != me.Text("id") || me.Text("two_factor.assurance") != acr {
				t.Errorf("the token says %v, and GET /me %s", c, me.Body)
			}
		}
		began := h.Clock.Now()
		expect([]string{"pwd"}, "aal1", began)
		h.Clock.Advance(time.Minute)
		p.Confirm().Enrol()
		expect([]string{"mfa", "otp", "pwd"}, "aal2", began)
		before := p.Access
		p.RefreshNow().Must(200)
		expect([]string{"mfa", "otp", "pwd"}, "aal2", began)
		if _, a := whole.Claims(before); a["jti"] == claim(p.Access, "jti") || a["sid"] != claim(p.Access, "sid") {
			t.Error("a refresh gives another token of the same session")
		}

		// A partial token is none for the API, whoever looks at it: nobody is told the key that has signed it.
		if _, err := verify(secondDoor(p)); !errors.Is(err, errNotPublished) {
			t.Errorf("a partial token is refused with %v", err)
		}
		h.Clock.Advance(10 * time.Minute)
		if _, err := verify(p.Access); !errors.Is(err, jwt.ErrTokenExpired) {
			t.Errorf("an expired token is refused with %v", err)
		}
	})
}

func claim(token, name string) any {
	_, c := whole.Claims(token)
	return c[name]
}
