package evidence

import (
	"context"
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
)

// Store reads what the documents are made of.
type Store interface {
	AuditEvents(ctx context.Context, f audit.Filter) ([]audit.Event, error)
	// KnownAs are these persons as the account knows them: its members by their names of today.
	KnownAs(ctx context.Context, accountID string, userIDs []string) ([]Someone, error)
	// EventsAbout are what happened to these persons in the account from a moment on, oldest first, where it went well.
	EventsAbout(ctx context.Context, accountID string, userIDs, actions []string, from time.Time) ([]audit.Event, error)
	// ReportMembers is a page of the account's members, by their identifiers, after the given one.
	ReportMembers(ctx context.Context, accountID, after string, limit int) ([]Member, error)
	// LastProven is when each of these persons last showed a second factor, before a moment.
	LastProven(ctx context.Context, userIDs []string, before time.Time) (map[string]time.Time, error)
	// ChainHead says since when the record is linked, and tells what was before each change.
	ChainHead(ctx context.Context) (audit.Head, time.Time, error)
}

// Service writes an account's documents for its owners and admins.
type Service struct {
	Accounts interface {
		Get(ctx context.Context, actorID, accountID string) (account.Membership, error)
	}
	Store Store
	Audit interface {
		Append(ctx context.Context, e audit.Event) error
	}
	Provider enforcement.ProviderRule
	Now      func() time.Time
}

// Kind says what somebody in the record is.
type Kind string

// The kinds.
const (
	Person   Kind = "person"
	Operator Kind = "operator" // whoever runs the portal
	Program  Kind = "program"  // the portal itself
)

// Someone is somebody in the record.
type Someone struct {
	Kind        Kind
	ID          string // of a person
	Name, Email string
	Member      bool // of the account, now
}

// Entry is an event as an account sees it.
type Entry struct {
	audit.Event
	Actor Someone
	User  *Someone // nil where it concerns no person
}

// Query says which events. What is empty is not asked for.
type Query struct {
	Action      string // what the action begins with
	Actor, User string
	From, To    time.Time
}

func (q Query) filter(accountID string) audit.Filter {
	return audit.Filter{AccountID: accountID, Action: q.Action, ActorID: q.Actor, UserID: q.User, From: q.From, To: q.To}
}

// shown is the account, for whoever may see its evidence.
func (s *Service) shown(ctx context.Context, actorID, accountID string) (account.Membership, error) {
	m, err := s.Accounts.Get(ctx, actorID, accountID)
	if err == nil {
		err = m.Role.Permit(account.ReadAudit)
	}
	return m, err
}

// Events is a page of what happened in the account, newest first. fault.ErrAdminOnly.
func (s *Service) Events(ctx context.Context, actorID, accountID string, q Query, page account.Page) ([]Entry, string, error) {
	if _, err := s.shown(ctx, actorID, accountID); err != nil {
		return nil, "", err
	}
	after, limit, err := page.Begin(2)
	if err != nil {
		return nil, "", err
	}
	f := q.filter(accountID)
	if page.Cursor != "" {
		at, err := strconv.ParseInt(after[0], 10, 64)
		if err != nil {
			return nil, "", fault.InvalidField("cursor", "This is not a cursor of this list.")
		}
		f.Before = audit.Position{At: time.UnixMicro(at).UTC(), ID: after[1]}
	}
	f.Limit = limit + 1
	found, err := s.Store.AuditEvents(ctx, f)
	if err != nil {
		return nil, "", err
	}
	found, next := account.Cut(found, limit, func(e audit.Event) []string { return []string{strconv.FormatInt(e.At.UnixMicro(), 10), e.ID} })
	entries, err := s.entries(ctx, accountID, found)
	return entries, next, err
}

// batch is how much of a document is in memory at once, in events or members.
const batch = 500

// Export finds what the query asks for, up to this moment: name is for the file, and write hands each event on, newest first,
// however many there are. Whoever may not see them is told at once. That it was asked for is an event too.
// fault.ErrAdminOnly.
func (s *Service) Export(ctx context.Context, actorID, accountID, ending string, q Query) (
	name string, write func(ctx context.Context, each func(Entry) error) error, err error) {
	m, err := s.shown(ctx, actorID, accountID)
	if err != nil {
		return "", nil, err
	}
	f := q.filter(accountID)
	if until := s.Now().Add(time.Microsecond); f.To.IsZero() || f.To.After(until) {
		f.To = until // what has happened by now: a document has an end
	}
	write = func(ctx context.Context, each func(Entry) error) error {
		return s.walk(ctx, f, func(page []audit.Event) error {
			entries, err := s.entries(ctx, accountID, page)
			for i := 0; err == nil && i < len(entries); i++ {
				err = each(entries[i])
			}
			return err
		})
	}
	name = "audit-events-" + m.Number + "." + ending
	return name, write, s.note(ctx, actorID, accountID, map[string]string{"document": "audit-events." + ending})
}

// note records that a document was asked for.
func (s *Service) note(ctx context.Context, actorID, accountID string, detail map[string]string) error {
	return s.Audit.Append(ctx, audit.Event{Action: audit.EvidenceExported, ActorID: actorID, AccountID: accountID, Detail: detail})
}

// walk hands on page after page, newest first.
func (s *Service) walk(ctx context.Context, f audit.Filter, each func(page []audit.Event) error) error {
	f.Limit = batch
	for {
		page, err := s.Store.AuditEvents(ctx, f)
		if err != nil || len(page) == 0 {
			return err
		}
		if err := each(page); err != nil {
			return err
		}
		if len(page) < f.Limit {
			return nil
		}
		f.Before = page[len(page)-1].Position()
	}
}

// entries puts names to events.
func (s *Service) entries(ctx context.Context, accountID string, events []audit.Event) ([]Entry, error) {
	seen := map[string]bool{"": true, audit.Operator: true}
	var ids []string
	for _, e := range events {
		for _, who := range []string{e.ActorID, e.UserID} {
			if !seen[who] {
				seen[who], ids = true, append(ids, who)
			}
		}
	}
	known := map[string]Someone{"": {Kind: Program, Name: "Portal"}, audit.Operator: {Kind: Operator, Name: "Operator"}}
	if len(ids) > 0 {
		persons, err := s.Store.KnownAs(ctx, accountID, ids)
		if err != nil {
			return nil, err
		}
		for _, p := range persons {
			known[p.ID] = p
		}
	}
	entries := make([]Entry, len(events))
	for i, e := range events {
		entries[i] = Entry{Event: e, Actor: named(known, e.ActorID)}
		if e.UserID != "" {
			user := named(known, e.UserID)
			entries[i].User = &user
		}
	}
	return entries, nil
}

// named is somebody, who may be in the record and nowhere else any more.
func named(known map[string]Someone, id string) Someone {
	if p, ok := known[id]; ok {
		return p
	}
	return Someone{Kind: Person, ID: id, Name: id}
}
