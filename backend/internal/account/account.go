// Package account is the customer's account: its members and their roles, its invitations, and the rule that it sets.
//
// It owns who belongs to an account and what each role may do there. It refuses to decide what a rule means for a person
// (package enforcement does). Package api, enforcement and portal call it.
package account

import (
	"time"

	"sallyport/internal/assurance"
)

// Role is what a member may do in an account.
type Role string

// The roles, from the one that may do most.
const (
	Owner   Role = "owner"
	Admin   Role = "admin"
	Billing Role = "billing"
	Plain   Role = "member"
)

// Administers says whether the role manages members and settings.
func (r Role) Administers() bool { return r == Owner || r == Admin }

// Account is a customer's account.
type Account struct {
	ID        string
	Number    string // "SP-204816": what people read out and type
	Name      string
	CreatedAt time.Time
	Rule      Rule
}

// Rule is what an account asks of its members.
type Rule struct {
	EnforcementID string    // one activation; "" while not enforced
	EnforcedAt    time.Time // zero: not enforced
	EnforcedBy    string    // user id
	GraceUntil    time.Time // zero, or when it begins to bind
	Minimum       assurance.Strength
}

// Enforced says whether the account asks for a second factor, now or once the grace is over.
func (r Rule) Enforced() bool { return !r.EnforcedAt.IsZero() }

// Membership is one account seen by one of its members.
type Membership struct {
	Account
	Role Role
}

// Member is one person seen by an account.
type Member struct {
	AccountID         string
	UserID            string
	Name, Email       string
	Role              Role
	TwoFactorRequired bool // the switch of this one person
	Factors           assurance.Types
	JoinedAt          time.Time
}

// Invitation is an open door for one address.
type Invitation struct {
	ID, AccountID     string
	Email             string
	Role              Role
	TwoFactorRequired bool
	Locale            string
	TokenHash         string // SHA-256 of the token in the mail, base64
	InvitedBy         string // user id
	CreatedAt         time.Time
	ExpiresAt         time.Time
}

// Counts says how many members meet a strength with the factors that they have.
type Counts struct{ Total, Compliant, Missing, Invitations int }
