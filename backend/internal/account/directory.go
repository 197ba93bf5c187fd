package account

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/fault"
)

// DirectoryStore finds accounts for those who run the portal.
type DirectoryStore interface {
	// Accounts is a page of all accounts, by number, whose number begins with query or whose name contains it.
	Accounts(ctx context.Context, query, after string, limit int) ([]Listed, error)
	AccountByNumber(ctx context.Context, number string) (Account, error) // fault.ErrNotFound
	Owners(ctx context.Context, accountID string) ([]Recipient, error)   // who can sign in
	AccountsOf(ctx context.Context, userID string) ([]string, error)     // that they belong to
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
func (s *Service) Directory(ctx context.Context, query string, page Page) ([]Listed, string, error) {
	if !audit.IsOperator(ctx) {
		return nil, "", fault.ErrForbidden
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
func (s *Service) Numbered(ctx context.Context, number string) (Account, error) {
	if !audit.IsOperator(ctx) {
		return Account{}, fault.ErrForbidden
	}
	a, err := s.Store.AccountByNumber(ctx, number)
	if missing(err) {
		a, err = s.Store.AccountRule(ctx, number)
	}
	if missing(err) {
		err = ErrNoAccount
	}
	return a, err
}

// OwnersOf are the owners of an account who can sign in. For operators alone.
func (s *Service) OwnersOf(ctx context.Context, accountID string) ([]Recipient, error) {
	if !audit.IsOperator(ctx) {
		return nil, fault.ErrForbidden
	}
	return s.Store.Owners(ctx, accountID)
}

// TakeBackInvitations shuts, in all their accounts, the open invitations of a person who can sign in no longer: no door that they
// have left open leads in. It belongs to the caller's transaction. For operators alone.
func (s *Service) TakeBackInvitations(ctx context.Context, userID string) error {
	if !audit.IsOperator(ctx) {
		return fault.ErrForbidden
	}
	accounts, err := s.Store.AccountsOf(ctx, userID)
	if err != nil {
		return err
	}
	for _, accountID := range accounts {
		if err := s.Store.HoldAccount(ctx, accountID); err != nil { // one that is being sent at this moment is there afterwards, or refused
			return err
		}
		if err := s.takeBack(ctx, audit.Operator, Member{AccountID: accountID, UserID: userID}, Roles); err != nil {
			return err
		}
	}
	return nil
}
