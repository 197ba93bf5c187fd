// Package account is the customer's account: its members and their roles, its invitations, and the rule that it sets.
//
// It owns who belongs to an account and what each role may do there. It refuses to decide what a rule means for a person
// (package enforcement does). Package api, enforcement and portal call it.
package account

import (
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// Account is a customer's account.
type Account struct {
	ID        id.Account
	Number    string // "SP-204816": what people read out and type
	Name      string
	CreatedAt time.Time
	Rule      Rule
}

// Rule is what an account asks of its members.
type Rule struct {
	EnforcementID string    // one activation; "" while not enforced
	EnforcedAt    time.Time // zero: not enforced
	EnforcedBy    id.User   // user id
	GraceUntil    time.Time // zero, or when it begins to bind
	Minimum       assurance.Strength
	SignedOutAt   time.Time // sessions of members that are older than this are over; it only ever rises
	SignedOutBy   id.User   // but for this person's

	KeepAPITokens bool // tokens of members who lack a second factor go on working
	Guarded       bool // a first enrolment also asks for a code sent to the person's mailbox

	IncidentAt      time.Time // zero: none runs
	IncidentBy      id.User   // user id
	IncidentBefore  string    // package enforcement's: the rule to go back to
	APITokensPaused bool      // no token of a member works
}

// Incident says whether one runs.
func (r Rule) Incident() bool { return !r.IncidentAt.IsZero() }

// Strength is the least that counts as a second factor in this account: Any while it asks for none.
func (r Rule) Strength() assurance.Strength {
	if !r.Enforced() || r.Minimum == "" {
		return assurance.Any
	}
	return r.Minimum
}

// Enforced says whether the account asks for a second factor, now or once the grace is over.
func (r Rule) Enforced() bool { return !r.EnforcedAt.IsZero() }

// Membership is one account seen by one of its members.
type Membership struct {
	Account
	Role Role
}

// Belonging is what one account means for the standing of one of its members.
type Belonging struct {
	AccountID         id.Account
	Role              Role
	TwoFactorRequired bool      // the switch of this one person
	RequiredAt        time.Time // when it was ticked
	JoinedAt          time.Time
}

// Member is one person seen by an account.
type Member struct {
	AccountID         id.Account
	UserID            id.User
	Name, Email       string
	Locale            string
	Role              Role
	TwoFactorRequired bool      // the switch of this one person
	RequiredAt        time.Time // when it was ticked
	Factors           assurance.Types
	FactorsSince      time.Time // of the oldest factor; lists leave it out
	JoinedAt          time.Time
}

// Recipient is somebody who is told what the account decides: a member, or an invited address.
type Recipient struct {
	UserID id.User // "" for an invited address
	Email  string
	Name   string // "" for an invited address
	Locale string
}

// Invitation is an open door for one address.
type Invitation struct {
	ID                string
	AccountID         id.Account
	Email             string
	Role              Role
	TwoFactorRequired bool
	Locale            string
	TokenHash         string  // SHA-256 of the token in the mail, base64
	InvitedBy         id.User // user id
	CreatedAt         time.Time
	ExpiresAt         time.Time
	ResentAt          time.Time // zero: it was mailed once
}

// InvitationLife is how long an invitation stays open.
const InvitationLife = 7 * 24 * time.Hour

// resendEvery is how long an invitation waits before it may be mailed again.
const resendEvery = time.Minute

// Counts says how many members meet a strength with the factors that they have, and how many invitations are open.
type Counts struct{ Total, Compliant, Missing, Invitations int }
