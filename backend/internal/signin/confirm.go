package signin

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/seal"
	"sallyport/internal/session"
)

// confirmationPlace seals what was confirmed: it opens nowhere else.
const confirmationPlace = "confirmation"

// confirmation makes the token of what was shown in a stay.
func (s *Stairs) confirmation(stay actor.Stay, password bool, means assurance.Means, until time.Time) (string, error) {
	return SealConfirmation(s.Box, actor.Confirmation{Stay: stay.ID, Epoch: stay.Epoch, Password: password, Factor: means, Until: until})
}

// SealConfirmation makes the token of a confirmation. Nothing of it is stored: it dies with the stay, its epoch and its time.
func SealConfirmation(box *seal.Box, c actor.Confirmation) (string, error) {
	raw, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	return box.Seal(confirmationPlace, raw)
}

// ReadConfirmation is what a token confirms; nothing where it is none of ours. Whether it is of this stay, and in time, is asked of it later.
func (s *Stairs) ReadConfirmation(token string) (c actor.Confirmation) {
	if token == "" {
		return c
	}
	raw, err := s.Box.Unseal(confirmationPlace, token)
	if err != nil || json.Unmarshal(raw, &c) != nil {
		return actor.Confirmation{}
	}
	return c
}

// Confirm checks what the actor shows again, the password, a second factor or both, and answers the token of it. A passkey that has verified
// its user stands for the password too. ErrInvalidCredentials, fault.ErrRateLimited and the errors of factor.Prove.
func (s *Stairs) Confirm(ctx context.Context, who actor.Actor, password string, a *factor.Answer) (token string, life time.Duration, err error) {
	if password != "" {
		if err := s.checkPassword(ctx, who, password); err != nil {
			return "", 0, err
		}
	}
	var proven factor.Proven
	if a != nil {
		if proven, err = s.Factors.Prove(ctx, who, *a); err != nil {
			return "", 0, err
		}
	}
	shown := password != "" || proven.Verified
	err = s.Authority.Act(ctx, who, actor.Holds{}, func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.Confirm, ""); err != nil {
			return err
		}
		what := ""
		if shown {
			what = "password"
		}
		if a != nil {
			if err := proven.Spend(ctx); err != nil {
				return err
			}
			if what != "" {
				what += " "
			}
			what += "second_factor"
		}
		return s.Audit.Append(ctx, who, audit.Event{Action: audit.SignInConfirmed, UserID: who.User, Detail: map[string]string{"what": what}})
	})
	if err != nil {
		if a != nil {
			err = proven.GiveBack(ctx, err)
		}
		return "", 0, err
	}
	token, err = s.confirmation(who.Stay, shown, proven.Means, s.Now().Add(actor.ConfirmLife))
	return token, actor.ConfirmLife, err
}

// provePassword is asked of an enrolment that a refresh has opened, where the password was proven longer ago than a partial
// token lives: else whoever holds a stolen session could enrol. "" answers authority.ErrConfirmation.
func (s *Stairs) provePassword(ctx context.Context, who actor.Actor, password string) error {
	if !who.Stay.Between() || s.Now().Sub(who.Stay.PasswordAt) <= session.PartialLife {
		return nil
	}
	if password == "" {
		return authority.ErrConfirmation.With(func(e *fault.Error) { e.Needs = []string{"password"} })
	}
	if err := s.checkPassword(ctx, who, password); err != nil {
		return err
	}
	return s.Store.ProvePendingPassword(ctx, who.Stay.ID, s.Now())
}

// checkPassword checks the password of somebody who is signed in, limited like sign-in.
func (s *Stairs) checkPassword(ctx context.Context, who actor.Actor, password string) error {
	key, err := s.Limits.Take(ctx, who.Origin.Network, guesses("confirmation", string(who.User))...)
	if err != nil {
		return err
	}
	u, err := s.Users.User(ctx, who.User)
	if err != nil {
		return err
	}
	right, err := s.Hasher.Check(ctx, password, u.PasswordHash)
	if err != nil {
		return err
	}
	if !right {
		if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.SignInConfirmationRefused, Outcome: audit.Refused, UserID: who.User}); err != nil {
			return err
		}
		return ErrInvalidCredentials.With(func(e *fault.Error) { e.Message = "The password is not right." })
	}
	return s.Limits.GiveBack(ctx, key)
}
