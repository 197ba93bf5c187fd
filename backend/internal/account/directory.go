package account

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// DirectoryStore finds accounts for those who run the portal.
type DirectoryStore interface {
	// Accounts is a page of all accounts, by number, whose number begins with query or whose name contains it.
	Accounts(ctx context.Context, query, after string, limit int) ([]Listed, error)
	AccountByNumber(ctx context.Context, number string) (Account, error)   // fault.ErrNotFound
	Owners(ctx context.Context, accountID id.Account) ([]Recipient, error) // who can sign in
	AccountsOf(ctx context.Context, userID id.User) ([]id.Account, error)  // that they belong to
}

// Listed is an account among all others.
type Listed struct {
	Account
	Members int
	Owners  int
	Owner   string // the address of the first
}

// ErrNoAccount is told of a number that no account has.
var ErrNoAccount = fault.Said(fault.NotFound, "There is no account with this number.")

// Directory lists all accounts, by number. For operators alone.
func (s *Service) Directory(ctx context.Context, who actor.Actor, query string, page Page) ([]Listed, string, error) {
	if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
		return nil, "", err
	}
	after, limit, err := page.Begin(1)
	if err != nil {
		return nil, "", err
	}
	found, err := s.Store.Accounts(ctx, query, after[0], limit+1)
	if err != nil {
		return nil, "", err
	}
	items, next := Cut(found, limit, func(a Listed) []string { return []string{a.Number} })
	return items, next, nil
}

// Numbered finds an account by its number, or by its identifier. ErrNoAccount. For operators alone.
func (s *Service) Numbered(ctx context.Context, who actor.Actor, number string) (Account, error) {
	if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
		return Account{}, err
	}
	a, err := s.Store.AccountByNumber(ctx, number)
	if missing(err) {
		a, err = s.Store.AccountRule(ctx, id.Account(number))
	}
	if missing(err) {
		err = ErrNoAccount
	}
	return a, err
}

// OwnersOf are the owners of an account who can sign in. For operators alone.
func (s *Service) OwnersOf(ctx context.Context, who actor.Actor, accountID id.Account) ([]Recipient, error) {
	if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
		return nil, err
	}
	return s.Store.Owners(ctx, accountID)
}

// TakeBackInvitations shuts, in all their accounts, the open invitations of a person who can sign in no longer: no door that they
// have left open leads in. For operators alone. It belongs to the caller's transaction, which holds the person alone: whoever
// invites holds their own person, shared, so that an invitation of theirs is there before this or refused after it.
func (s *Service) TakeBackInvitations(ctx context.Context, who actor.Actor, userID id.User) error {
	if _, err := s.Authority.Authorize(ctx, who, actor.Operate, ""); err != nil {
		return err
	}
	accounts, err := s.Store.AccountsOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, accountID := range accounts {
		if err := s.takeBack(ctx, who, Member{AccountID: accountID, UserID: userID}, Roles); err != nil {
			return err
		}
	}
	return nil
}
