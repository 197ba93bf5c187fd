// Package seal keeps secrets secret at rest: it encrypts what must come back (TOTP secrets, phone numbers, signing keys) and
// hashes with a key what must only be recognised (recovery codes, codes that were sent).
//
// It owns two Tink keysets, stored sealed by one root key. A sealed value is bound to its row by associated data, so that it
// opens nowhere else. It refuses to hold anything longer than a call needs it. Packages factor and session call it.
package seal

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// RootKeySize is the size of the root key in bytes: AES-256.
const RootKeySize = 32

// Store keeps sealed keysets by name. PutKeyset stores only where none is there yet, and answers the one that is there
// afterwards: replicas that start at once agree on one.
type Store interface {
	Keyset(ctx context.Context, name string) (sealed string, err error) // "" where none is
	PutKeyset(ctx context.Context, name, sealed string) (stored string, err error)
}

// Box seals and opens.
type Box struct {
	aead tink.AEAD
	prf  *prf.Set
	root tink.AEAD
}

// Open reads the keysets, making them on the first start. The root key has RootKeySize bytes.
func Open(ctx context.Context, store Store, rootKey []byte) (*Box, error) {
	if len(rootKey) != RootKeySize {
		return nil, fmt.Errorf("seal: the root key must have %d bytes, it has %d", RootKeySize, len(rootKey))
	}
	root, err := subtle.NewAESGCM(rootKey)
	if err != nil {
		return nil, fmt.Errorf("seal: root key: %w", err)
	}
	b := &Box{root: root}
	encryption, err := b.keyset(ctx, store, "encryption", func() (*keyset.Handle, error) {
		return keyset.NewHandle(aead.AES256GCMKeyTemplate())
	})
	if err != nil {
		return nil, err
	}
	if b.aead, err = aead.New(encryption); err != nil {
		return nil, fmt.Errorf("seal: encryption keyset: %w", err)
	}
	recognition, err := b.keyset(ctx, store, "recognition", func() (*keyset.Handle, error) {
		return keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	})
	if err != nil {
		return nil, err
	}
	if b.prf, err = prf.NewPRFSet(recognition); err != nil {
		return nil, fmt.Errorf("seal: recognition keyset: %w", err)
	}
	return b, nil
}

func (b *Box) keyset(ctx context.Context, store Store, name string, make func() (*keyset.Handle, error)) (*keyset.Handle, error) {
	sealed, err := store.Keyset(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("seal: keyset %s: %w", name, err)
	}
	if sealed == "" {
		handle, err := make()
		if err != nil {
			return nil, fmt.Errorf("seal: keyset %s: %w", name, err)
		}
		var out bytes.Buffer
		if err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&out), b.root, []byte(name)); err != nil {
			return nil, fmt.Errorf("seal: keyset %s: %w", name, err)
		}
		if sealed, err = store.PutKeyset(ctx, name, base64.StdEncoding.EncodeToString(out.Bytes())); err != nil {
			return nil, fmt.Errorf("seal: keyset %s: %w", name, err)
		}
	}
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, fmt.Errorf("seal: keyset %s: %w", name, err)
	}
	handle, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(raw)), b.root, []byte(name))
	if err != nil {
		return nil, fmt.Errorf("seal: keyset %s does not open with this root key: %w", name, err)
	}
	return handle, nil
}

// Seal encrypts; place binds the result to where it is stored, such as "factor:ID".
func (b *Box) Seal(place string, plain []byte) (string, error) {
	c, err := b.aead.Encrypt(plain, []byte(place))
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.StdEncoding.EncodeToString(c), nil
}

// Unseal decrypts what Seal made for the same place.
func (b *Box) Unseal(place, sealed string) ([]byte, error) {
	c, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, errors.New("seal: not a sealed value")
	}
	plain, err := b.aead.Decrypt(c, []byte(place))
	if err != nil {
		return nil, fmt.Errorf("seal: %s does not open", place)
	}
	return plain, nil
}

// Recognise is a keyed hash (HMAC-SHA256) of a value for a purpose: equal values have equal hashes, and without the key
// nobody can try values against it.
func (b *Box) Recognise(purpose, value string) (string, error) {
	h, err := b.prf.ComputePrimaryPRF([]byte(purpose+"\x00"+value), 32)
	if err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(h), nil
}

// SameHash says whether this is the token that the hash is of. "" is the hash of none.
func SameHash(hash, token string) bool {
	return hash != "" && hmac.Equal([]byte(hash), []byte(TokenHash(token)))
}

// Token makes an opaque secret of 256 bits and the hash under which it is stored.
func Token(random io.Reader) (token, hash string, err error) {
	var raw [32]byte
	if _, err := io.ReadFull(random, raw[:]); err != nil {
		return "", "", fmt.Errorf("seal: no randomness: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(raw[:])
	return token, TokenHash(token), nil
}

// TokenHash is what is stored of an opaque token. 256 random bits need no slow hash.
func TokenHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(h[:])
}
