package audit

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/fault"
)

// longestReason leaves room in an event's detail (see longest), whatever letters it is made of.
const longestReason = 120

// ProperReason is a reason that somebody who reads the record can do something with: a line of 3 to 120 characters.
func ProperReason(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n < 3 || n > longestReason || !utf8.ValidString(reason) || strings.ContainsFunc(reason, unicode.IsControl) {
		return "", fault.InvalidField("/reason", "Must be one line of 3 to 120 characters: who asked for it, and why, or a ticket's number.")
	}
	return reason, nil
}
