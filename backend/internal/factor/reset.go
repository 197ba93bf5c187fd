package factor

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/notify/budget"
	"sallyport/internal/user"
)

// ErrNothing is told where there is nothing to take away.
var ErrNothing = fault.Said(fault.Conflict, "This person has no second factor.")

// Reset takes a person's second factors and recovery codes away, whatever the rules ask for, or, with a factor's ID, that one; recovery
// codes go with the last. It tells the person on every channel that is known of them, since somebody else may have asked for it. It
// joins the caller's transaction, which holds the person alone. ErrNothing; fault.ErrNotFound.
func (s *Service) Reset(ctx context.Context, who actor.Actor, userID id.User, factorID id.Factor) ([]Factor, error) {
	before, err := s.posture(ctx, userID)
	if err != nil {
		return nil, err
	}
	phones, err := s.Store.Phones(ctx, userID) // one that was replaced goes with its factor
	if err != nil {
		return nil, err
	}
	gone, err := s.take(ctx, userID, factorID)
	if err != nil {
		return nil, err
	}
	var types assurance.Types
	for _, f := range gone {
		types |= assurance.Types(f.Type)
	}
	detail, data := map[string]string{"removed": methodsText(types)}, map[string]string{}
	if factorID != "" {
		detail["factor_id"], data["method"] = string(factorID), gone[0].Type.String()
	}
	if err := s.changed(ctx, who, audit.FactorReset, userID, before, detail); err != nil {
		return nil, err
	}
	return gone, s.tellEverywhere(ctx, userID, phones, data)
}

// take removes one factor, or all, and answers what is gone.
func (s *Service) take(ctx context.Context, userID id.User, factorID id.Factor) ([]Factor, error) {
	all, err := s.Store.Factors(ctx, userID)
	if err != nil {
		return nil, err
	}
	if factorID == "" {
		if len(all) == 0 {
			return nil, ErrNothing
		}
		return all, s.Store.RemoveFactors(ctx, userID)
	}
	f, err := s.Store.Factor(ctx, userID, factorID)
	if err != nil {
		return nil, err
	}
	if rest, err := s.without(ctx, userID, factorID); err != nil {
		return nil, err
	} else if rest == 0 && f.Status == Active { // recovery codes alone protect nothing
		return []Factor{f}, s.Store.RemoveFactors(ctx, userID)
	}
	_, err = s.Store.RemoveFactor(ctx, userID, factorID)
	return []Factor{f}, err
}

// tellEverywhere writes to the person's mailbox and to each of their numbers, as far as a budget allows.
func (s *Service) tellEverywhere(ctx context.Context, userID id.User, phones []Phone, data map[string]string) error {
	if err := s.warnGone(ctx, userID, notify.FactorsReset, data); err != nil {
		return err
	}
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return err
	}
	for _, p := range phones {
		if p.VerifiedAt.IsZero() {
			continue
		}
		if err := s.text(ctx, u, p); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) text(ctx context.Context, u user.User, p Phone) error {
	number, err := s.Box.Unseal("phone:"+p.ID, p.Number)
	if err != nil {
		return err
	}
	m := notify.Message{ID: id.New(), Channel: notify.SMS, To: string(number), Locale: u.Locale, Template: notify.FactorsResetText}
	if s.Budgets != nil {
		err := s.Budgets.Take(ctx, budget.Request{MessageID: m.ID, UserID: u.ID, Number: m.To})
		if _, told := fault.As(err); told { // no text is sent here, or no more of them: the mail goes all the same
			return nil
		}
		if err != nil {
			return err
		}
	}
	return s.Notices.Enqueue(ctx, m)
}
