package session

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

// Kinds of token, as the JWT header's typ says them.
const (
	typeAccess  = "at+jwt" // RFC 9068
	typePartial = "partial+jwt"

	audienceAPI          = "sallyport:api"
	audienceSecondFactor = "sallyport:second-factor"
)

// maxToken is the longest token that is looked at, in bytes; ours have about 700.
const maxToken = 4096

// ErrToken says nothing about why.
var ErrToken = fault.New(fault.Unauthenticated, "unauthenticated", "The token is missing, wrong or has expired. Sign in, or refresh.")

// Claims is what a verified token says.
type Claims struct {
	Partial   bool
	Purpose   Purpose // of a partial token
	UserID    string
	SessionID string // of an access token
	PendingID string // of a partial token
	Expires   time.Time
}

// SealedKey is a signing key as it is stored.
type SealedKey struct {
	ID        string
	Sealed    string // PKCS #8, sealed for "signing-key:ID"
	CreatedAt time.Time
	RetiresAt time.Time // zero: not yet told to retire
}

// KeyStore keeps the signing keys for all replicas.
type KeyStore interface {
	SigningKeys(ctx context.Context) ([]SealedKey, error) // newest first
	AddFirstSigningKey(ctx context.Context, k SealedKey) error
}

// One audience is written as a string, the form that every verifier reads (RFC 7519 §4.1.3 allows both).
func init() { jwt.MarshalSingleStringAsArray = false }

// Tokens signs and verifies. ES256 (ECDSA on P-256, RFC 7518) is the one algorithm that it knows.
type Tokens struct {
	issuer  string
	now     func() time.Time
	keyID   string
	private *ecdsa.PrivateKey
	public  map[string]*ecdsa.PublicKey
	parser  *jwt.Parser

	mu         sync.RWMutex
	remembered map[[32]byte]Claims
}

// maxRemembered bounds the memory of verified tokens (about 250 bytes each).
const maxRemembered = 100_000

// OpenTokens reads the signing keys, making the first one where there is none.
func OpenTokens(ctx context.Context, store KeyStore, box *seal.Box, issuer string, now func() time.Time) (*Tokens, error) {
	t := &Tokens{issuer: issuer, now: now, public: map[string]*ecdsa.PublicKey{}, remembered: map[[32]byte]Claims{}}
	keys, err := store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	if len(keys) == 0 {
		first, err := newKey(box, now())
		if err != nil {
			return nil, err
		}
		if err := store.AddFirstSigningKey(ctx, first); err != nil {
			return nil, err
		}
		if keys, err = store.SigningKeys(ctx); err != nil {
			return nil, err
		}
	}
	for i, k := range keys {
		der, err := box.Unseal("signing-key:"+k.ID, k.Sealed)
		if err != nil {
			return nil, err
		}
		parsed, err := x509.ParsePKCS8PrivateKey(der)
		if err != nil {
			return nil, fmt.Errorf("session: signing key %s: %w", k.ID, err)
		}
		private, ok := parsed.(*ecdsa.PrivateKey)
		if !ok {
			return nil, fmt.Errorf("session: signing key %s is not an ECDSA key", k.ID)
		}
		if i == 0 {
			t.keyID, t.private = k.ID, private
		}
		t.public[k.ID] = &private.PublicKey
	}
	t.parser = jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(issuer), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(now), jwt.WithLeeway(0), jwt.WithStrictDecoding())
	return t, nil
}

func newKey(box *seal.Box, now time.Time) (SealedKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return SealedKey{}, fmt.Errorf("session: new signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return SealedKey{}, fmt.Errorf("session: new signing key: %w", err)
	}
	k := SealedKey{ID: id.New(), CreatedAt: now}
	k.Sealed, err = box.Seal("signing-key:"+k.ID, der)
	return k, err
}

type claims struct {
	jwt.RegisteredClaims
	SessionID string   `json:"sid,omitempty"`
	AuthTime  int64    `json:"auth_time,omitempty"`
	AMR       []string `json:"amr,omitempty"`
	ACR       string   `json:"acr,omitempty"`
	Purpose   Purpose  `json:"purpose,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
}

func (t *Tokens) registered(subject, audience, tokenID string, now, expires time.Time) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Issuer: t.issuer, Subject: subject, Audience: jwt.ClaimStrings{audience}, ID: tokenID,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
	}
}

func (t *Tokens) sign(typ string, c claims) (string, error) {
	j := jwt.NewWithClaims(jwt.SigningMethodES256, c)
	j.Header["typ"], j.Header["kid"] = typ, t.keyID
	return j.SignedString(t.private)
}

// Access makes an access token for a session and says how long it lives.
func (t *Tokens) Access(s Session) (string, time.Duration, error) {
	now := t.now()
	expires := now.Add(AccessLife)
	if s.Ends.Before(expires) {
		expires = s.Ends
	}
	token, err := t.sign(typeAccess, claims{
		RegisteredClaims: t.registered(s.UserID, audienceAPI, id.New(), now, expires),
		SessionID:        s.ID, AuthTime: s.AuthTime.Unix(), AMR: s.Proof, ACR: s.Proof.ACR(), ClientID: "sallyport",
	})
	return token, expires.Sub(now), err
}

// Partial makes a partial token for a sign-in between the doors.
func (t *Tokens) Partial(p Pending) (string, time.Duration, error) {
	token, err := t.sign(typePartial, claims{
		RegisteredClaims: t.registered(p.UserID, audienceSecondFactor, p.ID, p.CreatedAt, p.Expires),
		Purpose:          p.Purpose,
	})
	return token, p.Expires.Sub(t.now()), err
}

// Verify checks a token's form, signature, kind and time, and nothing else: whether its session still lives is asked of the
// database (or of what is remembered of it). ErrToken for anything that is wrong.
func (t *Tokens) Verify(token string) (Claims, error) {
	if len(token) > maxToken {
		return Claims{}, ErrToken
	}
	var raw [1024]byte // of ours none is longer
	key := sha256.Sum256(append(raw[:0], token...))
	t.mu.RLock()
	c, ok := t.remembered[key]
	t.mu.RUnlock()
	if ok {
		if t.now().Before(c.Expires) {
			return c, nil
		}
		t.mu.Lock()
		delete(t.remembered, key)
		t.mu.Unlock()
		return Claims{}, ErrToken
	}
	c, err := t.verify(token)
	if err != nil {
		return Claims{}, ErrToken.Because(err)
	}
	t.mu.Lock()
	if len(t.remembered) >= maxRemembered {
		for old := range t.remembered { // any; what is forgotten is only verified again
			delete(t.remembered, old)
			if len(t.remembered) < maxRemembered*9/10 {
				break
			}
		}
	}
	t.remembered[key] = c
	t.mu.Unlock()
	return c, nil
}

func (t *Tokens) verify(token string) (Claims, error) {
	var c claims
	parsed, err := t.parser.ParseWithClaims(token, &c, func(j *jwt.Token) (any, error) {
		keyID, _ := j.Header["kid"].(string)
		public, ok := t.public[keyID]
		if !ok {
			return nil, errors.New("unknown key")
		}
		return public, nil
	})
	if err != nil {
		return Claims{}, err
	}
	out := Claims{UserID: c.Subject, Expires: c.ExpiresAt.Time}
	if len(c.Audience) != 1 || c.Subject == "" {
		return Claims{}, errors.New("wrong audience or subject")
	}
	switch typ, _ := parsed.Header["typ"].(string); {
	case typ == typeAccess && c.Audience[0] == audienceAPI && c.SessionID != "":
		out.SessionID = c.SessionID
	case typ == typePartial && c.Audience[0] == audienceSecondFactor && c.ID != "" && (c.Purpose == ForSecondFactor || c.Purpose == ForEnrolment):
		out.Partial, out.Purpose, out.PendingID = true, c.Purpose, c.ID
	default:
		return Claims{}, errors.New("wrong type or audience")
	}
	return out, nil
}

// PublicKey is one key of the published set (RFC 7517).
type PublicKey struct {
	Kty string `json:"kty"`
	Kid string `json:"kid"`
	Use string `json:"use"`
	Alg string `json:"alg"`
	Crv string `json:"crv"`
	X   string `json:"x"`
	Y   string `json:"y"`
}

// PublicKeys lists what others verify access tokens with.
func (t *Tokens) PublicKeys() ([]PublicKey, error) {
	keys := make([]PublicKey, 0, len(t.public))
	for keyID, p := range t.public {
		point, err := p.Bytes() // 0x04, X, Y (SEC 1 §2.3.3)
		if err != nil {
			return nil, err
		}
		keys = append(keys, PublicKey{Kty: "EC", Kid: keyID, Use: "sig", Alg: "ES256", Crv: "P-256",
			X: base64.RawURLEncoding.EncodeToString(point[1:33]), Y: base64.RawURLEncoding.EncodeToString(point[33:])})
	}
	return keys, nil
}
