package account

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// Errors of accounts, members and invitations, beside those of package fault.
var (
	ErrLastOwner      = fault.New(fault.Conflict, "last_owner", "The last owner of an account stays its owner.")
	ErrAlreadyMember  = fault.New(fault.Conflict, "already_member", "This person is a member already.")
	ErrAlreadyInvited = fault.New(fault.Conflict, "already_invited", "This address has an open invitation already.")
	ErrLinkExpired    = fault.New(fault.Gone, "link_expired", "This invitation was used, revoked, replaced by a newer one, or has run out.")
)

// Store keeps accounts. Each method is one atomic sentence; those that change what a person may do tell all replicas.
type Store interface {
	InsertAccount(ctx context.Context, a Account) (bool, error)                                     // false: the number is taken
	Memberships(ctx context.Context, userID id.User, after string, limit int) ([]Membership, error) // by number
	RenameAccount(ctx context.Context, accountID id.Account, name string) error

	InsertMember(ctx context.Context, m Member) error
	Member(ctx context.Context, accountID id.Account, userID id.User) (Member, error)                       // fault.ErrNotFound
	Members(ctx context.Context, accountID id.Account, f Filter, after string, limit int) ([]Member, error) // by address
	// SetRole and RemoveMember say false where the account would be left without an owner who can sign in. The account is held alone.
	SetRole(ctx context.Context, accountID id.Account, userID id.User, role Role) (bool, error)
	RemoveMember(ctx context.Context, accountID id.Account, userID id.User) (bool, error)
	SetTwoFactorRequired(ctx context.Context, accountID id.Account, userID id.User, required bool, now time.Time) error

	HasMember(ctx context.Context, accountID id.Account, email string) (bool, error)
	HasInvitation(ctx context.Context, accountID id.Account, email string, now time.Time) (bool, error) // an open one
	InsertInvitation(ctx context.Context, i Invitation) error
	Invitations(ctx context.Context, accountID id.Account, now time.Time, afterEmail, afterID string, limit int) ([]Invitation, error) // open ones, by address
	// Invitation and InvitationByToken find an open one; fault.ErrNotFound.
	Invitation(ctx context.Context, accountID id.Account, invitationID string, now time.Time) (Invitation, error)
	InvitationByToken(ctx context.Context, tokenHash string, now time.Time) (Invitation, error)
	// RevokeInvitation, RenewInvitation and AcceptInvitation say false where it is not open.
	RevokeInvitation(ctx context.Context, accountID id.Account, invitationID string, now time.Time) (bool, error)
	RenewInvitation(ctx context.Context, i Invitation, now time.Time) (bool, error)
	AcceptInvitation(ctx context.Context, tokenHash string, now time.Time) (bool, error)
	// RevokeInvitationsBy shuts the open invitations that somebody has sent to such roles, and names them.
	RevokeInvitationsBy(ctx context.Context, accountID id.Account, userID id.User, roles []Role, now time.Time) ([]string, error)

	AccountRule(ctx context.Context, accountID id.Account) (Account, error) // fault.ErrNotFound
	User(ctx context.Context, userID id.User) (user.User, error)            // fault.ErrNotFound
	UserByEmail(ctx context.Context, email string) (user.User, error)       // fault.ErrNotFound
	// AddUser stores a person, whose password and address by has made; false: the address is taken.
	AddUser(ctx context.Context, u user.User, by actor.MadeBy) (bool, error)

	ImportStore
	DirectoryStore
}

// Passwords hashes them, a bounded number at once.
type Passwords interface {
	Hash(ctx context.Context, password string) (string, error)
}

// Notify queues messages in the transaction of what they tell.
type Notify interface {
	Enqueue(ctx context.Context, messages ...notify.Message) error
}

// Audit records what happened, in the same transaction.
type Audit interface {
	Append(ctx context.Context, who actor.Actor, e audit.Event) error
	AppendAll(ctx context.Context, who actor.Actor, es []audit.Event) error
}

// Authority begins the transactions in which somebody acts, and says what they may do.
type Authority interface {
	// Act runs f in one transaction that holds what alone names, and in which who may still act. f may be run twice.
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	// Authorize says, in such a transaction, whether who may do this, and answers the account as they see it.
	Authorize(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (Membership, error)
	// Look says the same of what is only read.
	Look(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (Membership, error)
}

// Service is what a person may do in their accounts. Whoever is not a member of an account is told that there is none. An
// operator may do what an owner may, in every account.
type Service struct {
	Store     Store
	Authority Authority
	Notify    Notify
	Audit     Audit
	Hasher    Passwords
	Now       func() time.Time
	Random    io.Reader
	BaseURL   string // of links in mail; from configuration, never from a request
	Brand     string // no password may contain it
}

// List is the accounts that the actor belongs to, by number.
func (s *Service) List(ctx context.Context, who actor.Actor, page Page) ([]Membership, string, error) {
	return s.list(ctx, who.User, page)
}

// ListOf is the accounts that somebody belongs to, by number. For operators alone.
func (s *Service) ListOf(ctx context.Context, who actor.Actor, userID id.User, page Page) ([]Membership, string, error) {
	if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
		return nil, "", err
	}
	return s.list(ctx, userID, page)
}

func (s *Service) list(ctx context.Context, userID id.User, page Page) ([]Membership, string, error) {
	after, limit, err := page.Begin(1)
	if err != nil {
		return nil, "", err
	}
	found, err := s.Store.Memberships(ctx, userID, after[0], limit+1)
	if err != nil {
		return nil, "", err
	}
	items, next := Cut(found, limit, func(m Membership) []string { return []string{m.Number} })
	return items, next, nil
}

// Get is one account seen by one of its members; fault.ErrNotFound for everybody else.
func (s *Service) Get(ctx context.Context, who actor.Actor, accountID id.Account) (Membership, error) {
	return s.Authority.Look(ctx, who, actor.ReadPortal, accountID)
}

// Create opens an account that the actor owns. then is called at the end of its transaction; nil: nothing.
func (s *Service) Create(ctx context.Context, who actor.Actor, name string, then func(ctx context.Context, m Membership) error) (Membership, error) {
	return s.create(ctx, who, who.User, actor.OpenAccount, name, then)
}

// CreateFor opens an account for somebody else, who owns it. For operators alone.
func (s *Service) CreateFor(ctx context.Context, who actor.Actor, ownerID id.User, name string) (Membership, error) {
	return s.create(ctx, who, ownerID, actor.Operate, name, nil)
}

func (s *Service) create(ctx context.Context, who actor.Actor, ownerID id.User, action actor.Action, name string,
	then func(ctx context.Context, m Membership) error) (m Membership, err error) {
	// The owner is held alone, since they will belong to one account more. Nobody else knows the account yet.
	err = s.Authority.Act(ctx, who, actor.PersonAlone(ownerID), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, action, ""); err != nil {
			return err
		}
		if m, err = s.Open(ctx, who, ownerID, name); err != nil || then == nil {
			return err
		}
		return then(ctx, m)
	})
	if err != nil {
		return Membership{}, err
	}
	return m, nil
}

// Open opens an account for a person in the caller's transaction, which holds that person alone. It does not ask whether who may:
// whoever makes a person gives them an account.
func (s *Service) Open(ctx context.Context, who actor.Actor, ownerID id.User, name string) (Membership, error) {
	name, err := ProperName(name)
	if err != nil {
		return Membership{}, err
	}
	m := Membership{Role: Owner, Account: Account{ID: id.Account(id.New()), Name: name, CreatedAt: s.now(), Rule: Rule{Minimum: "any"}}}
	if err := s.number(ctx, &m.Account); err != nil {
		return Membership{}, err
	}
	if err := s.Store.InsertMember(ctx, Member{AccountID: m.ID, UserID: ownerID, Role: Owner, JoinedAt: m.CreatedAt}); err != nil {
		return Membership{}, err
	}
	return m, s.Audit.Append(ctx, who, audit.Event{
		Action: audit.AccountCreated, ActorID: ownerID, AccountID: m.ID, Detail: map[string]string{"number": m.Number, "name": name},
	})
}

// number draws numbers until one is free. With nine of ten numbers taken, a hundred draws still fail less than once in 30,000.
func (s *Service) number(ctx context.Context, a *Account) error {
	for range 100 {
		n, err := sixDigits(s.Random)
		if err != nil {
			return err
		}
		a.Number = "SP-" + n
		if free, err := s.Store.InsertAccount(ctx, *a); free || err != nil {
			return err
		}
	}
	return fault.ErrUnavailable.Because(fmt.Errorf("account: no free number found"))
}

// sixDigits draws uniformly: what of 32 bits lies above the last whole million is drawn again.
func sixDigits(random io.Reader) (string, error) {
	const million = 1_000_000
	for {
		var b [4]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return "", fmt.Errorf("account: random: %w", err)
		}
		n := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		if n < 1<<32/million*million {
			return fmt.Sprintf("%06d", n%million), nil
		}
	}
}

// Rename gives the account another name (owner or admin).
func (s *Service) Rename(ctx context.Context, who actor.Actor, accountID id.Account, name string) (Membership, error) {
	name, err := ProperName(name)
	if err != nil {
		return Membership{}, err
	}
	var m Membership
	e := audit.Event{Action: audit.AccountRenamed, AccountID: accountID}
	err = s.attempt(ctx, who, actor.AccountAlone(accountID), e, func(ctx context.Context) error {
		if m, err = s.Authority.Authorize(ctx, who, actor.RenameAccount, accountID); err != nil || m.Name == name {
			return err
		}
		e.Detail = map[string]string{"from": m.Name, "to": name}
		m.Name = name
		if err := s.Store.RenameAccount(ctx, accountID, name); err != nil {
			return err
		}
		return s.Audit.Append(ctx, who, e)
	})
	return m, err
}

// now is as exact as the database keeps it, so that an answer says what a later one will.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// attempt is Act, and records what was refused: where the role forbids it, or the state does not allow it. That is recorded on its
// own, since the transaction is gone by then. Of whoever may not act at all nothing is recorded: they have not come as far as the
// account.
func (s *Service) attempt(ctx context.Context, who actor.Actor, alone actor.Holds, e audit.Event, f func(ctx context.Context) error) error {
	began := false
	err := s.Authority.Act(ctx, who, alone, func(ctx context.Context) error {
		began = true
		return f(ctx)
	})
	told, ok := fault.As(err)
	if !began || !ok || (told.Kind != fault.Forbidden && told.Kind != fault.Conflict) {
		return err
	}
	e.Outcome, e.Detail = audit.Refused, map[string]string{"reason": told.Code}
	if lost := s.Audit.Append(ctx, who, e); lost != nil {
		return lost
	}
	return err
}

// ProperName is a name that a person could have: not empty, at most 100 characters, no control characters.
func ProperName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > 100 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return "", fault.InvalidField("/name", "Must be 1 to 100 characters, without control characters.")
	}
	return name, nil
}
