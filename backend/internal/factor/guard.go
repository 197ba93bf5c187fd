package factor

import (
	"context"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
)

// ErrGuarded says that a first enrolment must be proven by the mailbox too.
var ErrGuarded = fault.New(fault.Forbidden, "enrolment_guarded", "Your account also asks for a code that we send to your mailbox before you set up a second factor.")

// A guarded enrolment: otherwise whoever holds a password of a person without a second factor would be the first to enrol one.

// ChallengeGuard sends a code to the person's own mailbox. place is the sign-in or session that wants to enrol.
func (s *Service) ChallengeGuard(ctx context.Context, userID, place string) (Challenge, error) {
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Challenge{}, err
	}
	return s.send(ctx, u, Challenge{Purpose: ToGuard, Context: place, Type: assurance.Email}, route{})
}

// PassGuard answers it.
func (s *Service) PassGuard(ctx context.Context, userID, place, code string) error {
	c, err := s.matchSent(ctx, Challenge{UserID: userID, Purpose: ToGuard, Context: place}, code)
	if err != nil {
		return err
	}
	return s.spend(ctx, c)
}

// Guarded says ErrGuarded until the guard was passed in this place.
func (s *Service) Guarded(ctx context.Context, userID, place string) error {
	passed, err := s.Store.Answered(ctx, userID, ToGuard, place)
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
				"at": s.Now().UTC().Format(time.RFC3339), "link": s.BaseURL + "/accounts/" + o.AccountID + "/members"}}
	}
	return s.Notices.Enqueue(ctx, letters...)
}
