package factor

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/notify"
)

// A short password is enough beside a passkey (package user), and never stands alone. Who takes their own last passkey away is
// asked for a longer password first; where it goes without being asked for, by guessing or by an operator, the password goes
// with it, and a link to the mailbox sets another (docs/decisions/013).

// refuseLone says ErrShortAlone if a short password would be left without a passkey.
func (s *Service) refuseLone(ctx context.Context, userID id.User) error {
	lone, err := s.lone(ctx, userID)
	if err == nil && lone {
		err = ErrShortAlone
	}
	return err
}

// voidLone voids a short password that has been left without a passkey, and tells its person.
func (s *Service) voidLone(ctx context.Context, who actor.Actor, userID id.User) error {
	if lone, err := s.lone(ctx, userID); err != nil || !lone {
		return err
	}
	if _, err := s.Store.VoidPassword(ctx, userID, s.Now()); err != nil {
		return err
	}
	if err := s.log(ctx, who, audit.UserPasswordVoided, userID, map[string]string{"by": "passkey_gone"}); err != nil {
		return err
	}
	return s.tell(ctx, userID, notify.PasswordVoided, map[string]string{"link": s.BaseURL + "/forgot-password"})
}

func (s *Service) lone(ctx context.Context, userID id.User) (bool, error) {
	u, err := s.Users.User(ctx, userID)
	if err != nil || !u.PasswordShort {
		return false, err
	}
	all, err := s.Store.Factors(ctx, userID)
	return !hasPasskey(all, ""), err
}

// hasPasskey says whether one of the factors, but for one, is a passkey that opens.
func hasPasskey(factors []Factor, but id.Factor) bool {
	for _, f := range factors {
		if f.Type == assurance.Passkey && f.Status == Active && f.DisabledAt.IsZero() && f.ID != but {
			return true
		}
	}
	return false
}
