package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/contract"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
)

// caller is who calls, as the gate has found out from memory. Whether they still may is asked again where something is written.
type caller struct {
	actor.Actor
	Claims   session.Claims
	Session  session.Session // with a full token
	Pending  session.Pending // with a partial token
	Person   enforcement.Person
	Standing enforcement.Standing
}

type callerKey struct{}

// callerOf is who calls; a stranger at doors that are open to everybody.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	if c == nil {
		return caller{}
	}
	return *c
}

// actorOf is the caller as every use case wants to know them.
func actorOf(ctx context.Context) actor.Actor { return callerOf(ctx).Actor }

// gate stands before one operation. It lets in whoever holds a token that the contract names for it: no token where the
// contract says nothing is needed, a full one whose owner meets the rules where it says nothing at all. What must be confirmed it asks
// of people after it has held the request against the contract: a wrong field is told first.
func (s *Server) gate(op *contract.Operation) echo.MiddlewareFunc {
	cookies := op.ID == "refresh" || op.ID == "resume" // their handlers read a cookie
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			r := c.Request()
			ctx := r.Context()
			address := c.RealIP()
			origin := audit.Origin(actor.Origin{Address: address, Network: network(address), UserAgent: r.UserAgent()})
			who := &caller{Actor: actor.From(origin)}
			if !op.Open {
				var err error
				if who, err = s.enter(ctx, op, bearer(r)); errors.Is(err, session.ErrEnded) {
					if done, err := s.afterSuccess(op, c); done || err != nil {
						return err
					}
				}
				if err != nil {
					return err
				}
				who.Origin, who.Due = origin, op.Due
				who.Shown = s.Stairs.ReadConfirmation(r.Header.Get(confirmationHeader))
			}
			ctx = context.WithValue(ctx, callerKey{}, who)
			if cookies {
				ctx = context.WithValue(ctx, requestKey{}, r)
			}
			c.SetRequest(r.WithContext(ctx))
			if err := s.check(op, c); err != nil {
				return err
			}
			if err := unconfirmed(op, who, id.Account(c.Param("account_id")), s.Now()); err != nil {
				return err
			}
			return s.once(op, who.Actor, c, next)
		}
	}
}

// unconfirmed asks for the confirmation that the contract names. Whoever may do nothing of what the operation does is told that by the use
// case, and is not asked for their second factor first.
func unconfirmed(op *contract.Operation, who *caller, accountID id.Account, now time.Time) error {
	if m, err := who.Person.Membership(accountID); accountID != "" {
		may := func(action string) bool { return m.Role.May(actor.Action(action)) }
		if err != nil || !slices.ContainsFunc(op.Actions, may) {
			return nil
		}
	}
	return authority.Unconfirmed(who.Person, who.Actor, actor.Level(op.Always), now)
}

// confirmationHeader bears the token of a confirmation.
const confirmationHeader = "Sallyport-Confirmation"

// bearer is the token of the Authorization header (RFC 6750 §2.1), the only place where one is looked for.
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// enter says who holds the token, or why they may not pass.
func (s *Server) enter(ctx context.Context, op *contract.Operation, token string) (*caller, error) {
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

func (s *Server) enterFull(ctx context.Context, op *contract.Operation, claims session.Claims) (*caller, error) {
	who := &caller{Claims: claims}
	var err error
	if who.Session, who.Person, err = s.Facts.Session(ctx, claims.SessionID); err != nil {
		return nil, err
	}
	if who.Session.UserID != claims.UserID {
		return nil, session.ErrEnded
	}
	if !op.Opens(contract.TokenFull) {
		return nil, errWrongToken
	}
	who.Actor = actor.Actor{Kind: actor.Person, User: claims.UserID, Stay: who.Session.Stay(), Due: op.Due}
	who.Standing = who.Person.Standing(who.Session.Proof, s.Now())
	return who, authority.Refusal(who.Person, who.Actor, who.Session.CreatedAt, s.Now())
}

func (s *Server) enterPartial(ctx context.Context, op *contract.Operation, claims session.Claims) (*caller, error) {
	who := &caller{Claims: claims}
	var err error
	if who.Pending, who.Person, err = s.Stairs.Between(ctx, claims.PendingID); err != nil {
		return nil, err
	}
	if who.Pending.UserID != claims.UserID || who.Pending.Purpose != claims.Purpose {
		return nil, session.ErrEnded
	}
	if !op.Opens(contract.Token(claims.Purpose)) {
		if op.Partial() {
			return nil, errWrongToken // the other purpose's door
		}
		return nil, errPartial
	}
	// What an enrolment must show is asked in its transaction; a guard, or a look at oneself, needs nothing.
	who.Actor = actor.Actor{Kind: actor.Person, User: claims.UserID, Stay: who.Pending.Stay(), Due: op.Due}
	who.Standing = who.Person.Standing(who.Pending.Proof, s.Now())
	return who, nil
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
