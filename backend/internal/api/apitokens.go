package api

import (
	"context"
	"net/http"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/api/openapi"
	"sallyport/internal/authority"
	"sallyport/internal/contract"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
	"sallyport/internal/seal"
	"sallyport/internal/session"
)

// touchEvery bounds how often the use of an API token is written down.
const touchEvery = time.Minute

// enterAPIToken lets a program in: the operation names a scope that its token has, and its owner meets the rules.
func (s *Server) enterAPIToken(ctx context.Context, op *contract.Operation, token string) (*caller, error) {
	if len(token) > 128 {
		return nil, session.ErrToken
	}
	t, p, err := s.Facts.APIToken(ctx, seal.TokenHash(token))
	if err != nil {
		return nil, err
	}
	who := &caller{Actor: actor.Actor{Kind: actor.Program, User: t.UserID, Stay: t.Stay()}, Person: p, Standing: p.TokenStanding(s.Now())}
	if !t.May(op.Scope) {
		return nil, session.ErrScope
	}
	if err := authority.Refusal(p, who.Actor, t.CreatedAt, s.Now()); err != nil {
		return nil, err
	}
	return who, s.touch(ctx, t)
}

// touch writes down that a token was used, now and then; who asks does not wait for more than that.
func (s *Server) touch(ctx context.Context, t session.APIToken) error {
	now := s.Now()
	if last, ok := s.touched.Load(t.ID); ok && now.Sub(last.(time.Time)) < touchEvery {
		return nil
	}
	s.touched.Store(t.ID, now)
	return s.Book.Store.TouchAPIToken(ctx, t.ID, now)
}

// ListApiTokens lists the caller's tokens.
func (s *Server) ListApiTokens(ctx context.Context, _ openapi.ListApiTokensRequestObject) (openapi.ListApiTokensResponseObject, error) {
	who := callerOf(ctx)
	found, err := s.Book.APITokens(ctx, who.User)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return openapi.ListApiTokens200JSONResponse{Items: each(found, func(t session.APIToken) openapi.ApiToken { return tokenOf(t, who.Person, now) })}, nil
}

// CreateApiToken makes a token.
func (s *Server) CreateApiToken(ctx context.Context, r openapi.CreateApiTokenRequestObject) (openapi.CreateApiTokenResponseObject, error) {
	who := callerOf(ctx)
	days := 90
	if r.Body.ExpiresInDays != nil {
		days = *r.Body.ExpiresInDays
	}
	scopes := each(r.Body.Scopes, func(v openapi.Scope) string { return string(v) })
	var out openapi.ApiToken
	err := s.Book.NewAPIToken(ctx, who.Actor, r.Body.Name, scopes, time.Duration(days)*24*time.Hour,
		func(ctx context.Context, t session.APIToken, plain string) error {
			out = tokenOf(t, who.Person, s.Now())
			out.Token = &plain
			return keep(ctx, http.StatusCreated, nil, out)
		})
	if err != nil {
		return nil, err
	}
	return openapi.CreateApiToken201JSONResponse(out), nil
}

// ResumeApiToken lets a suspended token work again.
func (s *Server) ResumeApiToken(ctx context.Context, r openapi.ResumeApiTokenRequestObject) (openapi.ResumeApiTokenResponseObject, error) {
	who := callerOf(ctx)
	t, err := s.Book.ResumeAPIToken(ctx, who.Actor, id.Stay(r.TokenId))
	if err != nil {
		return nil, err
	}
	return openapi.ResumeApiToken200JSONResponse(tokenOf(t, who.Person, s.Now())), nil
}

// RevokeApiToken revokes a token.
func (s *Server) RevokeApiToken(ctx context.Context, r openapi.RevokeApiTokenRequestObject) (openapi.RevokeApiTokenResponseObject, error) {
	if err := s.Book.RevokeAPIToken(ctx, actorOf(ctx), id.Stay(r.TokenId)); err != nil {
		return nil, err
	}
	return openapi.RevokeApiToken204Response{}, nil
}

func tokenOf(t session.APIToken, p enforcement.Person, now time.Time) openapi.ApiToken {
	status := openapi.ApiTokenStatusActive
	switch {
	case !t.RevokedAt.IsZero():
		status = openapi.ApiTokenStatusRevoked
	case !t.Live(now):
		status = openapi.ApiTokenStatusExpired
	case t.Epoch != p.User.Epoch:
		status = openapi.ApiTokenStatusSuspended
	case p.TokensPaused, p.TokenStanding(now).Due():
		status = openapi.ApiTokenStatusPaused
	}
	return openapi.ApiToken{Id: string(t.ID), Name: t.Name, Scopes: each(t.Scopes, func(v string) openapi.Scope { return openapi.Scope(v) }), Hint: t.Hint,
		CreatedAt: t.CreatedAt, ExpiresAt: t.Expires, LastUsedAt: timeOrNil(t.LastUsedAt), Status: status}
}
