package enforcement

import (
	"context"
	"maps"
	"strconv"
	"time"

	"sallyport/internal/account"
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
	AccountRule(ctx context.Context, accountID string) (account.Account, error)
	HoldAccount(ctx context.Context, accountID string) error
	SetRule(ctx context.Context, accountID string, r account.Rule) error
	CountMembers(ctx context.Context, accountID string, accepted assurance.Types, now time.Time) (account.Counts, error)
	MembersMissing(ctx context.Context, accountID string, accepted assurance.Types, limit int) ([]account.Member, error)
	CountSessionsLacking(ctx context.Context, accountID string, minimum assurance.Strength, now time.Time) (int, error)
	CountAPITokensLacking(ctx context.Context, accountID string, accepted assurance.Types, now time.Time) (int, error)
	RecipientsMissing(ctx context.Context, accountID string, accepted assurance.Types, cursor string, limit int) ([]account.Recipient, string, error)
	Owners(ctx context.Context, accountID string) ([]account.Recipient, error)
	Recipients(ctx context.Context, accountID string, accepted assurance.Types, cursor string, limit int, now time.Time) ([]account.Recipient, string, error)
	CountUntold(ctx context.Context, accountID string, accepted assurance.Types, now time.Time) (int, error)
	EnqueueJobs(ctx context.Context, js ...jobs.Job) error
	User(ctx context.Context, userID string) (user.User, error)
}

// Switch enforces the second factor for an account, and lifts it.
type Switch struct {
	Facts *Facts
	Store SwitchStore
	Audit interface {
		Append(ctx context.Context, e audit.Event) error
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
func (s *Switch) Report(ctx context.Context, actorID, accountID string) (Report, error) {
	if !audit.IsOperator(ctx) {
		p, err := s.Facts.Person(ctx, actorID)
		if err != nil {
			return Report{}, err
		}
		if _, err := p.Role(accountID); err != nil {
			return Report{}, err
		}
	}
	return s.report(ctx, accountID)
}

func (s *Switch) report(ctx context.Context, accountID string) (Report, error) {
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
func (s *Switch) nameOf(ctx context.Context, userID string) (string, error) {
	if userID == audit.Operator {
		return "Operator", nil
	}
	u, err := s.Store.User(ctx, userID)
	return u.Name, err
}

// Check says whether the actor may make this change, without making it. ErrOwnerOnly, ErrNumberMismatch, ErrTwoDeadlines, ErrOwnMissing;
// fault.ErrNotFound to whoever is not a member. An operator, who shuts nobody out by having no second factor, must only know the
// number.
func (s *Switch) Check(ctx context.Context, actorID, accountID string, c Change) error {
	if audit.IsOperator(ctx) {
		a, err := s.Store.AccountRule(ctx, accountID)
		if err == nil && c.AccountNumber != a.Number {
			err = ErrNumberMismatch
		}
		return err
	}
	p, err := s.Facts.Person(ctx, actorID)
	if err != nil {
		return err
	}
	role, err := p.Role(accountID)
	if err != nil {
		return err
	}
	if err := role.Permit(account.Enforce); err != nil {
		return err
	}
	a, err := s.Store.AccountRule(ctx, accountID)
	if err != nil {
		return err
	}
	if c.AccountNumber != a.Number {
		return ErrNumberMismatch
	}
	if err := c.check(); err != nil {
		return err
	}
	if c.Enforced && p.User.Factors&c.Minimum.Accepts() == 0 {
		return ErrOwnMissing
	}
	return nil
}

// Set enforces or lifts. It binds every member at the commit, on every replica within a second, and takes as long for a
// hundred thousand members as for one: those who must be told are found by a job. Refusals are those of Check, and go into the
// record too.
func (s *Switch) Set(ctx context.Context, actorID, accountID string, c Change) (Report, error) {
	if err := s.Check(ctx, actorID, accountID, c); err != nil {
		return Report{}, s.Refused(ctx, actorID, accountID, err)
	}
	return s.change(ctx, actorID, accountID, func(now account.Rule) (account.Rule, audit.Event, error) {
		return s.next(now, actorID, c)
	})
}

// change writes another rule, with the record of it, the notices to those whom it concerns and the reminders of a new deadline.
func (s *Switch) change(ctx context.Context, actorID, accountID string, f func(now account.Rule) (account.Rule, audit.Event, error)) (Report, error) {
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.Store.HoldAccount(ctx, accountID); err != nil {
			return err
		}
		a, err := s.Store.AccountRule(ctx, accountID)
		if err != nil {
			return err
		}
		next, event, err := f(a.Rule)
		if err != nil {
			return err
		}
		if err := s.Store.SetRule(ctx, accountID, next); err != nil {
			return err
		}
		js, err := s.jobs(accountID, actorID, a.Rule, next)
		if err != nil {
			return err
		}
		if err := s.Store.EnqueueJobs(ctx, js...); err != nil {
			return err
		}
		event.AccountID, event.ActorID = accountID, actorID
		detail := was(a.Rule)
		maps.Copy(detail, event.Detail)
		event.Detail = detail
		return s.Audit.Append(ctx, event)
	})
	if err != nil {
		return Report{}, err
	}
	return s.report(ctx, accountID)
}

// jobs are those that a change of the rule calls for.
func (s *Switch) jobs(accountID, actorID string, before, next account.Rule) ([]jobs.Job, error) {
	var js []jobs.Job
	if _, anybody := audience(before, next, s.Now()); anybody {
		j, err := noticesJob(accountID, actorID, before, next, s.Now())
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

// Refused records an attempt that was refused, and passes the refusal on.
func (s *Switch) Refused(ctx context.Context, actorID, accountID string, refusal error) error {
	e, told := fault.As(refusal)
	if !told || e.Kind == fault.NotFound {
		return refusal
	}
	if err := s.Audit.Append(ctx, audit.Event{Action: audit.AccountEnforcementRefused, Outcome: audit.Refused, ActorID: actorID,
		AccountID: accountID, Detail: map[string]string{"code": e.Code}}); err != nil {
		return err
	}
	return refusal
}

// next is the rule after the change, and the event that tells of it. Asking again for what is enforced already is the same
// activation: nobody is told twice of it.
func (s *Switch) next(now account.Rule, actorID string, c Change) (account.Rule, audit.Event, error) {
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
			next.EnforcementID, next.EnforcedAt, next.EnforcedBy = id.New(), at, actorID
		}
	}
	if c.SignOutMembers {
		next.SignedOutAt, next.SignedOutBy = at, actorID
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
