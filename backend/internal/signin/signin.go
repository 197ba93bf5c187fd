package signin

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/limit"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ErrInvalidCredentials is the same whether the address is unknown, the password wrong, or the person disabled.
var ErrInvalidCredentials = fault.New(fault.Unauthenticated, "invalid_credentials", "The e-mail address or the password is not right.")

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
	User(ctx context.Context, userID id.User) (user.User, error)
	UserByEmail(ctx context.Context, email string) (user.User, error)
}

// Store is the transaction that a step is made in, and what it changes of a sign-in.
type Store interface {
	InTx(ctx context.Context, f func(ctx context.Context) error) error
	ProvePendingPassword(ctx context.Context, pendingID id.Stay, now time.Time) error
	// ClearMailbox lets a mailbox that has reset the password be a second factor again.
	ClearMailbox(ctx context.Context, userID id.User) error
	// MoveEpoch shuts whatever somebody could get in with as this person.
	MoveEpoch(ctx context.Context, userID id.User) error
}

// Authority begins the transactions in which somebody acts, and knows who acts in them: package authority.
type Authority interface {
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	Authorize(ctx context.Context, who actor.Actor, a actor.Action, accountID id.Account) (account.Membership, error)
	Person(ctx context.Context) (enforcement.Person, error)
}

// Stairs walks a person from the first door to a session.
type Stairs struct {
	Users     Users
	Store     Store
	Authority Authority
	Hasher    *user.Hasher
	Limits    *limit.Limits
	Facts     *enforcement.Facts
	Factors   *factor.Service
	Book      *session.Book
	Tokens    *session.Tokens
	Box       *seal.Box
	Audit     interface {
		Append(ctx context.Context, who actor.Actor, e audit.Event) error
	}
	Now func() time.Time
}

// Opened is a session as its owner receives it.
type Opened struct {
	Session      session.Session
	AccessToken  string
	ExpiresIn    time.Duration
	RefreshToken string
	Confirmation string // the token of what was shown just now; "" where that confirms nothing
}

// Result is where a step has led: a session, or a partial token for the next one.
type Result struct {
	Opened *Opened // nil: the second door is still shut

	Standing     enforcement.Standing
	Purpose      actor.Purpose // of the partial token
	PartialToken string
	ResumeToken  string
	Delivery     session.Delivery
	ExpiresIn    time.Duration   // of the partial token
	Ends         time.Duration   // of the sign-in between the doors
	Factors      []factor.Factor // for the second factor: which can be asked for
}

// SignIn is the first door. ErrInvalidCredentials, the same and in the same time for an unknown address, a wrong password and a
// disabled person; fault.ErrRateLimited; user.ErrBusy.
func (s *Stairs) SignIn(ctx context.Context, who actor.Actor, email, password string, d session.Delivery) (Result, error) {
	key, err := s.Limits.Take(ctx, who.Origin.Network, guesses("sign-in", user.EmailKey(email))...)
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
		if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.SignInRefused, Outcome: audit.Refused, UserID: u.ID}); err != nil {
			return Result{}, err
		}
		return Result{}, ErrInvalidCredentials
	}
	p, err := s.Facts.Person(ctx, u.ID)
	if err != nil {
		return Result{}, err
	}
	// The epoch is the one at which the password was read: where it is changed while it is checked, what opens with it opens nothing.
	begin := session.Pending{UserID: u.ID, Epoch: u.Epoch, Delivery: d, Proof: assurance.Password(), OpenedWith: session.Openers{session.WithPassword(u.PasswordID)},
		PasswordAt: s.Now()}
	var r Result
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if r, err = s.dispatch(ctx, who, p, begin); err != nil {
			return err
		}
		return s.Limits.GiveBack(ctx, key)
	})
	if errors.Is(err, fault.ErrUnauthorized) { // disabled while the password was checked
		err = ErrInvalidCredentials
	}
	return r, err
}

// dispatch asks the standing what comes next and opens that door. begin says what is proven so far.
func (s *Stairs) dispatch(ctx context.Context, who actor.Actor, p enforcement.Person, begin session.Pending) (Result, error) {
	standing := p.Standing(begin.Proof, s.Now())
	begin.Purpose = s.nextDoor(p, standing, begin)
	if begin.Purpose == "" {
		if !p.User.MailboxSpentAt.IsZero() {
			if err := s.Store.ClearMailbox(ctx, p.User.ID); err != nil {
				return Result{}, err
			}
		}
		opened, err := s.open(ctx, who, begin, nil)
		return Result{Opened: &opened, Standing: standing}, err
	}
	pending, err := s.Book.Begin(ctx, who, begin)
	if err != nil {
		return Result{}, err
	}
	r, err := s.between(ctx, p, pending)
	if err != nil || begin.FromSession != "" {
		return r, err
	}
	return r, s.Audit.Append(ctx, who, audit.Event{Action: audit.SignInPasswordAccepted, ActorID: p.User.ID, UserID: p.User.ID,
		Detail: map[string]string{"next": string(r.Standing.State)}})
}

// nextDoor is what a sign-in must do next; "" where it has earned a session. Whoever must enrol something better, and has shown what they
// have a while ago in another stay, shows it again first: the session that it was shown in may be somebody else's by now.
func (s *Stairs) nextDoor(p enforcement.Person, standing enforcement.Standing, begin session.Pending) actor.Purpose {
	switch {
	case standing.State == enforcement.SecondFactorDue:
		return actor.ForSecondFactor
	case standing.State != enforcement.EnrolmentDue:
		return ""
	case begin.FromSession != "" && p.User.Factors != 0 && !s.freshlyShown(p, begin.Stay()):
		return actor.ForSecondFactor
	default:
		return actor.ForEnrolment
	}
}

// freshlyShown says whether the stay has shown a factor as strong as the strongest that its person has, within the life of a partial token.
func (s *Stairs) freshlyShown(p enforcement.Person, stay actor.Stay) bool {
	return !stay.FactorAt.IsZero() && s.Now().Sub(stay.FactorAt) <= session.PartialLife && stay.Factor.AsStrongAs(p.User.Factors)
}

// between describes a sign-in between the doors to whoever stands there, with a new partial token.
func (s *Stairs) between(ctx context.Context, p enforcement.Person, pending session.Pending) (Result, error) {
	r := Result{Standing: p.Standing(pending.Proof, s.Now()), Purpose: pending.Purpose, Delivery: pending.Delivery, Ends: pending.Expires.Sub(s.Now())}
	var err error
	if pending.Purpose == actor.ForSecondFactor {
		if r.Factors, err = s.askable(ctx, p, r.Standing); err != nil {
			return r, err
		}
	}
	if r.PartialToken, r.ExpiresIn, err = s.Tokens.Partial(pending); err != nil {
		return r, err
	}
	r.ResumeToken, err = s.Box.Seal(resumePlace, []byte(pending.ID))
	return r, err
}

// askable are the factors that would open the second door: those that the rules accept or, of whoever must enrol something better, those
// that are as strong as the strongest that they have.
func (s *Stairs) askable(ctx context.Context, p enforcement.Person, standing enforcement.Standing) ([]factor.Factor, error) {
	accepted := standing.Methods
	if standing.State != enforcement.SecondFactorDue {
		accepted = p.User.Factors.AsStrong()
	}
	active, err := s.Factors.Active(ctx, p.User.ID)
	var out []factor.Factor
	for _, f := range active {
		if accepted.Has(f.Type) {
			out = append(out, f)
		}
	}
	return out, err
}

// open makes the session that a sign-in has earned; the one that it came from is over. shown is what was shown at the second door; nil
// where there was none.
func (s *Stairs) open(ctx context.Context, who actor.Actor, p session.Pending, shown *factor.Proven) (Opened, error) {
	if p.FromSession != "" {
		if _, err := s.Book.Store.EndSession(ctx, p.UserID, p.FromSession, "superseded", s.Now()); err != nil {
			return Opened{}, err
		}
	}
	v := session.Session{UserID: p.UserID, Epoch: p.Epoch, Delivery: p.Delivery, Proof: p.Proof, OpenedWith: p.OpenedWith, AuthTime: p.PasswordAt,
		FactorAt: p.FactorAt, Factor: p.Factor}
	if shown != nil {
		v.Proof, v.OpenedWith, v.FactorAt, v.Factor = v.Proof.And(shown.AMR...), v.OpenedWith.And(openerOf(*shown)), s.Now(), shown.Means
	}
	v, refresh, err := s.Book.Open(ctx, who, v)
	if err != nil {
		return Opened{}, err
	}
	if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.SignInCompleted, ActorID: p.UserID, UserID: p.UserID, SessionID: v.ID,
		Detail: map[string]string{"amr": v.Proof.String()}}); err != nil {
		return Opened{}, err
	}
	opened, err := s.hand(v, refresh)
	if until := p.PasswordAt.Add(actor.ConfirmLife); err == nil && p.FromSession == "" && s.Now().Before(until) {
		opened.Confirmation, err = s.confirmation(v.Stay(), true, v.Factor, until) // the password was shown just now, at this sign-in
	}
	return opened, err
}

func openerOf(shown factor.Proven) session.Opener {
	if shown.CodeSet != "" {
		return session.WithCodes(shown.CodeSet)
	}
	return session.WithFactor(shown.Factor)
}

// hand wraps a session up for its owner.
func (s *Stairs) hand(opened session.Session, refresh string) (Opened, error) {
	access, life, err := s.Tokens.Access(opened)
	return Opened{Session: opened, AccessToken: access, ExpiresIn: life, RefreshToken: refresh}, err
}

// Between finds a sign-in between the doors that goes on, with its person. session.ErrEnded for any that does not.
func (s *Stairs) Between(ctx context.Context, pendingID id.Stay) (session.Pending, enforcement.Person, error) {
	pending, err := s.Book.Store.Pending(ctx, pendingID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound || err == nil && !pending.Live(s.Now()) {
		return pending, enforcement.Person{}, session.ErrEnded
	}
	if err != nil {
		return pending, enforcement.Person{}, err
	}
	p, err := s.Facts.Person(ctx, pending.UserID)
	if err != nil {
		return pending, p, err
	}
	if pending.Epoch != p.User.Epoch { // the memory may be of before a change that the sign-in came after
		if p, err = s.Facts.PersonAnew(ctx, pending.UserID); err != nil {
			return pending, p, err
		}
	}
	if !p.User.DisabledAt.IsZero() || pending.Epoch != p.User.Epoch || p.SignedOut(pending.CreatedAt) {
		return pending, p, session.ErrEnded
	}
	if pending.FromSession != "" { // the session it came from may have ended meanwhile
		if _, _, err := s.Facts.Session(ctx, pending.FromSession); err != nil {
			return pending, p, err
		}
	}
	return pending, p, nil
}

// Answer is the second door. The code is burnt, the partial token dies and the session opens in one transaction. Errors are
// those of factor.Prove; session.ErrEnded if the sign-in is over meanwhile. It holds nothing: what opens carries the epoch of the
// sign-in, and opens nothing where that is over.
func (s *Stairs) Answer(ctx context.Context, who actor.Actor, p session.Pending, mailboxSpent bool, a factor.Answer) (Opened, error) {
	proven, err := s.Factors.Prove(ctx, who, a)
	if err != nil {
		return Opened{}, err
	}
	var opened Opened
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if mailboxSpent { // the mailbox is no factor while it is spent, so it was another that has opened this door
			if err := s.Store.ClearMailbox(ctx, p.UserID); err != nil {
				return err
			}
		}
		if err := s.endPending(ctx, p); err != nil {
			return err
		}
		if err := proven.Spend(ctx); err != nil {
			return err
		}
		opened, err = s.open(ctx, who, p, &proven)
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
func (s *Stairs) Refresh(ctx context.Context, who actor.Actor, token string) (Result, error) {
	t, err := s.Book.FindRefresh(ctx, who, token)
	if err != nil {
		return Result{}, err
	}
	v := t.Session
	p, err := s.Facts.Person(ctx, v.UserID)
	if err == nil && v.Epoch != p.User.Epoch { // the memory may be of before a change that the session has lived through
		p, err = s.Facts.PersonAnew(ctx, v.UserID)
	}
	if err != nil {
		return Result{}, err
	}
	if !p.User.DisabledAt.IsZero() || v.Epoch != p.User.Epoch || p.SignedOut(v.CreatedAt) {
		return Result{}, session.ErrEnded
	}
	standing := p.Standing(v.Proof, s.Now())
	if standing.Due() {
		return s.dispatch(ctx, who, p, session.Pending{UserID: v.UserID, Epoch: v.Epoch, Delivery: v.Delivery, FromSession: v.ID, Proof: v.Proof,
			OpenedWith: v.OpenedWith, PasswordAt: v.AuthTime, FactorAt: v.FactorAt, Factor: v.Factor})
	}
	next, err := s.Book.Rotate(ctx, who, t)
	if err != nil {
		return Result{}, err
	}
	opened, err := s.hand(v, next)
	return Result{Opened: &opened, Standing: standing}, err
}

// resumePlace seals what resumes a sign-in: it opens nowhere else.
const resumePlace = "resume"

// Resume goes on with a sign-in between the doors: where it stands, with a new partial token. Where the standing asks for another door by
// now, that one is opened, and the sign-in ends no later for it. session.ErrEnded.
func (s *Stairs) Resume(ctx context.Context, who actor.Actor, token string) (Result, error) {
	raw, err := s.Box.Unseal(resumePlace, token)
	if err != nil {
		return Result{}, session.ErrEnded
	}
	pending, p, err := s.Between(ctx, id.Stay(raw))
	if err != nil {
		return Result{}, err
	}
	if door := s.nextDoor(p, p.Standing(pending.Proof, s.Now()), pending); door == pending.Purpose {
		return s.between(ctx, p, pending)
	}
	var r Result
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := s.endPending(ctx, pending); err != nil {
			return err
		}
		if r, err = s.dispatch(ctx, who, p, pending); err == nil && r.Opened != nil {
			r.Opened.Confirmation = "" // what resumes a sign-in is a copy in a browser: it confirms nothing
		}
		return err
	})
	return r, err
}

// SignOut ends the actor's session, or the sign-in between the doors and the session that it came from.
func (s *Stairs) SignOut(ctx context.Context, who actor.Actor) error {
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.SignOut, ""); err != nil {
			return err
		}
		sessionID := who.Stay.ID
		if who.Stay.Between() {
			if _, err := s.Book.Store.EndPending(ctx, who.Stay.ID, s.Now()); err != nil {
				return err
			}
			if sessionID = who.Stay.From; sessionID == "" {
				return nil
			}
		}
		_, err := s.Book.EndOne(ctx, who, sessionID, "signed_out") // one that is over already is what was asked for
		return err
	})
}
