// Package blackbox_test proves what Sallyport promises, over HTTP alone and from the contract alone: each test is a sentence
// about the behaviour of the whole, on SQLite and on PostgreSQL, there with two replicas.
//
// It owns no code of the product, and knows nothing of its inside: whatever it asks of the server, a third party's program
// could ask. Where a test looks into the database or at the log it is to see that something is not there.
package blackbox_test

import (
	"flag"
	"testing"

	"sallyport/internal/testkit"
)

func TestMain(m *testing.M) {
	flag.Parse()
	// Requests that are made up: enough to meet every way of breaking every operation, few enough for every run.
	if checks := flag.Lookup("rapid.checks"); checks.Value.String() == checks.DefValue {
		_ = checks.Value.Set("1000")
	}
	testkit.VerifyTestMain(m)
}
