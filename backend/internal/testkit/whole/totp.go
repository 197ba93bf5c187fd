package whole

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 with the algorithm that every app understands
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"time"

	"sallyport/internal/testkit"
)

// Authenticator is an app on somebody's phone, by RFC 6238 and nothing of the server's.
type Authenticator struct {
	FactorID, Secret string

	clock *testkit.Clock
	spent int64
}

// Step is the time step of now.
func (a *Authenticator) Step() int64 { return a.clock.Now().Unix() / 30 }

// At is the code of a time step.
func (a *Authenticator) At(step int64) string {
	key, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(a.Secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, uint64(step))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// Now is the code that the app shows.
func (a *Authenticator) Now() string { return a.At(a.Step()) }

// Next is a code that was not shown before, as a person who waits for the next one; the clock moves on where it must.
func (a *Authenticator) Next() string {
	step := max(a.Step(), a.spent+1)
	if step > a.Step()+1 {
		a.clock.Advance(time.Duration(step-a.Step()-1) * 30 * time.Second)
	}
	a.spent = step
	return a.At(step)
}

// Wrong is a code that the app shows at no step near now.
func (a *Authenticator) Wrong() string {
	for n := range 1_000_000 {
		guess, near := fmt.Sprintf("%06d", n), false
		for step := a.Step() - 3; step <= a.Step()+3; step++ {
			near = near || a.At(step) == guess
		}
		if !near {
			return guess
		}
	}
	panic("every code is right")
}

// Answer is the body that shows a code of this app.
func (a *Authenticator) Answer(code string) map[string]any {
	return map[string]any{"type": "totp", "factor_id": a.FactorID, "code": code}
}

// AuthenticatorOf is the app that a secret was typed into.
func AuthenticatorOf(h *House, factorID, secret string) *Authenticator {
	return &Authenticator{FactorID: factorID, Secret: secret, clock: h.Clock}
}
