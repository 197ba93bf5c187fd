package credential

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// VerifyEmail opens the link of a sign-up, which makes the person and their account, or of a change of address, which switches
// it. Nobody is signed in by it. ErrLinkExpired.
func (s *Service) VerifyEmail(ctx context.Context, token string) error {
	t, c, err := s.find(ctx, token, ToSignUp, ToChangeEmail)
	if err != nil {
		return err
	}
	if t.Purpose == ToChangeEmail {
		return s.switchEmail(ctx, t, c.Email)
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		now := s.Now()
		u := user.User{ID: id.New(), Email: c.Email, Name: c.Name, Locale: c.Locale, PasswordHash: c.PasswordHash, CreatedAt: now, VerifiedAt: now}
		added, err := s.Store.AddUser(ctx, u)
		if err != nil {
			return err
		}
		if !added {
			return ErrLinkExpired
		}
		if err := s.log(ctx, audit.UserCreated, u.ID, map[string]string{"by": "sign_up"}); err != nil {
			return err
		}
		_, err = s.Accounts.Create(ctx, u.ID, c.AccountName)
		return err
	})
}

func (s *Service) switchEmail(ctx context.Context, t Token, email string) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		before, err := s.owner(ctx, t)
		if err != nil {
			return err
		}
		// What was mailed to the old address, a link or a code, opens nothing any more. Sign-ins before the address: whoever is just
		// opening a session has one of the first, and waits for the second.
		if err := s.Book.Store.EndPendings(ctx, before.ID, s.Now()); err != nil {
			return err
		}
		changed, err := s.Store.ChangeEmail(ctx, before.ID, email, s.Now())
		if err != nil {
			return err
		}
		if !changed {
			return ErrLinkExpired
		}
		if err := s.Store.VoidMailTokens(ctx, before.ID, "", s.Now(), ToReset); err != nil {
			return err
		}
		if err := s.log(ctx, audit.UserEmailChanged, before.ID, nil); err != nil {
			return err
		}
		told := map[string]string{"email": user.EmailHint(email)}
		old, err := s.warning(ctx, before, aboutEmail, notify.EmailChanged, told)
		if err != nil {
			return err
		}
		after := before
		after.Email = email
		confirmed := s.message(after, notify.EmailChanged, told)
		confirmed.Data["security_link"] = s.BaseURL + "/me/security"
		return s.Notices.Enqueue(ctx, old, confirmed)
	})
}
