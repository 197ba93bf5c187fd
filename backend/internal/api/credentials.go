package api

import (
	"context"

	"sallyport/internal/api/openapi"
	"sallyport/internal/credential"
)

// SignUp asks for a person and their account.
func (s *Server) SignUp(ctx context.Context, r openapi.SignUpRequestObject) (openapi.SignUpResponseObject, error) {
	p := credential.NewPerson{Email: r.Body.Email, Password: r.Body.Password, Name: r.Body.Name, AccountName: r.Body.AccountName}
	if r.Body.Locale != nil {
		p.Locale = string(*r.Body.Locale)
	}
	if err := s.Credentials.SignUp(ctx, actorOf(ctx), p); err != nil {
		return nil, err
	}
	return openapi.SignUp202Response{}, nil
}

// VerifyEmail opens the link of a sign-up or of a change of address.
func (s *Server) VerifyEmail(ctx context.Context, r openapi.VerifyEmailRequestObject) (openapi.VerifyEmailResponseObject, error) {
	if err := s.Credentials.VerifyEmail(ctx, actorOf(ctx), r.Body.Token); err != nil {
		return nil, err
	}
	return openapi.VerifyEmail204Response{}, nil
}

// RequestPasswordReset asks for a link that sets a new password.
func (s *Server) RequestPasswordReset(ctx context.Context, r openapi.RequestPasswordResetRequestObject) (openapi.RequestPasswordResetResponseObject, error) {
	if err := s.Credentials.AskForReset(ctx, actorOf(ctx), r.Body.Email); err != nil {
		return nil, err
	}
	return openapi.RequestPasswordReset202Response{}, nil
}

// ResetPassword sets a new password with the link.
func (s *Server) ResetPassword(ctx context.Context, r openapi.ResetPasswordRequestObject) (openapi.ResetPasswordResponseObject, error) {
	if err := s.Credentials.ResetPassword(ctx, actorOf(ctx), r.Body.Token, r.Body.Password); err != nil {
		return nil, err
	}
	return openapi.ResetPassword204Response{}, nil
}

// ReportNotMe opens the link "this was not me".
func (s *Server) ReportNotMe(ctx context.Context, r openapi.ReportNotMeRequestObject) (openapi.ReportNotMeResponseObject, error) {
	if err := s.Credentials.ReportNotMe(ctx, actorOf(ctx), r.Body.Token); err != nil {
		return nil, err
	}
	return openapi.ReportNotMe204Response{}, nil
}

// ChangePassword sets a new password for the caller.
func (s *Server) ChangePassword(ctx context.Context, r openapi.ChangePasswordRequestObject) (openapi.ChangePasswordResponseObject, error) {
	if err := s.Credentials.ChangePassword(ctx, actorOf(ctx), r.Body.Password); err != nil {
		return nil, err
	}
	return openapi.ChangePassword204Response{}, nil
}

// ChangeEmail asks for another address for the caller.
func (s *Server) ChangeEmail(ctx context.Context, r openapi.ChangeEmailRequestObject) (openapi.ChangeEmailResponseObject, error) {
	if err := s.Credentials.AskForEmail(ctx, actorOf(ctx), r.Body.Email); err != nil {
		return nil, err
	}
	return openapi.ChangeEmail202Response{}, nil
}
