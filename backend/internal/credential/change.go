package credential

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/limit"
	"sallyport/internal/notify"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ResetPassword sets a new password with a link. It signs nobody in and touches no factor; every session and every sign-in under
// way ends, and the mailbox is no second factor for the next sign-in. ErrLinkExpired, user.ErrBusy; a field error, which leaves
// the link as it is.
func (s *Service) ResetPassword(ctx context.Context, token, password string) error {
	t, _, err := s.find(ctx, token, ToReset)
	if err != nil {
		return err
	}
	u, err := s.owner(ctx, t)
	if err != nil {
		return err
	}
	p, err := s.newPassword(ctx, u, password)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		if err := s.Store.SpendMailbox(ctx, u.ID, s.Now()); err != nil {
			return err
		}
		// Whoever asked for another address may be the one whom the reset shuts out.
		return s.setPassword(ctx, u, p, "", "reset", ToReset, ToChangeEmail)
	})
}

// ChangePassword sets a new password for somebody who has confirmed that it is them. Their other sessions end. user.ErrBusy; a
// field error.
func (s *Service) ChangePassword(ctx context.Context, in session.Session, password string) error {
	u, err := s.Store.User(ctx, in.UserID)
	if err != nil {
		return err
	}
	p, err := s.newPassword(ctx, u, password)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.HoldUser(ctx, u.ID); err != nil {
			return err
		}
		return s.setPassword(ctx, u, p, in.ID, "person", ToReset)
	})
}

// newPassword is one that meets the rules.
type newPassword struct {
	hash  string
	short bool
}

// newPassword holds a password against the rules and hashes it.
func (s *Service) newPassword(ctx context.Context, u user.User, password string) (newPassword, error) {
	passkey, err := s.Store.HasPasskey(ctx, u.ID)
	if err != nil {
		return newPassword{}, err
	}
	check := user.CheckPassword
	if passkey {
		check = user.CheckPasswordBesidePasskey
	}
	if err := check(password, u.Email, u.Name, s.Brand); err != nil {
		return newPassword{}, err
	}
	hash, err := s.Hasher.Hash(ctx, password)
	return newPassword{hash, user.Short(password)}, err
}

// setPassword is called with the person held, so that no passkey goes while a short password is set.
func (s *Service) setPassword(ctx context.Context, u user.User, p newPassword, keepSession, by string, void ...Purpose) error {
	if p.short {
		passkey, err := s.Store.HasPasskey(ctx, u.ID)
		if err != nil {
			return err
		}
		if !passkey { // it has gone since
			return user.ErrShort
		}
	}
	if err := s.Store.SetPassword(ctx, u.ID, p.hash, p.short, s.Now()); err != nil {
		return err
	}
	if err := s.Book.EndOthers(ctx, u.ID, keepSession, "password_changed"); err != nil {
		return err
	}
	if err := s.Store.VoidMailTokens(ctx, u.ID, "", s.Now(), void...); err != nil {
		return err
	}
	if err := s.log(ctx, audit.UserPasswordChanged, u.ID, map[string]string{"by": by}); err != nil {
		return err
	}
	m, err := s.warning(ctx, u, aboutPassword, notify.PasswordChanged, nil)
	if err != nil {
		return err
	}
	return s.Notices.Enqueue(ctx, m)
}

// AskForEmail asks for another address for somebody who has confirmed that it is them: a link goes to the new one, a notice to the
// old one. Whether somebody has the new one shows only when the link is opened. fault.ErrRateLimited; a field error.
func (s *Service) AskForEmail(ctx context.Context, userID, email string) error {
	email, err := account.ProperEmail(email)
	if err != nil {
		return err
	}
	// By person too: signed in, one could otherwise have the whole world mailed.
	if _, err := s.Limits.Take(ctx, limit.Count{What: "email-change", Here: true, Bound: perNetwork},
		limit.Count{What: "email-change", Whom: userID, Bound: perPerson}); err != nil {
		return err
	}
	u, err := s.Store.User(ctx, userID)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.HoldUser(ctx, u.ID); err != nil {
			return err
		}
		free, err := s.mayMail(ctx, ToChangeEmail, email)
		if err != nil || !free {
			return err
		}
		t, link, err := s.newToken(ctx, id.New(), ToChangeEmail, u.ID, contents{Email: email})
		if err != nil {
			return err
		}
		if err := s.Store.VoidMailTokens(ctx, u.ID, t.ID, s.Now(), ToChangeEmail); err != nil {
			return err
		}
		if err := s.log(ctx, audit.UserEmailChangeRequested, u.ID, nil); err != nil {
			return err
		}
		// It may be a stranger's address: they are told nothing about the person.
		confirm := s.message(user.User{Email: email, Locale: u.Locale}, notify.EmailChangeConfirm, map[string]string{"link": link})
		confirm.ExpiresAt = t.Expires
		notice, err := s.warning(ctx, u, aboutEmail, notify.EmailChangeNotice, map[string]string{"email": user.EmailHint(email)})
		if err != nil {
			return err
		}
		return s.Notices.Enqueue(ctx, confirm, notice)
	})
}
