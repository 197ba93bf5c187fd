package api

import (
	"context"
	"encoding/json"
	"net/http"

	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/factor"
	"sallyport/internal/id"
	"sallyport/internal/signin"
)

// ListFactors lists the caller's factors.
func (s *Server) ListFactors(ctx context.Context, _ openapi.ListFactorsRequestObject) (openapi.ListFactorsResponseObject, error) {
	found, err := s.Factors.List(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return openapi.ListFactors200JSONResponse{Items: each(found, factorOf)}, nil
}

// EnrolFactor begins an enrolment.
func (s *Server) EnrolFactor(ctx context.Context, r openapi.EnrolFactorRequestObject) (openapi.EnrolFactorResponseObject, error) {
	t, _ := assurance.ParseType(string(r.Body.Type))
	n := factor.NewFactor{Type: t, Name: text(r.Body.Name), Phone: text(r.Body.PhoneNumber), PhoneID: text(r.Body.PhoneId),
		Backup: text(r.Body.BackupPhoneNumber), Replaces: id.Factor(text(r.Body.Replaces))}
	f, setup, err := s.Stairs.Enrol(ctx, actorOf(ctx), text(r.Body.Password), n)
	if err != nil {
		return nil, err
	}
	out := enrolmentOf(f, setup)
	out.EnrolmentToken = &setup.Token
	return openapi.EnrolFactor201JSONResponse(out), nil
}

// text is an optional text; "" where it is absent.
func text[T ~string](t *T) string {
	if t == nil {
		return ""
	}
	return string(*t)
}

func enrolmentOf(f factor.Factor, setup factor.Setup) openapi.Enrolment {
	out := openapi.Enrolment{Factor: factorOf(f)}
	if t := setup.TOTP; t != nil {
		out.Totp = &openapi.TotpSetup{Secret: t.Secret, OtpauthUri: t.URI, QrSvg: t.QR}
	}
	if len(setup.RecoveryCodes) > 0 {
		out.RecoveryCodes = &setup.RecoveryCodes
	}
	if c := setup.Challenge; c != nil {
		challenge := challengeOf(*c)
		out.Challenge, out.PasskeyOptions = &challenge, challenge.PasskeyOptions
	}
	return out
}

// enrolment names an open one by its factor and the token that a header bears.
func enrolment(factorID string, token *openapi.EnrolmentToken) factor.Enrolment {
	return factor.Enrolment{Factor: id.Factor(factorID), Token: text(token)}
}

// GetEnrolment shows an open enrolment again.
func (s *Server) GetEnrolment(ctx context.Context, r openapi.GetEnrolmentRequestObject) (openapi.GetEnrolmentResponseObject, error) {
	f, setup, err := s.Factors.Again(ctx, actorOf(ctx), enrolment(r.FactorId, r.Params.SallyportEnrolment))
	if err != nil {
		return nil, err
	}
	return openapi.GetEnrolment200JSONResponse(enrolmentOf(f, setup)), nil
}

// CancelEnrolment takes an open enrolment back.
func (s *Server) CancelEnrolment(ctx context.Context, r openapi.CancelEnrolmentRequestObject) (openapi.CancelEnrolmentResponseObject, error) {
	if err := s.Factors.Cancel(ctx, actorOf(ctx), enrolment(r.FactorId, r.Params.SallyportEnrolment)); err != nil {
		return nil, err
	}
	return openapi.CancelEnrolment204Response{}, nil
}

// VerifyFactor proves that the new factor works.
func (s *Server) VerifyFactor(ctx context.Context, r openapi.VerifyFactorRequestObject) (openapi.VerifyFactorResponseObject, error) {
	proof := factor.Proof{Code: text(r.Body.Code)}
	if r.Body.Credential != nil {
		var err error
		if proof.Credential, err = json.Marshal(r.Body.Credential); err != nil {
			return nil, err
		}
	}
	var out openapi.VerifyFactor200JSONResponse
	err := s.Factors.Verify(ctx, actorOf(ctx), enrolment(r.FactorId, r.Params.SallyportEnrolment), proof,
		func(ctx context.Context, f factor.Factor, codes []string) error {
			out = openapi.VerifyFactor200JSONResponse{Factor: factorOf(f)}
			if len(codes) > 0 {
				out.RecoveryCodes = &codes
			}
			return keep(ctx, http.StatusOK, nil, out)
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ActivateFactor is the "Okay".
func (s *Server) ActivateFactor(ctx context.Context, r openapi.ActivateFactorRequestObject) (openapi.ActivateFactorResponseObject, error) {
	who := callerOf(ctx)
	var out openapi.ActivateFactor200JSONResponse
	err := s.Stairs.Activate(ctx, who.Actor, who.Session, who.Pending, enrolment(r.FactorId, r.Params.SallyportEnrolment),
		func(ctx context.Context, f factor.Factor, o signin.Opened) error {
			opened := sessionOf(o)
			out = openapi.ActivateFactor200JSONResponse{Body: openapi.Activated{Factor: factorOf(f), Session: &opened},
				Headers: openapi.ActivateFactor200ResponseHeaders{SetCookie: s.cookie(o)}}
			// The codes of the step before are shown no more.
			if err := s.Replays.Forget(ctx, who.User, steps["verifyFactor"]); err != nil {
				return err
			}
			return keep(ctx, http.StatusOK, out.Headers.SetCookie, out.Body)
		})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// UpdateFactor renames a factor or makes it the default.
func (s *Server) UpdateFactor(ctx context.Context, r openapi.UpdateFactorRequestObject) (openapi.UpdateFactorResponseObject, error) {
	f, err := s.Factors.Update(ctx, actorOf(ctx), id.Factor(r.FactorId), text(r.Body.Name), r.Body.Default != nil)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateFactor200JSONResponse(factorOf(f)), nil
}

// RemoveFactor removes one factor, unless less than the rules ask would be left.
func (s *Server) RemoveFactor(ctx context.Context, r openapi.RemoveFactorRequestObject) (openapi.RemoveFactorResponseObject, error) {
	if err := s.Stairs.RemoveFactor(ctx, actorOf(ctx), id.Factor(r.FactorId)); err != nil {
		return nil, err
	}
	return openapi.RemoveFactor204Response{}, nil
}

// DisableSecondFactor removes all factors, unless a rule asks for one.
func (s *Server) DisableSecondFactor(ctx context.Context, _ openapi.DisableSecondFactorRequestObject) (openapi.DisableSecondFactorResponseObject, error) {
	if err := s.Stairs.DisableFactors(ctx, actorOf(ctx)); err != nil {
		return nil, err
	}
	return openapi.DisableSecondFactor204Response{}, nil
}

// GetRecoveryCodes counts them.
func (s *Server) GetRecoveryCodes(ctx context.Context, _ openapi.GetRecoveryCodesRequestObject) (openapi.GetRecoveryCodesResponseObject, error) {
	remaining, total, createdAt, err := s.Factors.CountRecoveryCodes(ctx, actorOf(ctx).User)
	if err != nil {
		return nil, err
	}
	return openapi.GetRecoveryCodes200JSONResponse{Remaining: remaining, Total: total, CreatedAt: timeOrNil(createdAt)}, nil
}

// RegenerateRecoveryCodes makes a new set.
func (s *Server) RegenerateRecoveryCodes(ctx context.Context, _ openapi.RegenerateRecoveryCodesRequestObject) (openapi.RegenerateRecoveryCodesResponseObject, error) {
	codes, err := s.Factors.RenewRecoveryCodes(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return openapi.RegenerateRecoveryCodes201JSONResponse{RecoveryCodes: codes}, nil
}

func factorOf(f factor.Factor) openapi.Factor {
	return openapi.Factor{Id: openapi.Id(f.ID), Type: openapi.FactorType(f.Type.String()), Name: f.Name, Status: openapi.FactorStatus(f.Status), Hint: f.Hint,
		CreatedAt: f.CreatedAt, LastUsedAt: timeOrNil(f.LastUsedAt), Default: f.Default}
}
