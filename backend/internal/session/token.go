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
	"slices"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"sallyport/internal/actor"
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

// signers are the purposes of the keys by the kind of token: a key signs one kind and no other.
var signers = map[string]KeyPurpose{typeAccess: SignsAccess, typePartial: SignsPartial}

// maxToken is the longest token that is looked at, in bytes; ours have about 700.
const maxToken = 4096

// ErrToken says nothing about why.
var ErrToken = fault.New(fault.Unauthenticated, "unauthenticated", "The token is missing, wrong or has expired. Sign in, or refresh.")

// Claims is what a verified token says.
type Claims struct {
	Partial   bool
	Purpose   actor.Purpose // of a partial token
	UserID    id.User
	SessionID id.Stay // of an access token
	PendingID id.Stay // of a partial token
	Expires   time.Time
}

// SealedKey is a signing key as it is stored.
type SealedKey struct {
	ID        string
	Purpose   KeyPurpose
	Sealed    string // PKCS #8, sealed for "signing-key:ID"
	CreatedAt time.Time
	RetiresAt time.Time // zero: not yet told to retire
}

// KeyPurpose is what a key signs.
type KeyPurpose string

// The purposes. The keys of access tokens are published; those of partial tokens are nobody else's business: whoever verifies a
// token by its signature alone must not take a partial one for full.
const (
	SignsAccess  KeyPurpose = "access"
	SignsPartial KeyPurpose = "partial"
)

// KeyStore keeps the signing keys for all replicas.
type KeyStore interface {
	SigningKeys(ctx context.Context) ([]SealedKey, error)      // newest first
	AddFirstSigningKey(ctx context.Context, k SealedKey) error // unless there is one for its purpose
}

// One audience is written as a string, the form that every verifier reads (RFC 7519 §4.1.3 allows both).
func init() { jwt.MarshalSingleStringAsArray = false }

// Tokens signs and verifies. ES256 (ECDSA on P-256, RFC 7518) is the one algorithm that it knows.
type Tokens struct {
	issuer string
	now    func() time.Time
	keys   map[KeyPurpose]*keyring
	parser *jwt.Parser

	mu         sync.RWMutex
	remembered map[[32]byte]Claims
}

// keyring are the keys of one purpose: one signs, all of them verify.
type keyring struct {
	keyID   string
	private *ecdsa.PrivateKey
	public  map[string]*ecdsa.PublicKey
}

// maxRemembered bounds the memory of verified tokens (about 250 bytes each).
const maxRemembered = 100_000

// OpenTokens reads the signing keys, making the first one of each purpose where there is none.
func OpenTokens(ctx context.Context, store KeyStore, box *seal.Box, issuer string, now func() time.Time) (*Tokens, error) {
	t := &Tokens{issuer: issuer, now: now, keys: map[KeyPurpose]*keyring{}, remembered: map[[32]byte]Claims{}}
	for _, p := range []KeyPurpose{SignsAccess, SignsPartial} {
		t.keys[p] = &keyring{public: map[string]*ecdsa.PublicKey{}}
	}
	keys, err := store.SigningKeys(ctx)
	if err != nil {
		return nil, err
	}
	for p := range t.keys {
		if slices.ContainsFunc(keys, func(k SealedKey) bool { return k.Purpose == p }) {
			continue
		}
		first, err := newKey(box, p, now())
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
	for _, k := range keys {
		if err := t.add(box, k); err != nil {
			return nil, err
		}
	}
	t.parser = jwt.NewParser(jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(issuer), jwt.WithExpirationRequired(),
		jwt.WithTimeFunc(now), jwt.WithLeeway(0), jwt.WithStrictDecoding())
	return t, nil
}

// add puts a key on its ring. The first of a purpose, which is the newest, signs.
func (t *Tokens) add(box *seal.Box, k SealedKey) error {
	ring := t.keys[k.Purpose]
	if ring == nil {
		return fmt.Errorf("session: signing key %s is for nothing that is known", k.ID)
	}
	der, err := box.Unseal("signing-key:"+k.ID, k.Sealed)
	if err != nil {
		return err
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return fmt.Errorf("session: signing key %s: %w", k.ID, err)
	}
	private, ok := parsed.(*ecdsa.PrivateKey)
	if !ok {
		return fmt.Errorf("session: signing key %s is not an ECDSA key", k.ID)
	}
	if ring.private == nil {
		ring.keyID, ring.private = k.ID, private
	}
	ring.public[k.ID] = &private.PublicKey
	return nil
}

func newKey(box *seal.Box, p KeyPurpose, now time.Time) (SealedKey, error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return SealedKey{}, fmt.Errorf("session: new signing key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return SealedKey{}, fmt.Errorf("session: new signing key: %w", err)
	}
	k := SealedKey{ID: id.New(), Purpose: p, CreatedAt: now}
	k.Sealed, err = box.Seal("signing-key:"+k.ID, der)
	return k, err
}

type claims struct {
	jwt.RegisteredClaims
	SessionID id.Stay       `json:"sid,omitempty"`
	AuthTime  int64         `json:"auth_time,omitempty"`
	AMR       []string      `json:"amr,omitempty"`
	ACR       string        `json:"acr,omitempty"`
	Purpose   actor.Purpose `json:"purpose,omitempty"`
	ClientID  string        `json:"client_id,omitempty"`
}

func (t *Tokens) registered(subject, audience, tokenID string, now, expires time.Time) jwt.RegisteredClaims {
	return jwt.RegisteredClaims{
		Issuer: t.issuer, Subject: subject, Audience: jwt.ClaimStrings{audience}, ID: tokenID,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(expires),
	}
}

func (t *Tokens) sign(typ string, p KeyPurpose, c claims) (string, error) {
	j, ring := jwt.NewWithClaims(jwt.SigningMethodES256, c), t.keys[p]
	j.Header["typ"], j.Header["kid"] = typ, ring.keyID
	return j.SignedString(ring.private)
}

// Access makes an access token for a session and says how long it lives.
func (t *Tokens) Access(s Session) (string, time.Duration, error) {
	now := t.now()
	expires := now.Add(AccessLife)
	if s.Ends.Before(expires) {
		expires = s.Ends
	}
	token, err := t.sign(typeAccess, SignsAccess, claims{
		RegisteredClaims: t.registered(string(s.UserID), audienceAPI, id.New(), now, expires),
		SessionID:        s.ID, AuthTime: s.AuthTime.Unix(), AMR: s.Proof, ACR: s.Proof.ACR(), ClientID: "sallyport",
	})
	return token, expires.Sub(now), err
}

// Partial makes a partial token for a sign-in between the doors, and says how long it lives: no longer than the sign-in.
func (t *Tokens) Partial(p Pending) (string, time.Duration, error) {
	now := t.now()
	expires := now.Add(PartialLife)
	if p.Expires.Before(expires) {
		expires = p.Expires
	}
	token, err := t.sign(typePartial, SignsPartial, claims{
		RegisteredClaims: t.registered(string(p.UserID), audienceSecondFactor, string(p.ID), now, expires),
		Purpose:          p.Purpose,
	})
	return token, expires.Sub(now), err
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
		typ, _ := j.Header["typ"].(string)
		if ring := t.keys[signers[typ]]; ring != nil && ring.public[keyID] != nil {
			return ring.public[keyID], nil
		}
		return nil, errors.New("unknown key")
	})
	if err != nil {
		return Claims{}, err
	}
	out := Claims{UserID: id.User(c.Subject), Expires: c.ExpiresAt.Time}
	if len(c.Audience) != 1 || c.Subject == "" {
		return Claims{}, errors.New("wrong audience or subject")
	}
	switch typ, _ := parsed.Header["typ"].(string); {
	case typ == typeAccess && c.Audience[0] == audienceAPI && c.SessionID != "":
		out.SessionID = c.SessionID
	case typ == typePartial && c.Audience[0] == audienceSecondFactor && c.ID != "" && (c.Purpose == actor.ForSecondFactor || c.Purpose == actor.ForEnrolment):
		out.Partial, out.Purpose, out.PendingID = true, c.Purpose, id.Stay(c.ID)
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
	public := t.keys[SignsAccess].public
	keys := make([]PublicKey, 0, len(public))
	for keyID, p := range public {
		point, err := p.Bytes() // 0x04, X, Y (SEC 1 §2.3.3)
		if err != nil {
			return nil, err
		}
		keys = append(keys, PublicKey{Kty: "EC", Kid: keyID, Use: "sig", Alg: "ES256", Crv: "P-256",
			X: base64.RawURLEncoding.EncodeToString(point[1:33]), Y: base64.RawURLEncoding.EncodeToString(point[33:])})
	}
	return keys, nil
}
