package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// What is told about what somebody may not do.
var (
	ErrConfirmation    = fault.New(fault.Unauthenticated, "confirmation_required", "Confirm first that it is still you.")
	ErrSecondFactorDue = fault.New(fault.Unauthenticated, "second_factor_due", "This session has not shown the second factor that it needs. Refresh, and go on with the partial token.")
	ErrEnrolmentDue    = fault.New(fault.Forbidden, "enrolment_due", "A second factor must be set up first. Refresh, and go on with the enrolment token.")
	ErrTokensPaused    = fault.New(fault.Forbidden, "api_tokens_paused", "An owner has paused the API tokens of an account that you belong to.")
	ErrTokenSuspended  = fault.New(fault.Forbidden, "api_token_suspended", "Something has changed about how the owner of this API token signs in. They can let it work again.")
)

// Read is what the beginning of a transaction reads of who acts.
type Read struct {
	User     user.User
	Belongs  []account.Belonging
	Accounts []account.Account // those that they belong to
	Stay     Life
}

// Life says whether a stay still lives, and what it has shown by now.
type Life struct {
	Epoch     int64
	Proof     assurance.Proof
	CreatedAt time.Time
	Live      bool // it is there, not ended, and its time is not over
}

// Store holds and reads. Each method belongs to the transaction of its context.
type Store interface {
	InTx(ctx context.Context, f func(ctx context.Context) error) error
	// Hold takes the holds of a transaction at once, in one order for all: those of alone for this transaction only, the others shared.
	Hold(ctx context.Context, alone, shared actor.Holds) error
	// ReadActor reads the person, with their accounts, and the stay. A stay or person that is not there is zero.
	ReadActor(ctx context.Context, s actor.Stay, now time.Time) (Read, error)
	AccountRule(ctx context.Context, accountID id.Account) (account.Account, error) // fault.ErrNotFound
}

// Guard begins the transactions of whoever acts.
type Guard struct {
	store Store
	facts *enforcement.Facts
	now   func() time.Time
}

// New makes a guard. facts give a guess of the accounts to hold, and answer what is only read.
func New(store Store, facts *enforcement.Facts, now func() time.Time) *Guard {
	return &Guard{store: store, facts: facts, now: now}
}

// acting is what a transaction knows of who acts in it.
type acting struct {
	alone  actor.Holds
	shared []id.Account
	person enforcement.Person
	who    actor.Actor
}

type actingKey struct{}

func actingIn(ctx context.Context) *acting {
	a, _ := ctx.Value(actingKey{}).(*acting)
	return a
}

// errGuess says that the accounts that were held are not all of the person's.
var errGuess = errors.New("authority: the person belongs to other accounts by now")

// Act runs f in one transaction that holds what alone names, and in which who may still act: session.ErrEnded, session.ErrToken,
// ErrSecondFactorDue, ErrEnrolmentDue and the like where they may not any more. f can be run a second time: it must begin anew. A call
// within such a transaction joins it, and must name nothing that is not held.
func (g *Guard) Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error {
	if a := actingIn(ctx); a != nil {
		if err := a.covers(alone); err != nil {
			return err
		}
		return f(ctx)
	}
	accounts, err := g.guess(ctx, who, alone.Accounts)
	if err != nil {
		return err
	}
	for range 4 { // a membership can change each time, and does not
		err = g.store.InTx(ctx, func(ctx context.Context) error {
			a := &acting{alone: alone, shared: accounts, who: who}
			if err := g.begin(ctx, a); err != nil {
				return err
			}
			return f(context.WithValue(ctx, actingKey{}, a))
		})
		var other *otherAccounts
		if !errors.As(err, &other) {
			return err
		}
		accounts = other.accounts
	}
	return fault.ErrUnavailable.Because(errGuess)
}

type otherAccounts struct{ accounts []id.Account }

func (*otherAccounts) Error() string { return errGuess.Error() }

// guess is which accounts the person belongs to, as far as the memory knows. fault.ErrNotFound where they want one alone that is not
// theirs: nobody makes the members of another account wait.
func (g *Guard) guess(ctx context.Context, who actor.Actor, alone []id.Account) ([]id.Account, error) {
	if who.User == "" {
		return nil, nil
	}
	p, err := g.facts.Person(ctx, who.User)
	if err == nil && !belongs(p, alone) {
		if p, err = g.facts.PersonAnew(ctx, who.User); err == nil && !belongs(p, alone) {
			return nil, fault.ErrNotFound
		}
	}
	if err != nil {
		return nil, gone(who, err)
	}
	return accountsOf(p.Belongs), nil
}

func belongs(p enforcement.Person, accounts []id.Account) bool {
	theirs := accountsOf(p.Belongs)
	return !slices.ContainsFunc(accounts, func(a id.Account) bool { return !slices.Contains(theirs, a) })
}

func accountsOf(belongs []account.Belonging) []id.Account {
	ids := make([]id.Account, len(belongs))
	for i, b := range belongs {
		ids[i] = b.AccountID
	}
	return ids
}

// begin takes the holds and reads who acts, after them: what a hold has waited for is seen.
func (g *Guard) begin(ctx context.Context, a *acting) error {
	shared := actor.Holds{Accounts: a.shared}
	if a.who.User != "" {
		shared.Persons = []id.User{a.who.User}
	}
	if err := g.store.Hold(ctx, a.alone, shared); err != nil {
		return err
	}
	if a.who.User == "" {
		return nil
	}
	now := g.now()
	read, err := g.store.ReadActor(ctx, a.who.Stay, now)
	if err != nil {
		return err
	}
	for _, accountID := range accountsOf(read.Belongs) {
		if !slices.Contains(a.shared, accountID) {
			return &otherAccounts{accountsOf(read.Belongs)}
		}
	}
	a.person = g.facts.Gather(read.User, read.Belongs, read.Accounts)
	if read.User.ID == "" || !read.Stay.Live {
		return ended(a.who)
	}
	if read.Stay.Epoch != a.who.Stay.Epoch && a.who.Kind == actor.Person {
		return session.ErrEnded // the gate has let in what the stay was; what it has begun since belongs to another epoch
	}
	a.who.Stay.Proof = read.Stay.Proof
	return Refusal(a.person, a.who, read.Stay.CreatedAt, now)
}

// covers says whether the transaction holds all of this already. Whoever finds that it does not has named too little where it began.
func (a *acting) covers(h actor.Holds) error {
	for _, userID := range h.Persons {
		if !slices.Contains(a.alone.Persons, userID) {
			return fmt.Errorf("authority: person %s is not held from the beginning", userID)
		}
	}
	for _, accountID := range h.Accounts {
		if !slices.Contains(a.alone.Accounts, accountID) {
			return fmt.Errorf("authority: account %s is not held from the beginning", accountID)
		}
	}
	if h.Everybody && !a.alone.Everybody {
		return errors.New("authority: not everybody is held from the beginning")
	}
	return nil
}

// Refusal is why somebody may not act now, whatever they want to do; nil where they may. The gate asks it of what it remembers, Act of
// what it has just read. opened is when the stay began.
func Refusal(p enforcement.Person, who actor.Actor, opened, now time.Time) error {
	switch {
	case who.Kind != actor.Person && who.Kind != actor.Program:
		return nil
	case !p.User.DisabledAt.IsZero():
		return ended(who)
	case who.Stay.Epoch != p.User.Epoch:
		if who.Kind == actor.Program {
			return ErrTokenSuspended
		}
		return session.ErrEnded
	case who.Kind == actor.Program:
		return programRefusal(p, now)
	case p.SignedOut(opened):
		return session.ErrEnded
	}
	standing := p.Standing(who.Stay.Proof, now)
	switch {
	case who.Due:
		return nil
	case who.Stay.Between():
		// Somebody has set a second factor up since the enrolment began elsewhere: the password alone puts none over it.
		if who.Stay.Purpose == actor.ForEnrolment && standing.State == enforcement.SecondFactorDue {
			return ErrSecondFactorDue
		}
		return nil
	case standing.State == enforcement.SecondFactorDue:
		return ErrSecondFactorDue
	case standing.State == enforcement.EnrolmentDue:
		return ErrEnrolmentDue.With(func(e *fault.Error) { e.RequiredBy = enforcement.Names(standing.RequiredBy) })
	}
	return nil
}

func programRefusal(p enforcement.Person, now time.Time) error {
	if p.TokensPaused {
		return ErrTokensPaused
	}
	if standing := p.TokenStanding(now); standing.Due() {
		return ErrEnrolmentDue.With(func(e *fault.Error) { e.RequiredBy = enforcement.Names(standing.RequiredBy) })
	}
	return nil
}

func ended(who actor.Actor) error {
	if who.Kind == actor.Program {
		return session.ErrToken
	}
	return session.ErrEnded
}

// gone makes a person who is not there a stay that has ended.
func gone(who actor.Actor, err error) error {
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return ended(who)
	}
	return err
}

// Authorize says whether the actor may do this, in the transaction that Act has begun: by role in an account, where the action is one
// of an account ("" else), and by what is confirmed. It answers the account as the actor sees it. fault.ErrNotFound to whoever is not a
// member; fault.ErrOwnerOnly, fault.ErrAdminOnly, fault.ErrForbidden; session.ErrScope to a program; ErrConfirmation.
func (g *Guard) Authorize(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error) {
	a := actingIn(ctx)
	if a == nil {
		return account.Membership{}, fmt.Errorf("authority: %s is asked outside of a transaction that somebody acts in", action)
	}
	return g.decide(ctx, a.person, who, action, accountID)
}

// Look says the same of what is only read, from memory that is never older than a second. Where nothing is remembered of a membership
// the database is asked: it may have begun a moment ago, in another process. What must be confirmed is asked as well.
func (g *Guard) Look(ctx context.Context, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error) {
	var p enforcement.Person
	if who.User != "" {
		var err error
		if p, err = g.remembered(ctx, who); err != nil {
			return account.Membership{}, err
		}
		if _, err := p.Membership(accountID); err != nil && accountID != "" {
			if p, err = g.facts.PersonAnew(ctx, who.User); err != nil {
				return account.Membership{}, gone(who, err)
			}
		}
	}
	return g.decide(ctx, p, who, action, accountID)
}

// remembered is who looks, if they still may: a stream or an export asks again while it goes on.
func (g *Guard) remembered(ctx context.Context, who actor.Actor) (enforcement.Person, error) {
	if who.Kind == actor.Person && who.Stay.Kind == actor.Session {
		v, p, err := g.facts.Session(ctx, who.Stay.ID)
		if err != nil {
			return p, err
		}
		return p, Refusal(p, who, v.CreatedAt, g.now())
	}
	p, err := g.facts.Person(ctx, who.User)
	if err != nil {
		return p, gone(who, err)
	}
	return p, Refusal(p, who, g.now(), g.now())
}

func (g *Guard) decide(ctx context.Context, p enforcement.Person, who actor.Actor, action actor.Action, accountID id.Account) (account.Membership, error) {
	row, known := actor.PermissionOf(action)
	var m account.Membership
	var err error
	switch {
	case who.Kind == actor.Operator || who.Kind == actor.House:
		return g.asOwner(ctx, row, accountID)
	case action == actor.Operate, !known:
		return m, fault.ErrForbidden
	case who.Kind == actor.Stranger:
		return m, fault.ErrUnauthorized
	}
	if len(row.Roles) > 0 {
		if m, err = p.Membership(accountID); err != nil {
			return m, err
		}
		if err := m.Role.Refusal(action); err != nil {
			return m, err
		}
	}
	switch {
	case who.Kind == actor.Program && !row.Programs:
		return m, session.ErrScope
	case who.Kind == actor.Program:
		return m, nil
	case who.Stay.Between():
		if !row.Between {
			return m, fault.ErrForbidden
		}
		return m, nil // what a sign-in has shown is asked where it enrols
	}
	return m, Unconfirmed(p, who, row.Confirm, g.now())
}

// asOwner: an operator stands where an owner does, in every account, and is no member.
func (g *Guard) asOwner(ctx context.Context, row actor.Permission, accountID id.Account) (account.Membership, error) {
	if accountID == "" || len(row.Roles) == 0 {
		return account.Membership{}, nil
	}
	a, err := g.store.AccountRule(ctx, accountID)
	return account.Membership{Account: a, Role: actor.Owner}, err
}

// Unconfirmed is ErrConfirmation, with what must be shown, where less was confirmed than the level asks for; nil else.
func Unconfirmed(p enforcement.Person, who actor.Actor, level actor.Level, now time.Time) error {
	if who.Kind != actor.Person || who.Stay.Between() {
		return nil
	}
	have := p.User.Factors
	needs := who.Shown.Lacks(level, who.Stay, have, now)
	if needs == nil {
		return nil
	}
	return ErrConfirmation.With(func(e *fault.Error) {
		if e.Needs = needs; len(needs) > 1 {
			e.Accepts = (have & have.AsStrong()).Names()
		}
	})
}

// Person is who acts in the transaction that Act has begun, as it has read them.
func (g *Guard) Person(ctx context.Context) (enforcement.Person, error) {
	a := actingIn(ctx)
	if a == nil || a.who.User == "" {
		return enforcement.Person{}, errors.New("authority: no person acts here")
	}
	return a.person, nil
}
