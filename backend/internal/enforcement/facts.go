package enforcement

import (
	"context"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// FactStore reads what the standing depends on.
type FactStore interface {
	User(ctx context.Context, userID string) (user.User, error)
	MembershipsOf(ctx context.Context, userID string) ([]account.Belonging, error)
	AccountRule(ctx context.Context, accountID string) (account.Account, error)
	Session(ctx context.Context, sessionID string) (session.Session, error)
	APIToken(ctx context.Context, hash string) (session.APIToken, error)
	// InTx gives the reads of one record one view of the database.
	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// ProviderRule is what the operator asks of everybody.
type ProviderRule struct {
	Required bool
	Minimum  assurance.Strength
}

type person struct {
	user    user.User
	belongs []account.Belonging
}

// Facts remembers what the standing depends on: persons, the rules of accounts, sessions. Each is dropped when the bus says
// that it has changed, and none is answered from memory while the bus cannot be sure to have heard.
type Facts struct {
	now      func() time.Time
	provider ProviderRule
	offered  assurance.Types
	persons  *bus.Memory[person]
	accounts *bus.Memory[account.Account]
	sessions *bus.Memory[session.Session]
	tokens   *bus.Memory[session.APIToken]
}

// NewFacts remembers at most limit persons, accounts and sessions each. offered are the methods that can be enrolled here.
func NewFacts(store FactStore, b *bus.Bus, now func() time.Time, provider ProviderRule, offered assurance.Types, limit int) *Facts {
	return &Facts{
		now: now, provider: provider, offered: offered,
		persons: bus.Remember(b, "user:", limit, func(ctx context.Context, userID string) (person, error) {
			var p person
			var err error
			if p.user, err = store.User(ctx, userID); err != nil {
				return p, err
			}
			p.belongs, err = store.MembershipsOf(ctx, userID)
			return p, err
		}),
		accounts: bus.Remember(b, "account:", limit, store.AccountRule),
		sessions: bus.Remember(b, "session:", limit, store.Session),
		tokens:   bus.Remember(b, "api-token:", limit, store.APIToken),
	}
}

// Person is a person and every rule that asks them for a second factor.
type Person struct {
	User    user.User
	Belongs []account.Belonging
	Rules   []Rule
	signOut []account.Account
	offered assurance.Types
	// TokensPaused: an account that the person belongs to has stopped all API tokens.
	TokensPaused bool
	// Guarded: an account that asks for a second factor wants a first one to be proven by the mailbox too.
	Guarded bool
}

// Standing asks Decide for a session that has shown this.
func (p Person) Standing(proof assurance.Proof, now time.Time) Standing {
	return Decide(Question{Rules: p.Rules, Factors: p.User.Factors, Offered: p.offered, Proof: proof, Now: now})
}

// TokenStanding is that of the person's API tokens: a program shows no second factor, so that what counts is whether its owner
// has one that the rules accept.
func (p Person) TokenStanding(now time.Time) Standing {
	asking := slices.DeleteFunc(slices.Clone(p.Rules), func(r Rule) bool { return r.keepsTokens })
	return Decide(Question{Rules: asking, Factors: p.User.Factors, Offered: p.offered, Proof: everything, Now: now})
}

// everything is a proof that meets any rule.
var everything = assurance.Password().And("mfa", "otp", "hwk")

// SignedOut says whether an owner has ended the session together with those of all members.
func (p Person) SignedOut(opened time.Time) bool {
	for _, a := range p.signOut {
		if opened.Before(a.Rule.SignedOutAt) && a.Rule.SignedOutBy != p.User.ID {
			return true
		}
	}
	return false
}

// Role is the person's role in an account; fault.ErrNotFound where they have none.
func (p Person) Role(accountID string) (account.Role, error) {
	return roleIn(p.Belongs, accountID)
}

func roleIn(belongs []account.Belonging, accountID string) (account.Role, error) {
	for _, b := range belongs {
		if b.AccountID == accountID {
			return b.Role, nil
		}
	}
	return "", fault.ErrNotFound
}

// Person gathers a person and the rules that bind them. fault.ErrNotFound.
func (f *Facts) Person(ctx context.Context, userID string) (Person, error) {
	who, err := f.persons.Get(ctx, userID)
	if err != nil {
		return Person{}, err
	}
	p := Person{User: who.user, Belongs: who.belongs, offered: f.offered}
	if f.provider.Required {
		p.Rules = append(p.Rules, Rule{By: ByProvider, Minimum: f.provider.Minimum})
	}
	for _, b := range who.belongs {
		a, err := f.accounts.Get(ctx, b.AccountID)
		if err != nil {
			return Person{}, err
		}
		if a.Rule.Enforced() {
			p.Rules = append(p.Rules, Rule{By: ByAccount, AccountID: a.ID, AccountName: a.Name, Minimum: a.Rule.Minimum,
				Since: a.Rule.EnforcedAt, BindsAt: a.Rule.GraceUntil, keepsTokens: a.Rule.KeepAPITokens})
			p.Guarded = p.Guarded || a.Rule.Guarded
		}
		p.TokensPaused = p.TokensPaused || a.Rule.APITokensPaused
		if b.TwoFactorRequired {
			p.Rules = append(p.Rules, Rule{By: ByMember, AccountID: a.ID, AccountName: a.Name, Minimum: assurance.Any, Since: b.RequiredAt})
		}
		if a.Rule.SignedOutAt.After(b.JoinedAt) { // whoever joined later was not meant
			p.signOut = append(p.signOut, a)
		}
	}
	return p, nil
}

// Get is an account as this member sees it; fault.ErrNotFound for everybody else. Where nothing is remembered of a membership the
// database is asked: it may have begun a moment ago, in another process.
func (f *Facts) Get(ctx context.Context, actorID, accountID string) (account.Membership, error) {
	m, err := f.membership(ctx, actorID, accountID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		f.persons.Drop(actorID)
		m, err = f.membership(ctx, actorID, accountID)
	}
	return m, err
}

func (f *Facts) membership(ctx context.Context, actorID, accountID string) (account.Membership, error) {
	who, err := f.persons.Get(ctx, actorID)
	if err != nil {
		return account.Membership{}, err
	}
	role, err := roleIn(who.belongs, accountID)
	if err != nil {
		return account.Membership{}, err
	}
	a, err := f.accounts.Get(ctx, accountID)
	return account.Membership{Account: a, Role: role}, err
}

// Session finds a session that lives, with its person. session.ErrEnded for any that does not.
func (f *Facts) Session(ctx context.Context, sessionID string) (session.Session, Person, error) {
	s, err := f.sessions.Get(ctx, sessionID)
	if err != nil {
		return s, Person{}, ended(err)
	}
	now := f.now()
	if s.EndedAt.IsZero() && now.Before(s.Ends) && !now.Before(s.IdleEnds) {
		// A refresh moves the idle end on and tells nobody: what is remembered may be older than the last one.
		f.sessions.Drop(sessionID)
		if s, err = f.sessions.Get(ctx, sessionID); err != nil {
			return s, Person{}, ended(err)
		}
	}
	if !s.Live(now) {
		return s, Person{}, session.ErrEnded
	}
	p, err := f.Person(ctx, s.UserID)
	if err != nil {
		return s, p, ended(err)
	}
	if !p.User.DisabledAt.IsZero() || p.SignedOut(s.CreatedAt) {
		return s, p, session.ErrEnded
	}
	return s, p, nil
}

// APIToken finds a token that lives, with its person. session.ErrToken for any that does not.
func (f *Facts) APIToken(ctx context.Context, hash string) (session.APIToken, Person, error) {
	t, err := f.tokens.Get(ctx, hash)
	if err == nil && !t.Live(f.now()) {
		err = fault.ErrNotFound
	}
	var p Person
	if err == nil {
		p, err = f.Person(ctx, t.UserID)
	}
	if err == nil && !p.User.DisabledAt.IsZero() {
		err = fault.ErrNotFound
	}
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return t, p, session.ErrToken
	}
	return t, p, err
}

func ended(err error) error {
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return session.ErrEnded
	}
	return err
}

// Topics are what the bus says when the standing of this person's session may have changed.
func (p Person) Topics(sessionID string) []string {
	topics := []string{"user:" + p.User.ID}
	if sessionID != "" {
		topics = append(topics, "session:"+sessionID)
	}
	for _, b := range p.Belongs {
		topics = append(topics, "account:"+b.AccountID)
	}
	return topics
}
