package enforcement

import (
	"slices"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// State is what a person may do with a session.
type State string

// The states.
const (
	Clear           State = "clear"             // everything that their roles allow
	Grace           State = "grace"             // the same, for now: a rule binds soon and is not met
	SecondFactorDue State = "second_factor_due" // only proving the second factor that they have
	EnrolmentDue    State = "enrolment_due"     // only enrolling one
)

// Source is whose rule it is.
type Source string

// The sources.
const (
	ByAccount  Source = "account"
	ByMember   Source = "member"
	ByProvider Source = "provider"
)

// Rule asks a person for a second factor, from BindsAt on.
type Rule struct {
	By          Source
	AccountID   id.Account // with ByAccount and ByMember
	AccountName string
	Minimum     assurance.Strength
	Since       time.Time
	BindsAt     time.Time // zero: at once

	keepsTokens bool // API tokens are not asked
}

func (r Rule) binds(now time.Time) bool { return !now.Before(r.BindsAt) }

// Question is everything that the standing depends on.
type Question struct {
	Rules   []Rule
	Factors assurance.Types // that the person has active
	Offered assurance.Types // what can be enrolled here
	Proof   assurance.Proof // that the session has shown
	Now     time.Time
}

// Standing is the answer.
type Standing struct {
	State      State
	GraceUntil time.Time       // with Grace
	RequiredBy []Source        // whose rules ask for it, now or once the grace is over
	Methods    assurance.Types // what would satisfy them
	Minimum    assurance.Strength
}

// Due says whether the person is held at the second door.
func (s Standing) Due() bool { return s.State == SecondFactorDue || s.State == EnrolmentDue }

// Decide is the one rule. One person, one answer, whichever account is open: a second factor belongs to the login, and the
// strictest rule of all that bind wins.
//
// A person who has a second factor is always asked for it first, even where it does not satisfy the rules: else whoever holds
// the password alone could enrol a better one over it.
func Decide(q Question) Standing {
	var binding, coming []Rule
	for _, r := range q.Rules {
		if r.binds(q.Now) {
			binding = append(binding, r)
		} else {
			coming = append(coming, r)
		}
	}
	minimum, requiredBy := gather(binding)
	s := Standing{State: Clear, RequiredBy: requiredBy, Minimum: minimum, Methods: minimum.Accepts() & q.Offered}
	switch {
	case q.Factors != 0 && !q.Proof.SecondFactor():
		s.State = SecondFactorDue
		if s.Methods = q.Factors & minimum.Accepts(); s.Methods == 0 {
			s.Methods = q.Factors // not enough, and asked for all the same: see above
		}
	case len(binding) > 0 && q.Factors&minimum.Accepts() == 0:
		s.State = EnrolmentDue
	case len(binding) > 0 && !q.Proof.Meets(minimum):
		s.State = SecondFactorDue
		s.Methods = q.Factors & minimum.Accepts()
	default:
		s.comes(q, coming)
	}
	return s
}

// comes turns clear into grace where a rule that binds later is not met yet.
func (s *Standing) comes(q Question, coming []Rule) {
	unmet := slices.DeleteFunc(coming, func(r Rule) bool { return q.Factors&r.Minimum.Accepts() != 0 })
	if len(unmet) == 0 {
		return
	}
	minimum, sources := gather(unmet)
	s.State = Grace
	s.GraceUntil = slices.MinFunc(unmet, func(a, b Rule) int { return a.BindsAt.Compare(b.BindsAt) }).BindsAt
	s.Minimum = assurance.Strictest(s.Minimum, minimum)
	s.Methods = s.Minimum.Accepts() & q.Offered
	s.RequiredBy = append(s.RequiredBy, sources...)
	slices.Sort(s.RequiredBy)
	s.RequiredBy = slices.Compact(s.RequiredBy)
}

// Best is the standing of a session that shows everything its person has: whether they meet the rules at all, however they
// have signed in.
func Best(rules []Rule, factors assurance.Types, now time.Time) Standing {
	proof := assurance.Password()
	for _, name := range factors.Names() {
		if t, ok := assurance.ParseType(name); ok {
			proof = proof.And(t.AMR()...)
		}
	}
	return Decide(Question{Rules: rules, Factors: factors, Proof: proof, Offered: assurance.All, Now: now})
}

func gather(rules []Rule) (assurance.Strength, []Source) {
	minimum, sources := assurance.Any, []Source{}
	for _, r := range rules {
		minimum = assurance.Strictest(minimum, r.Minimum)
		sources = append(sources, r.By)
	}
	slices.Sort(sources)
	return minimum, slices.Compact(sources)
}

// Suffices says whether, with these factors left, the rules would still be met, those that bind later included: what has been
// asked for must not be taken apart while it is still being set up.
func Suffices(rules []Rule, left assurance.Types) (bool, []Source) {
	minimum, sources := gather(rules)
	return len(rules) == 0 || left&minimum.Accepts() != 0, sources
}
