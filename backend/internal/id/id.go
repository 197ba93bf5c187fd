// Package id makes the identifiers of everything that is stored: UUIDv7 strings, which sort by their time of birth.
// An identifier is not a secret; nothing is granted for knowing one.
package id

import "github.com/google/uuid"

// New makes an identifier.
func New() string { return uuid.Must(uuid.NewV7()).String() }
