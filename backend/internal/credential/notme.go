package credential

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/notify"
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
// opens nothing any more. Whoever did it knew the password, so that a mail tells the person to set another. The link opens whatever has
// happened since it was mailed. ErrLinkExpired.
func (s *Service) ReportNotMe(ctx context.Context, who actor.Actor, token string) error {
	t, c, err := s.find(ctx, token, ToObject)
	if err != nil {
		return err
	}
	return s.Authority.Act(ctx, who, actor.PersonAlone(t.UserID), func(ctx context.Context) error {
		if err := s.use(ctx, t); err != nil {
			return err
		}
		u, err := s.Store.User(ctx, t.UserID)
		if err != nil {
			return err
		}
		if err := s.log(ctx, who, audit.UserNotMeReported, u.ID, map[string]string{"about": c.About}); err != nil {
			return err
		}
		data, err := s.takeBack(ctx, who, t, c)
		if err != nil {
			return err
		}
		if err := s.shutOut(ctx, u); err != nil {
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

// shutOut moves the epoch on from what it was when the transaction began, by one step: sessions, sign-ins and links are over, and API
// tokens wait for their owner. A password that was voided meanwhile has moved it already.
func (s *Service) shutOut(ctx context.Context, before user.User) error {
	now, err := s.Store.User(ctx, before.ID)
	if err != nil || now.Epoch != before.Epoch {
		return err
	}
	return s.Store.MoveEpoch(ctx, before.ID)
}

// voidLone voids a password that was enough beside a passkey, where none is left that opens.
func (s *Service) voidLone(ctx context.Context, who actor.Actor, userID id.User, data map[string]string) error {
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
	return s.log(ctx, who, audit.UserPasswordVoided, userID, map[string]string{"by": "passkey_gone"})
}

// takeBack undoes what the objection is to, as far as that harms nobody, and says so in the words of the mail.
func (s *Service) takeBack(ctx context.Context, who actor.Actor, t Token, c contents) (map[string]string, error) {
	data := map[string]string{}
	switch c.About {
	case aboutFactor:
		frozen, err := s.Store.FreezeFactor(ctx, t.UserID, c.FactorID, s.Now())
		if err != nil || !frozen {
			return data, err
		}
		data["frozen"] = "yes"
		if err := s.log(ctx, who, audit.FactorFrozen, t.UserID, map[string]string{"factor_id": string(c.FactorID)}); err != nil {
			return data, err
		}
		return data, s.voidLone(ctx, who, t.UserID, data)
	case aboutRecoveryCodes:
		if err := s.Store.RemoveRecoveryCodes(ctx, t.UserID); err != nil {
			return data, err
		}
		data["codes"] = "yes"
		return data, s.log(ctx, who, audit.RecoveryCodesVoided, t.UserID, nil)
	case aboutPassword:
		voided, err := s.Store.VoidPassword(ctx, t.UserID, t.CreatedAt)
		if err != nil || !voided {
			return data, err
		}
		data["password"] = "yes"
		return data, s.log(ctx, who, audit.UserPasswordVoided, t.UserID, nil)
	}
	return data, nil
}
