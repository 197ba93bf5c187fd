package enforcement

import (
	"context"
	"maps"
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// What is told about enforcing.
var (
	ErrNumberMismatch = fault.New(fault.Invalid, "account_number_mismatch", "This is not the number of the account.").At("/account_number")
	ErrTwoDeadlines   = fault.InvalidField("/grace_days", "Must not come together with keep_deadline.")
	ErrOwnMissing     = fault.New(fault.Conflict, "own_second_factor_missing", "Set up a second factor of the strength that you ask for yourself first: else you would shut yourself out.")
)

// SwitchStore reads and writes an account's rule. Writing it is one row, however many members it binds.
type SwitchStore interface {
	jobs.WalkStore
	AccountRule(ctx context.Context, accountID id.Account) (account.Account, error)
	SetRule(ctx context.Context, accountID id.Account, r account.Rule) error
	CountMembers(ctx context.Context, accountID id.Account, accepted assurance.Types, now time.Time) (account.Counts, error)
	MembersMissing(ctx context.Context, accountID id.Account, accepted assurance.Types, limit int) ([]account.Member, error)
	CountSessionsLacking(ctx context.Context, accountID id.Account, minimum assurance.Strength, now time.Time) (int, error)
	CountAPITokensLacking(ctx context.Context, accountID id.Account, accepted assurance.Types, now time.Time) (int, error)
	RecipientsMissing(ctx context.Context, accountID id.Account, accepted assurance.Types, cursor string, limit int) ([]account.Recipient, string, error)
	Owners(ctx context.Context, accountID id.Account) ([]account.Recipient, error)
	Recipients(ctx context.Context, accountID id.Account, accepted assurance.Types, cursor string, limit int, now time.Time) ([]account.Recipient, string, error)
	CountUntold(ctx context.Context, accountID id.Account, accepted assurance.Types, now time.Time) (int, error)
	EnqueueJobs(ctx context.Context, js ...jobs.Job) error
	User(ctx context.Context, userID id.User) (user.User, error)
}

// Authority begins the transactions in which somebody acts, and says what they may do.
type Authority interface {
	// Act runs f in one transaction that holds what alone names, and in which who may still act. f may be run twice.
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	// Authorize says, in such a transaction, whether who may do this, and answers the account as they see it.
	Authorize(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error)
	// Look says the same of what is only read.
	Look(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error)
}

// Switch enforces the second factor for an account, and lifts it.
type Switch struct {
	Facts     *Facts
	Store     SwitchStore
	Authority Authority
	Audit     interface {
		Append(ctx context.Context, who actor.Actor, e audit.Event) error
	}
	Notices interface {
		Enqueue(ctx context.Context, m ...notify.Message) error
	}
	Now     func() time.Time
	BaseURL string
}

// Change is what an owner asks for.
type Change struct {
	Enforced       bool
	AccountNumber  string // typed, as confirmation
	GraceDays      int
	KeepDeadline   bool // instead of GraceDays: the deadline that runs stays
	Minimum        assurance.Strength
	SignOutMembers bool
	KeepAPITokens  bool
	Guarded        bool
}

func (c Change) check() error {
	if c.KeepDeadline && c.GraceDays > 0 {
		return ErrTwoDeadlines
	}
	return nil
}

// Report is an account's rule and whom it meets.
type Report struct {
	Rule       account.Rule
	EnforcedBy string // the name; "" while not enforced
	IncidentBy string // the name; "" while none runs
	Counts     account.Counts
}

// Report reads the rule. fault.ErrNotFound to whoever is not a member.
func (s *Switch) Report(ctx context.Context, who actor.Actor, accountID id.Account) (Report, error) {
	if _, err := s.Authority.Look(ctx, who, actor.ReadPortal, accountID); err != nil {
		return Report{}, err
	}
	return s.report(ctx, accountID)
}

func (s *Switch) report(ctx context.Context, accountID id.Account) (Report, error) {
	a, err := s.Store.AccountRule(ctx, accountID)
	if err != nil {
		return Report{}, err
	}
	r := Report{Rule: a.Rule}
	if a.Rule.Enforced() {
		if r.EnforcedBy, err = s.nameOf(ctx, a.Rule.EnforcedBy); err != nil {
			return Report{}, err
		}
	}
	if a.Rule.Incident() {
		if r.IncidentBy, err = s.nameOf(ctx, a.Rule.IncidentBy); err != nil {
			return Report{}, err
		}
	}
	r.Counts, err = s.Store.CountMembers(ctx, accountID, a.Rule.Minimum.Accepts(), s.Now())
	return r, err
}

// nameOf is who has decided.
func (s *Switch) nameOf(ctx context.Context, userID id.User) (string, error) {
	if userID == audit.Operator {
		return "Operator", nil
	}
	u, err := s.Store.User(ctx, userID)
	return u.Name, err
}

// Set enforces, changes or lifts the rule. It binds every member at the commit, on every replica within a second, and takes as long
// for a hundred thousand members as for one: those who must be told are found by a job. What is wrong with the request is told before
// a confirmation is asked for: fault.ErrNotFound to whoever is not a member, fault.ErrOwnerOnly, ErrNumberMismatch, ErrTwoDeadlines,
// ErrOwnMissing. Refusals go into the record too.
func (s *Switch) Set(ctx context.Context, who actor.Actor, accountID id.Account, c Change) (Report, error) {
	return s.decide(ctx, who, accountID, c.AccountNumber, func(ctx context.Context, now account.Rule) (decision, error) {
		if err := c.check(); err != nil {
			return decision{}, err
		}
		if c.Enforced {
			if err := s.ownSuffices(ctx, who, c.Minimum); err != nil {
				return decision{}, err
			}
		}
		next, event, err := s.next(now, decider(who), c)
		return decision{next, event, c.action(now, next, s.Now())}, err
	})
}

// action is what it takes to make the change: what loosens a rule in force is confirmed as what lifts it.
func (c Change) action(now, next account.Rule, at time.Time) actor.Action {
	switch {
	case !c.Enforced:
		return actor.LiftRule
	case now.Enforced() && looser(now, next, at):
		return actor.LoosenRule
	default:
		return actor.EnforceRule
	}
}

// looser says whether a rule in force would accept more, bind later, or ask less of programs or of a first enrolment.
func looser(before, next account.Rule, at time.Time) bool {
	return next.Strength().Accepts()&^before.Strength().Accepts() != 0 ||
		next.GraceUntil.After(at) && next.GraceUntil.After(before.GraceUntil) ||
		next.KeepAPITokens && !before.KeepAPITokens ||
		before.Guarded && !next.Guarded
}

// ownSuffices is ErrOwnMissing to a person who would shut themselves out. An operator, who has no second factor, shuts nobody out.
func (s *Switch) ownSuffices(ctx context.Context, who actor.Actor, minimum assurance.Strength) error {
	if who.User == "" {
		return nil
	}
	u, err := s.Store.User(ctx, who.User)
	if err == nil && u.Factors&minimum.Accepts() == 0 {
		err = ErrOwnMissing
	}
	return err
}

// decider is who decides, as the rule and the record name them.
func decider(who actor.Actor) id.User {
	if who.IsOperator() {
		return audit.Operator
	}
	return who.User
}

// decision is another rule, the event that tells of it, and what it takes to decide so.
type decision struct {
	next   account.Rule
	event  audit.Event
	action actor.Action
}

// decide writes another rule, with the record of it, the notices to those whom it concerns and the reminders of a new deadline. f
// says what is wrong with the request before a confirmation is asked for.
func (s *Switch) decide(ctx context.Context, who actor.Actor, accountID id.Account, number string,
	f func(ctx context.Context, now account.Rule) (decision, error)) (Report, error) {
	began := false
	err := s.Authority.Act(ctx, who, actor.AccountAlone(accountID), func(ctx context.Context) error {
		began = true
		m, err := s.Authority.Authorize(ctx, who, actor.DecideRule, accountID)
		if err != nil {
			return err
		}
		if number != m.Number {
			return ErrNumberMismatch
		}
		d, err := f(ctx, m.Rule)
		if err != nil {
			return err
		}
		if _, err := s.Authority.Authorize(ctx, who, d.action, accountID); err != nil {
			return err
		}
		return s.write(ctx, who, m.Account, d)
	})
	if err != nil && began {
		err = s.refused(ctx, who, accountID, err)
	}
	if err != nil {
		return Report{}, err
	}
	return s.report(ctx, accountID)
}

func (s *Switch) write(ctx context.Context, who actor.Actor, a account.Account, d decision) error {
	if err := s.Store.SetRule(ctx, a.ID, d.next); err != nil {
		return err
	}
	js, err := s.jobs(a.ID, who.IsOperator(), a.Rule, d.next)
	if err != nil {
		return err
	}
	if err := s.Store.EnqueueJobs(ctx, js...); err != nil {
		return err
	}
	detail := was(a.Rule)
	maps.Copy(detail, d.event.Detail)
	d.event.AccountID, d.event.Detail = a.ID, detail
	return s.Audit.Append(ctx, who, d.event)
}

// jobs are those that a change of the rule calls for.
func (s *Switch) jobs(accountID id.Account, operator bool, before, next account.Rule) ([]jobs.Job, error) {
	var js []jobs.Job
	if _, anybody := audience(before, next, s.Now()); anybody {
		j, err := noticesJob(accountID, operator, before, next, s.Now())
		if err != nil {
			return nil, err
		}
		js = append(js, j)
	}
	if next.Enforced() && !next.GraceUntil.IsZero() && !next.GraceUntil.Equal(before.GraceUntil) {
		reminders, err := reminderJobs(accountID, next, s.Now())
		if err != nil {
			return nil, err
		}
		js = append(js, reminders...)
	}
	return js, nil
}

// refused records an attempt that was refused, and passes the refusal on. Whoever is no member has tried nothing, and whoever must
// confirm first may try again.
func (s *Switch) refused(ctx context.Context, who actor.Actor, accountID id.Account, refusal error) error {
	e, told := fault.As(refusal)
	if !told || e.Kind == fault.NotFound || e.Kind == fault.Unauthenticated {
		return refusal
	}
	if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.AccountEnforcementRefused, Outcome: audit.Refused,
		AccountID: accountID, Detail: map[string]string{"code": e.Code}}); err != nil {
		return err
	}
	return refusal
}

// next is the rule after the change, and the event that tells of it. Asking again for what is enforced already is the same
// activation: nobody is told twice of it.
func (s *Switch) next(now account.Rule, by id.User, c Change) (account.Rule, audit.Event, error) {
	at := s.Now()
	next := account.Rule{Minimum: assurance.Any, IncidentAt: now.IncidentAt, IncidentBy: now.IncidentBy, APITokensPaused: now.APITokensPaused}
	event := audit.Event{Action: audit.AccountEnforcementLifted, Detail: map[string]string{}}
	if c.Enforced {
		event.Action = audit.AccountEnforced
		event.Detail["minimum_strength"] = string(c.Minimum)
		next = now
		next.Minimum, next.KeepAPITokens, next.Guarded = c.Minimum, c.KeepAPITokens, c.Guarded
		if !c.KeepDeadline {
			next.GraceUntil = time.Time{}
		}
		if c.GraceDays > 0 {
			next.GraceUntil = at.Add(time.Duration(c.GraceDays) * 24 * time.Hour)
		}
		if next.GraceUntil.After(at) {
			event.Detail["grace_until"] = next.GraceUntil.UTC().Format(time.RFC3339)
		}
		if c.KeepAPITokens {
			event.Detail["api_tokens"] = "keep"
		}
		if c.Guarded {
			event.Detail["guarded_enrolment"] = "true"
		}
		if !now.Enforced() {
			next.EnforcementID, next.EnforcedAt, next.EnforcedBy = id.New(), at, by
		}
	}
	if c.SignOutMembers {
		next.SignedOutAt, next.SignedOutBy = at, by
		event.Detail["sign_out_members"] = "true"
	}
	if next.Incident() { // what an owner decides now is what the end of the incident goes back to
		back := next
		if c.KeepDeadline {
			b, err := recall(now)
			if err != nil {
				return now, event, err
			}
			back.GraceUntil = b.GraceUntil
		}
		next.IncidentBefore = remember(back)
	}
	return next, event, nil
}

// was says of the rule that a change replaces what the record keeps: with it the rule of any past day is known (package
// evidence).
func was(r account.Rule) map[string]string {
	detail := map[string]string{"enforced_before": strconv.FormatBool(r.Enforced())}
	if r.Enforced() {
		detail["minimum_strength_before"] = string(r.Minimum)
		if !r.GraceUntil.IsZero() {
			detail["grace_until_before"] = r.GraceUntil.UTC().Format(time.RFC3339Nano)
		}
	}
	return detail
}
