package account

import (
	"context"
	"iter"
	"maps"
	"strconv"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/user"
)

// Arrival is somebody who is to be a member.
type Arrival struct {
	Line              int // of the file, for errors
	Email, Name       string
	Role              Role
	Locale            string // "en" or "de"
	TwoFactorRequired bool
}

// Known is a person who is there already, as a member that they are or would be.
type Known struct {
	Member
	IsMember bool
}

// ImportStore is what many members at once need of the store.
type ImportStore interface {
	// Known finds those who have one of these addresses, as user.EmailKey spells it, by it.
	Known(ctx context.Context, accountID id.Account, emailKeys []string) (map[string]Known, error)
	AddUsers(ctx context.Context, us []user.User, by actor.MadeBy) (int, error) // but those whose address is taken
	AddMembers(ctx context.Context, ms []Member, told []id.User) error
	EnqueueJobs(ctx context.Context, js ...jobs.Job) error
}

// Import says how people are imported.
type Import struct {
	Update bool   // members who are there get the role and the switch that the file says
	Invite bool   // whoever has no password is mailed a link to set one
	DryRun bool   // only count
	Way    string // "import", "operator": how they have joined, for the record
	Detail map[string]string

	// Welcome makes the job that mails the links. Package credential's.
	Welcome func(accountID id.Account, now time.Time) (jobs.Job, error)
}

// Imported counts what an import has done, or would do.
type Imported struct {
	People  int // that it was given
	Created int // persons who were not known
	Joined  int // members who were none; Created among them
	Changed int // members whose role or switch is another one now
	Kept    int // members as they are
	Differ  int // of Kept, those of whom the file says something else
}

// importPage is how many people are in memory at once.
const importPage = 1000

// ImportMembers makes people members of an account: all of them, or, where anything fails, none. Whoever is known already joins as
// they are. Members stay what they are, unless the import updates them. Persons whom it makes have no password: they set one with
// a link that their mailbox gets, now (Invite) or whenever they ask for it. Its errors may name a line. people may be read twice. For
// operators alone.
func (s *Service) ImportMembers(ctx context.Context, who actor.Actor, accountID id.Account, people iter.Seq2[Arrival, error], how Import) (done Imported, err error) {
	all := func(ctx context.Context) error {
		if _, err := s.Store.AccountRule(ctx, accountID); err != nil {
			return err
		}
		i := &importing{s: s, who: who, accountID: accountID, how: how, now: s.now()}
		err := i.all(ctx, people)
		done = i.done
		return err
	}
	if how.DryRun {
		if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
			return done, err
		}
		return done, all(ctx)
	}
	err = s.Authority.Act(ctx, who, actor.Holds{Accounts: []id.Account{accountID}, Everybody: true}, func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.Operate, ""); err != nil {
			return err
		}
		return all(ctx)
	})
	return done, err
}

// importing is an import under way.
type importing struct {
	s         *Service
	who       actor.Actor
	accountID id.Account
	how       Import
	now       time.Time
	done      Imported
}

func (i *importing) all(ctx context.Context, people iter.Seq2[Arrival, error]) error {
	page := make([]Arrival, 0, importPage)
	for a, err := range people {
		if err != nil {
			return err
		}
		if page = append(page, a); len(page) < importPage {
			continue
		}
		if err := i.page(ctx, page); err != nil {
			return err
		}
		page = page[:0]
	}
	if err := i.page(ctx, page); err != nil {
		return err
	}
	if i.how.DryRun {
		return nil
	}
	if i.how.Invite {
		j, err := i.how.Welcome(i.accountID, i.now)
		if err != nil {
			return err
		}
		if err := i.s.Store.EnqueueJobs(ctx, j); err != nil {
			return err
		}
	}
	if i.how.Detail == nil {
		return nil
	}
	// How many were known is left out: an account does not learn who is a person elsewhere.
	detail := maps.Clone(i.how.Detail)
	for name, n := range map[string]int{"people": i.done.People, "joined": i.done.Joined, "changed": i.done.Changed, "kept": i.done.Kept} {
		detail[name] = strconv.Itoa(n)
	}
	return i.s.Audit.Append(ctx, i.who, audit.Event{Action: audit.AccountMembersImported, AccountID: i.accountID, Detail: detail})
}

// page makes some people members.
func (i *importing) page(ctx context.Context, page []Arrival) error {
	if len(page) == 0 {
		return nil
	}
	keys := make([]string, len(page))
	for n, a := range page {
		keys[n] = user.EmailKey(a.Email)
	}
	known, err := i.s.Store.Known(ctx, i.accountID, keys)
	if err != nil {
		return err
	}
	created, err := i.create(ctx, page, keys, known)
	if err != nil {
		return err
	}
	var joining []Member
	var told []id.User
	events := created
	for n, a := range page {
		i.done.People++
		k := known[keys[n]]
		if k.IsMember {
			if err := i.keep(ctx, a, k.Member); err != nil {
				return err
			}
			continue
		}
		m := k.Member
		m.AccountID, m.Role, m.TwoFactorRequired, m.JoinedAt = i.accountID, a.Role, a.TwoFactorRequired, i.now
		if m.TwoFactorRequired {
			m.RequiredAt = i.now
		}
		joining = append(joining, m)
		told = append(told, m.UserID)
		events = append(events, Joined("", m, i.how.Way))
	}
	i.done.Joined += len(joining)
	if i.how.DryRun || len(joining) == 0 {
		return nil
	}
	if err := i.s.Store.AddMembers(ctx, joining, told); err != nil {
		return err
	}
	return i.s.Audit.AppendAll(ctx, i.who, events)
}

// create makes those persons who are not known, and knows them then. It answers the events of that.
func (i *importing) create(ctx context.Context, page []Arrival, keys []string, known map[string]Known) ([]audit.Event, error) {
	var us []user.User
	for n, a := range page {
		if _, there := known[keys[n]]; there {
			continue
		}
		us = append(us, user.User{ID: id.User(id.New()), Email: a.Email, Name: a.Name, Locale: a.Locale, CreatedAt: i.now})
	}
	if !i.how.DryRun && len(us) > 0 {
		added, err := i.s.Store.AddUsers(ctx, us, actor.MadeByImport)
		if err != nil {
			return nil, err
		}
		if added < len(us) { // somebody signed up meanwhile: who is who?
			again, err := i.s.Store.Known(ctx, i.accountID, keys)
			if err != nil {
				return nil, err
			}
			us = only(us, again)
			for key, k := range again {
				known[key] = k
			}
		}
	}
	i.done.Created += len(us)
	events := make([]audit.Event, 0, len(us))
	for _, u := range us {
		known[user.EmailKey(u.Email)] = Known{Member: Member{UserID: u.ID, Email: u.Email, Name: u.Name, Locale: u.Locale}}
		events = append(events, audit.Event{Action: audit.UserCreated, UserID: u.ID, Detail: map[string]string{"by": i.how.Way}})
	}
	return events, nil
}

// only are those persons who have become the ones that are known by their address.
func only(us []user.User, known map[string]Known) []user.User {
	var made []user.User
	for _, u := range us {
		if known[user.EmailKey(u.Email)].UserID == u.ID {
			made = append(made, u)
		}
	}
	return made
}

// keep is what happens to somebody who is a member already.
func (i *importing) keep(ctx context.Context, a Arrival, m Member) error {
	same := m.Role == a.Role && m.TwoFactorRequired == a.TwoFactorRequired
	if same || !i.how.Update {
		i.done.Kept++
		if !same {
			i.done.Differ++
		}
		return nil
	}
	i.done.Changed++
	if i.how.DryRun {
		return nil
	}
	if a.TwoFactorRequired != m.TwoFactorRequired {
		if err := i.s.require(ctx, i.who, &m, a.TwoFactorRequired); err != nil {
			return err
		}
	}
	if a.Role != m.Role {
		return onLine(a.Line, "role", i.s.setRole(ctx, i.who, &m, a.Role))
	}
	return nil
}
