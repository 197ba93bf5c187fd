// Package assurance says what kinds of second factor there are, how strong each is, and what a session has proven.
//
// It is pure and lies at the bottom of the house: the account's rule, the person's factors, the session and the standing
// all speak its words. It refuses to know people, databases or time.
//
// Sources: RFC 8176 (amr values), NIST SP 800-63B-4 (what counts: an e-mailed code does not, §3.1.3.1).
package assurance

import (
	"slices"
	"strings"
)

// Type is one kind of second factor, as one bit.
type Type uint8

// The types. Their bits are stored (users.factor_bits): never renumber.
const (
	TOTP    Type = 1
	Email   Type = 2
	SMS     Type = 4
	Passkey Type = 8
)

// order is the order in which people are offered them: the strongest that most can use comes first.
var order = []struct {
	t    Type
	name string
	amr  []string
}{
	{TOTP, "totp", []string{"otp", "mfa"}},
	{Passkey, "passkey", []string{"hwk", "mfa"}},
	{SMS, "sms", []string{"sms", "mfa"}},
	{Email, "email", []string{"email"}},
}

func (t Type) String() string {
	for _, o := range order {
		if o.t == t {
			return o.name
		}
	}
	return ""
}

// AMR is what a session gains by proving this type (RFC 8176; "email" is ours).
func (t Type) AMR() []string {
	for _, o := range order {
		if o.t == t {
			return o.amr
		}
	}
	return nil
}

// ParseType reads a type's name.
func ParseType(name string) (Type, bool) {
	for _, o := range order {
		if o.name == name {
			return o.t, true
		}
	}
	return 0, false
}

// Types is a set of types.
type Types uint8

// All are all types.
const All = Types(TOTP | Email | SMS | Passkey)

// Has says whether t is in the set.
func (s Types) Has(t Type) bool { return s&Types(t) != 0 }

// Names lists the set in the order in which people are offered it; never nil.
func (s Types) Names() []string {
	names := []string{}
	for _, o := range order {
		if s.Has(o.t) {
			names = append(names, o.name)
		}
	}
	return names
}

// Strength is the least that a rule accepts.
type Strength string

// The strengths, from the weakest to the strictest. Each accepts a subset of the one before.
const (
	Any               Strength = "any"
	NoEmail           Strength = "no_email"
	NoEmailNoSMS      Strength = "no_email_no_sms"
	PhishingResistant Strength = "phishing_resistant"
)

var strengths = []Strength{Any, NoEmail, NoEmailNoSMS, PhishingResistant}

// Accepts are the types that satisfy the strength.
func (s Strength) Accepts() Types {
	switch s {
	case NoEmail:
		return Types(TOTP | SMS | Passkey)
	case NoEmailNoSMS:
		return Types(TOTP | Passkey)
	case PhishingResistant:
		return Types(Passkey)
	default:
		return All
	}
}

// Valid says whether s is one of the four.
func (s Strength) Valid() bool { return slices.Contains(strengths, s) }

// Strictest is the stricter of two; the empty strength is weaker than any.
func Strictest(a, b Strength) Strength {
	if slices.Index(strengths, a) >= slices.Index(strengths, b) {
		return a
	}
	return b
}

// Proof is what a session has shown: RFC 8176 values, sorted.
type Proof []string

// Password is what the first door proves.
func Password() Proof { return Proof{"pwd"} }

// RecoveryCode is what the second door proves with a recovery code: a look-up secret, NIST SP 800-63B-4 §3.1.2.
func RecoveryCode() Proof { return Proof{"otp", "mfa"} }

// ParseProof reads what String wrote.
func ParseProof(s string) Proof { return Proof(strings.Fields(s)) }

func (p Proof) String() string { return strings.Join(p, " ") }

// And is both proofs together.
func (p Proof) And(more ...string) Proof {
	all := append(slices.Clone(p), more...)
	slices.Sort(all)
	return slices.Compact(all)
}

func (p Proof) has(v string) bool { return slices.Contains(p, v) }

// SecondFactor says whether anything beyond the password was shown.
func (p Proof) SecondFactor() bool { return p.has("mfa") || p.has("email") }

// Meets says whether what was shown satisfies the strength.
func (p Proof) Meets(s Strength) bool {
	switch s {
	case NoEmail:
		return p.has("mfa")
	case NoEmailNoSMS:
		return p.has("mfa") && (p.has("otp") || p.has("hwk") || p.has("swk"))
	case PhishingResistant:
		return p.has("hwk") || p.has("swk")
	default:
		return p.SecondFactor()
	}
}

// ACR names the level in an access token: aal1, aal1+email, aal2, aal2-phr.
func (p Proof) ACR() string {
	switch {
	case p.has("hwk") || p.has("swk"):
		return "aal2-phr"
	case p.has("mfa"):
		return "aal2"
	case p.has("email"):
		return "aal1+email"
	default:
		return "aal1"
	}
}
