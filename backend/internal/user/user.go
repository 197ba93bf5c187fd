// Package user is the person: who they are and how they prove the first door, the password.
//
// It owns the person's record and password hashing (bounded, see Hasher). It refuses to know accounts, factors and sessions.
// Package signin, account and the operator's commands call it.
package user

import (
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// User is a person. A second factor belongs to the person, never to an account.
type User struct {
	ID           id.User
	Email        string // as they wrote it
	Name         string
	Locale       string // "en" or "de"
	PasswordHash string // argon2id, PHC string format
	// PasswordShort: the password is enough beside a passkey only, see Short.
	PasswordShort bool
	StaffRole     string          // "", "agent" or "lead": staff of the provider
	Factors       assurance.Types // types of the active second factors
	// Epoch is raised by whatever changes how the person gets in. What carries another epoch opens nothing.
	Epoch      int64
	PasswordID string // names this password among all that the person has had; "" of one from before this was written down
	CreatedAt  time.Time
	VerifiedAt time.Time // the address was proven; zero: not yet
	DisabledAt time.Time // zero: not disabled
	// MailboxSpentAt is when the mailbox has reset the password: until another factor signs in, it is none itself. Zero: it has not.
	MailboxSpentAt time.Time
}

// EmailKey is the one spelling by which an address is found: NFKC, lower case, no surrounding space.
func EmailKey(email string) string {
	return strings.ToLower(norm.NFKC.String(strings.TrimSpace(email)))
}

// EmailHint shows its owner which address is meant, and nobody else what it is.
func EmailHint(email string) string {
	name, domain, _ := strings.Cut(email, "@")
	r := []rune(name)
	if len(r) <= 2 {
		return "••••@" + domain
	}
	return string(r[0]) + "••••" + string(r[len(r)-1]) + "@" + domain
}
