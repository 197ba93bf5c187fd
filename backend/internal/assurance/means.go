package assurance

// Means is what somebody has shown at the second door: the name of a type, or "recovery_code"; "" is nothing.
type Means string

// ByRecoveryCode is a recovery code. It stands for every factor: it is what people have left when the factor is gone.
const ByRecoveryCode Means = "recovery_code"

// Means is the type as what was shown.
func (t Type) Means() Means { return Means(t.String()) }

// ranks are the types from the weakest to the strongest.
var ranks = []Type{Email, SMS, TOTP, Passkey}

// Strongest are those of the set that no other of the set is stronger than: one type, or none.
func (s Types) Strongest() Types {
	for i := len(ranks) - 1; i >= 0; i-- {
		if s.Has(ranks[i]) {
			return Types(ranks[i])
		}
	}
	return 0
}

// AsStrong are the types that are at least as strong as the strongest of the set.
func (s Types) AsStrong() Types {
	var out Types
	for i := len(ranks) - 1; i >= 0; i-- {
		out |= Types(ranks[i])
		if s.Has(ranks[i]) {
			return out
		}
	}
	return out
}

// AsStrongAs says whether what was shown is as strong as the strongest of the set. Nothing is as strong as an empty set only.
func (m Means) AsStrongAs(have Types) bool {
	if have == 0 || m == ByRecoveryCode {
		return true
	}
	t, ok := ParseType(string(m))
	return ok && have.AsStrong().Has(t)
}
