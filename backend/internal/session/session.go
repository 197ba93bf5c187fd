package session

import (
	"context"
	"io"
	"time"

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
	ConfirmLife  = 5 * time.Minute

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
	ID, UserID  string
	Delivery    Delivery
	Proof       assurance.Proof
	UserAgent   string
	Address     string
	AuthTime    time.Time // when the password was proven
	CreatedAt   time.Time
	LastUsedAt  time.Time // of its refresh token
	IdleEnds    time.Time
	Ends        time.Time
	PasswordAt  time.Time // confirmed again, "sudo"
	FactorAt    time.Time
	EndedAt     time.Time
	EndedReason string
}

// Live says whether the session may still be used.
func (s Session) Live(now time.Time) bool {
	return s.ID != "" && s.EndedAt.IsZero() && now.Before(s.Ends) && now.Before(s.IdleEnds)
}

// Confirmed says what was confirmed within the last ConfirmLife.
func (s Session) Confirmed(now time.Time) (password, factor bool) {
	fresh := func(at time.Time) bool {
		return !at.IsZero() && now.Sub(at) < ConfirmLife && !now.Before(at.Add(-ConfirmLife))
	}
	return fresh(s.PasswordAt), fresh(s.FactorAt)
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

// Purpose is what a partial token is good for.
type Purpose string

// The purposes.
const (
	ForSecondFactor Purpose = "second_factor"
	ForEnrolment    Purpose = "enrolment"
)

// Pending is a sign-in between the two doors: the password is proven, the second factor is not. A partial token names it.
type Pending struct {
	ID, UserID  string
	Purpose     Purpose
	Delivery    Delivery
	FromSession string // the live session that it will replace; "" at sign-in
	Proof       assurance.Proof
	PasswordAt  time.Time
	Attempts    int
	UserAgent   string
	Address     string
	CreatedAt   time.Time
	Expires     time.Time
	EndedAt     time.Time
}

// Live says whether the partial token may still be used.
func (p Pending) Live(now time.Time) bool {
	return p.ID != "" && p.EndedAt.IsZero() && now.Before(p.Expires)
}

// Store keeps sessions. Each method is one atomic sentence; those that end or change a session tell all replicas.
type Store interface {
	AddSession(ctx context.Context, s Session, refreshHash string) error
	Session(ctx context.Context, sessionID string) (Session, error) // fault.ErrNotFound
	Sessions(ctx context.Context, userID string, now time.Time, limit int, cursor string) (live []Session, next string, err error)
	RefreshToken(ctx context.Context, hash string) (RefreshToken, error) // fault.ErrNotFound
	// RotateRefresh spends a token for its successor, once: false if somebody was faster or the session is over.
	RotateRefresh(ctx context.Context, hash, successor string, now, idleEnds time.Time) (bool, error)
	// ReplaceSuccessor puts another successor in place of an unused one, once.
	ReplaceSuccessor(ctx context.Context, hash, successor string, now, idleEnds time.Time) (bool, error)
	// Strengthen gives a live session more proof and a new refresh chain.
	Strengthen(ctx context.Context, sessionID string, proof assurance.Proof, refreshHash string, now time.Time) error
	ConfirmSession(ctx context.Context, sessionID string, passwordAt, factorAt time.Time) error
	EndSession(ctx context.Context, userID, sessionID, reason string, now time.Time) (bool, error)
	// EndSessions ends all of a person's but one ("" for none kept); with lacking only those that show no second factor.
	EndSessions(ctx context.Context, userID, keep string, lacking bool, reason string, now time.Time) (int, error)

	AddPending(ctx context.Context, p Pending) error
	Pending(ctx context.Context, pendingID string) (Pending, error) // fault.ErrNotFound
	// EndPending ends it, once: false if it was over already.
	EndPending(ctx context.Context, pendingID string, now time.Time) (bool, error)
	EndPendings(ctx context.Context, userID string, now time.Time) error

	APITokenStore

	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// Audit is where security events go, in the transaction of what they tell.
type Audit interface {
	Append(ctx context.Context, e audit.Event) error
}

// Book opens, finds, rotates and ends sessions.
type Book struct {
	Store  Store
	Audit  Audit
	Now    func() time.Time
	Random io.Reader
}

// Open starts a session and answers its first refresh token. It joins the caller's transaction.
func (b *Book) Open(ctx context.Context, userID string, proof assurance.Proof, d Delivery, passwordAt time.Time) (Session, string, error) {
	token, hash, err := seal.Token(b.Random)
	if err != nil {
		return Session{}, "", err
	}
	now, o := b.Now(), audit.OriginOf(ctx)
	s := Session{
		ID: id.New(), UserID: userID, Delivery: d, Proof: proof, UserAgent: o.UserAgent, Address: o.Address,
		AuthTime: passwordAt, CreatedAt: now, LastUsedAt: now, IdleEnds: now.Add(IdleLife), Ends: now.Add(AbsoluteLife),
	}
	return s, token, b.Store.AddSession(ctx, s, hash)
}

// Begin starts a sign-in between the two doors.
func (b *Book) Begin(ctx context.Context, p Pending) (Pending, error) {
	o := audit.OriginOf(ctx)
	p.ID, p.CreatedAt, p.UserAgent, p.Address = id.New(), b.Now(), o.UserAgent, o.Address
	p.Expires = p.CreatedAt.Add(PartialLife)
	return p, b.Store.AddPending(ctx, p)
}

// FindRefresh finds the live session of a refresh token without spending it. A token that was spent before ends the whole
// session (RFC 9700 §4.14.2): either the thief or the owner holds a copy, and nobody can tell which. ErrEnded.
func (b *Book) FindRefresh(ctx context.Context, token string) (RefreshToken, error) {
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
		return t, b.reused(ctx, t)
	}
	return t, nil
}

func (b *Book) lostAnswer(t RefreshToken, now time.Time) bool {
	return t.Session.Delivery == Cookie && !t.SuccessorUsed && now.Sub(t.UsedAt) < cookieLeeway
}

func (b *Book) reused(ctx context.Context, t RefreshToken) error {
	err := b.Store.InTx(ctx, func(ctx context.Context) error {
		if _, err := b.Store.EndSession(ctx, t.Session.UserID, t.Session.ID, "refresh_reused", b.Now()); err != nil {
			return err
		}
		return b.Audit.Append(ctx, audit.Event{Action: audit.SessionRefreshReused, Outcome: audit.Refused, ActorID: t.Session.UserID, UserID: t.Session.UserID, SessionID: t.Session.ID})
	})
	if err != nil {
		return err
	}
	return ErrEnded
}

// Rotate spends a token that FindRefresh has found and answers its successor.
func (b *Book) Rotate(ctx context.Context, t RefreshToken) (string, error) {
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
		return "", b.reused(ctx, t)
	}
	return token, nil
}

// Strengthen adds proof to a live session, in place, and answers a new refresh token; the old ones are void.
func (b *Book) Strengthen(ctx context.Context, s Session, more []string) (Session, string, error) {
	token, hash, err := seal.Token(b.Random)
	if err != nil {
		return s, "", err
	}
	s.Proof = s.Proof.And(more...)
	return s, token, b.Store.Strengthen(ctx, s.ID, s.Proof, hash, b.Now())
}

// End ends one session of the person; fault.ErrNotFound if it is not theirs or over.
func (b *Book) End(ctx context.Context, userID, sessionID, reason string) error {
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		ended, err := b.Store.EndSession(ctx, userID, sessionID, reason, b.Now())
		if err != nil {
			return err
		}
		if !ended {
			return fault.ErrNotFound
		}
		return b.Audit.Append(ctx, audit.Event{Action: audit.SessionEnded, ActorID: userID, UserID: userID, SessionID: sessionID, Detail: map[string]string{"reason": reason}})
	})
}

// EndOthers ends all sessions of the person but one, and every sign-in that is between the doors.
func (b *Book) EndOthers(ctx context.Context, userID, keep, reason string) error {
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		// Sign-ins first and sessions after them, as they are changed by who passes the second door.
		if err := b.Store.EndPendings(ctx, userID, b.Now()); err != nil {
			return err
		}
		n, err := b.Store.EndSessions(ctx, userID, keep, false, reason, b.Now())
		if err != nil || n == 0 {
			return err
		}
		return b.Audit.Append(ctx, audit.Event{Action: audit.SessionOthersEnded, ActorID: userID, UserID: userID, Detail: map[string]string{"reason": reason}})
	})
}
