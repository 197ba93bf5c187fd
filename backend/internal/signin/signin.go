package signin

import (
	"context"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/limit"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// What is told about signing in.
var (
	ErrInvalidCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "The e-mail address or the password is not right.")
	ErrConfirmation       = fault.New(fault.Unauthenticated, "confirmation_required", "Confirm first that it is still you.")
	ErrSecondFactorDue    = fault.New(fault.Unauthenticated, "second_factor_due", "This session has not shown the second factor that it needs. Refresh, and go on with the partial token.")
	ErrEnrolmentDue       = fault.New(fault.Forbidden, "enrolment_due", "A second factor must be set up first. Refresh, and go on with the enrolment token.")
)

// Password guesses are counted per person and place they come from, so that a stranger cannot lock anybody out, and per place
// over all persons, so that one list of stolen passwords cannot be tried on everybody. Right passwords do not count.
var (
	perPerson = limit.Bound{Every: time.Minute, Burst: 10}
	perPlace  = limit.Bound{Every: 2 * time.Second, Burst: 300}
)

func guesses(what, whom string) []limit.Count {
	return []limit.Count{{What: what, Whom: whom, Here: true, Bound: perPerson}, {What: what, Here: true, Bound: perPlace}}
}

// Users finds persons.
type Users interface {
	User(ctx context.Context, userID string) (user.User, error)
	UserByEmail(ctx context.Context, email string) (user.User, error)
}

// Store is the transaction that a step is made in, and what it changes of a sign-in.
type Store interface {
	InTx(ctx context.Context, f func(ctx context.Context) error) error
	ProvePendingPassword(ctx context.Context, pendingID string, now time.Time) error
	// HoldPassword says whether this is still the password, and keeps it so until the transaction ends.
	HoldPassword(ctx context.Context, userID, hash string) (bool, error)
	// ClearMailbox lets a mailbox that has reset the password be a second factor again.
	ClearMailbox(ctx context.Context, userID string) error
}

// Stairs walks a person from the first door to a session.
type Stairs struct {
	Users   Users
	Store   Store
	Hasher  *user.Hasher
	Limits  *limit.Limits
	Facts   *enforcement.Facts
	Factors *factor.Service
	Book    *session.Book
	Tokens  *session.Tokens
	Audit   interface {
		Append(ctx context.Context, e audit.Event) error
	}
	Now func() time.Time
}

// Opened is a session as its owner receives it.
type Opened struct {
	Session      session.Session
	AccessToken  string
	ExpiresIn    time.Duration
	RefreshToken string
}

// Result is where a step has led: a session, or a partial token for the next one.
type Result struct {
	Opened *Opened // nil: the second door is still shut

	Standing     enforcement.Standing
	PartialToken string
	ExpiresIn    time.Duration
	Factors      []factor.Factor // with SecondFactorDue: which can be asked for
}

// SignIn is the first door. ErrInvalidCredentials, the same and in the same time for an unknown address, a wrong password and a
// disabled person; fault.ErrRateLimited; user.ErrBusy.
func (s *Stairs) SignIn(ctx context.Context, email, password string, d session.Delivery) (Result, error) {
	key, err := s.Limits.Take(ctx, guesses("sign-in", user.EmailKey(email))...)
	if err != nil {
		return Result{}, err
	}
	u, err := s.Users.UserByEmail(ctx, email)
	if e, told := fault.As(err); err != nil && (!told || e.Kind != fault.NotFound) {
		return Result{}, err
	}
	right, err := s.Hasher.Check(ctx, password, u.PasswordHash)
	if err != nil {
		return Result{}, err
	}
	if !right || !u.DisabledAt.IsZero() {
		if err := s.Audit.Append(ctx, audit.Event{Action: audit.SignInRefused, Outcome: audit.Refused, UserID: u.ID}); err != nil {
			return Result{}, err
		}
		return Result{}, ErrInvalidCredentials
	}
	p, err := s.Facts.Person(ctx, u.ID)
	if err != nil {
		return Result{}, err
	}
	var r Result
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		// It may have been changed while it was checked: a session that was opened with it would have come too late to be ended.
		same, err := s.Store.HoldPassword(ctx, u.ID, u.PasswordHash)
		if err != nil {
			return err
		}
		if !same {
			return ErrInvalidCredentials
		}
		if r, err = s.dispatch(ctx, p, session.Pending{Delivery: d, Proof: assurance.Password(), PasswordAt: s.Now()}); err != nil {
			return err
		}
		return s.Limits.GiveBack(ctx, key)
	})
	return r, err
}

// dispatch asks the standing what comes next and opens that door. begin says what is proven so far.
func (s *Stairs) dispatch(ctx context.Context, p enforcement.Person, begin session.Pending) (Result, error) {
	r := Result{Standing: p.Standing(begin.Proof, s.Now())}
	begin.UserID = p.User.ID
	switch r.Standing.State {
	case enforcement.SecondFactorDue:
		begin.Purpose = session.ForSecondFactor
		active, err := s.Factors.Active(ctx, p.User.ID)
		if err != nil {
			return r, err
		}
		for _, f := range active {
			if r.Standing.Methods.Has(f.Type) {
				r.Factors = append(r.Factors, f)
			}
		}
	case enforcement.EnrolmentDue:
		begin.Purpose = session.ForEnrolment
	default:
		if err := s.Store.ClearMailbox(ctx, p.User.ID); err != nil {
			return r, err
		}
		opened, err := s.open(ctx, begin, nil)
		r.Opened = &opened
		return r, err
	}
	pending, err := s.Book.Begin(ctx, begin)
	if err != nil {
		return r, err
	}
	if r.PartialToken, r.ExpiresIn, err = s.Tokens.Partial(pending); err != nil {
		return r, err
	}
	if begin.FromSession != "" {
		return r, nil
	}
	return r, s.Audit.Append(ctx, audit.Event{Action: audit.SignInPasswordAccepted, ActorID: p.User.ID, UserID: p.User.ID,
		Detail: map[string]string{"next": string(r.Standing.State)}})
}

// open makes the session that a sign-in has earned; the one that it came from is over.
func (s *Stairs) open(ctx context.Context, p session.Pending, more []string) (Opened, error) {
	if p.FromSession != "" {
		if _, err := s.Book.Store.EndSession(ctx, p.UserID, p.FromSession, "superseded", s.Now()); err != nil {
			return Opened{}, err
		}
	}
	opened, refresh, err := s.Book.Open(ctx, p.UserID, p.Proof.And(more...), p.Delivery, p.PasswordAt)
	if err != nil {
		return Opened{}, err
	}
	if err := s.Audit.Append(ctx, audit.Event{Action: audit.SignInCompleted, ActorID: p.UserID, UserID: p.UserID, SessionID: opened.ID,
		Detail: map[string]string{"amr": opened.Proof.String()}}); err != nil {
		return Opened{}, err
	}
	return s.hand(opened, refresh)
}

// hand wraps a session up for its owner.
func (s *Stairs) hand(opened session.Session, refresh string) (Opened, error) {
	access, life, err := s.Tokens.Access(opened)
	return Opened{Session: opened, AccessToken: access, ExpiresIn: life, RefreshToken: refresh}, err
}

// Answer is the second door. The code is burnt, the partial token dies and the session opens in one transaction. Errors are
// those of factor.Prove; session.ErrEnded if the partial token has died meanwhile.
func (s *Stairs) Answer(ctx context.Context, p session.Pending, a factor.Answer) (Opened, error) {
	proven, err := s.Factors.Prove(ctx, p.UserID, p.ID, p.ID, a)
	if err != nil {
		return Opened{}, err
	}
	var opened Opened
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		// The mailbox is no factor while it is spent, so it was another that has opened this door.
		if err := s.Store.ClearMailbox(ctx, p.UserID); err != nil {
			return err
		}
		if err := s.endPending(ctx, p); err != nil {
			return err
		}
		if err := proven.Spend(ctx); err != nil {
			return err
		}
		opened, err = s.open(ctx, p, proven.AMR)
		return err
	})
	if err != nil {
		return Opened{}, proven.GiveBack(ctx, err)
	}
	return opened, nil
}

func (s *Stairs) endPending(ctx context.Context, p session.Pending) error {
	ended, err := s.Book.Store.EndPending(ctx, p.ID, s.Now())
	if err == nil && !ended {
		err = session.ErrEnded
	}
	return err
}

// Refresh exchanges a refresh token. A session that no longer meets the rules gets a partial token, and its refresh token is
// not spent: it stays good for another try, and never for more. session.ErrEnded.
func (s *Stairs) Refresh(ctx context.Context, token string) (Result, error) {
	t, err := s.Book.FindRefresh(ctx, token)
	if err != nil {
		return Result{}, err
	}
	p, err := s.Facts.Person(ctx, t.Session.UserID)
	if err != nil {
		return Result{}, err
	}
	if !p.User.DisabledAt.IsZero() || p.SignedOut(t.Session.CreatedAt) {
		return Result{}, session.ErrEnded
	}
	standing := p.Standing(t.Session.Proof, s.Now())
	if standing.Due() {
		passwordAt := t.Session.AuthTime
		if t.Session.PasswordAt.After(passwordAt) {
			passwordAt = t.Session.PasswordAt
		}
		return s.dispatch(ctx, p, session.Pending{Delivery: t.Session.Delivery, FromSession: t.Session.ID, Proof: t.Session.Proof, PasswordAt: passwordAt})
	}
	next, err := s.Book.Rotate(ctx, t)
	if err != nil {
		return Result{}, err
	}
	opened, err := s.hand(t.Session, next)
	return Result{Opened: &opened, Standing: standing}, err
}

// SignOut ends the session, or the sign-in between the doors and the session that it came from.
func (s *Stairs) SignOut(ctx context.Context, sessionID string, p session.Pending) error {
	userID := p.UserID
	if p.ID != "" {
		if _, err := s.Book.Store.EndPending(ctx, p.ID, s.Now()); err != nil {
			return err
		}
		if sessionID = p.FromSession; sessionID == "" {
			return nil
		}
	}
	err := s.Book.End(ctx, userID, sessionID, "signed_out")
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return nil // over already: what was asked for is so
	}
	return err
}

// Activate is the "Okay" of an enrolment: the factor counts, what it replaces goes, every other session that shows no second
// factor ends, and its owner holds a session that shows it. One of in and p is given. Errors are those of factor.Activate.
func (s *Stairs) Activate(ctx context.Context, in session.Session, p session.Pending, factorID string) (factor.Factor, Opened, error) {
	userID := in.UserID
	if p.ID != "" {
		userID = p.UserID
	}
	var f factor.Factor
	var opened Opened
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		var err error
		if f, err = s.Factors.Activate(ctx, userID, factorID); err != nil {
			return err
		}
		if p.ID != "" && !p.Proof.SecondFactor() {
			if err := s.first(ctx, userID, factorID); err != nil {
				return err
			}
		}
		if _, err := s.Book.Store.EndSessions(ctx, userID, in.ID, true, "second_factor_activated", s.Now()); err != nil {
			return err
		}
		if p.ID == "" {
			stronger, refresh, err := s.Book.Strengthen(ctx, in, f.Type.AMR())
			if err != nil {
				return err
			}
			opened, err = s.hand(stronger, refresh)
			return err
		}
		if err := s.endPending(ctx, p); err != nil {
			return err
		}
		opened, err = s.open(ctx, p, f.Type.AMR())
		return err
	})
	return f, opened, err
}

// first refuses whoever has shown the password alone while another factor counts already. The gate asks that too, before this
// transaction: of several who enrol at once it lets in all. factor.Activate has made them take turns.
func (s *Stairs) first(ctx context.Context, userID, factorID string) error {
	all, err := s.Factors.List(ctx, userID)
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.ID != factorID && f.Status == factor.Active {
			return ErrSecondFactorDue
		}
	}
	return nil
}
