package credential

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/limit"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// ResetPassword sets a new password with a link. It signs nobody in and touches no factor; every session and every sign-in under
// way is over, and the mailbox is no second factor for the next sign-in, unless the password is the person's first: that is no reset.
// ErrLinkExpired, user.ErrBusy; a field error, which leaves the link as it is.
func (s *Service) ResetPassword(ctx context.Context, who actor.Actor, token, password string) error {
	t, _, err := s.find(ctx, token, ToReset)
	if err != nil {
		return err
	}
	u, err := s.owner(ctx, t)
	if err != nil {
		return err
	}
	p, err := s.newPassword(ctx, u, password, actor.MadeByLink(t.ID))
	if err != nil {
		return err
	}
	return s.Authority.Act(ctx, who, actor.PersonAlone(t.UserID), func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		u, err := s.owner(ctx, t)
		if err != nil {
			return err
		}
		if err := s.Store.SpendMailbox(ctx, u.ID, s.Now()); err != nil {
			return err
		}
		return s.setPassword(ctx, who, u, p, "reset")
	})
}

// ChangePassword sets a new password for the actor, whose session lives on, alone of all. user.ErrBusy; a field error; the errors of
// authority.Authorize.
func (s *Service) ChangePassword(ctx context.Context, who actor.Actor, password string) error {
	u, err := s.Store.User(ctx, who.User)
	if err != nil {
		return err
	}
	p, err := s.newPassword(ctx, u, password, who.Maker())
	if err != nil {
		return err
	}
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.ChangePassword, ""); err != nil {
			return err
		}
		u, err := s.Store.User(ctx, who.User) // as the mail's address is now
		if err != nil {
			return err
		}
		if err := s.setPassword(ctx, who, u, p, "person"); err != nil {
			return err
		}
		return s.Store.KeepSession(ctx, u.ID, who.Stay.ID)
	})
}

// Password is one that a person has, as it is stored.
type Password struct {
	ID     string // names it among all that they have had
	Hash   string
	Short  bool // it is enough beside a passkey only
	MadeBy actor.MadeBy
}

// newPassword holds a password against the rules and hashes it.
func (s *Service) newPassword(ctx context.Context, u user.User, password string, by actor.MadeBy) (Password, error) {
	passkey, err := s.Store.HasPasskey(ctx, u.ID)
	if err != nil {
		return Password{}, err
	}
	check := user.CheckPassword
	if passkey {
		check = user.CheckPasswordBesidePasskey
	}
	if err := check(password, u.Email, u.Name, s.Brand); err != nil {
		return Password{}, err
	}
	hash, err := s.Hasher.Hash(ctx, password)
	return Password{ID: id.New(), Hash: hash, Short: user.Short(password), MadeBy: by}, err
}

// setPassword is called with the person held alone, so that no passkey goes while a short password is set. It moves the epoch, and with
// it shuts whatever somebody else may be in with, or has been mailed.
func (s *Service) setPassword(ctx context.Context, who actor.Actor, u user.User, p Password, by string) error {
	if p.Short {
		passkey, err := s.Store.HasPasskey(ctx, u.ID)
		if err != nil {
			return err
		}
		if !passkey { // it has gone since
			return user.ErrShort
		}
	}
	if err := s.Store.SetPassword(ctx, u.ID, p, s.Now()); err != nil {
		return err
	}
	if err := s.log(ctx, who, audit.UserPasswordChanged, u.ID, map[string]string{"by": by}); err != nil {
		return err
	}
	m, err := s.warning(ctx, u, p.MadeBy, aboutPassword, notify.PasswordChanged, nil)
	if err != nil {
		return err
	}
	return s.Notices.Enqueue(ctx, m)
}

// AskForEmail asks for another address for the actor: a link goes to the new one, a notice to the old one. Whether somebody has the
// new one shows only when the link is opened. fault.ErrRateLimited; a field error; the errors of authority.Authorize.
func (s *Service) AskForEmail(ctx context.Context, who actor.Actor, email string) error {
	email, err := account.ProperEmail(email)
	if err != nil {
		return err
	}
	// By person too: signed in, one could otherwise have the whole world mailed.
	if _, err := s.Limits.Take(ctx, who.Origin.Network, limit.Count{What: "email-change", Here: true, Bound: perNetwork},
		limit.Count{What: "email-change", Whom: string(who.User), Bound: perPerson}); err != nil {
		return err
	}
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.ChangeEmail, ""); err != nil {
			return err
		}
		u, err := s.Store.User(ctx, who.User)
		if err != nil {
			return err
		}
		free, err := s.mayMail(ctx, ToChangeEmail, email)
		if err != nil || !free {
			return err
		}
		t, link, err := s.newToken(ctx, id.New(), ToChangeEmail, u, who.Maker(), contents{Email: email})
		if err != nil {
			return err
		}
		if err := s.Store.VoidMailTokens(ctx, u.ID, t.ID, s.Now(), ToChangeEmail); err != nil {
			return err
		}
		if err := s.log(ctx, who, audit.UserEmailChangeRequested, u.ID, nil); err != nil {
			return err
		}
		// It may be a stranger's address: they are told nothing about the person.
		confirm := s.message(user.User{Email: email, Locale: u.Locale}, notify.EmailChangeConfirm, map[string]string{"link": link})
		confirm.ExpiresAt = t.Expires
		notice, err := s.warning(ctx, u, who.Maker(), aboutEmail, notify.EmailChangeNotice, map[string]string{"email": user.EmailHint(email)})
		if err != nil {
			return err
		}
		return s.Notices.Enqueue(ctx, confirm, notice)
	})
}
