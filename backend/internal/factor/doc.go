// Package factor is the second factor of a person: enrolling one, proving one, and losing one.
//
// It owns the methods (authenticator app, e-mail and SMS code, passkey, recovery code), what a code is, that it works once, and how often one may guess.
// Every check walks the same way: count the attempt in a write of its own, match (pure), burn in the transaction of what the
// code opens. A crash in between fails closed. It refuses to know sessions and rules: packages signin and enforcement do.
package factor
