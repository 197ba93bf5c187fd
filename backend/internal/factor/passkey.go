package factor

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

// ErrPasskeyRefused says that an enrolment's answer did not check out.
var ErrPasskeyRefused = fault.New(fault.Invalid, "passkey_refused", "This passkey could not be set up. Please try again, or use another one.").At("/credential")

// Passkeys is the relying party (WebAuthn Level 3).
type Passkeys struct{ party *webauthn.WebAuthn }

// NewPasskeys makes the relying party for a base URL. It is nil where browsers know no passkeys: at a bare IP address.
func NewPasskeys(brand string, base *url.URL) (*Passkeys, error) {
	if _, err := netip.ParseAddr(strings.Trim(base.Hostname(), "[]")); err == nil {
		return nil, nil
	}
	party, err := webauthn.New(&webauthn.Config{
		RPID: base.Hostname(), RPDisplayName: brand, RPOrigins: []string{base.Scheme + "://" + base.Host},
		AttestationPreference: protocol.PreferNoAttestation,
	})
	if err != nil {
		return nil, fmt.Errorf("factor: passkeys: %w", err)
	}
	return &Passkeys{party}, nil
}

// holder is a person as the library wants to see them. The handle is their identifier: it says nothing of them.
type holder struct {
	u           user.User
	credentials []webauthn.Credential
}

func (h holder) WebAuthnID() []byte                         { return []byte(h.u.ID) }
func (h holder) WebAuthnName() string                       { return h.u.Email }
func (h holder) WebAuthnDisplayName() string                { return h.u.Name }
func (h holder) WebAuthnCredentials() []webauthn.Credential { return h.credentials }

// holder gathers the passkeys of a person; of one factor only where its id is given.
func (s *Service) holder(ctx context.Context, u user.User, factorID id.Factor) (holder, error) {
	h := holder{u: u}
	all, err := s.Store.Factors(ctx, u.ID)
	if err != nil {
		return h, err
	}
	for _, f := range all {
		if f.Type != assurance.Passkey || f.Status == Pending || (factorID != "" && f.ID != factorID) {
			continue
		}
		c, err := s.credential(f)
		if err != nil {
			return h, err
		}
		h.credentials = append(h.credentials, c)
	}
	return h, nil
}

func (s *Service) credential(f Factor) (webauthn.Credential, error) {
	var c webauthn.Credential
	raw, err := s.Box.Unseal("factor:"+string(f.ID), f.Secret)
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("factor: passkey %s: %w", f.ID, err)
	}
	return c, nil
}

func (s *Service) sealCredential(factorID id.Factor, c *webauthn.Credential) (string, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("factor: passkey: %w", err)
	}
	return s.Box.Seal("factor:"+string(factorID), raw)
}

// beginPasskey makes the options with which a browser creates a passkey. Those that the person has are excluded.
func (s *Service) beginPasskey(ctx context.Context, u user.User, f Factor) (Challenge, error) {
	h, err := s.holder(ctx, u, "")
	if err != nil {
		return Challenge{}, err
	}
	exclude := make([]protocol.CredentialDescriptor, len(h.credentials))
	for i, c := range h.credentials {
		exclude[i] = c.Descriptor()
	}
	options, session, err := s.Passkeys.party.BeginRegistration(h, webauthn.WithExclusions(exclude),
		webauthn.WithAuthenticatorSelection(protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementDiscouraged, UserVerification: protocol.VerificationPreferred}))
	if err != nil {
		return Challenge{}, fmt.Errorf("factor: passkey: %w", err)
	}
	return s.keepPasskey(ctx, u, Challenge{FactorID: f.ID, Purpose: ToEnrol, Epoch: f.Epoch}, options, session)
}

// askPasskey makes the options with which a browser proves a passkey.
func (s *Service) askPasskey(ctx context.Context, u user.User, c Challenge) (Challenge, error) {
	if s.Passkeys == nil {
		return Challenge{}, ErrNotAccepted
	}
	h, err := s.holder(ctx, u, "")
	if err != nil {
		return Challenge{}, err
	}
	options, session, err := s.Passkeys.party.BeginLogin(h, webauthn.WithUserVerification(protocol.VerificationPreferred))
	if err != nil {
		return Challenge{}, fmt.Errorf("factor: passkey: %w", err)
	}
	return s.keepPasskey(ctx, u, c, options, session)
}

// kept is what is stored of a passkey's challenge: what the answer is checked against, and what the browser is asked.
type kept struct {
	Session webauthn.SessionData `json:"session"`
	Options map[string]any       `json:"options"`
}

func (s *Service) keepPasskey(ctx context.Context, u user.User, c Challenge, options any, session *webauthn.SessionData) (Challenge, error) {
	raw, err := json.Marshal(options)
	if err != nil {
		return c, fmt.Errorf("factor: passkey: %w", err)
	}
	if err := json.Unmarshal(raw, &c.Options); err != nil {
		return c, fmt.Errorf("factor: passkey: %w", err)
	}
	data, err := json.Marshal(kept{*session, c.Options})
	if err != nil {
		return c, fmt.Errorf("factor: passkey: %w", err)
	}
	c.ID, c.UserID, c.Type, c.Data, c.CreatedAt = id.New(), u.ID, assurance.Passkey, string(data), s.Now()
	if latest := c.CreatedAt.Add(codeLife); c.Expires.IsZero() || c.Expires.After(latest) {
		c.Expires = latest
	}
	return c, s.Store.AddChallenge(ctx, c)
}

func readKept(c Challenge) (k kept, err error) {
	if err := json.Unmarshal([]byte(c.Data), &k); err != nil {
		return k, fmt.Errorf("factor: passkey: %w", err)
	}
	return k, nil
}

// passkeyOptions are those that the browser was asked with.
func passkeyOptions(c Challenge) (map[string]any, error) {
	k, err := readKept(c)
	return k.Options, err
}

// created checks what a browser answers to beginPasskey.
func (s *Service) created(ctx context.Context, u user.User, c Challenge, answer json.RawMessage) (*webauthn.Credential, error) {
	k, err := readKept(c)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return nil, ErrPasskeyRefused
	}
	made, err := s.Passkeys.party.CreateCredential(holder{u: u}, k.Session, parsed)
	if err != nil {
		return nil, ErrPasskeyRefused
	}
	return made, nil
}

// asserted checks what a browser answers to askPasskey, and finds the factor that it proves. nil where it proves nothing: a
// wrong origin, signature or challenge, another person's key, an id that is not its rawId, a counter that went back.
func (s *Service) asserted(ctx context.Context, u user.User, c Challenge, answer json.RawMessage) (*Factor, assertion, error) {
	k, err := readKept(c)
	if err != nil {
		return nil, assertion{}, err
	}
	h, err := s.holder(ctx, u, "")
	if err != nil {
		return nil, assertion{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return nil, assertion{}, nil
	}
	proven, err := s.Passkeys.party.ValidateLogin(h, k.Session, parsed)
	if err != nil || proven.Authenticator.CloneWarning {
		return nil, assertion{}, nil
	}
	all, err := s.Store.Factors(ctx, u.ID)
	if err != nil {
		return nil, assertion{}, err
	}
	for i, f := range all {
		if f.Status == Active && f.DisabledAt.IsZero() && f.CredentialID == credentialID(proven) {
			return &all[i], assertion{proven, parsed.Response.AuthenticatorData.Flags.HasUserVerified()}, nil
		}
	}
	return nil, assertion{}, nil
}

// assertion is a passkey that has proven its person. verified: it has asked them for a PIN, a finger or a face this time, so that it
// shows two factors at once (NIST SP 800-63B-4 §3.1.7).
type assertion struct {
	credential *webauthn.Credential
	verified   bool
}

func credentialID(c *webauthn.Credential) string { return base64.RawURLEncoding.EncodeToString(c.ID) }

// amr of a passkey: in hardware that never leaves it, or in software that is synchronised (RFC 8176 §2; the backup flag,
// WebAuthn Level 3 §6.1.3).
func passkeyAMR(c *webauthn.Credential) []string {
	if c.Flags.BackupEligible {
		return []string{"swk", "mfa"}
	}
	return []string{"hwk", "mfa"}
}
