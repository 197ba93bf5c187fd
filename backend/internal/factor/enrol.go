package factor

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// maxPendingAttempts bounds wrong codes while enrolling; then the enrolment begins anew.
const maxPendingAttempts = 10

// NewFactor is what a person asks to enrol.
type NewFactor struct {
	Type     assurance.Type
	Name     string // "" for the method's own
	Replaces string // an active factor of theirs that goes when this one is activated
	Phone    string // of an SMS factor, as typed
	PhoneID  string // or a verified number of theirs
	Backup   string // a second number, verified on its own
}

// Setup is what a person needs to finish an enrolment. What it holds is shown once.
type Setup struct {
	TOTP          *TOTPSetup
	Challenge     *Challenge // a code that was sent, or the options of a passkey
	RecoveryCodes []string   // of a first factor that is verified at once
}

// defaultNames name a factor whose owner did not.
var defaultNames = map[assurance.Type]string{
	assurance.TOTP: "Authenticator app", assurance.Email: "E-mail", assurance.SMS: "Mobile phone", assurance.Passkey: "Passkey",
}

// Enrol begins an enrolment. ErrTooManyKept, ErrNotAccepted for a method that is not offered, ErrSameNumber, ErrShortAlone; a wrong
// Replaces or number is a field error.
func (s *Service) Enrol(ctx context.Context, userID string, n NewFactor) (Factor, Setup, error) {
	now := s.Now()
	if !s.Offered.Has(n.Type) {
		return Factor{}, Setup{}, ErrNotAccepted
	}
	if err := s.Store.DropAbandoned(ctx, userID, now.Add(-abandonedAfter)); err != nil {
		return Factor{}, Setup{}, err
	}
	have, err := s.Store.Factors(ctx, userID)
	if err != nil {
		return Factor{}, Setup{}, err
	}
	if len(have) >= maxFactors {
		return Factor{}, Setup{}, ErrTooManyKept
	}
	if n.Replaces != "" && !isActive(have, n.Replaces) {
		return Factor{}, Setup{}, fault.InvalidField("/replaces", "is not an active second factor of yours")
	}
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Factor{}, Setup{}, err
	}
	if n.Replaces != "" && n.Type != assurance.Passkey && u.PasswordShort && !hasPasskey(have, n.Replaces) {
		return Factor{}, Setup{}, ErrShortAlone // said here, and not at the end
	}
	f := Factor{ID: id.New(), UserID: userID, Type: n.Type, Name: strings.TrimSpace(n.Name), Status: Pending, Replaces: n.Replaces, CreatedAt: now}
	if f.Name == "" {
		f.Name = defaultNames[n.Type]
	}
	var setup Setup
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		setup, err = s.begin(ctx, u, &f, n)
		return err
	})
	return f, setup, s.noteRefusal(ctx, userID, err)
}

// begin does what a method's enrolment begins with, and stores the factor.
func (s *Service) begin(ctx context.Context, u user.User, f *Factor, n NewFactor) (Setup, error) {
	fresh := false
	var err error
	switch n.Type {
	case assurance.TOTP:
		setup, err := s.beginTOTP(u, f)
		if err != nil {
			return Setup{}, err
		}
		return Setup{TOTP: setup}, s.Store.AddFactor(ctx, *f)
	case assurance.SMS:
		if fresh, err = s.beginSMS(ctx, f, n); err != nil {
			return Setup{}, err
		}
	case assurance.Email:
		f.Hint = user.EmailHint(u.Email)
	}
	if err = s.Store.AddFactor(ctx, *f); err != nil {
		return Setup{}, err
	}
	if fresh {
		codes, err := s.proven(ctx, *f)
		f.Status = Verified
		return Setup{RecoveryCodes: codes}, err
	}
	var c Challenge
	if n.Type == assurance.Passkey {
		c, err = s.beginPasskey(ctx, u, *f)
	} else {
		c, err = s.sendEnrolment(ctx, u, *f, false)
	}
	return Setup{Challenge: &c}, err
}

func (s *Service) beginTOTP(u user.User, f *Factor) (*TOTPSetup, error) {
	secret, err := newTOTPSecret(s.Random)
	if err != nil {
		return nil, err
	}
	setup := &TOTPSetup{Secret: secret, URI: totpURI(s.Issuer, u.Email, secret)}
	if setup.QR, err = qrSVG(setup.URI); err != nil {
		return nil, err
	}
	f.Secret, err = s.Box.Seal("factor:"+f.ID, []byte(secret))
	return setup, err
}

// beginSMS finds or stores the number. fresh: it was verified so lately that a second code would prove nothing more.
func (s *Service) beginSMS(ctx context.Context, f *Factor, n NewFactor) (fresh bool, err error) {
	p, err := s.numberOf(ctx, f.UserID, n)
	if err != nil {
		return false, err
	}
	f.PhoneID, f.Hint = p.ID, p.Hint
	fresh = !p.VerifiedAt.IsZero() && s.Now().Sub(p.VerifiedAt) < codeLife
	if n.Backup == "" {
		return fresh, nil
	}
	b, err := s.storePhone(ctx, f.UserID, Backup, n.Backup, "/backup_phone_number")
	if err == nil && b.NumberHash == p.NumberHash {
		err = ErrSameNumber
	}
	return fresh, err
}

// numberOf is the number that a new SMS factor is for.
func (s *Service) numberOf(ctx context.Context, userID string, n NewFactor) (Phone, error) {
	switch {
	case n.Phone == "" && n.PhoneID == "":
		return Phone{}, fault.InvalidField("/phone_number", "is required")
	case n.PhoneID == "":
		return s.storePhone(ctx, userID, Mobile, n.Phone, "/phone_number")
	case n.Phone != "":
		return Phone{}, fault.InvalidField("/phone_id", "must not stand beside phone_number")
	}
	p, err := s.Store.Phone(ctx, userID, n.PhoneID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		err = nil
	}
	if err == nil && (p.Kind != Mobile || p.VerifiedAt.IsZero()) {
		err = fault.InvalidField("/phone_id", "is no verified mobile number of yours")
	}
	return p, err
}

func isActive(factors []Factor, factorID string) bool {
	for _, f := range factors {
		if f.ID == factorID {
			return f.Status == Active
		}
	}
	return false
}

// Proof is what a person shows to finish an enrolment: a code, or what the browser made of a passkey.
type Proof struct {
	Code       string
	Credential []byte
}

// Verify proves that a new factor works and spends the proof. With a person's first factor it answers ten recovery codes.
func (s *Service) Verify(ctx context.Context, userID, factorID string, p Proof) (Factor, []string, error) {
	f, err := s.Store.Factor(ctx, userID, factorID)
	if err != nil {
		return Factor{}, nil, err
	}
	if f.Status != Pending {
		return Factor{}, nil, ErrNotPending
	}
	var spend func(ctx context.Context) error
	switch f.Type {
	case assurance.TOTP:
		spend, err = s.verifyTOTP(ctx, &f, p.Code)
	case assurance.Passkey:
		spend, err = s.verifyPasskey(ctx, &f, p.Credential)
	default:
		var c Challenge
		if c, err = s.matchSent(ctx, Challenge{UserID: userID, FactorID: f.ID, Purpose: ToEnrol}, p.Code); err == nil {
			spend = func(ctx context.Context) error { return s.spend(ctx, c) }
		}
	}
	if err != nil {
		return Factor{}, nil, err
	}
	var codes []string
	err = s.Store.InTx(ctx, func(ctx context.Context) error {
		if err := spend(ctx); err != nil {
			return err
		}
		codes, err = s.proven(ctx, f)
		return err
	})
	if err != nil {
		return Factor{}, nil, err
	}
	f.Status = Verified
	return f, codes, nil
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
	return s.newRecoveryCodes(ctx, f.UserID)
}

// ownPhone marks the number of an SMS factor as proven with it.
func (s *Service) ownPhone(ctx context.Context, f Factor) error {
	p, err := s.Store.Phone(ctx, f.UserID, f.PhoneID)
	if err != nil {
		return err
	}
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
	secret, err := s.Box.Unseal("factor:"+f.ID, f.Secret)
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

// Activate makes a verified factor count: "Okay". It joins the caller's transaction. ErrNotVerified, ErrShortAlone.
func (s *Service) Activate(ctx context.Context, userID, factorID string) (Factor, error) {
	before, err := s.holdPosture(ctx, userID)
	if err != nil {
		return Factor{}, err
	}
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
	if f.Replaces != "" {
		if err := s.refuseLone(ctx, userID); err != nil {
			return Factor{}, err
		}
	}
	detail := map[string]string{"factor_id": f.ID, "type": f.Type.String()}
	if f.Replaces != "" {
		detail["replaces"] = f.Replaces
	}
	if err := s.changed(ctx, audit.FactorActivated, userID, userID, before, detail); err != nil {
		return Factor{}, err
	}
	if err := s.warn(ctx, userID, f.ID, notify.FactorActivated, map[string]string{"method": f.Type.String()}); err != nil {
		return Factor{}, err
	}
	if err := s.tellOwners(ctx, f); err != nil {
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
