// Package blackbox_test proves what Sallyport promises, over HTTP alone and from the contract alone: each test is a sentence
// about the behaviour of the whole, on SQLite and on PostgreSQL, there with two replicas.
//
// It owns no code of the product, and knows nothing of its inside: whatever it asks of the server, a third party's program
// could ask. Where a test looks into the database or at the log it is to see that something is not there.
package blackbox_test

import (
	"testing"

	"sallyport/internal/testkit"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }
