package whole

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/base64"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/testkit"
)

// Signer is the server's own key for access tokens ("access") or for those between the doors ("partial"), and its kid: for tokens that the
// server would never make and yet would have to refuse.
func (h *House) Signer(purpose string) (*ecdsa.PrivateKey, string) {
	h.T.Helper()
	root, err := base64.StdEncoding.DecodeString(RootKey)
	if err != nil {
		h.T.Fatal(err)
	}
	s := testkit.OpenStore(h.T, h.Database)
	defer func() { _ = s.Close() }() // some ask a thousand times
	box, err := seal.Open(h.T.Context(), s, root)
	if err != nil {
		h.T.Fatal(err)
	}
	keys, err := s.SigningKeys(h.T.Context())
	at := slices.IndexFunc(keys, func(k session.SealedKey) bool { return string(k.Purpose) == purpose }) // the newest comes first
	if err != nil || at < 0 {
		h.T.Fatalf("no signing key: %v", err)
	}
	der, err := box.Unseal("signing-key:"+keys[at].ID, keys[at].Sealed)
	if err != nil {
		h.T.Fatal(err)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		h.T.Fatal(err)
	}
	return parsed.(*ecdsa.PrivateKey), keys[at].ID
}

// Claims are what a token says, whoever signed it.
func Claims(token string) (header map[string]any, claims jwt.MapClaims) {
	claims = jwt.MapClaims{}
	parsed, _, err := jwt.NewParser().ParseUnverified(token, claims)
	if err != nil {
		return nil, nil
	}
	return parsed.Header, claims
}

// Sign makes a token with these claims and headers.
func Sign(method jwt.SigningMethod, key any, headers map[string]any, claims jwt.MapClaims) string {
	token := jwt.NewWithClaims(method, claims)
	for name, value := range headers {
		token.Header[name] = value
	}
	signed, err := token.SignedString(key)
	if err != nil {
		panic(err)
	}
	return signed
}
