package enforcement

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// Preview is what a change would do now.
type Preview struct {
	Minimum     assurance.Strength
	Counts      account.Counts
	Mailed      int // who would be told of the change by mail
	Sessions    int // live ones that show less than the minimum
	APITokens   int // live ones of members who would be due
	OwnSuffices bool
	LockedOut   []account.Member // the first 50
}

// Preview shows an owner or admin, or an operator, whom a change would stop, and how many would be told of it. It needs no
// account number. fault.ErrAdminOnly, ErrTwoDeadlines.
func (s *Switch) Preview(ctx context.Context, who actor.Actor, accountID id.Account, c Change) (Preview, error) {
	minimum := c.Minimum
	out := Preview{Minimum: minimum, OwnSuffices: true}
	if _, err := s.Authority.Look(ctx, who, actor.PreviewRule, accountID); err != nil {
		return Preview{}, err
	}
	if err := c.check(); err != nil {
		return Preview{}, err
	}
	if who.User != "" {
		p, err := s.Facts.Person(ctx, who.User)
		if err != nil {
			return Preview{}, err
		}
		out.OwnSuffices = p.User.Factors&minimum.Accepts() != 0
	}
	var err error
	if out.Counts, err = s.Store.CountMembers(ctx, accountID, minimum.Accepts(), s.Now()); err != nil {
		return out, err
	}
	if out.Mailed, err = s.mailed(ctx, who, accountID, c, out.Counts); err != nil {
		return out, err
	}
	if out.Sessions, err = s.Store.CountSessionsLacking(ctx, accountID, minimum, s.Now()); err != nil {
		return out, err
	}
	if out.APITokens, err = s.Store.CountAPITokensLacking(ctx, accountID, minimum.Accepts(), s.Now()); err != nil {
		return out, err
	}
	out.LockedOut, err = s.Store.MembersMissing(ctx, accountID, minimum.Accepts(), 50)
	return out, err
}

// mailed is how many would be told of a change by mail, of those who were counted by what it accepts.
func (s *Switch) mailed(ctx context.Context, who actor.Actor, accountID id.Account, c Change, counted account.Counts) (int, error) {
	a, err := s.Store.AccountRule(ctx, accountID)
	if err != nil {
		return 0, err
	}
	next, _, err := s.next(a.Rule, decider(who), c)
	if err != nil {
		return 0, err
	}
	accepted, anybody := audience(a.Rule, next, s.Now())
	if !anybody {
		return 0, nil
	}
	untold, err := s.Store.CountUntold(ctx, accountID, accepted, s.Now())
	if accepted == 0 {
		return counted.Total + counted.Invitations - untold, err
	}
	return counted.Missing + counted.Invitations - untold, err
}
