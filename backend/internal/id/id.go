// Package id makes the identifiers of everything that is stored: UUIDv7 strings, which sort by their time of birth.
// An identifier is not a secret; nothing is granted for knowing one.
package id

import "github.com/google/uuid"

// New makes an identifier.
func New() string { return uuid.Must(uuid.NewV7()).String() }

// Is says whether text has the form of an identifier, and no other spelling of one.
func Is(text string) bool {
	if len(text) != 36 {
		return false
	}
	for i := range len(text) {
		switch c := text[i]; {
		case i == 8 || i == 13 || i == 18 || i == 23:
			if c != '-' {
				return false
			}
		case (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return false
		}
	}
	return true
}
