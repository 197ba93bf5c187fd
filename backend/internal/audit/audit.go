// Package audit is the record of what happened: who did what, to whom, from where, and whether it was allowed.
//
// It owns the shape of an event, the names of the actions (actions.go) and the chain that shows whether any event was changed
// since (chain.go; docs/audit.md says what that proves and what not). An event is appended in the transaction of the change
// that it tells of, so that neither exists without the other; nothing is ever changed or taken out. It refuses secrets: no
// code, token, password or phone number enters an event. Every package that changes something calls it.
package audit

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/id"
)

// Outcomes.
const (
	OK      = "ok"
	Refused = "refused" // somebody tried, and was not allowed
)

// Event is one thing that happened.
type Event struct {
	ID        string    // filled by Append
	At        time.Time // filled by Append
	Action    string    // "member.role_changed", see actions.go
	Outcome   string    // OK where empty
	ActorID   string    // who did it; "" for a stranger, or for the program itself
	UserID    string    // whom it concerns
	AccountID string

	// Where from. Append takes what is empty from the context, see WithOrigin.
	SessionID string
	Address   string
	UserAgent string

	Detail map[string]string

	Seq  int64  // its place in the chain; 0: not linked yet
	Hash string // of the chain up to here, SHA-256 in hex
}

// Position is where an event stands among others: they are listed by time.
type Position struct {
	At time.Time
	ID string
}

// Position is where the event stands.
func (e Event) Position() Position { return Position{e.At, e.ID} }

// Filter asks for events, newest first. What is empty is not asked for.
type Filter struct {
	AccountID, ActorID, UserID string
	Action                     string    // what the action begins with
	From, To                   time.Time // from From on, before To
	Before                     Position  // further back than this
	Limit                      int
}

// Store keeps events. Its methods join the transaction in the context.
type Store interface {
	AppendAuditEvent(ctx context.Context, e Event) error
	AppendAuditEvents(ctx context.Context, es []Event) error
	AuditEvents(ctx context.Context, f Filter) ([]Event, error)
}

// Log appends events.
type Log struct {
	Store Store
	Now   func() time.Time
}

// Append records what happened, in the caller's transaction where the context carries one.
func (l *Log) Append(ctx context.Context, e Event) error {
	return l.Store.AppendAuditEvent(ctx, l.complete(ctx, e))
}

// AppendAll records many at once.
func (l *Log) AppendAll(ctx context.Context, es []Event) error {
	all := make([]Event, len(es))
	for i, e := range es {
		all[i] = l.complete(ctx, e)
	}
	return l.Store.AppendAuditEvents(ctx, all)
}

// complete is the event with what the caller need not say.
func (l *Log) complete(ctx context.Context, e Event) Event {
	e = e.asOperator(ctx)
	e.ID, e.At = id.New(), l.Now().UTC()
	if e.Outcome == "" {
		e.Outcome = OK
	}
	origin, _ := ctx.Value(originKey{}).(Origin)
	e.SessionID = first(e.SessionID, origin.SessionID)
	e.Address = storable(first(e.Address, origin.Address))
	e.UserAgent = storable(first(e.UserAgent, origin.UserAgent))
	if len(e.Detail) > 0 {
		detail := make(map[string]string, len(e.Detail))
		for k, v := range e.Detail {
			detail[k] = storable(v)
		}
		e.Detail = detail
	}
	return e
}

// Events reads a page of the record.
func (l *Log) Events(ctx context.Context, f Filter) ([]Event, error) {
	return l.Store.AuditEvents(ctx, f)
}

// Origin is where a request came from.
type Origin struct {
	SessionID, Address, UserAgent string
	Network                       string // the address, of IPv6 its /64: what limits count by; never stored
}

type originKey struct{}

// WithOrigin tells every event below this context where the request came from. What a client says of itself is kept as far as
// it can be: sessions keep it too.
func WithOrigin(ctx context.Context, o Origin) context.Context {
	o.Address, o.UserAgent = storable(o.Address), storable(o.UserAgent)
	return context.WithValue(ctx, originKey{}, o)
}

// OriginOf is what WithOrigin said; zero where nobody did.
func OriginOf(ctx context.Context) Origin {
	o, _ := ctx.Value(originKey{}).(Origin)
	return o
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// longest is how much of one text an event keeps: a header can be a megabyte.
const longest = 512

// storable makes any bytes that a client has sent into text that both databases take: a record that cannot be written would
// undo the change that it tells of.
func storable(s string) string {
	if len(s) > longest {
		s = s[:longest]
	}
	return strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\x00", "")
}
