package enforcement

import (
	"context"
	"slices"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// FactStore reads what the standing depends on.
type FactStore interface {
	User(ctx context.Context, userID id.User) (user.User, error)
	MembershipsOf(ctx context.Context, userID id.User) ([]account.Belonging, error)
	AccountRule(ctx context.Context, accountID id.Account) (account.Account, error)
	Session(ctx context.Context, sessionID id.Stay) (session.Session, error)
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
	persons  *bus.Memory[id.User, person]
	accounts *bus.Memory[id.Account, account.Account]
	sessions *bus.Memory[id.Stay, session.Session]
	tokens   *bus.Memory[string, session.APIToken]
}

// NewFacts remembers at most limit persons, accounts and sessions each. offered are the methods that can be enrolled here.
func NewFacts(store FactStore, b *bus.Bus, now func() time.Time, provider ProviderRule, offered assurance.Types, limit int) *Facts {
	return &Facts{
		now: now, provider: provider, offered: offered,
		persons: bus.Remember(b, bus.Users, limit, func(ctx context.Context, userID id.User) (person, error) {
			var p person
			var err error
			if p.user, err = store.User(ctx, userID); err != nil {
				return p, err
			}
			p.belongs, err = store.MembershipsOf(ctx, userID)
			return p, err
		}),
		accounts: bus.Remember(b, bus.Accounts, limit, store.AccountRule),
		sessions: bus.Remember(b, bus.Sessions, limit, store.Session),
		tokens:   bus.Remember(b, bus.APITokens, limit, store.APIToken),
	}
}

// Person is a person and every rule that asks them for a second factor.
type Person struct {
	User     user.User
	Belongs  []account.Belonging
	Rules    []Rule
	accounts []account.Account // those that they belong to, in the order of Belongs
	signOut  []account.Account
	offered  assurance.Types
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

// Membership is an account as this person sees it; fault.ErrNotFound where they do not belong to it.
func (p Person) Membership(accountID id.Account) (account.Membership, error) {
	for i, b := range p.Belongs {
		if b.AccountID == accountID {
			return account.Membership{Account: p.accounts[i], Role: b.Role}, nil
		}
	}
	return account.Membership{}, fault.ErrNotFound
}

// Person gathers a person and the rules that bind them. fault.ErrNotFound.
func (f *Facts) Person(ctx context.Context, userID id.User) (Person, error) {
	who, err := f.persons.Get(ctx, userID)
	if err != nil {
		return Person{}, err
	}
	accounts := make([]account.Account, len(who.belongs))
	for i, b := range who.belongs {
		if accounts[i], err = f.accounts.Get(ctx, b.AccountID); err != nil {
			return Person{}, err
		}
	}
	return f.Gather(who.user, who.belongs, accounts), nil
}

// PersonAnew is Person, read from the database: a membership may have begun a moment ago, in another process.
func (f *Facts) PersonAnew(ctx context.Context, userID id.User) (Person, error) {
	f.persons.Drop(userID)
	return f.Person(ctx, userID)
}

// Gather puts a person together from what was read of them: accounts are those that they belong to, in the same order.
func (f *Facts) Gather(u user.User, belongs []account.Belonging, accounts []account.Account) Person {
	p := Person{User: u, Belongs: belongs, accounts: accounts, offered: f.offered}
	if f.provider.Required {
		p.Rules = append(p.Rules, Rule{By: ByProvider, Minimum: f.provider.Minimum})
	}
	for i, b := range belongs {
		a := accounts[i]
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
	return p
}

// Session finds a session that lives, with its person. session.ErrEnded for any that does not.
func (f *Facts) Session(ctx context.Context, sessionID id.Stay) (session.Session, Person, error) {
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
	if err == nil && s.Epoch != p.User.Epoch {
		// One of the two may be remembered from before a change that the session has lived through.
		f.sessions.Drop(sessionID)
		f.persons.Drop(s.UserID)
		if s, err = f.sessions.Get(ctx, sessionID); err == nil {
			p, err = f.Person(ctx, s.UserID)
		}
	}
	if err != nil {
		return s, p, ended(err)
	}
	if !p.User.DisabledAt.IsZero() || s.Epoch != p.User.Epoch || p.SignedOut(s.CreatedAt) {
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

// Names are the sources as the contract writes them.
func Names(by []Source) []string {
	out := make([]string, len(by))
	for i, b := range by {
		out[i] = string(b)
	}
	return out
}

// Topics are what the bus says when the standing of this person's session may have changed.
func (p Person) Topics(sessionID id.Stay) []string {
	topics := []string{bus.User(p.User.ID)}
	if sessionID != "" {
		topics = append(topics, bus.Session(sessionID))
	}
	for _, b := range p.Belongs {
		topics = append(topics, bus.Account(b.AccountID))
	}
	return topics
}
