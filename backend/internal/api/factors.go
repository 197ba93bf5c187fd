package api

import (
	"context"
	"encoding/json"

	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/signin"
)

var errEnforced = fault.New(fault.Conflict, "second_factor_enforced", "A rule asks you for a second factor, so it cannot be removed. You can replace it.")

// ListFactors lists the caller's factors.
func (s *Server) ListFactors(ctx context.Context, _ openapi.ListFactorsRequestObject) (openapi.ListFactorsResponseObject, error) {
	found, err := s.Factors.List(ctx, callerOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return openapi.ListFactors200JSONResponse{Items: each(found, factorOf)}, nil
}

// EnrolFactor begins an enrolment.
func (s *Server) EnrolFactor(ctx context.Context, r openapi.EnrolFactorRequestObject) (openapi.EnrolFactorResponseObject, error) {
	who := callerOf(ctx)
	if who.Pending.ID != "" {
		password := ""
		if r.Body.Password != nil {
			password = *r.Body.Password
		}
		if err := s.enrolling(who); err != nil {
			return nil, err
		}
		if err := s.Stairs.ProvePassword(ctx, who.Pending, password); err != nil {
			return nil, err
		}
	} else if err := s.confirmed(ctx, signin.LevelProtection); err != nil {
		return nil, err
	}
	if who.Person.Guarded && who.Person.User.Factors == 0 {
		if err := s.Factors.Guarded(ctx, who.UserID, who.place()); err != nil {
			return nil, err
		}
	}
	t, _ := assurance.ParseType(string(r.Body.Type))
	if who.Standing.Due() && !who.Standing.Methods.Has(t) {
		return nil, factor.ErrNotAccepted
	}
	n := factor.NewFactor{Type: t}
	if r.Body.Name != nil {
		n.Name = *r.Body.Name
	}
	if r.Body.Replaces != nil {
		n.Replaces = *r.Body.Replaces
		if err := s.mayReplace(ctx, who, n); err != nil {
			return nil, err
		}
	}
	if r.Body.PhoneNumber != nil {
		n.Phone = *r.Body.PhoneNumber
	}
	if r.Body.PhoneId != nil {
		n.PhoneID = *r.Body.PhoneId
	}
	if r.Body.BackupPhoneNumber != nil {
		n.Backup = *r.Body.BackupPhoneNumber
	}
	f, setup, err := s.Factors.Enrol(ctx, who.UserID, n)
	if err != nil {
		return nil, err
	}
	out := openapi.EnrolFactor201JSONResponse{Factor: factorOf(f)}
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
	return out, nil
}

// mayReplace refuses a replacement that the rules do not accept where nothing else that they accept would be left.
func (s *Server) mayReplace(ctx context.Context, who caller, n factor.NewFactor) error {
	all, err := s.Factors.Active(ctx, who.UserID)
	if err != nil {
		return err
	}
	var before, after assurance.Types
	for _, f := range all {
		before |= assurance.Types(f.Type)
		if f.ID != n.Replaces {
			after |= assurance.Types(f.Type)
		}
	}
	met, _ := enforcement.Suffices(who.Person.Rules, before)
	if ok, by := enforcement.Suffices(who.Person.Rules, after|assurance.Types(n.Type)); met && !ok {
		return errEnforced.With(func(e *fault.Error) { e.RequiredBy = sources(by) })
	}
	return nil
}

// enrolling refuses an enrolment token to whoever has a second factor that it has not shown: another place may have set one up
// since the token was made, and the password alone must not put a second one over it.
func (s *Server) enrolling(who caller) error {
	if who.Pending.ID != "" && who.Standing.State == enforcement.SecondFactorDue {
		return signin.ErrSecondFactorDue
	}
	return nil
}

// VerifyFactor proves that the new factor works.
func (s *Server) VerifyFactor(ctx context.Context, r openapi.VerifyFactorRequestObject) (openapi.VerifyFactorResponseObject, error) {
	who := callerOf(ctx)
	if err := s.enrolling(who); err != nil {
		return nil, err
	}
	var proof factor.Proof
	if r.Body.Code != nil {
		proof.Code = *r.Body.Code
	}
	if r.Body.Credential != nil {
		var err error
		if proof.Credential, err = json.Marshal(r.Body.Credential); err != nil {
			return nil, err
		}
	}
	f, codes, err := s.Factors.Verify(ctx, who.UserID, r.FactorId, proof)
	if err != nil {
		return nil, err
	}
	out := openapi.VerifyFactor200JSONResponse{Factor: factorOf(f)}
	if len(codes) > 0 {
		out.RecoveryCodes = &codes
	}
	return out, nil
}

// ActivateFactor is the "Okay".
func (s *Server) ActivateFactor(ctx context.Context, r openapi.ActivateFactorRequestObject) (openapi.ActivateFactorResponseObject, error) {
	who := callerOf(ctx)
	if err := s.enrolling(who); err != nil {
		return nil, err
	}
	f, opened, err := s.Stairs.Activate(ctx, who.Session, who.Pending, r.FactorId)
	if err != nil {
		return nil, err
	}
	session := sessionOf(opened)
	return openapi.ActivateFactor200JSONResponse{Body: openapi.Activated{Factor: factorOf(f), Session: &session},
		Headers: openapi.ActivateFactor200ResponseHeaders{SetCookie: s.cookie(opened)}}, nil
}

// UpdateFactor renames a factor or makes it the default.
func (s *Server) UpdateFactor(ctx context.Context, r openapi.UpdateFactorRequestObject) (openapi.UpdateFactorResponseObject, error) {
	name := ""
	if r.Body.Name != nil {
		name = *r.Body.Name
	}
	f, err := s.Factors.Update(ctx, callerOf(ctx).UserID, r.FactorId, name, r.Body.Default != nil)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateFactor200JSONResponse(factorOf(f)), nil
}

// RemoveFactor removes one factor, unless less than the rules ask would be left.
func (s *Server) RemoveFactor(ctx context.Context, r openapi.RemoveFactorRequestObject) (openapi.RemoveFactorResponseObject, error) {
	who := callerOf(ctx)
	err := s.Factors.RemoveIf(ctx, who.UserID, r.FactorId, func(left assurance.Types) error { return s.mayLose(ctx, who, left) })
	if err != nil {
		return nil, err
	}
	return openapi.RemoveFactor204Response{}, nil
}

// DisableSecondFactor removes all factors, unless a rule asks for one.
func (s *Server) DisableSecondFactor(ctx context.Context, _ openapi.DisableSecondFactorRequestObject) (openapi.DisableSecondFactorResponseObject, error) {
	who := callerOf(ctx)
	if err := s.mayLose(ctx, who, 0); err != nil {
		return nil, err
	}
	if err := s.Factors.Disable(ctx, who.UserID); err != nil {
		return nil, err
	}
	return openapi.DisableSecondFactor204Response{}, nil
}

// mayLose asks for what protects the caller to be confirmed, and for the rules to be met by what is left.
func (s *Server) mayLose(ctx context.Context, who caller, left assurance.Types) error {
	if ok, by := enforcement.Suffices(who.Person.Rules, left); !ok {
		return errEnforced.With(func(e *fault.Error) { e.RequiredBy = sources(by) })
	}
	return s.confirmed(ctx, signin.LevelProtection)
}

// GetRecoveryCodes counts them.
func (s *Server) GetRecoveryCodes(ctx context.Context, _ openapi.GetRecoveryCodesRequestObject) (openapi.GetRecoveryCodesResponseObject, error) {
	remaining, total, createdAt, err := s.Factors.CountRecoveryCodes(ctx, callerOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return openapi.GetRecoveryCodes200JSONResponse{Remaining: remaining, Total: total, CreatedAt: timeOrNil(createdAt)}, nil
}

// RegenerateRecoveryCodes makes a new set.
func (s *Server) RegenerateRecoveryCodes(ctx context.Context, _ openapi.RegenerateRecoveryCodesRequestObject) (openapi.RegenerateRecoveryCodesResponseObject, error) {
	if err := s.confirmed(ctx, signin.LevelProtection); err != nil {
		return nil, err
	}
	codes, err := s.Factors.RenewRecoveryCodes(ctx, callerOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return openapi.RegenerateRecoveryCodes201JSONResponse{RecoveryCodes: codes}, nil
}

func factorOf(f factor.Factor) openapi.Factor {
	return openapi.Factor{Id: f.ID, Type: openapi.FactorType(f.Type.String()), Name: f.Name, Status: openapi.FactorStatus(f.Status), Hint: f.Hint,
		CreatedAt: f.CreatedAt, LastUsedAt: timeOrNil(f.LastUsedAt), Default: f.Default}
}
