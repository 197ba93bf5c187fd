package api

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/labstack/echo/v4"

	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// Kinds of token, as the contract's x-tokens names them.
const (
	tokenFull         = "full"
	tokenSecondFactor = string(session.ForSecondFactor)
	tokenEnrolment    = string(session.ForEnrolment)
)

// caller is who calls, as the gate has found out.
type caller struct {
	UserID    string
	SessionID string // "" with a partial token, and of a program

	Claims   session.Claims
	Session  session.Session // with a full token
	Pending  session.Pending // with a partial token
	Person   enforcement.Person
	Standing enforcement.Standing
}

// place is the sign-in or the session in which the caller is.
func (c caller) place() string { return c.SessionID + c.Pending.ID }

type callerKey struct{}

// callerOf is who calls; zero at doors that are open to everybody.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	if c == nil {
		return caller{}
	}
	return *c
}

// gate stands before one operation. It lets in whoever holds a token that the contract names for it: no token where the
// contract says nothing is needed, a full one whose owner meets the rules where it says nothing at all.
func (s *Server) gate(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx := r.Context()
			origin := audit.Origin{Address: c.RealIP(), UserAgent: r.UserAgent()}
			origin.Network = network(origin.Address)
			if op.open {
				ctx = audit.WithOrigin(ctx, origin)
			} else {
				who, err := s.enter(ctx, op, bearer(r))
				if err != nil {
					return err
				}
				origin.SessionID = who.SessionID
				ctx = context.WithValue(audit.WithOrigin(ctx, origin), callerKey{}, who)
			}
			if op.cookies {
				ctx = context.WithValue(ctx, requestKey{}, r)
			}
			c.SetRequest(r.WithContext(ctx))
			if err := s.check(op, c); err != nil {
				return err
			}
			return next(c)
		}
	}
}

// bearer is the token of the Authorization header (RFC 6750 §2.1), the only place where one is looked for.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// enter says who holds the token, or why they may not pass.
func (s *Server) enter(ctx context.Context, op *operation, token string) (*caller, error) {
	if token == "" {
		return nil, fault.ErrUnauthorized
	}
	if strings.HasPrefix(token, session.APITokenPrefix) {
		return s.enterAPIToken(ctx, op, token)
	}
	claims, err := s.Tokens.Verify(token)
	if err != nil {
		return nil, err
	}
	if claims.Partial {
		return s.enterPartial(ctx, op, claims)
	}
	return s.enterFull(ctx, op, claims)
}

func (s *Server) enterFull(ctx context.Context, op *operation, claims session.Claims) (*caller, error) {
	who := &caller{UserID: claims.UserID, SessionID: claims.SessionID, Claims: claims}
	var err error
	if who.Session, who.Person, err = s.Facts.Session(ctx, claims.SessionID); err != nil {
		return nil, err
	}
	if who.Session.UserID != claims.UserID {
		return nil, session.ErrEnded
	}
	who.Standing = who.Person.Standing(who.Session.Proof, s.Now())
	if !op.tokens[tokenFull] {
		return nil, errWrongToken
	}
	if !op.due {
		switch who.Standing.State {
		case enforcement.SecondFactorDue:
			return nil, signin.ErrSecondFactorDue
		case enforcement.EnrolmentDue:
			return nil, signin.ErrEnrolmentDue.With(func(e *fault.Error) { e.RequiredBy = sources(who.Standing.RequiredBy) })
		}
	}
	return who, nil
}

func (s *Server) enterPartial(ctx context.Context, op *operation, claims session.Claims) (*caller, error) {
	pending, err := s.Book.Store.Pending(ctx, claims.PendingID)
	if err != nil || !pending.Live(s.Now()) || pending.UserID != claims.UserID || pending.Purpose != claims.Purpose {
		if e, ok := fault.As(err); err != nil && (!ok || e.Kind != fault.NotFound) {
			return nil, err
		}
		return nil, session.ErrEnded
	}
	if !op.tokens[string(claims.Purpose)] {
		if op.partial {
			return nil, errWrongToken // the other purpose's door
		}
		return nil, errPartial
	}
	who := &caller{UserID: claims.UserID, Claims: claims, Pending: pending}
	if who.Person, err = s.Facts.Person(ctx, claims.UserID); err != nil {
		return nil, err
	}
	if !who.Person.User.DisabledAt.IsZero() || who.Person.SignedOut(pending.CreatedAt) {
		return nil, session.ErrEnded
	}
	if pending.FromSession != "" { // the session it came from may have ended meanwhile
		if _, _, err := s.Facts.Session(ctx, pending.FromSession); err != nil {
			return nil, err
		}
	}
	who.Standing = who.Person.Standing(pending.Proof, s.Now())
	return who, nil
}

// confirmed asks for a recent confirmation of the caller.
func (s *Server) confirmed(ctx context.Context, level signin.Level) error {
	who := callerOf(ctx)
	return s.Stairs.Confirmed(who.Session, who.Person, level)
}

func sources(by []enforcement.Source) []string {
	out := make([]string, len(by))
	for i, b := range by {
		out[i] = string(b)
	}
	return out
}

// network is what limits count an address by: itself, or of IPv6 its /64, which one household has 2^64 addresses of.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if a = a.Unmap(); a.Is4() {
		return a.String()
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.Masked().String()
}
