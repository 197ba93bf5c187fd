package account

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"sallyport/internal/fault"
)

// How long a page of a list may be.
const (
	usualPage = 50
	mostPage  = 200
)

// Page asks for one page of a list.
type Page struct {
	Limit  int    // 1 to 200; 0: 50
	Cursor string // what the page before answered; "": the first page
}

// Begin reads where the page begins (n keys, the sort keys of the last item before it; empty on the first page) and how long
// it may be.
func (p Page) Begin(n int) (after []string, limit int, err error) {
	limit = p.Limit
	if limit == 0 {
		limit = usualPage
	}
	if limit < 1 || limit > mostPage {
		return nil, 0, fault.InvalidField("limit", "Must be 1 to 200.")
	}
	if p.Cursor == "" {
		return make([]string, n), limit, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(p.Cursor)
	if err != nil || json.Unmarshal(raw, &after) != nil || len(after) != n || !utf8.Valid(raw) {
		return nil, 0, errCursor
	}
	for _, key := range after {
		if strings.ContainsRune(key, 0) { // PostgreSQL takes no text that holds one
			return nil, 0, errCursor
		}
	}
	return after, limit, nil
}

var errCursor = fault.InvalidField("cursor", "This is not a cursor of this list.")

// Cut takes one page off items, of which the store was asked for one more than limit, and makes the cursor to the next
// page: "" where this was the last. keys are the sort keys of an item.
func Cut[T any](items []T, limit int, keys func(T) []string) ([]T, string) {
	if len(items) <= limit {
		return items, ""
	}
	items = items[:limit]
	var raw bytes.Buffer
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false) // three times as long
	if err := e.Encode(keys(items[limit-1])); err != nil {
		panic(err) // strings always encode
	}
	return items, base64.RawURLEncoding.EncodeToString(bytes.TrimSpace(raw.Bytes()))
}
