package credential

import (
	"context"
	"strings"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// VerifyEmail opens the link of a sign-up, which makes the person and their account, or of a change of address, which switches
// it. Nobody is signed in by it. ErrLinkExpired.
func (s *Service) VerifyEmail(ctx context.Context, who actor.Actor, token string) error {
	t, c, err := s.find(ctx, token, ToSignUp, ToChangeEmail)
	if err != nil {
		return err
	}
	if t.Purpose == ToChangeEmail {
		return s.switchEmail(ctx, who, t, c.Email)
	}
	return s.Authority.Act(ctx, who, actor.Holds{}, func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		now := s.Now()
		u := user.User{ID: id.User(id.New()), Email: c.Email, Name: c.Name, Locale: c.Locale, PasswordHash: c.PasswordHash,
			PasswordID: id.New(), CreatedAt: now, VerifiedAt: now}
		added, err := s.Store.AddUser(ctx, u, actor.MadeByLink(t.ID))
		if err != nil {
			return err
		}
		if !added {
			return ErrLinkExpired
		}
		if err := s.log(ctx, who, audit.UserCreated, u.ID, map[string]string{"by": "sign_up"}); err != nil {
			return err
		}
		_, err = s.Accounts.Open(ctx, who, u.ID, c.AccountName)
		return err
	})
}

// switchEmail gives the person of a link the address that it was mailed to. What was mailed to the old one, a link or a code, is of the
// epoch before and opens nothing any more. Of all that they were signed in with, the session that asked for it lives on.
func (s *Service) switchEmail(ctx context.Context, who actor.Actor, t Token, email string) error {
	return s.Authority.Act(ctx, who, actor.PersonAlone(t.UserID), func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		before, err := s.owner(ctx, t)
		if err != nil {
			return err
		}
		by := actor.MadeByLink(t.ID)
		changed, err := s.Store.ChangeEmail(ctx, before.ID, email, by, s.Now())
		if err != nil {
			return err
		}
		if !changed {
			return ErrLinkExpired
		}
		if stay, ok := strings.CutPrefix(string(t.MadeBy), "stay:"); ok {
			if err := s.Store.KeepSession(ctx, before.ID, id.Stay(stay)); err != nil {
				return err
			}
		}
		if err := s.log(ctx, who, audit.UserEmailChanged, before.ID, nil); err != nil {
			return err
		}
		told := map[string]string{"email": user.EmailHint(email)}
		old, err := s.warning(ctx, before, by, aboutEmail, notify.EmailChanged, told)
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
