package factor

import (
	"context"
	"strconv"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/notify"
)

// How often one may guess (NIST SP 800-63B-4 §3.2.2): per sign-in, per person and hour over everything, and in a row. Recovery
// codes have a budget of their own, so that nobody who burns the one takes the other away.
const (
	maxPerSignIn   = 5
	maxPerHour     = 10
	maxInARow      = 100
	budgetCodes    = "code"
	budgetRecovery = "recovery_code"
)

// Answer is what a person typed at the second door.
type Answer struct {
	Recovery bool           // a recovery code
	Type     assurance.Type // otherwise
	FactorID string         // of an authenticator app

	ChallengeID string // of a code that was sent, or of a passkey
	Credential  []byte // what the browser answers for a passkey

	Code string
}

// Proven is a right code that is not spent yet.
type Proven struct {
	AMR      []string // what the session gains
	spend    func(ctx context.Context) error
	giveBack func(ctx context.Context) error
}

// Spend burns the code in the caller's transaction, together with what it opens. ErrCodeUsed if somebody was faster: then
// nothing may open.
func (p Proven) Spend(ctx context.Context) error { return p.spend(ctx) }

// GiveBack is said when the transaction of Spend has failed: the code was right, so it was no guess. It passes the reason on.
func (p Proven) GiveBack(ctx context.Context, why error) error {
	if err := p.giveBack(ctx); err != nil {
		return err
	}
	return why
}

// Prove counts an attempt, in a write of its own that no failure undoes, and matches the code. signInID is the sign-in
// between the doors, "" for a confirmation. ErrInvalidCode with the attempts left, ErrCodeUsed, ErrTooMany, ErrDisabled; a
// code of the wrong form is a field error and counts nothing. place is where a challenge must have been asked for: the sign-in,
// or the session that is confirmed.
func (s *Service) Prove(ctx context.Context, userID, signInID, place string, a Answer) (Proven, error) {
	code, budget := a.Code, budgetCodes
	var err error
	switch {
	case a.Recovery:
		budget = budgetRecovery
		code, err = readRecoveryCode(a.Code)
	case a.Type != assurance.Passkey:
		err = sixDigits(a.Code)
	}
	if err != nil {
		return Proven{}, err
	}
	g, err := s.count(ctx, userID, signInID, budget)
	if err != nil {
		return Proven{}, err
	}
	if a.Recovery {
		return s.proveRecovery(ctx, userID, code, g)
	}
	switch a.Type {
	case assurance.TOTP:
		return s.proveTOTP(ctx, userID, a, g)
	case assurance.Passkey:
		return s.provePasskey(ctx, userID, place, a, g)
	default:
		return s.proveSent(ctx, userID, place, a, g)
	}
}

// guess is one counted attempt.
type guess struct {
	userID, budget string
	slot, left     int
}

func (s *Service) count(ctx context.Context, userID, signInID, budget string) (guess, error) {
	g := guess{userID: userID, budget: budget}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		left := maxPerSignIn
		if signInID != "" {
			attempts, ok, err := s.Store.CountAttempt(ctx, signInID, maxPerSignIn)
			if err != nil {
				return err
			}
			if !ok {
				return ErrTooMany.With(func(e *fault.Error) { e.RetryAfter = time.Minute })
			}
			left = maxPerSignIn - attempts
		}
		slot, free, ok, err := s.Store.TakeSlot(ctx, userID, budget, maxPerHour, s.Now(), hour)
		if err != nil {
			return err
		}
		if !ok {
			return ErrTooMany.With(func(e *fault.Error) { e.RetryAfter = hour / maxPerHour })
		}
		g.slot, g.left = slot, min(left, free)
		return nil
	})
	return g, err
}

// wrong tells how many attempts are left, and writes down that somebody guessed.
func (s *Service) wrong(ctx context.Context, g guess, f *Factor) error {
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		detail := map[string]string{"budget": g.budget}
		if f != nil {
			detail["factor_id"] = f.ID
			disabled, err := s.Store.CountFailure(ctx, f.ID, maxInARow, s.Now())
			if err != nil {
				return err
			}
			if disabled {
				before, err := s.posture(ctx, g.userID)
				if err != nil {
					return err
				}
				detail["type"] = f.Type.String()
				if err := s.changed(ctx, audit.FactorDisabled, g.userID, g.userID, before, detail); err != nil {
					return err
				}
				if err := s.tell(ctx, g.userID, notify.FactorDisabledByGuessing, map[string]string{"method": f.Type.String()}); err != nil {
					return err
				}
			}
		}
		return s.Audit.Append(ctx, audit.Event{Action: audit.SignInSecondFactorRefused, Outcome: audit.Refused, ActorID: g.userID, UserID: g.userID, Detail: detail})
	})
	if err != nil {
		return err
	}
	return invalidCode(g.left)
}

func (s *Service) free(g guess) func(ctx context.Context) error {
	return func(ctx context.Context) error { return s.Store.FreeSlot(ctx, g.userID, g.budget, g.slot) }
}

// used gives the guess back, since a code that was right once says nothing to a guesser, and refuses it.
func (s *Service) used(ctx context.Context, g guess) error {
	if err := s.free(g)(ctx); err != nil {
		return err
	}
	return ErrCodeUsed
}

func (s *Service) proveTOTP(ctx context.Context, userID string, a Answer, g guess) (Proven, error) {
	f, err := s.Store.Factor(ctx, userID, a.FactorID)
	if err != nil || f.Status != Active || f.Type != a.Type {
		if e, told := fault.As(err); err != nil && (!told || e.Kind != fault.NotFound) {
			return Proven{}, err
		}
		return Proven{}, s.wrong(ctx, g, nil) // somebody else's factor, or none: no more than a wrong code
	}
	if !f.DisabledAt.IsZero() {
		return Proven{}, ErrDisabled
	}
	secret, err := s.Box.Unseal("factor:"+f.ID, f.Secret)
	if err != nil {
		return Proven{}, err
	}
	now := s.Now()
	matched, ok, err := matchTOTP(string(secret), a.Code, now)
	if err != nil {
		return Proven{}, err
	}
	if !ok {
		return Proven{}, s.wrong(ctx, g, &f)
	}
	if matched <= f.LastStep {
		return Proven{}, s.used(ctx, g)
	}
	return Proven{AMR: f.Type.AMR(), giveBack: s.free(g), spend: func(ctx context.Context) error {
		burnt, err := s.Store.BurnStep(ctx, f.ID, matched, now)
		if err != nil {
			return err
		}
		if !burnt {
			return ErrCodeUsed
		}
		return s.free(g)(ctx)
	}}, nil
}

// challenge finds the challenge that is answered, where it was asked for; nil for any other.
func (s *Service) challenge(ctx context.Context, userID, place string, a Answer) (*Challenge, error) {
	c, err := s.Store.Challenge(ctx, userID, a.ChallengeID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return nil, nil
	}
	if err != nil || c.Context != place || c.Type != a.Type || (c.Purpose != ToSignIn && c.Purpose != ToConfirm) {
		return nil, err
	}
	return &c, nil
}

func (s *Service) proveSent(ctx context.Context, userID, place string, a Answer, g guess) (Proven, error) {
	c, err := s.challenge(ctx, userID, place, a)
	if err != nil {
		return Proven{}, err
	}
	if c == nil {
		return Proven{}, s.wrong(ctx, g, nil) // somebody else's challenge, or none: no more than a wrong code
	}
	f, err := s.Store.Factor(ctx, userID, c.FactorID)
	if err != nil {
		return Proven{}, err
	}
	if f.Status != Active || !f.DisabledAt.IsZero() {
		return Proven{}, ErrDisabled
	}
	if _, ok, err := s.Store.CountChallengeAttempt(ctx, c.ID, maxPerChallenge); err != nil || !ok {
		if err == nil {
			err = ErrTooMany.With(func(e *fault.Error) { e.RetryAfter = time.Minute })
		}
		return Proven{}, err
	}
	now := s.Now()
	right, err := s.sentCode(*c, a.Code, now)
	switch {
	case err != nil && right: // it was right once: no guess
		if free := s.free(g)(ctx); free != nil {
			return Proven{}, free
		}
		return Proven{}, err
	case err != nil:
		return Proven{}, err
	case !right:
		return Proven{}, s.wrong(ctx, g, &f)
	}
	return Proven{AMR: f.Type.AMR(), giveBack: s.free(g), spend: func(ctx context.Context) error {
		if err := s.spend(ctx, *c); err != nil {
			return err
		}
		return s.use(ctx, f, "", now, g)
	}}, nil
}

func (s *Service) provePasskey(ctx context.Context, userID, place string, a Answer, g guess) (Proven, error) {
	c, err := s.challenge(ctx, userID, place, a)
	if err != nil {
		return Proven{}, err
	}
	if c == nil || s.Passkeys == nil {
		return Proven{}, s.wrong(ctx, g, nil)
	}
	now := s.Now()
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Proven{}, err
	}
	f, credential, err := s.asserted(ctx, u, *c, a.Credential)
	if err != nil {
		return Proven{}, err
	}
	if f == nil {
		return Proven{}, s.wrong(ctx, g, nil)
	}
	if err := answerable(*c, now); err != nil {
		if free := s.free(g)(ctx); free != nil {
			return Proven{}, free
		}
		return Proven{}, err
	}
	sealed, err := s.sealCredential(f.ID, credential)
	if err != nil {
		return Proven{}, err
	}
	return Proven{AMR: passkeyAMR(credential), giveBack: s.free(g), spend: func(ctx context.Context) error {
		if err := s.spend(ctx, *c); err != nil {
			return err
		}
		return s.use(ctx, *f, sealed, now, g)
	}}, nil
}

// use notes that a factor has proven its person.
func (s *Service) use(ctx context.Context, f Factor, secret string, now time.Time, g guess) error {
	used, err := s.Store.UseFactor(ctx, f.ID, secret, now)
	if err != nil {
		return err
	}
	if !used {
		return ErrDisabled
	}
	return s.free(g)(ctx)
}

func (s *Service) proveRecovery(ctx context.Context, userID, code string, g guess) (Proven, error) {
	hash, err := s.recoveryHash(userID, code)
	if err != nil {
		return Proven{}, err
	}
	used, exists, err := s.Store.RecoveryCode(ctx, userID, hash)
	switch {
	case err != nil:
		return Proven{}, err
	case !exists:
		return Proven{}, s.wrong(ctx, g, nil)
	case used:
		return Proven{}, s.used(ctx, g)
	}
	return Proven{AMR: assurance.RecoveryCode(), giveBack: s.free(g), spend: func(ctx context.Context) error {
		now := s.Now()
		burnt, err := s.Store.BurnRecoveryCode(ctx, userID, hash, now)
		if err != nil {
			return err
		}
		if !burnt {
			return ErrCodeUsed
		}
		if err := s.free(g)(ctx); err != nil {
			return err
		}
		left, _, _, err := s.Store.RecoveryCodeCount(ctx, userID)
		if err != nil {
			return err
		}
		if err := s.log(ctx, audit.RecoveryCodeUsed, userID, nil); err != nil {
			return err
		}
		return s.warn(ctx, userID, "", notify.RecoveryCodeUsed, map[string]string{"left": strconv.Itoa(left)})
	}}, nil
}
