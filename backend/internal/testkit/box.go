package testkit

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"sallyport/internal/seal"
)

// Box seals with keys of the test's own, which nobody stores.
func Box(t testing.TB) *seal.Box {
	t.Helper()
	b, err := seal.Open(t.Context(), &drawer{}, bytes.Repeat([]byte{7}, seal.RootKeySize))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// drawer keeps keysets in memory.
type drawer struct{ keysets sync.Map }

func (d *drawer) Keyset(_ context.Context, name string) (string, error) {
	sealed, _ := d.keysets.Load(name)
	text, _ := sealed.(string)
	return text, nil
}

func (d *drawer) PutKeyset(_ context.Context, name, sealed string) (string, error) {
	stored, _ := d.keysets.LoadOrStore(name, sealed)
	text, _ := stored.(string)
	return text, nil
}
