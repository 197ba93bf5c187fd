// Package fault names the kinds of error that Sallyport tells its callers.
//
// It owns the kinds and nothing else. Each error is declared beside the noun it speaks of, with a stable code and a plain
// sentence; package api alone turns it into HTTP. No code, token or secret ever enters an error.
package fault

import (
	"errors"
	"time"
)

// Kind says what a caller can do about an error. Package api maps each kind to one HTTP status.
type Kind int

const (
	Internal        Kind = iota // a defect or a lost dependency; told as a bare 500
	Malformed                   // 400: the request cannot be read
	Unauthenticated             // 401: who are you
	Forbidden                   // 403: known, and not allowed
	NotFound                    // 404: also for what exists in another account
	Conflict                    // 409: the state does not allow it
	Gone                        // 410: it was there once
	Invalid                     // 422: fields are wrong
	TooMany                     // 429: later
	Unavailable                 // 503: a dependency is lost, or the queue is full
)

// Field is one wrong field: a JSON pointer (RFC 6901) into the request body, or a parameter's name, and why.
type Field struct{ Pointer, Detail string }

// Error is an error that may be told.
type Error struct {
	Kind    Kind
	Code    string // stable; programs switch on it
	Message string // one plain sentence
	Fields  []Field

	RetryAfter   time.Duration // with TooMany and Unavailable
	AttemptsLeft *int          // with invalid_code
	Needs        []string      // with confirmation_required
	Accepts      []string      // with confirmation_required: the types of factor that are strong enough
	RequiredBy   []string      // with enrolment_due and second_factor_enforced
	cause        error
}

// New declares an error. Compare with errors.Is: two errors with the same code are the same.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Said declares an error that only an operator's command tells: whoever reads the sentence switches on no code. Each is the same as
// itself alone.
func Said(kind Kind, message string) *Error { return &Error{Kind: kind, Message: message} }

// InvalidField declares a wrong field.
func InvalidField(pointer, detail string) *Error {
	return &Error{Kind: Invalid, Code: "validation_failed", Message: "The request has wrong fields.", Fields: []Field{{pointer, detail}}}
}

func (e *Error) Error() string {
	if e.Code == "" {
		return e.Message
	}
	if e.cause != nil {
		return e.Code + ": " + e.cause.Error()
	}
	return e.Code
}

func (e *Error) Unwrap() error { return e.cause }

// Is makes errors.Is compare by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && e.Code != ""
}

// With returns a copy that f has changed.
func (e *Error) With(f func(*Error)) *Error {
	c := *e
	f(&c)
	return &c
}

// Because returns a copy that carries the cause, for the log alone.
func (e *Error) Because(cause error) *Error { return e.With(func(c *Error) { c.cause = cause }) }

// At returns a copy that names the field.
func (e *Error) At(pointer string) *Error {
	return e.With(func(c *Error) { c.Fields = []Field{{pointer, c.Message}} })
}

// As finds the error that may be told, if there is one.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}

// Errors that belong to no noun of their own.
var (
	ErrNotFound     = New(NotFound, "not_found", "There is no such thing here.")
	ErrForbidden    = New(Forbidden, "forbidden", "Your role does not allow this.")
	ErrAdminOnly    = New(Forbidden, "admin_only", "Only owners and admins of the account may do this.")
	ErrOwnerOnly    = New(Forbidden, "owner_only", "Only owners of the account may do this.")
	ErrUnavailable  = New(Unavailable, "unavailable", "The service is briefly unavailable. Please try again.")
	ErrRateLimited  = New(TooMany, "rate_limited", "Too many attempts. Please wait.")
	ErrUnauthorized = New(Unauthenticated, "unauthenticated", "Sign in first.")
)
