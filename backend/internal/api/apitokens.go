package api

import (
	"context"
	"time"

	"sallyport/internal/api/openapi"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

var errTokensPaused = fault.New(fault.Forbidden, "api_tokens_paused", "An owner has paused the API tokens of an account that you belong to.")

// touchEvery bounds how often the use of an API token is written down.
const touchEvery = time.Minute

// enterAPIToken lets a program in: the operation names a scope that its token has, and its owner meets the rules.
func (s *Server) enterAPIToken(ctx context.Context, op *operation, token string) (*caller, error) {
	if len(token) > 128 {
		return nil, session.ErrToken
	}
	t, p, err := s.Facts.APIToken(ctx, seal.TokenHash(token))
	if err != nil {
		return nil, err
	}
	who := &caller{UserID: t.UserID, Person: p, Standing: p.TokenStanding(s.Now())}
	if !t.May(op.scope) {
		return nil, session.ErrScope
	}
	if p.TokensPaused {
		return nil, errTokensPaused
	}
	if who.Standing.Due() {
		return nil, signin.ErrEnrolmentDue.With(func(e *fault.Error) { e.RequiredBy = sources(who.Standing.RequiredBy) })
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
	found, err := s.Book.APITokens(ctx, who.UserID)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	return openapi.ListApiTokens200JSONResponse{Items: each(found, func(t session.APIToken) openapi.ApiToken { return tokenOf(t, who.Person, now) })}, nil
}

// CreateApiToken makes a token.
func (s *Server) CreateApiToken(ctx context.Context, r openapi.CreateApiTokenRequestObject) (openapi.CreateApiTokenResponseObject, error) {
	if err := s.confirmed(ctx, signin.LevelProtection); err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	days := 90
	if r.Body.ExpiresInDays != nil {
		days = *r.Body.ExpiresInDays
	}
	scopes := each(r.Body.Scopes, func(v openapi.Scope) string { return string(v) })
	t, plain, err := s.Book.NewAPIToken(ctx, who.UserID, r.Body.Name, scopes, time.Duration(days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	out := tokenOf(t, who.Person, s.Now())
	out.Token = &plain
	return openapi.CreateApiToken201JSONResponse(out), nil
}

// RevokeApiToken revokes a token.
func (s *Server) RevokeApiToken(ctx context.Context, r openapi.RevokeApiTokenRequestObject) (openapi.RevokeApiTokenResponseObject, error) {
	if err := s.Book.RevokeAPIToken(ctx, callerOf(ctx).UserID, r.TokenId); err != nil {
		return nil, err
	}
	return openapi.RevokeApiToken204Response{}, nil
}

func tokenOf(t session.APIToken, p enforcement.Person, now time.Time) openapi.ApiToken {
	state := openapi.ApiTokenStateActive
	switch {
	case !t.RevokedAt.IsZero():
		state = openapi.ApiTokenStateRevoked
	case !t.Live(now):
		state = openapi.ApiTokenStateExpired
	case p.TokensPaused, p.TokenStanding(now).Due():
		state = openapi.ApiTokenStateStopped
	}
	return openapi.ApiToken{Id: t.ID, Name: t.Name, Scopes: each(t.Scopes, func(v string) openapi.Scope { return openapi.Scope(v) }), Hint: t.Hint,
		CreatedAt: t.CreatedAt, ExpiresAt: t.Expires, LastUsedAt: timeOrNil(t.LastUsedAt), State: state}
}
