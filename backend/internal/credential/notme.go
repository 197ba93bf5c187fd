package credential

import (
	"context"

	"sallyport/internal/audit"
	"sallyport/internal/notify"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// What an objection is to.
const (
	aboutFactor        = "factor"
	aboutRecoveryCodes = "recovery_codes"
	aboutPassword      = "password"
	aboutEmail         = "email"
	aboutGone          = "gone" // what is not taken back
)

// ReportNotMe opens the link "this was not me": whoever it was is out at once, everywhere, and what they have brought with them
// opens nothing any more. Whoever did it knew the password, so that a mail tells the person to set another. ErrLinkExpired.
func (s *Service) ReportNotMe(ctx context.Context, token string) error {
	t, c, err := s.find(ctx, token, ToObject)
	if err != nil {
		return err
	}
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		u, err := s.Store.User(ctx, t.UserID)
		if err != nil {
			return err
		}
		if err := s.log(ctx, audit.UserNotMeReported, u.ID, map[string]string{"about": c.About}); err != nil {
			return err
		}
		if err := s.endEverything(ctx, u.ID); err != nil {
			return err
		}
		data, err := s.takeBack(ctx, t, c)
		if err != nil {
			return err
		}
		data["link"] = s.BaseURL + "/forgot-password"
		told := []notify.Message{s.message(u, notify.NotMeDone, data)}
		if user.EmailKey(c.Email) != user.EmailKey(u.Email) { // the address has changed since: both are told
			reader := u
			reader.Email = c.Email
			told = append(told, s.message(reader, notify.NotMeDone, data))
		}
		return s.Notices.Enqueue(ctx, told...)
	})
}

// endEverything ends what anybody is signed in with, programs included, and voids the links that change how one signs in.
func (s *Service) endEverything(ctx context.Context, userID string) error {
	if err := s.Book.EndOthers(ctx, userID, "", "not_me"); err != nil {
		return err
	}
	if err := s.revokeAll(ctx, userID); err != nil {
		return err
	}
	return s.Store.VoidMailTokens(ctx, userID, "", s.Now(), ToReset, ToChangeEmail)
}

func (s *Service) revokeAll(ctx context.Context, userID string) error {
	tokens, err := s.Book.APITokens(ctx, userID)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if err := s.revoke(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) revoke(ctx context.Context, t session.APIToken) error {
	if !t.Live(s.Now()) {
		return nil
	}
	err := s.Book.RevokeAPIToken(ctx, t.UserID, t.ID)
	if notFound(err) { // revoked meanwhile
		return nil
	}
	return err
}

// voidLone voids a password that was enough beside a passkey, where none is left that opens.
func (s *Service) voidLone(ctx context.Context, userID string, data map[string]string) error {
	u, err := s.Store.User(ctx, userID)
	if err != nil || !u.PasswordShort {
		return err
	}
	if passkey, err := s.Store.HasPasskey(ctx, userID); err != nil || passkey {
		return err
	}
	if _, err := s.Store.VoidPassword(ctx, userID, s.Now()); err != nil {
		return err
	}
	data["short"] = "yes"
	return s.log(ctx, audit.UserPasswordVoided, userID, map[string]string{"by": "passkey_gone"})
}

// takeBack undoes what the objection is to, as far as that harms nobody, and says so in the words of the mail.
func (s *Service) takeBack(ctx context.Context, t Token, c contents) (map[string]string, error) {
	data := map[string]string{}
	switch c.About {
	case aboutFactor:
		frozen, err := s.Store.FreezeFactor(ctx, t.UserID, c.FactorID, s.Now())
		if err != nil || !frozen {
			return data, err
		}
		data["frozen"] = "yes"
		if err := s.log(ctx, audit.FactorFrozen, t.UserID, map[string]string{"factor_id": c.FactorID}); err != nil {
			return data, err
		}
		return data, s.voidLone(ctx, t.UserID, data)
	case aboutRecoveryCodes:
		if err := s.Store.RemoveRecoveryCodes(ctx, t.UserID); err != nil {
			return data, err
		}
		data["codes"] = "yes"
		return data, s.log(ctx, audit.RecoveryCodesVoided, t.UserID, nil)
	case aboutPassword:
		voided, err := s.Store.VoidPassword(ctx, t.UserID, t.CreatedAt)
		if err != nil || !voided {
			return data, err
		}
		data["password"] = "yes"
		return data, s.log(ctx, audit.UserPasswordVoided, t.UserID, nil)
	}
	return data, nil
}
