package account

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

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
	InTx(ctx context.Context, f func(ctx context.Context) error) error
	// HoldAccount lets nobody else change who belongs to the account until the transaction ends.
	HoldAccount(ctx context.Context, accountID string) error

	InsertAccount(ctx context.Context, a Account) (bool, error)                             // false: the number is taken
	Membership(ctx context.Context, userID, accountID string) (Membership, error)           // fault.ErrNotFound
	Memberships(ctx context.Context, userID, after string, limit int) ([]Membership, error) // by number
	RenameAccount(ctx context.Context, accountID, name string) error

	InsertMember(ctx context.Context, m Member) error
	Member(ctx context.Context, accountID, userID string) (Member, error)                               // fault.ErrNotFound
	Members(ctx context.Context, accountID string, f Filter, after string, limit int) ([]Member, error) // by address
	// SetRole and RemoveMember say false where the account would be left without an owner who can sign in.
	SetRole(ctx context.Context, accountID, userID string, role Role) (bool, error)
	RemoveMember(ctx context.Context, accountID, userID string) (bool, error)
	SetTwoFactorRequired(ctx context.Context, accountID, userID string, required bool, now time.Time) error

	HasMember(ctx context.Context, accountID, email string) (bool, error)
	HasInvitation(ctx context.Context, accountID, email string, now time.Time) (bool, error) // an open one
	InsertInvitation(ctx context.Context, i Invitation) error
	Invitations(ctx context.Context, accountID string, now time.Time, afterEmail, afterID string, limit int) ([]Invitation, error) // open ones, by address
	// Invitation and InvitationByToken find an open one; fault.ErrNotFound.
	Invitation(ctx context.Context, accountID, invitationID string, now time.Time) (Invitation, error)
	InvitationByToken(ctx context.Context, tokenHash string, now time.Time) (Invitation, error)
	// RevokeInvitation, RenewInvitation and AcceptInvitation say false where it is not open.
	RevokeInvitation(ctx context.Context, accountID, invitationID string, now time.Time) (bool, error)
	RenewInvitation(ctx context.Context, i Invitation, now time.Time) (bool, error)
	AcceptInvitation(ctx context.Context, tokenHash string, now time.Time) (bool, error)
	// RevokeInvitationsBy shuts the open invitations that somebody has sent to such roles, and names them.
	RevokeInvitationsBy(ctx context.Context, accountID, userID string, roles []Role, now time.Time) ([]string, error)

	AccountRule(ctx context.Context, accountID string) (Account, error) // fault.ErrNotFound
	User(ctx context.Context, userID string) (user.User, error)         // fault.ErrNotFound
	UserByEmail(ctx context.Context, email string) (user.User, error)   // fault.ErrNotFound
	AddUser(ctx context.Context, u user.User) (bool, error)             // false: the address is taken

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
	Append(ctx context.Context, e audit.Event) error
	AppendAll(ctx context.Context, es []audit.Event) error
}

// Service is what a person may do in their accounts. Whoever is not a member of an account is told that there is none. An
// operator (audit.AsOperator) may do what an owner may, in every account.
type Service struct {
	Store   Store
	Notify  Notify
	Audit   Audit
	Hasher  Passwords
	Now     func() time.Time
	Random  io.Reader
	BaseURL string // of links in mail; from configuration, never from a request
	Brand   string // no password may contain it
}

// List is the accounts that a person belongs to, by number.
func (s *Service) List(ctx context.Context, actorID string, page Page) ([]Membership, string, error) {
	after, limit, err := page.Begin(1)
	if err != nil {
		return nil, "", err
	}
	found, err := s.Store.Memberships(ctx, actorID, after[0], limit+1)
	if err != nil {
		return nil, "", err
	}
	items, next := Cut(found, limit, func(m Membership) []string { return []string{m.Number} })
	return items, next, nil
}

// Get is one account seen by one of its members; fault.ErrNotFound for everybody else.
func (s *Service) Get(ctx context.Context, actorID, accountID string) (Membership, error) {
	return s.membership(ctx, actorID, accountID)
}

// Create opens an account; whoever does so owns it.
func (s *Service) Create(ctx context.Context, actorID, name string) (Membership, error) {
	name, err := ProperName(name)
	if err != nil {
		return Membership{}, err
	}
	m := Membership{Role: Owner, Account: Account{ID: id.New(), Name: name, CreatedAt: s.now(), Rule: Rule{Minimum: "any"}}}
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.number(ctx, &m.Account); err != nil {
			return err
		}
		if err := s.Store.InsertMember(ctx, Member{AccountID: m.ID, UserID: actorID, Role: Owner, JoinedAt: m.CreatedAt}); err != nil {
			return err
		}
		return s.Audit.Append(ctx, audit.Event{
			Action: audit.AccountCreated, ActorID: actorID, AccountID: m.ID, Detail: map[string]string{"number": m.Number, "name": name},
		})
	})
	if err != nil {
		return Membership{}, err
	}
	return m, nil
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
func (s *Service) Rename(ctx context.Context, actorID, accountID, name string) (Membership, error) {
	name, err := ProperName(name)
	if err != nil {
		return Membership{}, err
	}
	var m Membership
	e := audit.Event{Action: audit.AccountRenamed, ActorID: actorID, AccountID: accountID}
	err = s.attempt(ctx, e, func(ctx context.Context) error {
		var err error
		if m, err = s.permitted(ctx, actorID, accountID, RenameAccount); err != nil || m.Name == name {
			return err
		}
		e.Detail = map[string]string{"from": m.Name, "to": name}
		m.Name = name
		if err := s.Store.RenameAccount(ctx, accountID, name); err != nil {
			return err
		}
		return s.Audit.Append(ctx, e)
	})
	return m, err
}

// permitted is the account in which the actor may do this, held until the transaction ends.
func (s *Service) permitted(ctx context.Context, actorID, accountID string, a Action) (Membership, error) {
	if err := s.Store.HoldAccount(ctx, accountID); err != nil {
		return Membership{}, err
	}
	m, err := s.membership(ctx, actorID, accountID)
	if err == nil {
		err = m.Role.Permit(a)
	}
	return m, err
}

// membership is the account as the actor sees it: an operator stands where an owner does, and is no member.
func (s *Service) membership(ctx context.Context, actorID, accountID string) (Membership, error) {
	if !audit.IsOperator(ctx) {
		return s.Store.Membership(ctx, actorID, accountID)
	}
	a, err := s.Store.AccountRule(ctx, accountID)
	return Membership{Account: a, Role: Owner}, err
}

// now is as exact as the database keeps it, so that an answer says what a later one will.
func (s *Service) now() time.Time { return s.Now().UTC().Truncate(time.Microsecond) }

// attempt runs f in one transaction. Where the role forbids it or the state does not allow it that is recorded as well, on
// its own, since the transaction is gone by then.
func (s *Service) attempt(ctx context.Context, e audit.Event, f func(ctx context.Context) error) error {
	err := s.Store.InTx(ctx, f)
	told, ok := fault.As(err)
	if !ok || (told.Kind != fault.Forbidden && told.Kind != fault.Conflict) {
		return err
	}
	e.Outcome, e.Detail = audit.Refused, map[string]string{"reason": told.Code}
	if lost := s.Audit.Append(ctx, e); lost != nil {
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
