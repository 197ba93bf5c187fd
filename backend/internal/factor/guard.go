package factor

import (
	"context"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
)

// ErrGuarded says that a first enrolment must be proven by the mailbox too.
var ErrGuarded = fault.New(fault.Forbidden, "enrolment_guarded", "Your account also asks for a code that we send to your mailbox before you set up a second factor.")

// A guarded enrolment: otherwise whoever holds a password of a person without a second factor would be the first to enrol one.

// mailboxRests is how long a mailbox that has reset the password passes no guard: whoever reads it has chosen the password, so that the
// two together prove no more than the one.
const mailboxRests = 24 * time.Hour

// ChallengeGuard sends a code to the actor's own mailbox, for the stay that wants to enrol. ErrMailboxSpent, ErrResendTooSoon.
func (s *Service) ChallengeGuard(ctx context.Context, who actor.Actor) (Challenge, error) {
	return s.sending(ctx, who, actor.PassGuard, func(ctx context.Context) (Challenge, error) {
		u, err := s.Users.User(ctx, who.User)
		if err != nil {
			return Challenge{}, err
		}
		if rest := u.MailboxSpentAt.Add(mailboxRests).Sub(s.Now()); !u.MailboxSpentAt.IsZero() && rest > 0 {
			return Challenge{}, ErrMailboxSpent.With(func(e *fault.Error) { e.RetryAfter = rest })
		}
		c := Challenge{Purpose: ToGuard, Context: who.Stay.Root(), Epoch: who.Stay.Epoch, Type: assurance.Email}
		return s.send(ctx, u, c, route{})
	})
}

// PassGuard answers it.
func (s *Service) PassGuard(ctx context.Context, who actor.Actor, code string) error {
	c, err := s.matchSent(ctx, Challenge{UserID: who.User, Purpose: ToGuard, Context: who.Stay.Root()}, code)
	if err != nil {
		return err
	}
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.PassGuard, ""); err != nil {
			return err
		}
		return s.spend(ctx, c)
	})
}

// Guarded says ErrGuarded until the guard was passed in the actor's stay.
func (s *Service) Guarded(ctx context.Context, who actor.Actor) error {
	passed, err := s.Store.Answered(ctx, who.User, ToGuard, who.Stay.Root(), who.Stay.Epoch)
	if err == nil && !passed {
		err = ErrGuarded
	}
	return err
}

// tellOwners tells the owners of every account that guards the person's enrolment which kind of factor now counts.
func (s *Service) tellOwners(ctx context.Context, f Factor) error {
	owners, err := s.Store.GuardingOwners(ctx, f.UserID)
	if err != nil || len(owners) == 0 {
		return err
	}
	u, err := s.Users.User(ctx, f.UserID)
	if err != nil {
		return err
	}
	letters := make([]notify.Message, len(owners))
	for i, o := range owners {
		letters[i] = notify.Message{ID: id.New(), Channel: notify.Email, To: o.Email, Locale: o.Locale, Template: notify.MemberEnrolled,
			Data: map[string]string{"name": o.Name, "member": u.Name, "method": f.Type.String(), "account_name": o.AccountName,
				"at": s.Now().UTC().Format(time.RFC3339), "link": s.BaseURL + "/accounts/" + string(o.AccountID) + "/members"}}
	}
	return s.Notices.Enqueue(ctx, letters...)
}
