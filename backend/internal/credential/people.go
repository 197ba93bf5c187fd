package credential

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// What is told to operators.
var (
	ErrNobody     = fault.Said(fault.NotFound, "Nobody has this address or identifier.")
	ErrTaken      = fault.Said(fault.Conflict, "Somebody has this address already.")
	ErrDisabled   = fault.Said(fault.Conflict, "This person is disabled.")
	ErrNotSo      = fault.Said(fault.Conflict, "This person is not disabled.")
	errLocale     = fault.InvalidField("/locale", "Must be en or de.")
	errNotAllowed = fault.ErrForbidden
)

// PeopleStore finds persons and shuts them out.
type PeopleStore interface {
	// People is a page of all persons, by address, whose name or address contains query.
	People(ctx context.Context, query string, disabled bool, after string, limit int) ([]user.User, error)
	SetDisabled(ctx context.Context, userID string, at time.Time) (bool, error) // zero: not any more; false where that is so already
}

// The methods below are for operators alone (audit.AsOperator): nobody else sees all persons, or shuts one out.

// People lists everybody, by address; with disabled, those who are.
func (s *Service) People(ctx context.Context, query string, disabled bool, page account.Page) ([]user.User, string, error) {
	if !audit.IsOperator(ctx) {
		return nil, "", errNotAllowed
	}
	after, limit, err := page.Begin(1)
	if err != nil {
		return nil, "", err
	}
	found, err := s.Store.People(ctx, query, disabled, after[0], limit+1)
	if err != nil {
		return nil, "", err
	}
	items, next := account.Cut(found, limit, func(u user.User) []string { return []string{user.EmailKey(u.Email)} })
	return items, next, nil
}

// Person finds somebody by their address in any spelling, or by their identifier. ErrNobody.
func (s *Service) Person(ctx context.Context, who string) (user.User, error) {
	if !audit.IsOperator(ctx) {
		return user.User{}, errNotAllowed
	}
	u, err := s.Store.UserByEmail(ctx, who)
	if notFound(err) {
		u, err = s.Store.User(ctx, who)
	}
	if notFound(err) {
		err = ErrNobody
	}
	return u, err
}

// CreatePerson makes a person who has no password yet. ErrTaken; field errors.
func (s *Service) CreatePerson(ctx context.Context, email, name, locale string) (user.User, error) {
	if !audit.IsOperator(ctx) {
		return user.User{}, errNotAllowed
	}
	u := user.User{ID: id.New(), Locale: locale, CreatedAt: s.Now()}
	var err error
	if u.Email, err = account.ProperEmail(email); err != nil {
		return u, err
	}
	if u.Name, err = account.ProperName(name); err != nil {
		return u, err
	}
	if locale != "en" && locale != "de" {
		return u, errLocale
	}
	return u, s.Store.InTx(ctx, func(ctx context.Context) error {
		added, err := s.Store.AddUser(ctx, u)
		if err != nil {
			return err
		}
		if !added {
			return ErrTaken
		}
		return s.log(ctx, audit.UserCreated, u.ID, map[string]string{"by": "operator"})
	})
}

// Disable shuts a person out, at once and everywhere: sessions, sign-ins under way, links and programs. Sessions are over for good;
// API tokens stop for as long as it lasts. Invitations that they have sent open nothing any more. ErrDisabled.
func (s *Service) Disable(ctx context.Context, userID string) error {
	return s.byOperator(ctx, userID, func(ctx context.Context) error {
		disabled, err := s.Store.SetDisabled(ctx, userID, s.Now())
		if err != nil {
			return err
		}
		if !disabled {
			return ErrDisabled
		}
		if err := s.Book.EndOthers(ctx, userID, "", "disabled"); err != nil {
			return err
		}
		if err := s.Store.VoidMailTokens(ctx, userID, "", s.Now(), ToReset, ToChangeEmail); err != nil {
			return err
		}
		if err := s.Accounts.TakeBackInvitations(ctx, userID); err != nil {
			return err
		}
		return s.log(ctx, audit.UserDisabled, userID, nil)
	})
}

// Enable lets a person sign in again. ErrNotSo.
func (s *Service) Enable(ctx context.Context, userID string) error {
	return s.byOperator(ctx, userID, func(ctx context.Context) error {
		enabled, err := s.Store.SetDisabled(ctx, userID, time.Time{})
		if err != nil {
			return err
		}
		if !enabled {
			return ErrNotSo
		}
		return s.log(ctx, audit.UserEnabled, userID, nil)
	})
}

// SignOut ends every session of a person and every sign-in under way; with tokens, their API tokens too.
func (s *Service) SignOut(ctx context.Context, userID string, tokens bool) error {
	return s.byOperator(ctx, userID, func(ctx context.Context) error {
		if err := s.Book.EndOthers(ctx, userID, "", "operator"); err != nil {
			return err
		}
		if tokens {
			if err := s.revokeAll(ctx, userID); err != nil {
				return err
			}
		}
		return s.log(ctx, audit.UserSignedOut, userID, nil)
	})
}

// PasswordLink makes the single-use link by which a person sets a password; those before it are void. It is mailed to them, or
// answered for whoever hands it over. As with every reset it signs nobody in and touches no factor. ErrDisabled.
func (s *Service) PasswordLink(ctx context.Context, userID string, mailed bool) (link string, expires time.Time, err error) {
	err = s.byOperator(ctx, userID, func(ctx context.Context) error {
		u, err := s.Store.User(ctx, userID)
		if err != nil {
			return err
		}
		if !u.DisabledAt.IsZero() {
			return ErrDisabled
		}
		var t Token
		if t, link, err = s.newToken(ctx, id.New(), ToReset, u.ID, contents{}); err != nil {
			return err
		}
		expires = t.Expires
		if err := s.Store.VoidMailTokens(ctx, u.ID, t.ID, s.Now(), ToReset); err != nil {
			return err
		}
		if err := s.log(ctx, audit.UserPasswordLinked, u.ID, map[string]string{"expires_at": expires.UTC().Format(time.RFC3339)}); err != nil || !mailed {
			return err
		}
		m := s.message(u, notify.PasswordReset, map[string]string{"link": link})
		m.ExpiresAt, link = t.Expires, ""
		return s.Notices.Enqueue(ctx, m)
	})
	return link, expires, err
}

// byOperator holds a person and does something to them, in one transaction.
func (s *Service) byOperator(ctx context.Context, userID string, f func(ctx context.Context) error) error {
	if !audit.IsOperator(ctx) {
		return errNotAllowed
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.HoldUser(ctx, userID); err != nil {
			return err
		}
		return f(ctx)
	})
}
