package factor

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// maxPendingAttempts bounds wrong codes while enrolling; then the enrolment begins anew.
const maxPendingAttempts = 10

// NewFactor is what a person asks to enrol.
type NewFactor struct {
	Type     assurance.Type
	Name     string // "" for the method's own
	Replaces string // an active factor of theirs that goes when this one is activated
}

// Enrol begins an enrolment. What it answers is shown once. ErrTooManyKept; a wrong Replaces is a field error.
func (s *Service) Enrol(ctx context.Context, userID string, n NewFactor) (Factor, *TOTPSetup, error) {
	now := s.Now()
	if err := s.Store.DropAbandoned(ctx, userID, now.Add(-abandonedAfter)); err != nil {
		return Factor{}, nil, err
	}
	have, err := s.Store.Factors(ctx, userID)
	if err != nil {
		return Factor{}, nil, err
	}
	if len(have) >= maxFactors {
		return Factor{}, nil, ErrTooManyKept
	}
	if n.Replaces != "" && !isActive(have, n.Replaces) {
		return Factor{}, nil, fault.InvalidField("/replaces", "is not an active second factor of yours")
	}
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Factor{}, nil, err
	}
	secret, err := newTOTPSecret(s.Random)
	if err != nil {
		return Factor{}, nil, err
	}
	f := Factor{ID: id.New(), UserID: userID, Type: n.Type, Name: strings.TrimSpace(n.Name), Status: Pending, Replaces: n.Replaces, CreatedAt: now}
	if f.Name == "" {
		f.Name = "Authenticator app"
	}
	setup := &TOTPSetup{Secret: secret, URI: totpURI(s.Issuer, u.Email, secret)}
	if setup.QR, err = qrSVG(setup.URI); err != nil {
		return Factor{}, nil, err
	}
	if f.Secret, err = s.Box.Seal("factor:"+f.ID, []byte(secret)); err != nil {
		return Factor{}, nil, err
	}
	return f, setup, s.Store.AddFactor(ctx, f)
}

func isActive(factors []Factor, factorID string) bool {
	for _, f := range factors {
		if f.ID == factorID {
			return f.Status == Active
		}
	}
	return false
}

// Verify proves that a new factor works and spends the code. With a person's first factor it answers ten recovery codes.
func (s *Service) Verify(ctx context.Context, userID, factorID, code string) (Factor, []string, error) {
	if err := sixDigits(code); err != nil {
		return Factor{}, nil, err
	}
	f, err := s.Store.Factor(ctx, userID, factorID)
	if err != nil {
		return Factor{}, nil, err
	}
	if f.Status != Pending {
		return Factor{}, nil, ErrNotPending
	}
	attempts, ok, err := s.Store.CountPendingAttempt(ctx, f.ID, maxPendingAttempts)
	if err != nil {
		return Factor{}, nil, err
	}
	if !ok {
		return Factor{}, nil, ErrTooMany
	}
	secret, err := s.Box.Unseal("factor:"+f.ID, f.Secret)
	if err != nil {
		return Factor{}, nil, err
	}
	spent, ok, err := matchTOTP(string(secret), code, s.Now())
	if err != nil {
		return Factor{}, nil, err
	}
	if !ok {
		return Factor{}, nil, invalidCode(maxPendingAttempts - attempts)
	}
	var codes []string
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		verified, err := s.Store.VerifyPending(ctx, f.ID, spent)
		if err != nil {
			return err
		}
		if !verified {
			return ErrNotPending
		}
		active, err := s.Active(ctx, userID)
		if err != nil || len(active) > 0 {
			return err
		}
		codes, err = s.newRecoveryCodes(ctx, userID)
		return err
	})
	if err != nil {
		return Factor{}, nil, err
	}
	f.Status = Verified
	return f, codes, nil
}

// Activate makes a verified factor count: "Okay". It joins the caller's transaction.
func (s *Service) Activate(ctx context.Context, userID, factorID string) (Factor, error) {
	f, err := s.Store.Factor(ctx, userID, factorID)
	if err != nil {
		return Factor{}, err
	}
	activated, err := s.Store.Activate(ctx, userID, factorID, f.Replaces, s.Now())
	if err != nil {
		return Factor{}, err
	}
	if !activated {
		return Factor{}, ErrNotVerified
	}
	detail := map[string]string{"factor_id": f.ID, "type": f.Type.String()}
	if f.Replaces != "" {
		detail["replaces"] = f.Replaces
	}
	if err := s.log(ctx, audit.FactorActivated, userID, detail); err != nil {
		return Factor{}, err
	}
	if err := s.tell(ctx, userID, "factor_activated", map[string]string{"method": f.Type.String()}); err != nil {
		return Factor{}, err
	}
	return s.Store.Factor(ctx, userID, factorID)
}

func invalidCode(left int) error {
	left = max(left, 0)
	return ErrInvalidCode.With(func(e *fault.Error) { e.AttemptsLeft = &left })
}

// hour is the window of the guessing budgets.
const hour = time.Hour
