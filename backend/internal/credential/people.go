package credential

import (
	"context"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// What is told to operators.
var (
	ErrNobody   = fault.Said(fault.NotFound, "Nobody has this address or identifier.")
	ErrTaken    = fault.Said(fault.Conflict, "Somebody has this address already.")
	ErrDisabled = fault.Said(fault.Conflict, "This person is disabled.")
	ErrNotSo    = fault.Said(fault.Conflict, "This person is not disabled.")
	errLocale   = fault.InvalidField("/locale", "Must be en or de.")
)

// PeopleStore finds persons, names them and shuts them out.
type PeopleStore interface {
	UpdateProfile(ctx context.Context, userID id.User, name, locale string) error // empty ones stay
	// People is a page of all persons, by address, whose name or address contains query.
	People(ctx context.Context, query string, disabled bool, after string, limit int) ([]user.User, error)
	SetDisabled(ctx context.Context, userID id.User, at time.Time) (bool, error) // zero: not any more; false where that is so already
}

// UpdateProfile changes the actor's name or language; what is empty stays.
func (s *Service) UpdateProfile(ctx context.Context, who actor.Actor, name, locale string) error {
	return s.Authority.Act(ctx, who, actor.Holds{}, func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.ChangeProfile, ""); err != nil {
			return err
		}
		return s.Store.UpdateProfile(ctx, who.User, name, locale)
	})
}

// The methods below are for operators alone: nobody else sees all persons, or shuts one out.

// People lists everybody, by address; with disabled, those who are.
func (s *Service) People(ctx context.Context, who actor.Actor, query string, disabled bool, page account.Page) ([]user.User, string, error) {
	if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
		return nil, "", err
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
func (s *Service) Person(ctx context.Context, who actor.Actor, name string) (user.User, error) {
	if _, err := s.Authority.Look(ctx, who, actor.Operate, ""); err != nil {
		return user.User{}, err
	}
	u, err := s.Store.UserByEmail(ctx, name)
	if notFound(err) {
		u, err = s.Store.User(ctx, id.User(name))
	}
	if notFound(err) {
		err = ErrNobody
	}
	return u, err
}

// CreatePerson makes a person who has no password yet. ErrTaken; field errors.
func (s *Service) CreatePerson(ctx context.Context, who actor.Actor, email, name, locale string) (user.User, error) {
	u := user.User{ID: id.User(id.New()), Locale: locale, CreatedAt: s.Now()}
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
	return u, s.Authority.Act(ctx, who, actor.Holds{}, func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.Operate, ""); err != nil {
			return err
		}
		added, err := s.Store.AddUser(ctx, u, who.Maker())
		if err != nil {
			return err
		}
		if !added {
			return ErrTaken
		}
		return s.log(ctx, who, audit.UserCreated, u.ID, map[string]string{"by": "operator"})
	})
}

// Disable shuts a person out, at once and everywhere. The epoch moves: sessions, sign-ins under way and links are over for good, API
// tokens wait for their owner. Invitations that they have sent open nothing any more. ErrDisabled.
func (s *Service) Disable(ctx context.Context, who actor.Actor, userID id.User) error {
	return s.operate(ctx, who, userID, func(ctx context.Context) error {
		disabled, err := s.Store.SetDisabled(ctx, userID, s.Now())
		if err != nil {
			return err
		}
		if !disabled {
			return ErrDisabled
		}
		if err := s.Accounts.TakeBackInvitations(ctx, who, userID); err != nil {
			return err
		}
		return s.log(ctx, who, audit.UserDisabled, userID, nil)
	})
}

// Enable lets a person sign in again. ErrNotSo.
func (s *Service) Enable(ctx context.Context, who actor.Actor, userID id.User) error {
	return s.operate(ctx, who, userID, func(ctx context.Context) error {
		enabled, err := s.Store.SetDisabled(ctx, userID, time.Time{})
		if err != nil {
			return err
		}
		if !enabled {
			return ErrNotSo
		}
		return s.log(ctx, who, audit.UserEnabled, userID, nil)
	})
}

// SignOut ends every session of a person and every sign-in under way; with tokens, their API tokens too. Nothing has changed about how
// the person gets in: the epoch stays.
func (s *Service) SignOut(ctx context.Context, who actor.Actor, userID id.User, tokens bool) error {
	return s.operate(ctx, who, userID, func(ctx context.Context) error {
		if err := s.Book.EndOthers(ctx, who, userID, "", "operator"); err != nil {
			return err
		}
		if tokens {
			if err := s.revokeAll(ctx, who, userID); err != nil {
				return err
			}
		}
		return s.log(ctx, who, audit.UserSignedOut, userID, nil)
	})
}

func (s *Service) revokeAll(ctx context.Context, who actor.Actor, userID id.User) error {
	tokens, err := s.Book.APITokens(ctx, userID)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if !t.Live(s.Now()) {
			continue
		}
		if err := s.Book.Revoke(ctx, who, userID, t.ID); err != nil {
			return err
		}
	}
	return nil
}

// PasswordLink makes the single-use link by which a person sets a password; those before it are void. It is mailed to them, or
// answered for whoever hands it over. As with every reset it signs nobody in and touches no factor. ErrDisabled.
func (s *Service) PasswordLink(ctx context.Context, who actor.Actor, userID id.User, mailed bool) (string, time.Time, error) {
	var link string
	var expires time.Time
	err := s.operate(ctx, who, userID, func(ctx context.Context) error {
		u, err := s.Store.User(ctx, userID)
		if err != nil {
			return err
		}
		if !u.DisabledAt.IsZero() {
			return ErrDisabled
		}
		var t Token
		if t, link, err = s.newToken(ctx, id.New(), ToReset, u, who.Maker(), contents{}); err != nil {
			return err
		}
		expires = t.Expires
		if err := s.Store.VoidMailTokens(ctx, u.ID, t.ID, s.Now(), ToReset); err != nil {
			return err
		}
		if err := s.log(ctx, who, audit.UserPasswordLinked, u.ID, map[string]string{"expires_at": expires.UTC().Format(time.RFC3339)}); err != nil || !mailed {
			return err
		}
		m := s.message(u, notify.PasswordReset, map[string]string{"link": link})
		m.ExpiresAt, link = t.Expires, ""
		return s.Notices.Enqueue(ctx, m)
	})
	if err != nil {
		return "", time.Time{}, err
	}
	return link, expires, nil
}

// operate lets an operator do something to a person whom nobody else changes meanwhile.
func (s *Service) operate(ctx context.Context, who actor.Actor, userID id.User, f func(ctx context.Context) error) error {
	return s.Authority.Act(ctx, who, actor.PersonAlone(userID), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.Operate, ""); err != nil {
			return err
		}
		return f(ctx)
	})
}
