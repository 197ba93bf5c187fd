package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/signin"
)

// SignIn is the first door.
func (s *Server) SignIn(ctx context.Context, r openapi.SignInRequestObject) (openapi.SignInResponseObject, error) {
	delivery := session.Bearer
	if r.Body.Session != nil && *r.Body.Session == openapi.SignInRequestSessionCookie {
		delivery = session.Cookie
	}
	result, err := s.Stairs.SignIn(ctx, actorOf(ctx), r.Body.Email, r.Body.Password, delivery)
	if err != nil {
		return nil, err
	}
	answer, err := s.signInResult(ctx, result)
	return openapi.SignIn200JSONResponse{SignInResultJSONResponse: answer}, err
}

// Refresh exchanges a refresh token, from the body or from the cookie.
func (s *Server) Refresh(ctx context.Context, r openapi.RefreshRequestObject) (openapi.RefreshResponseObject, error) {
	var given *string
	if r.Body != nil {
		given = r.Body.RefreshToken
	}
	token, err := s.bodyOrCookie(ctx, given, s.cookieName(refreshCookie))
	if err != nil {
		return nil, err
	}
	result, err := s.Stairs.Refresh(ctx, actorOf(ctx), token)
	if err != nil {
		return nil, err
	}
	answer, err := s.signInResult(ctx, result)
	return openapi.Refresh200JSONResponse{SignInResultJSONResponse: answer}, err
}

// Resume goes on with a sign-in between the doors.
func (s *Server) Resume(ctx context.Context, r openapi.ResumeRequestObject) (openapi.ResumeResponseObject, error) {
	var given *string
	if r.Body != nil {
		given = r.Body.ResumeToken
	}
	token, err := s.bodyOrCookie(ctx, given, s.cookieName(resumeCookie))
	if err != nil {
		return nil, err
	}
	result, err := s.Stairs.Resume(ctx, actorOf(ctx), token)
	if err != nil {
		return nil, err
	}
	answer, err := s.signInResult(ctx, result)
	return openapi.Resume200JSONResponse{SignInResultJSONResponse: answer}, err
}

// bodyOrCookie is a token from the body or, where the body has none, from a cookie: no other site may have made a browser send that.
func (s *Server) bodyOrCookie(ctx context.Context, given *string, name string) (string, error) {
	if given != nil {
		return *given, nil
	}
	request := requestOf(ctx)
	if s.crossSite(request) {
		return "", errCrossSite
	}
	if c, err := request.Cookie(name); err == nil && c.Value != "" {
		return c.Value, nil
	}
	return "", fault.ErrUnauthorized
}

// AnswerSecondFactor is the second door.
func (s *Server) AnswerSecondFactor(ctx context.Context, r openapi.AnswerSecondFactorRequestObject) (openapi.AnswerSecondFactorResponseObject, error) {
	a, err := readAnswer(*r.Body)
	if err != nil {
		return nil, err
	}
	who := callerOf(ctx)
	opened, err := s.Stairs.Answer(ctx, who.Actor, who.Pending, !who.Person.User.MailboxSpentAt.IsZero(), a)
	if err != nil {
		return nil, err
	}
	return openapi.AnswerSecondFactor200JSONResponse{
		Body: sessionOf(opened), Headers: openapi.AnswerSecondFactor200ResponseHeaders{SetCookie: s.cookie(opened)}}, nil
}

// SignOut ends the session.
func (s *Server) SignOut(ctx context.Context, _ openapi.SignOutRequestObject) (openapi.SignOutResponseObject, error) {
	if err := s.Stairs.SignOut(ctx, actorOf(ctx)); err != nil {
		return nil, err
	}
	name := refreshCookie
	if actorOf(ctx).Stay.Between() {
		name = resumeCookie
	}
	cleared := s.newCookie(name, "", -1)
	return openapi.SignOut204Response{Headers: openapi.SignOut204ResponseHeaders{SetCookie: &cleared}}, nil
}

// Confirm opens five minutes for sensitive calls.
func (s *Server) Confirm(ctx context.Context, r openapi.ConfirmRequestObject) (openapi.ConfirmResponseObject, error) {
	var answer *factor.Answer
	if r.Body.SecondFactor != nil {
		a, err := readAnswer(*r.Body.SecondFactor)
		if err != nil {
			return nil, below(err, "/second_factor")
		}
		answer = &a
	}
	password := ""
	if r.Body.Password != nil {
		password = *r.Body.Password
	}
	token, life, err := s.Stairs.Confirm(ctx, actorOf(ctx), password, answer)
	if err != nil {
		return nil, below(err, "/second_factor")
	}
	return openapi.Confirm200JSONResponse{ConfirmationToken: token, ExpiresIn: seconds(life)}, nil
}

// below puts a field error of a nested object where it is.
func below(err error, pointer string) error {
	e, ok := fault.As(err)
	if !ok || len(e.Fields) == 0 {
		return err
	}
	return e.With(func(e *fault.Error) {
		fields := make([]fault.Field, len(e.Fields))
		for i, f := range e.Fields {
			fields[i] = fault.Field{Pointer: pointer + f.Pointer, Detail: f.Detail}
		}
		e.Fields = fields
	})
}

func readAnswer(a openapi.SecondFactorAnswer) (factor.Answer, error) {
	value, err := a.ValueByDiscriminator()
	if err != nil {
		return factor.Answer{}, errMalformed.Because(err)
	}
	switch v := value.(type) {
	case openapi.TotpAnswer:
		return factor.Answer{Type: assurance.TOTP, FactorID: id.Factor(v.FactorId), Code: v.Code}, nil
	case openapi.SentCodeAnswer:
		t, _ := assurance.ParseType(string(v.Type))
		return factor.Answer{Type: t, ChallengeID: v.ChallengeId, Code: v.Code}, nil
	case openapi.PasskeyAnswer:
		credential, err := json.Marshal(v.Credential)
		return factor.Answer{Type: assurance.Passkey, ChallengeID: v.ChallengeId, Credential: credential}, err
	case openapi.RecoveryCodeAnswer:
		return factor.Answer{Recovery: true, Code: v.Code}, nil
	}
	return factor.Answer{}, errMalformed
}

func (s *Server) signInResult(ctx context.Context, r signin.Result) (openapi.SignInResultJSONResponse, error) {
	var out openapi.SignInResultJSONResponse
	if r.Opened != nil {
		out.Headers.SetCookie = s.cookie(*r.Opened)
		return out, out.Body.FromSignedIn(openapi.SignedIn{Status: openapi.SignedInStatusSignedIn, Session: sessionOf(*r.Opened)})
	}
	resume := &r.ResumeToken
	if r.Delivery == session.Cookie {
		c := s.newCookie(resumeCookie, r.ResumeToken, r.Ends)
		out.Headers.SetCookie, resume = &c, nil
	}
	if r.Purpose == actor.ForEnrolment {
		return out, out.Body.FromEnrolmentRequired(openapi.EnrolmentRequired{Status: openapi.EnrolmentRequiredStatusEnrolmentRequired,
			PartialToken: r.PartialToken, ExpiresIn: seconds(r.ExpiresIn), ResumeToken: resume, RequiredBy: requiredBy(r.Standing.RequiredBy),
			Methods: methods(r.Standing.Methods)})
	}
	hints, err := s.hints(ctx, r.Factors)
	if err != nil {
		return out, err
	}
	return out, out.Body.FromSecondFactorRequired(openapi.SecondFactorRequired{Status: openapi.SecondFactorRequiredStatusSecondFactorRequired,
		PartialToken: r.PartialToken, ExpiresIn: seconds(r.ExpiresIn), ResumeToken: resume, Factors: hints})
}

// hints describe factors to whoever has shown the password alone.
func (s *Server) hints(ctx context.Context, factors []factor.Factor) ([]openapi.FactorHint, error) {
	out := make([]openapi.FactorHint, len(factors))
	for i, f := range factors {
		out[i] = openapi.FactorHint{Id: openapi.Id(f.ID), Type: openapi.FactorType(f.Type.String()), Name: f.Name, Hint: f.Hint, Default: f.Default}
		if f.Type != assurance.SMS {
			continue
		}
		backup, err := s.Factors.BackupOf(ctx, f.UserID)
		if err != nil {
			return nil, err
		}
		if backup != nil {
			out[i].BackupHint = &backup.Hint
		}
	}
	return out, nil
}

func sessionOf(o signin.Opened) openapi.Session {
	out := openapi.Session{AccessToken: o.AccessToken, TokenType: openapi.SessionTokenTypeBearer, ExpiresIn: seconds(o.ExpiresIn),
		Assurance: openapi.Assurance(o.Session.Proof.ACR())}
	if o.Session.Delivery == session.Bearer {
		out.RefreshToken = &o.RefreshToken
	}
	if o.Confirmation != "" {
		out.ConfirmationToken = &o.Confirmation
	}
	return out
}

func seconds(d time.Duration) int { return int(d / time.Second) }

func methods(t assurance.Types) []openapi.FactorType {
	names := t.Names()
	out := make([]openapi.FactorType, len(names))
	for i, n := range names {
		out[i] = openapi.FactorType(n)
	}
	return out
}

func requiredBy(by []enforcement.Source) []openapi.RequiredBy {
	out := make([]openapi.RequiredBy, len(by))
	for i, b := range by {
		out[i] = openapi.RequiredBy(b)
	}
	return out
}

// The cookies. Each bears the __Host- prefix over https: then no other host and no script can have set it (RFC 6265bis §4.1.3).
const (
	refreshCookie = "sallyport_refresh"
	resumeCookie  = "sallyport_resume" // of a sign-in between the doors
)

func (s *Server) cookieName(name string) string {
	if s.BaseURL.Scheme == "https" {
		return "__Host-" + name
	}
	return name
}

func (s *Server) newCookie(name, value string, life time.Duration) string {
	c := http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: s.BaseURL.Scheme == "https", MaxAge: seconds(life)}
	if life < 0 {
		c.MaxAge = -1
	}
	return c.String()
}

// cookie is the refresh cookie of a cookie session; nil for any other.
func (s *Server) cookie(o signin.Opened) *string {
	if o.Session.Delivery != session.Cookie {
		return nil
	}
	c := s.newCookie(refreshCookie, o.RefreshToken, session.IdleLife)
	return &c
}

// crossSite says whether a browser tells that another site has made it send this (Fetch metadata, or else Origin).
func (s *Server) crossSite(r *http.Request) bool {
	if site := r.Header.Get("Sec-Fetch-Site"); site != "" {
		return site != "same-origin" && site != "none"
	}
	origin := r.Header.Get("Origin")
	return origin != "" && origin != s.BaseURL.Scheme+"://"+s.BaseURL.Host && origin != "http://"+r.Host && origin != "https://"+r.Host
}

type requestKey struct{}

// requestOf is the HTTP request, for the handlers that read a cookie.
func requestOf(ctx context.Context) *http.Request {
	r, _ := ctx.Value(requestKey{}).(*http.Request)
	return r
}
