package session

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

// How long things live (api.md).
const (
	AccessLife   = 10 * time.Minute
	PartialLife  = 10 * time.Minute
	IdleLife     = 30 * 24 * time.Hour // of a refresh token, sliding
	AbsoluteLife = 90 * 24 * time.Hour
	BetweenLife  = 30 * time.Minute // of a sign-in between the doors; its partial tokens are made anew meanwhile

	// cookieLeeway: a browser that reloads while its refresh is under way never sees the new cookie and comes again with the
	// old one. Within this time, and only while the successor is unused, that is not theft.
	cookieLeeway = 10 * time.Second
)

// ErrEnded says that the session is over, or never was.
var ErrEnded = fault.New(fault.Unauthenticated, "unauthenticated", "The session has ended. Sign in again.")

// Delivery is where the refresh token of a session lives.
type Delivery string

// The deliveries.
const (
	Bearer Delivery = "bearer" // in the answer's body, for programs
	Cookie Delivery = "cookie" // in an HttpOnly cookie, for the browser
)

// Session is one place where a person is signed in.
type Session struct {
	ID          id.Stay
	UserID      id.User
	Epoch       int64 // of the person; it opens while the two are equal
	Delivery    Delivery
	Proof       assurance.Proof
	OpenedWith  Openers
	UserAgent   string
	Address     string
	AuthTime    time.Time       // when the password was proven
	FactorAt    time.Time       // when a second factor was proven last; zero: never
	Factor      assurance.Means // which
	CreatedAt   time.Time
	LastUsedAt  time.Time // of its refresh token
	IdleEnds    time.Time
	Ends        time.Time
	EndedAt     time.Time
	EndedReason string
}

// Live says whether the session may still be used, as far as it knows itself: its person's epoch is another matter.
func (s Session) Live(now time.Time) bool {
	return s.ID != "" && s.EndedAt.IsZero() && now.Before(s.Ends) && now.Before(s.IdleEnds)
}

// Stay is the session as where somebody acts from.
func (s Session) Stay() actor.Stay {
	return actor.Stay{Kind: actor.Session, ID: s.ID, User: s.UserID, Epoch: s.Epoch, Proof: s.Proof, PasswordAt: s.AuthTime, FactorAt: s.FactorAt, Factor: s.Factor}
}

// Opener is one thing that somebody got in with: "password:ID", "factor:ID", "codes:ID" of a set of recovery codes.
type Opener string

// Openers are all that a stay was opened with.
type Openers []Opener

// WithPassword and the like name what a stay was opened with.
func WithPassword(passwordID string) Opener { return Opener("password:" + passwordID) }

// WithFactor is a second factor.
func WithFactor(factorID id.Factor) Opener { return Opener("factor:" + string(factorID)) }

// WithCodes is a code of a set of recovery codes.
func WithCodes(setID string) Opener { return Opener("codes:" + setID) }

// And are these openers and one more.
func (o Openers) And(more ...Opener) Openers { return append(slices.Clone(o), more...) }

// String is what is stored; ParseOpeners reads it.
func (o Openers) String() string {
	words := make([]string, len(o))
	for i, v := range o {
		words[i] = string(v)
	}
	return strings.Join(words, " ")
}

// ParseOpeners reads what String wrote.
func ParseOpeners(s string) Openers {
	var o Openers
	for _, word := range strings.Fields(s) {
		o = append(o, Opener(word))
	}
	return o
}

// RefreshToken is one link of a session's chain of refresh tokens.
type RefreshToken struct {
	Hash      string
	Session   Session
	UsedAt    time.Time
	Successor string // its hash
	// SuccessorUsed is false while nobody has shown the successor.
	SuccessorUsed bool
}

// Pending is a sign-in between the two doors: the password is proven, the second factor is not. A partial token names it.
type Pending struct {
	ID          id.Stay
	UserID      id.User
	Epoch       int64
	Purpose     actor.Purpose
	Delivery    Delivery
	FromSession id.Stay // the live session that it will replace; "" at sign-in
	Proof       assurance.Proof
	OpenedWith  Openers
	PasswordAt  time.Time
	FactorAt    time.Time // that the session it came from has shown
	Factor      assurance.Means
	Attempts    int
	UserAgent   string
	Address     string
	CreatedAt   time.Time
	Expires     time.Time
	EndedAt     time.Time
}

// Live says whether the sign-in may still go on, as far as it knows itself.
func (p Pending) Live(now time.Time) bool {
	return p.ID != "" && p.EndedAt.IsZero() && now.Before(p.Expires)
}

// Stay is the sign-in as where somebody acts from.
func (p Pending) Stay() actor.Stay {
	return actor.Stay{Kind: actor.SignIn, ID: p.ID, User: p.UserID, Epoch: p.Epoch, Proof: p.Proof, PasswordAt: p.PasswordAt,
		FactorAt: p.FactorAt, Factor: p.Factor, Purpose: p.Purpose, From: p.FromSession}
}

// Store keeps sessions. Each method is one atomic sentence; those that end or change a session tell all replicas.
type Store interface {
	AddSession(ctx context.Context, s Session, refreshHash string) error
	Session(ctx context.Context, sessionID id.Stay) (Session, error) // fault.ErrNotFound
	Sessions(ctx context.Context, userID id.User, now time.Time, limit int, cursor string) (live []Session, next string, err error)
	RefreshToken(ctx context.Context, hash string) (RefreshToken, error) // fault.ErrNotFound
	// RotateRefresh spends a token for its successor, once: false if somebody was faster or the session is over.
	RotateRefresh(ctx context.Context, hash, successor string, now, idleEnds time.Time) (bool, error)
	// ReplaceSuccessor puts another successor in place of an unused one, once.
	ReplaceSuccessor(ctx context.Context, hash, successor string, now, idleEnds time.Time) (bool, error)
	// Strengthen gives a live session more proof, and what it was shown with, and a new refresh chain.
	Strengthen(ctx context.Context, s Session, refreshHash string, now time.Time) error
	EndSession(ctx context.Context, userID id.User, sessionID id.Stay, reason string, now time.Time) (bool, error)
	// EndSessions ends all of a person's but one ("" for none kept); with lacking only those that show no second factor.
	EndSessions(ctx context.Context, userID id.User, keep id.Stay, lacking bool, reason string, now time.Time) (int, error)

	AddPending(ctx context.Context, p Pending) error
	Pending(ctx context.Context, pendingID id.Stay) (Pending, error) // fault.ErrNotFound
	// EndPending ends it, once: false if it was over already, its epoch is over, or its person is disabled.
	EndPending(ctx context.Context, pendingID id.Stay, now time.Time) (bool, error)
	EndPendings(ctx context.Context, userID id.User, now time.Time) error

	APITokenStore
}

// Audit is where security events go, in the transaction of what they tell.
type Audit interface {
	Append(ctx context.Context, who actor.Actor, e audit.Event) error
}

// Authority begins the transactions in which somebody acts: package authority.
type Authority interface {
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	Authorize(ctx context.Context, who actor.Actor, a actor.Action, accountID id.Account) (account.Membership, error)
}

// Book opens, finds, rotates and ends sessions.
type Book struct {
	Store     Store
	Authority Authority
	Audit     Audit
	Now       func() time.Time
	Random    io.Reader
}

// Open starts a session of the sign-in's person and answers its first refresh token. It joins the caller's transaction.
func (b *Book) Open(ctx context.Context, who actor.Actor, s Session) (Session, string, error) {
	token, hash, err := seal.Token(b.Random)
	if err != nil {
		return Session{}, "", err
	}
	now := b.Now()
	s.ID, s.UserAgent, s.Address = id.Stay(id.New()), who.Origin.UserAgent, who.Origin.Address
	s.CreatedAt, s.LastUsedAt, s.IdleEnds, s.Ends = now, now, now.Add(IdleLife), now.Add(AbsoluteLife)
	return s, token, b.Store.AddSession(ctx, s, hash)
}

// Begin starts a sign-in between the two doors. One that has begun before ends no later for it.
func (b *Book) Begin(ctx context.Context, who actor.Actor, p Pending) (Pending, error) {
	p.ID, p.CreatedAt, p.UserAgent, p.Address = id.Stay(id.New()), b.Now(), who.Origin.UserAgent, who.Origin.Address
	if latest := p.CreatedAt.Add(BetweenLife); p.Expires.IsZero() || latest.Before(p.Expires) {
		p.Expires = latest
	}
	return p, b.Store.AddPending(ctx, p)
}

// FindRefresh finds the live session of a refresh token without spending it. A token that was spent before ends the whole
// session (RFC 9700 §4.14.2): either the thief or the owner holds a copy, and nobody can tell which. ErrEnded.
func (b *Book) FindRefresh(ctx context.Context, who actor.Actor, token string) (RefreshToken, error) {
	t, err := b.Store.RefreshToken(ctx, seal.TokenHash(token))
	if err != nil {
		if f, ok := fault.As(err); ok && f.Kind == fault.NotFound {
			return t, ErrEnded
		}
		return t, err
	}
	now := b.Now()
	if !t.Session.Live(now) {
		return t, ErrEnded
	}
	if !t.UsedAt.IsZero() && !b.lostAnswer(t, now) {
		return t, b.reused(ctx, who, t)
	}
	return t, nil
}

func (b *Book) lostAnswer(t RefreshToken, now time.Time) bool {
	return t.Session.Delivery == Cookie && !t.SuccessorUsed && now.Sub(t.UsedAt) < cookieLeeway
}

func (b *Book) reused(ctx context.Context, who actor.Actor, t RefreshToken) error {
	err := b.Authority.Act(ctx, who, actor.PersonAlone(t.Session.UserID), func(ctx context.Context) error {
		if _, err := b.Store.EndSession(ctx, t.Session.UserID, t.Session.ID, "refresh_reused", b.Now()); err != nil {
			return err
		}
		return b.Audit.Append(ctx, who, audit.Event{Action: audit.SessionRefreshReused, Outcome: audit.Refused, ActorID: t.Session.UserID, UserID: t.Session.UserID, SessionID: t.Session.ID})
	})
	if err != nil {
		return err
	}
	return ErrEnded
}

// Rotate spends a token that FindRefresh has found and answers its successor.
func (b *Book) Rotate(ctx context.Context, who actor.Actor, t RefreshToken) (string, error) {
	token, hash, err := seal.Token(b.Random)
	if err != nil {
		return "", err
	}
	now := b.Now()
	spend := b.Store.RotateRefresh
	if !t.UsedAt.IsZero() {
		spend = b.Store.ReplaceSuccessor
	}
	ok, err := spend(ctx, t.Hash, hash, now, now.Add(IdleLife))
	if err != nil {
		return "", err
	}
	if !ok { // spent between finding and now
		if t.Session.Delivery == Cookie {
			return "", ErrEnded
		}
		return "", b.reused(ctx, who, t)
	}
	return token, nil
}

// Strengthen adds to a live session, in place, what was shown just now, and answers a new refresh token; the old ones are void.
func (b *Book) Strengthen(ctx context.Context, s Session, with Opener, t assurance.Type) (Session, string, error) {
	token, hash, err := seal.Token(b.Random)
	if err != nil {
		return s, "", err
	}
	now := b.Now()
	s.Proof, s.OpenedWith, s.FactorAt, s.Factor = s.Proof.And(t.AMR()...), s.OpenedWith.And(with), now, t.Means()
	return s, token, b.Store.Strengthen(ctx, s, hash, now)
}

// End ends one session of the person; fault.ErrNotFound if it is not theirs or over.
func (b *Book) End(ctx context.Context, who actor.Actor, sessionID id.Stay, reason string) error {
	return b.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := b.Authority.Authorize(ctx, who, actor.EndSessions, ""); err != nil {
			return err
		}
		ended, err := b.EndOne(ctx, who, sessionID, reason)
		if err == nil && !ended {
			err = fault.ErrNotFound
		}
		return err
	})
}

// EndOne ends one session of the actor, in the caller's transaction, which holds the person alone; false if it is over already.
func (b *Book) EndOne(ctx context.Context, who actor.Actor, sessionID id.Stay, reason string) (bool, error) {
	ended, err := b.Store.EndSession(ctx, who.User, sessionID, reason, b.Now())
	if err != nil || !ended {
		return false, err
	}
	return true, b.Audit.Append(ctx, who, audit.Event{Action: audit.SessionEnded, UserID: who.User, SessionID: sessionID, Detail: map[string]string{"reason": reason}})
}

// EndOwn ends all sessions of the actor but the one that they act from, and every sign-in that is between the doors.
func (b *Book) EndOwn(ctx context.Context, who actor.Actor, reason string) error {
	return b.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := b.Authority.Authorize(ctx, who, actor.EndSessions, ""); err != nil {
			return err
		}
		return b.EndOthers(ctx, who, who.User, who.Stay.ID, reason)
	})
}

// EndOthers ends all sessions of a person but one ("": none is kept), and every sign-in that is between the doors. It joins the caller's
// transaction, which holds the person alone.
func (b *Book) EndOthers(ctx context.Context, who actor.Actor, userID id.User, keep id.Stay, reason string) error {
	if err := b.Store.EndPendings(ctx, userID, b.Now()); err != nil {
		return err
	}
	n, err := b.Store.EndSessions(ctx, userID, keep, false, reason, b.Now())
	if err != nil || n == 0 {
		return err
	}
	return b.Audit.Append(ctx, who, audit.Event{Action: audit.SessionOthersEnded, UserID: userID, Detail: map[string]string{"reason": reason}})
}
