package api

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/api/openapi"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
	"sallyport/internal/place"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// GetMe says who the caller is; to whoever has not passed the second door, no more than what the door needs.
func (s *Server) GetMe(ctx context.Context, _ openapi.GetMeRequestObject) (openapi.GetMeResponseObject, error) {
	return openapi.GetMe200JSONResponse(meOf(callerOf(ctx))), nil
}

// UpdateMe changes name or language.
func (s *Server) UpdateMe(ctx context.Context, r openapi.UpdateMeRequestObject) (openapi.UpdateMeResponseObject, error) {
	who := callerOf(ctx)
	if err := s.Credentials.UpdateProfile(ctx, who.Actor, strings.TrimSpace(text(r.Body.Name)), text(r.Body.Locale)); err != nil {
		return nil, err
	}
	var err error
	if who.Person, err = s.Facts.Person(ctx, who.User); err != nil {
		return nil, err
	}
	return openapi.UpdateMe200JSONResponse(meOf(who)), nil
}

func meOf(who caller) openapi.Me {
	u := who.Person.User
	me := openapi.Me{Id: openapi.Id(u.ID), Locale: openapi.Locale(u.Locale), Standing: standingOf(who.Standing)}
	if who.Stay.Between() || who.Standing.Due() {
		hint := user.EmailHint(u.Email)
		me.EmailHint = &hint
		return me
	}
	_, by := enforcement.Suffices(who.Person.Rules, 0)
	requirements := make([]openapi.Requirement, len(who.Person.Rules))
	for i, r := range who.Person.Rules {
		requirements[i] = requirementOf(r)
	}
	me.Email, me.Name, me.CreatedAt = &u.Email, &u.Name, &u.CreatedAt
	me.TwoFactor = &openapi.OwnTwoFactor{Active: u.Factors != 0, Methods: methods(u.Factors), CanDisable: len(by) == 0,
		RequiredBy: requirements, Assurance: openapi.Assurance(who.Session.Proof.ACR())}
	return me
}

func requirementOf(r enforcement.Rule) openapi.Requirement {
	out := openapi.Requirement{By: openapi.RequiredBy(r.By), MinimumStrength: openapi.MinimumStrength(r.Minimum),
		Since: timeOrNil(r.Since), GraceUntil: timeOrNil(r.BindsAt)}
	if r.AccountID != "" {
		out.AccountId, out.AccountName = (*string)(&r.AccountID), &r.AccountName
	}
	return out
}

func standingOf(s enforcement.Standing) openapi.Standing {
	return openapi.Standing{State: openapi.StandingState(s.State), GraceUntil: timeOrNil(s.GraceUntil),
		RequiredBy: requiredBy(s.RequiredBy), Methods: methods(s.Methods)}
}

func timeOrNil(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// ListSessions shows where the caller is signed in.
func (s *Server) ListSessions(ctx context.Context, r openapi.ListSessionsRequestObject) (openapi.ListSessionsResponseObject, error) {
	who := callerOf(ctx)
	limit, after := 50, ""
	if r.Params.Limit != nil {
		limit = *r.Params.Limit
	}
	if r.Params.Cursor != nil {
		after = *r.Params.Cursor
	}
	found, next, err := s.Book.Store.Sessions(ctx, who.User, s.Now(), limit, after)
	if err != nil {
		return nil, err
	}
	items := make([]openapi.Device, 0, len(found))
	for _, v := range found {
		if !who.Person.SignedOut(v.CreatedAt) {
			items = append(items, s.deviceOf(v, who.Stay.ID))
		}
	}
	return openapi.ListSessions200JSONResponse{Items: items, NextCursor: cursor(next)}, nil
}

func (s *Server) deviceOf(v session.Session, current id.Stay) openapi.Device {
	expires := v.Ends
	if v.IdleEnds.Before(expires) {
		expires = v.IdleEnds
	}
	return openapi.Device{Id: openapi.Id(v.ID), Current: v.ID == current, CreatedAt: v.CreatedAt, LastUsedAt: v.LastUsedAt, ExpiresAt: expires,
		Assurance: openapi.Assurance(v.Proof.ACR()), UserAgent: v.UserAgent, Address: v.Address,
		Place: s.placeOf(v.Address)}
}

func (s *Server) placeOf(address string) openapi.Place {
	p := openapi.Place{Network: openapi.PlaceNetwork(place.NetworkOf(address))}
	if country := s.Countries.Of(address); country != "" {
		p.Country = &country
	}
	return p
}

// EndSession ends one session of the caller.
func (s *Server) EndSession(ctx context.Context, r openapi.EndSessionRequestObject) (openapi.EndSessionResponseObject, error) {
	if err := s.Book.End(ctx, actorOf(ctx), id.Stay(r.SessionId), "ended_by_owner"); err != nil {
		return nil, err
	}
	return openapi.EndSession204Response{}, nil
}

// EndOtherSessions ends all sessions of the caller but this one.
func (s *Server) EndOtherSessions(ctx context.Context, _ openapi.EndOtherSessionsRequestObject) (openapi.EndOtherSessionsResponseObject, error) {
	if err := s.Book.EndOwn(ctx, actorOf(ctx), "ended_by_owner"); err != nil {
		return nil, err
	}
	return openapi.EndOtherSessions204Response{}, nil
}
