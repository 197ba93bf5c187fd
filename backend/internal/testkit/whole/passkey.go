package whole

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// Passkey is an authenticator in software (WebAuthn Level 3 §6): one key pair, made for one relying party.
type Passkey struct {
	t      testing.TB
	Origin string // of the page that asks
	Count  uint32 // the signature counter

	id      []byte
	key     *ecdsa.PrivateKey
	partyID string
}

var raw64 = base64.RawURLEncoding

// NewPasskey makes an authenticator for pages of this origin.
func NewPasskey(t testing.TB, origin string) *Passkey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	return &Passkey{t: t, Origin: origin, id: id, key: key}
}

// Create answers the options of an enrolment with a credential.
func (p *Passkey) Create(options any) map[string]any {
	p.t.Helper()
	public := options.(map[string]any)["publicKey"].(map[string]any)
	p.partyID = public["rp"].(map[string]any)["id"].(string)
	point, err := p.key.PublicKey.Bytes()
	if err != nil {
		p.t.Fatal(err)
	}
	// COSE_Key of an EC2 key, ES256 (RFC 9053 §7.1).
	cose := p.encode(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	data := p.data(0x45) // user present, user verified, attested credential data included
	data = append(data, make([]byte, 16)...)
	data = binary.BigEndian.AppendUint16(data, uint16(len(p.id)))
	data = append(append(data, p.id...), cose...)
	return p.credential(map[string]any{
		"clientDataJSON":    raw64.EncodeToString(p.client("webauthn.create", public["challenge"])),
		"attestationObject": raw64.EncodeToString(p.encode(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": data})),
	})
}

// Get answers the options of a challenge with an assertion.
func (p *Passkey) Get(options any) map[string]any {
	p.t.Helper()
	public := options.(map[string]any)["publicKey"].(map[string]any)
	p.Count++
	data, client := p.data(0x05), p.client("webauthn.get", public["challenge"])
	hash := sha256.Sum256(client)
	digest := sha256.Sum256(append(append([]byte{}, data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, digest[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return p.credential(map[string]any{
		"clientDataJSON":    raw64.EncodeToString(client),
		"authenticatorData": raw64.EncodeToString(data),
		"signature":         raw64.EncodeToString(signature),
	})
}

func (p *Passkey) credential(response map[string]any) map[string]any {
	id := raw64.EncodeToString(p.id)
	return map[string]any{"id": id, "rawId": id, "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}}
}

func (p *Passkey) data(flags byte) []byte {
	hash := sha256.Sum256([]byte(p.partyID))
	return binary.BigEndian.AppendUint32(append(hash[:], flags), p.Count)
}

func (p *Passkey) client(kind string, challenge any) []byte {
	raw, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": p.Origin, "crossOrigin": false})
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}

func (p *Passkey) encode(v any) []byte {
	mode, err := cbor.CTAP2EncOptions().EncMode()
	if err != nil {
		p.t.Fatal(err)
	}
	raw, err := mode.Marshal(v)
	if err != nil {
		p.t.Fatal(err)
	}
	return raw
}
