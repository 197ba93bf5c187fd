package factor

import (
	"context"
	"strconv"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
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
	FactorID id.Factor      // of an authenticator app

	ChallengeID string // of a code that was sent, or of a passkey
	Credential  []byte // what the browser answers for a passkey

	Code string
}

// Proven is a right code that is not spent yet.
type Proven struct {
	AMR      []string        // what the session gains
	Means    assurance.Means // what was shown
	Factor   id.Factor       // which; "" of a recovery code
	CodeSet  string          // of a recovery code: the set that it is of
	Verified bool            // a passkey that has verified its user: it stands for the password too
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

// Prove counts an attempt of the actor, in a write of its own that no failure undoes, and matches the code: at the second door, or to
// confirm a session. ErrInvalidCode with the attempts left, ErrCodeUsed, ErrTooMany, ErrDisabled; a code of the wrong form is a field
// error and counts nothing. A challenge is answered in the stay in which it was asked for.
func (s *Service) Prove(ctx context.Context, who actor.Actor, a Answer) (Proven, error) {
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
	g, err := s.count(ctx, who, budget)
	if err != nil {
		return Proven{}, err
	}
	if a.Recovery {
		return s.proveRecovery(ctx, code, g)
	}
	switch a.Type {
	case assurance.TOTP:
		return s.proveTOTP(ctx, a, g)
	case assurance.Passkey:
		return s.provePasskey(ctx, a, g)
	default:
		return s.proveSent(ctx, a, g)
	}
}

// Guessing is what a guess is counted by.
type Guessing struct {
	UserID  id.User
	SignIn  id.Stay // "" to confirm a session
	PerStay int     // tries of one sign-in
	Budget  string
	PerHour int // guesses of the person in a window
	Now     time.Time
	Window  time.Duration
}

// Guessed is how a guess was counted.
type Guessed struct {
	Attempts int  // of the sign-in, with this one; 0 without one
	Tried    bool // the sign-in had a try left, or there is none
	Slot     int
	Free     bool // the person had a guess left
	Left     int  // of the person's guesses
}

// guess is one counted attempt.
type guess struct {
	who        actor.Actor
	budget     string
	slot, left int
}

func (s *Service) count(ctx context.Context, who actor.Actor, budget string) (guess, error) {
	g := guess{who: who, budget: budget}
	ask := Guessing{UserID: who.User, PerStay: maxPerSignIn, Budget: budget, PerHour: maxPerHour, Now: s.Now(), Window: hour}
	if who.Stay.Between() {
		ask.SignIn = who.Stay.ID
	}
	counted, err := s.Store.CountGuess(ctx, ask)
	switch {
	case err != nil:
		return g, err
	case !counted.Tried:
		return g, ErrTooMany.With(func(e *fault.Error) { e.RetryAfter = time.Minute })
	case !counted.Free:
		return g, ErrTooMany.With(func(e *fault.Error) { e.RetryAfter = hour / maxPerHour })
	}
	g.slot, g.left = counted.Slot, min(maxPerSignIn-counted.Attempts, counted.Left)
	return g, nil
}

// wrong tells how many attempts are left, and writes down that somebody guessed.
func (s *Service) wrong(ctx context.Context, g guess, f *Factor) error {
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		detail := map[string]string{"budget": g.budget}
		if f != nil {
			detail["factor_id"] = string(f.ID)
			disabled, err := s.Store.CountFailure(ctx, f.ID, maxInARow, s.Now())
			if err != nil {
				return err
			}
			if disabled {
				before, err := s.posture(ctx, g.who.User)
				if err != nil {
					return err
				}
				detail["type"] = f.Type.String()
				if err := s.changed(ctx, g.who, audit.FactorDisabled, g.who.User, before, detail); err != nil {
					return err
				}
				if err := s.tell(ctx, g.who.User, notify.FactorDisabledByGuessing, map[string]string{"method": f.Type.String()}); err != nil {
					return err
				}
			}
		}
		return s.Audit.Append(ctx, g.who, audit.Event{Action: audit.SignInSecondFactorRefused, Outcome: audit.Refused, UserID: g.who.User, Detail: detail})
	})
	if err != nil {
		return err
	}
	return invalidCode(g.left)
}

func (s *Service) free(g guess) func(ctx context.Context) error {
	return func(ctx context.Context) error { return s.Store.FreeSlot(ctx, g.who.User, g.budget, g.slot) }
}

// used gives the guess back, since a code that was right once says nothing to a guesser, and refuses it.
func (s *Service) used(ctx context.Context, g guess) error {
	if err := s.free(g)(ctx); err != nil {
		return err
	}
	return ErrCodeUsed
}

func (s *Service) proveTOTP(ctx context.Context, a Answer, g guess) (Proven, error) {
	f, err := s.Store.Factor(ctx, g.who.User, a.FactorID)
	if err != nil || f.Status != Active || f.Type != a.Type {
		if e, told := fault.As(err); err != nil && (!told || e.Kind != fault.NotFound) {
			return Proven{}, err
		}
		return Proven{}, s.wrong(ctx, g, nil) // somebody else's factor, or none: no more than a wrong code
	}
	if !f.DisabledAt.IsZero() {
		return Proven{}, ErrDisabled
	}
	secret, err := s.Box.Unseal("factor:"+string(f.ID), f.Secret)
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
	return Proven{AMR: f.Type.AMR(), Means: f.Type.Means(), Factor: f.ID, giveBack: s.free(g), spend: func(ctx context.Context) error {
		burnt, err := s.Store.BurnStep(ctx, f, matched, now, g.budget, g.slot)
		if err == nil && !burnt {
			err = ErrCodeUsed
		}
		return err
	}}, nil
}

// challenge finds the challenge that is answered, in the stay where it was asked for; nil for any other.
func (s *Service) challenge(ctx context.Context, who actor.Actor, a Answer) (*Challenge, error) {
	c, err := s.Store.Challenge(ctx, who.User, a.ChallengeID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return nil, nil
	}
	if err != nil || c.Context != who.Stay.ID || c.Epoch != who.Stay.Epoch || c.Type != a.Type || (c.Purpose != ToSignIn && c.Purpose != ToConfirm) {
		return nil, err
	}
	return &c, nil
}

func (s *Service) proveSent(ctx context.Context, a Answer, g guess) (Proven, error) {
	c, err := s.challenge(ctx, g.who, a)
	if err != nil {
		return Proven{}, err
	}
	if c == nil {
		return Proven{}, s.wrong(ctx, g, nil) // somebody else's challenge, or none: no more than a wrong code
	}
	f, err := s.Store.Factor(ctx, g.who.User, c.FactorID)
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
	return Proven{AMR: f.Type.AMR(), Means: f.Type.Means(), Factor: f.ID, giveBack: s.free(g), spend: func(ctx context.Context) error {
		if err := s.spend(ctx, *c); err != nil {
			return err
		}
		return s.use(ctx, f, "", now, g)
	}}, nil
}

func (s *Service) provePasskey(ctx context.Context, a Answer, g guess) (Proven, error) {
	c, err := s.challenge(ctx, g.who, a)
	if err != nil {
		return Proven{}, err
	}
	if c == nil || s.Passkeys == nil {
		return Proven{}, s.wrong(ctx, g, nil)
	}
	now := s.Now()
	u, err := s.Users.User(ctx, g.who.User)
	if err != nil {
		return Proven{}, err
	}
	f, shown, err := s.asserted(ctx, u, *c, a.Credential)
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
	sealed, err := s.sealCredential(f.ID, shown.credential)
	if err != nil {
		return Proven{}, err
	}
	return Proven{AMR: passkeyAMR(shown.credential), Means: f.Type.Means(), Factor: f.ID, Verified: shown.verified, giveBack: s.free(g), spend: func(ctx context.Context) error {
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

func (s *Service) proveRecovery(ctx context.Context, code string, g guess) (Proven, error) {
	userID := g.who.User
	hash, err := s.recoveryHash(userID, code)
	if err != nil {
		return Proven{}, err
	}
	setID, used, exists, err := s.Store.RecoveryCode(ctx, userID, hash)
	switch {
	case err != nil:
		return Proven{}, err
	case !exists:
		return Proven{}, s.wrong(ctx, g, nil)
	case used:
		return Proven{}, s.used(ctx, g)
	}
	return Proven{AMR: assurance.RecoveryCode(), Means: assurance.ByRecoveryCode, CodeSet: setID, giveBack: s.free(g), spend: func(ctx context.Context) error {
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
		if err := s.log(ctx, g.who, audit.RecoveryCodeUsed, userID, nil); err != nil {
			return err
		}
		return s.warn(ctx, userID, "", notify.RecoveryCodeUsed, map[string]string{"left": strconv.Itoa(left)})
	}}, nil
}
