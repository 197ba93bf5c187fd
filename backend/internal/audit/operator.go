package audit

import (
	"context"
	"maps"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/fault"
)

type operatorKey struct{}

// AsOperator says of all that is done below this context that an operator does it, and why. Every event is the operator's then,
// whoever the method that appends it takes for the actor; what an operator may do, package account and enforcement ask here. No
// request that comes over HTTP has such a context.
func AsOperator(ctx context.Context, reason string) context.Context {
	return context.WithValue(ctx, operatorKey{}, reason)
}

// IsOperator says whether an operator does what is done.
func IsOperator(ctx context.Context) bool {
	_, ok := ctx.Value(operatorKey{}).(string)
	return ok
}

// asOperator makes an event the operator's where it is. An event that has a reason of its own, such as why a session ended, keeps it.
func (e Event) asOperator(ctx context.Context) Event {
	reason, ok := ctx.Value(operatorKey{}).(string)
	if !ok {
		return e
	}
	e.ActorID = Operator
	if _, taken := e.Detail["reason"]; reason != "" && !taken {
		e.Detail = maps.Clone(e.Detail)
		if e.Detail == nil {
			e.Detail = map[string]string{}
		}
		e.Detail["reason"] = reason
	}
	return e
}

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
