package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
)

// With seals a value under a secret that somebody else holds, for one place: without the secret nobody opens it, this server included
// (AES-256-GCM, the key by HKDF, RFC 5869). The secret should have 128 bits of its own.
func With(secret, place string, plain []byte) (string, error) {
	a, err := underSecret(secret, place)
	if err != nil {
		return "", err
	}
	return base64.RawStdEncoding.EncodeToString(a.Seal(nil, nil, plain, []byte(place))), nil
}

// OpenWith opens what With has sealed.
func OpenWith(secret, place, sealed string) ([]byte, error) {
	raw, err := base64.RawStdEncoding.DecodeString(sealed)
	if err != nil {
		return nil, errors.New("seal: not a sealed value")
	}
	a, err := underSecret(secret, place)
	if err != nil {
		return nil, err
	}
	plain, err := a.Open(nil, nil, raw, []byte(place))
	if err != nil {
		return nil, errors.New("seal: does not open with this secret")
	}
	return plain, nil
}

func underSecret(secret, place string) (cipher.AEAD, error) {
	key, err := hkdf.Key(sha256.New, []byte(secret), []byte(place), "sallyport sealed under a secret of the caller", 32)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: %w", err)
	}
	return cipher.NewGCMWithRandomNonce(block)
}
