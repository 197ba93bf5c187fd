// Package enforcement decides who must show a second factor, since when, and what counts: the standing.
//
// Decide is pure and alone decides `clear | grace | second_factor_due | enrolment_due`; sign-in, refresh, the gate, events, the
// member list and the page all ask it. Around it lie Facts, which gathers what Decide asks for (remembered, and never older than
// a second), and Switch, with which an owner enforces the second factor for a whole account and lifts it. It refuses to know
// tokens and HTTP. Packages signin and api call it.
package enforcement
