// Package audit is the record of what happened: who did what, to whom, from where, and whether it was allowed.
//
// It owns the shape of an event, the names of the actions (actions.go) and the chain that shows whether any event was changed
// since (chain.go; docs/audit.md says what that proves and what not). An event is appended in the transaction of the change
// that it tells of, so that neither exists without the other; nothing is ever changed or taken out. It refuses secrets: no
// code, token, password or phone number enters an event. Every package that changes something calls it.
package audit

import (
	"context"
	"maps"
	"strings"
	"time"

	"sallyport/internal/actor"
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
	ActorID   id.User   // who did it; where empty, the actor's person; "" for a stranger, or for Sallyport itself
	UserID    id.User   // whom it concerns
	AccountID id.Account

	// Where from. Append takes what is empty from the actor.
	SessionID id.Stay
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
	AccountID       id.Account
	ActorID, UserID id.User
	Action          string    // what the action begins with
	From, To        time.Time // from From on, before To
	Before          Position  // further back than this
	Limit           int
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

// Append records what the actor did, in the caller's transaction where the context carries one.
func (l *Log) Append(ctx context.Context, who actor.Actor, e Event) error {
	return l.Store.AppendAuditEvent(ctx, l.complete(who, e))
}

// AppendAll records many at once.
func (l *Log) AppendAll(ctx context.Context, who actor.Actor, es []Event) error {
	all := make([]Event, len(es))
	for i, e := range es {
		all[i] = l.complete(who, e)
	}
	return l.Store.AppendAuditEvents(ctx, all)
}

// complete is the event with what the caller need not say.
func (l *Log) complete(who actor.Actor, e Event) Event {
	e = e.by(who)
	e.ID, e.At = id.New(), l.Now().UTC()
	if e.Outcome == "" {
		e.Outcome = OK
	}
	e.Address = storable(first(e.Address, who.Origin.Address))
	e.UserAgent = storable(first(e.UserAgent, who.Origin.UserAgent))
	if len(e.Detail) > 0 {
		detail := make(map[string]string, len(e.Detail))
		for k, v := range e.Detail {
			detail[k] = storable(v)
		}
		e.Detail = detail
	}
	return e
}

// by names who did it. All that an operator does is the operator's, whomever it concerns, with the reason; an event that has a reason
// of its own, such as why a session ended, keeps it. What a program did names its token.
func (e Event) by(who actor.Actor) Event {
	switch who.Kind {
	case actor.Operator:
		e.ActorID = Operator
		if _, taken := e.Detail["reason"]; who.Reason != "" && !taken {
			e.Detail = with(e.Detail, "reason", who.Reason)
		}
	case actor.Person:
		e.ActorID = first(e.ActorID, who.User)
		if who.Stay.Kind == actor.Session {
			e.SessionID = first(e.SessionID, who.Stay.ID)
		}
	case actor.Program:
		e.ActorID = first(e.ActorID, who.User)
		e.Detail = with(e.Detail, "api_token", string(who.Stay.ID))
	}
	return e
}

// with is a detail with one more field.
func with(detail map[string]string, name, value string) map[string]string {
	out := maps.Clone(detail)
	if out == nil {
		out = map[string]string{}
	}
	out[name] = value
	return out
}

// Events reads a page of the record.
func (l *Log) Events(ctx context.Context, f Filter) ([]Event, error) {
	return l.Store.AuditEvents(ctx, f)
}

func first[T ~string](a, b T) T {
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

// Origin is an origin whose texts both databases take: sessions keep them too.
func Origin(o actor.Origin) actor.Origin {
	o.Address, o.UserAgent = storable(o.Address), storable(o.UserAgent)
	return o
}
