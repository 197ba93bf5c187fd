// Package testkit gives tests the outside world: a clock that they set, throw-away databases, a mail server, a network that
// fails when told to.
//
// It owns nothing that a program needs; only tests import it. It refuses to skip: where PostgreSQL is missing, the test fails
// and says what to do. What it starts ends with the test, the PostgreSQL cluster with the test process.
package testkit
