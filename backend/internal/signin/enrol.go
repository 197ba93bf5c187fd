package signin

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/authority"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
)

// ErrEnforced says that a rule asks for what would be taken away.
var ErrEnforced = fault.New(fault.Conflict, "second_factor_enforced", "A rule asks you for a second factor, so it cannot be removed. You can replace it.")

// Enrol begins the enrolment of a second factor, from a session that has confirmed it or from a sign-in between the doors. password is asked
// for where a refresh has led there and the password was shown a while ago. authority.ErrConfirmation, authority.ErrSecondFactorDue,
// factor.ErrGuarded, factor.ErrNotAccepted, ErrEnforced and the errors of factor.Begin.
func (s *Stairs) Enrol(ctx context.Context, who actor.Actor, password string, n factor.NewFactor) (f factor.Factor, setup factor.Setup, err error) {
	if err := s.provePassword(ctx, who, password); err != nil {
		return f, setup, err
	}
	err = s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.EnrolFactor, ""); err != nil {
			return err
		}
		if err := s.mayEnrol(ctx, who, n); err != nil {
			return err
		}
		f, setup, err = s.Factors.Begin(ctx, who, n)
		return err
	})
	return f, setup, s.Factors.NoteRefusal(ctx, who, err)
}

func (s *Stairs) mayEnrol(ctx context.Context, who actor.Actor, n factor.NewFactor) error {
	p, err := s.Authority.Person(ctx)
	if err != nil {
		return err
	}
	standing := p.Standing(who.Stay.Proof, s.Now())
	switch {
	case who.Stay.Between() && who.Stay.From != "" && p.User.Factors != 0 && !s.freshlyShown(p, who.Stay):
		return authority.ErrSecondFactorDue
	case p.Guarded && p.User.Factors == 0:
		if err := s.Factors.Guarded(ctx, who); err != nil {
			return err
		}
	}
	if standing.Due() && !standing.Methods.Has(n.Type) {
		return factor.ErrNotAccepted
	}
	if n.Replaces != "" {
		return s.mayReplace(ctx, p, n)
	}
	return nil
}

// mayReplace refuses a replacement that the rules do not accept where nothing else that they accept would be left.
func (s *Stairs) mayReplace(ctx context.Context, p enforcement.Person, n factor.NewFactor) error {
	active, err := s.Factors.Active(ctx, p.User.ID)
	if err != nil {
		return err
	}
	var before, after assurance.Types
	for _, f := range active {
		before |= assurance.Types(f.Type)
		if f.ID != n.Replaces {
			after |= assurance.Types(f.Type)
		}
	}
	met, _ := enforcement.Suffices(p.Rules, before)
	if ok, by := enforcement.Suffices(p.Rules, after|assurance.Types(n.Type)); met && !ok {
		return enforced(by)
	}
	return nil
}

func enforced(by []enforcement.Source) error {
	return ErrEnforced.With(func(e *fault.Error) { e.RequiredBy = enforcement.Names(by) })
}

// Activate is the "Okay" of an enrolment: the factor counts, what it replaces goes, every other session that shows no second
// factor ends, and its owner holds a session that shows it. Of a sign-in between the doors p is the sign-in, of a session in is the
// session. then is called at the end of the transaction. Errors are those of factor.Activate.
func (s *Stairs) Activate(ctx context.Context, who actor.Actor, in session.Session, p session.Pending, e factor.Enrolment,
	then func(ctx context.Context, f factor.Factor, o Opened) error) error {
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.FinishEnrolment, ""); err != nil {
			return err
		}
		f, err := s.Factors.Activate(ctx, who, e)
		if err != nil {
			return err
		}
		if who.Stay.Between() && !who.Stay.Proof.SecondFactor() {
			if err := s.first(ctx, who, f.ID); err != nil {
				return err
			}
		}
		keep := id.Stay("")
		if !who.Stay.Between() {
			keep = who.Stay.ID
		}
		if _, err := s.Book.Store.EndSessions(ctx, who.User, keep, true, "second_factor_activated", s.Now()); err != nil {
			return err
		}
		opened, err := s.strengthened(ctx, who, in, p, f)
		if err != nil {
			return err
		}
		return then(ctx, f, opened)
	})
}

// strengthened is the session that shows the new factor: the one that it was enrolled in, or the one that the sign-in has earned.
func (s *Stairs) strengthened(ctx context.Context, who actor.Actor, in session.Session, p session.Pending, f factor.Factor) (Opened, error) {
	if who.Stay.Between() {
		if err := s.endPending(ctx, p); err != nil {
			return Opened{}, err
		}
		return s.open(ctx, who, p, &factor.Proven{AMR: f.Type.AMR(), Means: f.Type.Means(), Factor: f.ID})
	}
	stronger, refresh, err := s.Book.Strengthen(ctx, in, session.WithFactor(f.ID), f.Type)
	if err != nil {
		return Opened{}, err
	}
	return s.hand(stronger, refresh)
}

// first refuses whoever has shown the password alone while another factor counts already: of several who enrol at once the first one wins.
func (s *Stairs) first(ctx context.Context, who actor.Actor, factorID id.Factor) error {
	all, err := s.Factors.List(ctx, who)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.ID != factorID && f.Status == factor.Active {
			return authority.ErrSecondFactorDue
		}
	}
	return nil
}

// RemoveFactor takes one factor of the actor away, unless less than the rules ask would be left. ErrEnforced and the errors of factor.Remove.
func (s *Stairs) RemoveFactor(ctx context.Context, who actor.Actor, factorID id.Factor) error {
	return s.losing(ctx, who, func(ctx context.Context, may func(left assurance.Types) error) error {
		return s.Factors.Remove(ctx, who, factorID, may)
	})
}

// DisableFactors takes all of them away, unless a rule asks for one. ErrEnforced; factor.ErrShortAlone.
func (s *Stairs) DisableFactors(ctx context.Context, who actor.Actor) error {
	return s.losing(ctx, who, func(ctx context.Context, may func(left assurance.Types) error) error {
		if err := may(0); err != nil {
			return err
		}
		return s.Factors.Disable(ctx, who)
	})
}

func (s *Stairs) losing(ctx context.Context, who actor.Actor, f func(ctx context.Context, may func(left assurance.Types) error) error) error {
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.RemoveFactor, ""); err != nil {
			return err
		}
		p, err := s.Authority.Person(ctx)
		if err != nil {
			return err
		}
		return f(ctx, func(left assurance.Types) error {
			if ok, by := enforcement.Suffices(p.Rules, left); !ok {
				return enforced(by)
			}
			return nil
		})
	})
}

// ResetFactors takes a person's second factors away, or one of them, and moves their epoch: whoever is in has shown what counts no more. It
// is for operators. Errors are those of factor.Reset.
func (s *Stairs) ResetFactors(ctx context.Context, who actor.Actor, userID id.User, factorID id.Factor) (gone []factor.Factor, err error) {
	err = s.Authority.Act(ctx, who, actor.PersonAlone(userID), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.Operate, ""); err != nil {
			return err
		}
		if gone, err = s.Factors.Reset(ctx, who, userID, factorID); err != nil {
			return err
		}
		return s.Store.MoveEpoch(ctx, userID)
	})
	return gone, err
}
