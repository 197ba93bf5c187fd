package signin

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/session"
)

// Level is how sure a call must be that it is still the same person.
type Level string

// The levels, as the contract's x-confirmation names them.
const (
	LevelPassword Level = "password"
	// LevelProtection: what protects you is changed only by what protects you, the password and, where there is one, the
	// second factor.
	LevelProtection Level = "password_and_second_factor"
)

// Confirmed says whether the session may do what asks for this level now; else ErrConfirmation with what it needs.
func (s *Stairs) Confirmed(in session.Session, p enforcement.Person, level Level) error {
	password, second := in.Confirmed(s.Now())
	needs := []string{"password"}
	ok := password
	if level == LevelProtection && p.User.Factors != 0 {
		needs = append(needs, "second_factor")
		ok = ok && second
	}
	if ok {
		return nil
	}
	return ErrConfirmation.With(func(e *fault.Error) { e.Needs = needs })
}

// Confirm checks the password, and the second factor where one is given, and opens session.ConfirmLife for the session.
// ErrInvalidCredentials, fault.ErrRateLimited and the errors of factor.Prove.
func (s *Stairs) Confirm(ctx context.Context, in session.Session, password string, a *factor.Answer) error {
	if err := s.checkPassword(ctx, in.UserID, password); err != nil {
		return err
	}
	proven := factor.Proven{}
	var err error
	if a != nil {
		if proven, err = s.Factors.Prove(ctx, in.UserID, "", in.ID, *a); err != nil {
			return err
		}
	}
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		now, factorAt, what := s.Now(), time.Time{}, "password"
		if a != nil {
			if err := proven.Spend(ctx); err != nil {
				return err
			}
			factorAt, what = now, "password second_factor"
		}
		if err := s.Book.Store.ConfirmSession(ctx, in.ID, now, factorAt); err != nil {
			return err
		}
		return s.Audit.Append(ctx, audit.Event{Action: audit.SignInConfirmed, ActorID: in.UserID, UserID: in.UserID, Detail: map[string]string{"what": what}})
	})
	if err != nil && a != nil {
		return proven.GiveBack(ctx, err)
	}
	return err
}

// ProvePassword is asked of an enrolment that a refresh has opened, where the password was proven longer ago than a partial
// token lives: else whoever holds a stolen session could enrol. "" answers ErrConfirmation.
func (s *Stairs) ProvePassword(ctx context.Context, p session.Pending, password string) error {
	if s.Now().Sub(p.PasswordAt) <= session.PartialLife {
		return nil
	}
	if password == "" {
		return ErrConfirmation.With(func(e *fault.Error) { e.Needs = []string{"password"} })
	}
	if err := s.checkPassword(ctx, p.UserID, password); err != nil {
		return err
	}
	return s.Store.ProvePendingPassword(ctx, p.ID, s.Now())
}

// checkPassword checks the password of somebody who is signed in, limited like sign-in.
func (s *Stairs) checkPassword(ctx context.Context, userID, password string) error {
	key, err := s.Limits.Take(ctx, guesses("confirmation", userID)...)
	if err != nil {
		return err
	}
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return err
	}
	right, err := s.Hasher.Check(ctx, password, u.PasswordHash)
	if err != nil {
		return err
	}
	if !right {
		if err := s.Audit.Append(ctx, audit.Event{Action: audit.SignInConfirmationRefused, Outcome: audit.Refused, ActorID: userID, UserID: userID}); err != nil {
			return err
		}
		return ErrInvalidCredentials.With(func(e *fault.Error) { e.Message = "The password is not right." })
	}
	return s.Limits.GiveBack(ctx, key)
}
