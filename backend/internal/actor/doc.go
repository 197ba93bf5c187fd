// Package actor is who acts, from where, with what proof and as of when.
//
// It owns the value that every use case takes: the kind of actor, the person, the stay that they act from, what they have confirmed,
// an operator's reason and the origin. It owns the one table of actions: which role may do what, what must be confirmed, and what no
// program may do (actions.go). It is pure and lies at the bottom of the house. It refuses to read databases and to decide whether a
// stay still lives: package authority does, in the transaction that writes.
package actor
