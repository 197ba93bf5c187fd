package factor

import (
	"context"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/notify"
)

// maxPendingAttempts bounds wrong codes while enrolling; then the enrolment begins anew.
const maxPendingAttempts = 10

// Proof is what a person shows to finish an enrolment: a code, or what the browser made of a passkey.
type Proof struct {
	Code       string
	Credential []byte
}

// Verify proves that a new factor works and spends the proof. With a person's first factor there are ten recovery codes, which belong to
// the enrolment until it is activated. then is called at the end of the transaction. Errors are those of Open; ErrNotPending,
// ErrInvalidCode, ErrTooMany.
func (s *Service) Verify(ctx context.Context, who actor.Actor, e Enrolment, p Proof, then func(ctx context.Context, f Factor, codes []string) error) error {
	f, err := s.Open(ctx, who, e)
	if err != nil {
		return err
	}
	if f.Status != Pending {
		return ErrNotPending
	}
	var spend func(ctx context.Context) error
	switch f.Type {
	case assurance.TOTP:
		spend, err = s.verifyTOTP(ctx, &f, p.Code)
	case assurance.Passkey:
		spend, err = s.verifyPasskey(ctx, &f, p.Credential)
	default:
		var c Challenge
		if c, err = s.matchSent(ctx, Challenge{UserID: who.User, FactorID: f.ID, Purpose: ToEnrol}, p.Code); err == nil {
			spend = func(ctx context.Context) error { return s.spend(ctx, c) }
		}
	}
	if err != nil {
		return err
	}
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.FinishEnrolment, ""); err != nil {
			return err
		}
		if err := spend(ctx); err != nil {
			return err
		}
		codes, err := s.proven(ctx, f)
		if err != nil {
			return err
		}
		f := f
		f.Status = Verified
		return then(ctx, f, codes)
	})
}

// proven marks a factor verified, in the transaction of its proof. With a person's first it answers ten recovery codes.
func (s *Service) proven(ctx context.Context, f Factor) ([]string, error) {
	verified, err := s.Store.VerifyPending(ctx, f)
	if err != nil {
		return nil, err
	}
	if !verified {
		return nil, ErrNotPending
	}
	if f.PhoneID != "" {
		if err := s.ownPhone(ctx, f); err != nil {
			return nil, err
		}
	}
	active, err := s.Active(ctx, f.UserID)
	if err != nil || len(active) > 0 {
		return nil, err
	}
	return s.newRecoveryCodes(ctx, f.UserID, CodeSet{FactorID: f.ID, MadeBy: f.MadeBy})
}

// ownPhone marks the number of an SMS factor as proven with it.
func (s *Service) ownPhone(ctx context.Context, f Factor) error {
	p, err := s.Store.Phone(ctx, f.UserID, f.PhoneID)
	if err != nil {
		return err
	}
	p.VerifiedIn = f.Stay
	return s.Store.VerifyPhone(ctx, p, s.Now())
}

func (s *Service) verifyTOTP(ctx context.Context, f *Factor, code string) (func(ctx context.Context) error, error) {
	if err := sixDigits(code); err != nil {
		return nil, err
	}
	attempts, ok, err := s.Store.CountPendingAttempt(ctx, f.ID, maxPendingAttempts)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, ErrTooMany
	}
	secret, err := s.Box.Unseal("factor:"+string(f.ID), f.Secret)
	if err != nil {
		return nil, err
	}
	spent, ok, err := matchTOTP(string(secret), code, s.Now())
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, invalidCode(maxPendingAttempts - attempts)
	}
	f.LastStep = spent
	return func(context.Context) error { return nil }, nil // VerifyPending burns the step
}

func (s *Service) verifyPasskey(ctx context.Context, f *Factor, answer []byte) (func(ctx context.Context) error, error) {
	if len(answer) == 0 {
		return nil, fault.InvalidField("/credential", "is required")
	}
	c, err := s.Store.LastChallenge(ctx, Challenge{UserID: f.UserID, FactorID: f.ID, Purpose: ToEnrol})
	if err != nil {
		return nil, err
	}
	if err := answerable(c, s.Now()); err != nil {
		return nil, err
	}
	u, err := s.Users.User(ctx, f.UserID)
	if err != nil {
		return nil, err
	}
	made, err := s.created(ctx, u, c, answer)
	if err != nil {
		return nil, err
	}
	f.CredentialID = credentialID(made)
	if f.Secret, err = s.sealCredential(f.ID, made); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error { return s.spend(ctx, c) }, nil
}

// matchSent counts an attempt against the newest code that was sent like this, and matches it.
func (s *Service) matchSent(ctx context.Context, like Challenge, code string) (Challenge, error) {
	if err := sixDigits(code); err != nil {
		return Challenge{}, err
	}
	c, err := s.Store.LastChallenge(ctx, like)
	if err != nil {
		return c, err
	}
	attempts, ok, err := s.Store.CountChallengeAttempt(ctx, c.ID, maxPerChallenge)
	if err != nil {
		return c, err
	}
	if !ok {
		return c, ErrTooMany.With(func(e *fault.Error) { e.RetryAfter = time.Minute })
	}
	right, err := s.sentCode(c, code, s.Now())
	if err == nil && !right {
		err = invalidCode(maxPerChallenge - attempts)
	}
	return c, err
}

// spend burns a challenge in the caller's transaction.
func (s *Service) spend(ctx context.Context, c Challenge) error {
	spent, err := s.Store.SpendChallenge(ctx, c.ID, s.Now())
	if err == nil && !spent {
		err = ErrCodeUsed
	}
	return err
}

// Activate makes a verified factor count: "Okay". It joins the caller's transaction, which holds the person alone. Errors are those of
// Open; ErrNotVerified, ErrShortAlone.
func (s *Service) Activate(ctx context.Context, who actor.Actor, e Enrolment) (Factor, error) {
	before, err := s.posture(ctx, who.User)
	if err != nil {
		return Factor{}, err
	}
	f, err := s.Open(ctx, who, e)
	if err != nil {
		return Factor{}, err
	}
	activated, err := s.Store.Activate(ctx, who.User, f.ID, f.Replaces, s.Now())
	if err != nil {
		return Factor{}, err
	}
	if !activated {
		return Factor{}, ErrNotVerified
	}
	if f.Replaces != "" {
		if err := s.refuseLone(ctx, who.User); err != nil {
			return Factor{}, err
		}
	}
	detail := map[string]string{"factor_id": string(f.ID), "type": f.Type.String()}
	if f.Replaces != "" {
		detail["replaces"] = string(f.Replaces)
	}
	if err := s.changed(ctx, who, audit.FactorActivated, who.User, before, detail); err != nil {
		return Factor{}, err
	}
	if err := s.warn(ctx, who.User, f.ID, notify.FactorActivated, map[string]string{"method": f.Type.String()}); err != nil {
		return Factor{}, err
	}
	if err := s.tellOwners(ctx, f); err != nil {
		return Factor{}, err
	}
	return s.Store.Factor(ctx, who.User, f.ID)
}

func invalidCode(left int) error {
	left = max(left, 0)
	return ErrInvalidCode.With(func(e *fault.Error) { e.AttemptsLeft = &left })
}

// hour is the window of the guessing budgets.
const hour = time.Hour
