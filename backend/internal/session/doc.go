// Package session is being signed in: sessions and their refresh tokens, the sign-in between the two doors, and the signed
// tokens that name both.
//
// It owns how long things live, rotation with reuse detection, the signing keys, and the one way in which a token is
// verified. It refuses to decide who must show what (package enforcement does); a token's claims are what was proven at its
// birth, never a permission. Packages signin, recovery and api call it.
package session
