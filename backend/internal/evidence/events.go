package evidence

import (
	"context"
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// Store reads what the documents are made of.
type Store interface {
	AuditEvents(ctx context.Context, f audit.Filter) ([]audit.Event, error)
	// KnownAs are these persons as the account knows them: its members by their names of today.
	KnownAs(ctx context.Context, accountID id.Account, userIDs []id.User) ([]Someone, error)
	// EventsAbout are what happened to these persons in the account from a moment on, oldest first, where it went well.
	EventsAbout(ctx context.Context, accountID id.Account, userIDs []id.User, actions []string, from time.Time) ([]audit.Event, error)
	// ReportMembers is a page of the account's members, by their identifiers, after the given one.
	ReportMembers(ctx context.Context, accountID id.Account, after string, limit int) ([]Member, error)
	// LastProven is when each of these persons last showed a second factor, before a moment.
	LastProven(ctx context.Context, userIDs []id.User, before time.Time) (map[id.User]time.Time, error)
	// ChainHead says since when the record is linked, and tells what was before each change.
	ChainHead(ctx context.Context) (audit.Head, time.Time, error)
}

// Service writes an account's documents for its owners and admins.
type Service struct {
	Authority Authority
	Store     Store
	Audit     interface {
		Append(ctx context.Context, who actor.Actor, e audit.Event) error
	}
	Provider enforcement.ProviderRule
	Now      func() time.Time
}

// Authority says what somebody may see: the account as they see it, or fault.ErrNotFound.
type Authority interface {
	Look(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error)
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
	ID          id.User // of a person
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
	Action   string // what the action begins with
	Actor    id.User
	User     id.User
	From, To time.Time
}

func (q Query) filter(accountID id.Account) audit.Filter {
	return audit.Filter{AccountID: accountID, Action: q.Action, ActorID: q.Actor, UserID: q.User, From: q.From, To: q.To}
}

// Events is a page of what happened in the account, newest first. fault.ErrAdminOnly.
func (s *Service) Events(ctx context.Context, who actor.Actor, accountID id.Account, q Query, page account.Page) ([]Entry, string, error) {
	if _, err := s.Authority.Look(ctx, who, actor.ReadAudit, accountID); err != nil {
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
// however many there are. Whoever may not see them is told at once, and a document ends where its reader may see them no longer. That
// it was asked for is an event too. fault.ErrAdminOnly; a person confirms it.
func (s *Service) Export(ctx context.Context, who actor.Actor, accountID id.Account, ending string, q Query) (
	name string, write func(ctx context.Context, each func(Entry) error) error, err error) {
	m, err := s.Authority.Look(ctx, who, actor.ExportRecord, accountID)
	if err != nil {
		return "", nil, err
	}
	f := q.filter(accountID)
	if until := s.Now().Add(time.Microsecond); f.To.IsZero() || f.To.After(until) {
		f.To = until // what has happened by now: a document has an end
	}
	write = func(ctx context.Context, each func(Entry) error) error {
		return s.walk(ctx, f, func(page []audit.Event) error {
			if err := s.still(ctx, who, accountID); err != nil {
				return err
			}
			entries, err := s.entries(ctx, accountID, page)
			for i := 0; err == nil && i < len(entries); i++ {
				err = each(entries[i])
			}
			return err
		})
	}
	name = "audit-events-" + m.Number + "." + ending
	return name, write, s.note(ctx, who, accountID, map[string]string{"document": "audit-events." + ending})
}

// still says whether somebody who has begun to read a document may read on. It was confirmed when it began: that it takes longer
// than a confirmation is good for cuts nobody off.
func (s *Service) still(ctx context.Context, who actor.Actor, accountID id.Account) error {
	_, err := s.Authority.Look(ctx, who, actor.ReadAudit, accountID)
	return err
}

// note records that a document was asked for.
func (s *Service) note(ctx context.Context, who actor.Actor, accountID id.Account, detail map[string]string) error {
	return s.Audit.Append(ctx, who, audit.Event{Action: audit.EvidenceExported, AccountID: accountID, Detail: detail})
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
func (s *Service) entries(ctx context.Context, accountID id.Account, events []audit.Event) ([]Entry, error) {
	seen := map[id.User]bool{"": true, audit.Operator: true}
	var ids []id.User
	for _, e := range events {
		for _, who := range []id.User{e.ActorID, e.UserID} {
			if !seen[who] {
				seen[who], ids = true, append(ids, who)
			}
		}
	}
	known := map[id.User]Someone{"": {Kind: Program, Name: "Portal"}, audit.Operator: {Kind: Operator, Name: "Operator"}}
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
func named(known map[id.User]Someone, userID id.User) Someone {
	if p, ok := known[userID]; ok {
		return p
	}
	return Someone{Kind: Person, ID: userID, Name: string(userID)}
}
