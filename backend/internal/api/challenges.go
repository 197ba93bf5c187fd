package api

import (
	"context"

	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
)

// ChallengeSecondFactor sends a code for the second door, or makes a passkey's challenge.
func (s *Server) ChallengeSecondFactor(ctx context.Context, r openapi.ChallengeSecondFactorRequestObject) (openapi.ChallengeSecondFactorResponseObject, error) {
	a := askOf(r.Body)
	a.Until = callerOf(ctx).Pending.Expires
	c, err := s.Factors.Challenge(ctx, actorOf(ctx), a)
	if err != nil {
		return nil, err
	}
	return openapi.ChallengeSecondFactor201JSONResponse{ChallengeJSONResponse: openapi.ChallengeJSONResponse(challengeOf(c))}, nil
}

// ChallengeConfirmation does the same to confirm a session.
func (s *Server) ChallengeConfirmation(ctx context.Context, r openapi.ChallengeConfirmationRequestObject) (openapi.ChallengeConfirmationResponseObject, error) {
	c, err := s.Factors.Challenge(ctx, actorOf(ctx), askOf(r.Body))
	if err != nil {
		return nil, err
	}
	return openapi.ChallengeConfirmation201JSONResponse{ChallengeJSONResponse: openapi.ChallengeJSONResponse(challengeOf(c))}, nil
}

// ChallengeEnrolment sends the code of an enrolment again.
func (s *Server) ChallengeEnrolment(ctx context.Context, r openapi.ChallengeEnrolmentRequestObject) (openapi.ChallengeEnrolmentResponseObject, error) {
	c, err := s.Factors.ChallengeAgain(ctx, actorOf(ctx), enrolment(r.FactorId, r.Params.SallyportEnrolment), byVoice(r.Body))
	if err != nil {
		return nil, err
	}
	return openapi.ChallengeEnrolment201JSONResponse{ChallengeJSONResponse: openapi.ChallengeJSONResponse(challengeOf(c))}, nil
}

// GetChallenge shows how far a challenge's message has come.
func (s *Server) GetChallenge(ctx context.Context, r openapi.GetChallengeRequestObject) (openapi.GetChallengeResponseObject, error) {
	c, err := s.Factors.OwnChallenge(ctx, actorOf(ctx), r.ChallengeId)
	if err != nil {
		return nil, err
	}
	out := challengeOf(c)
	d, err := s.Deliveries.DeliveryState(ctx, c.ID)
	if err != nil {
		if e, told := fault.As(err); told && e.Kind == fault.NotFound { // it went by mail, or nothing was sent
			return openapi.GetChallenge200JSONResponse(out), nil
		}
		return nil, err
	}
	delivery := openapi.ChallengeDelivery(d.Progress)
	if d.Progress == notify.Undelivered {
		delivery = openapi.ChallengeDeliveryFailed
	}
	out.Delivery = &delivery
	if d.Reason != "" {
		reason := openapi.ChallengeDeliveryReason(d.Reason)
		out.DeliveryReason = &reason
	}
	return openapi.GetChallenge200JSONResponse(out), nil
}

// ChallengeEnrolmentGuard sends the code of a guarded enrolment.
func (s *Server) ChallengeEnrolmentGuard(ctx context.Context, _ openapi.ChallengeEnrolmentGuardRequestObject) (openapi.ChallengeEnrolmentGuardResponseObject, error) {
	c, err := s.Factors.ChallengeGuard(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return openapi.ChallengeEnrolmentGuard201JSONResponse{ChallengeJSONResponse: openapi.ChallengeJSONResponse(challengeOf(c))}, nil
}

// PassEnrolmentGuard answers it.
func (s *Server) PassEnrolmentGuard(ctx context.Context, r openapi.PassEnrolmentGuardRequestObject) (openapi.PassEnrolmentGuardResponseObject, error) {
	if err := s.Factors.PassGuard(ctx, actorOf(ctx), r.Body.Code); err != nil {
		return nil, err
	}
	return openapi.PassEnrolmentGuard204Response{}, nil
}

// ListPhones lists the caller's numbers.
func (s *Server) ListPhones(ctx context.Context, _ openapi.ListPhonesRequestObject) (openapi.ListPhonesResponseObject, error) {
	who := actorOf(ctx)
	found, err := s.Factors.Phones(ctx, who.User)
	if err != nil {
		return nil, err
	}
	used, err := s.Factors.UsedBy(ctx, who.User)
	if err != nil {
		return nil, err
	}
	return openapi.ListPhones200JSONResponse{Items: each(found, func(p factor.Phone) openapi.Phone {
		out := phoneOf(p)
		if factorID := used[p.ID]; factorID != "" {
			out.FactorId = &factorID
		}
		return out
	})}, nil
}

// AddPhone adds a number and sends a code to it.
func (s *Server) AddPhone(ctx context.Context, r openapi.AddPhoneRequestObject) (openapi.AddPhoneResponseObject, error) {
	p, c, err := s.Factors.AddPhone(ctx, actorOf(ctx), factor.PhoneKind(r.Body.Kind), r.Body.Number)
	if err != nil {
		return nil, err
	}
	return openapi.AddPhone201JSONResponse{Phone: phoneOf(p), Challenge: challengeOf(c)}, nil
}

// ChallengePhone sends the code to a number again.
func (s *Server) ChallengePhone(ctx context.Context, r openapi.ChallengePhoneRequestObject) (openapi.ChallengePhoneResponseObject, error) {
	c, err := s.Factors.ChallengePhone(ctx, actorOf(ctx), r.PhoneId, byVoice(r.Body))
	if err != nil {
		return nil, err
	}
	return openapi.ChallengePhone201JSONResponse{ChallengeJSONResponse: openapi.ChallengeJSONResponse(challengeOf(c))}, nil
}

// VerifyPhone proves that a number is the caller's.
func (s *Server) VerifyPhone(ctx context.Context, r openapi.VerifyPhoneRequestObject) (openapi.VerifyPhoneResponseObject, error) {
	p, err := s.Factors.VerifyPhone(ctx, actorOf(ctx), r.PhoneId, r.Body.Code)
	if err != nil {
		return nil, err
	}
	return openapi.VerifyPhone200JSONResponse(phoneOf(p)), nil
}

// RemovePhone forgets a number.
func (s *Server) RemovePhone(ctx context.Context, r openapi.RemovePhoneRequestObject) (openapi.RemovePhoneResponseObject, error) {
	if err := s.Factors.RemovePhone(ctx, actorOf(ctx), r.PhoneId); err != nil {
		return nil, err
	}
	return openapi.RemovePhone204Response{}, nil
}

func askOf(b *openapi.ChallengeRequest) factor.Ask {
	return factor.Ask{FactorID: id.Factor(b.FactorId), ToBackup: b.ToBackup != nil && *b.ToBackup, ByVoice: b.ByVoice != nil && *b.ByVoice}
}

func byVoice(b *openapi.AgainRequest) bool { return b != nil && b.ByVoice != nil && *b.ByVoice }

func challengeOf(c factor.Challenge) openapi.Challenge {
	out := openapi.Challenge{ChallengeId: c.ID, Type: openapi.FactorType(c.Type.String()), SentTo: c.SentTo, ExpiresAt: c.Expires, ResendAt: timeOrNil(c.ResendAt)}
	if c.Type == assurance.SMS {
		out.VoiceOffered = &c.VoiceOffered
	}
	if c.Options != nil {
		options := openapi.PasskeyOptions(c.Options)
		out.PasskeyOptions = &options
	}
	return out
}

func phoneOf(p factor.Phone) openapi.Phone {
	return openapi.Phone{Id: p.ID, Kind: openapi.PhoneKind(p.Kind), Hint: p.Hint, Verified: !p.VerifiedAt.IsZero(), CreatedAt: p.CreatedAt}
}
