package factor

import (
	"context"
	"slices"
	"strings"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// NewFactor is what a person asks to enrol.
type NewFactor struct {
	Type     assurance.Type
	Name     string    // "" for the method's own
	Replaces id.Factor // an active factor of theirs that goes when this one is activated
	Phone    string    // of an SMS factor, as typed
	PhoneID  string    // or a verified number of theirs
	Backup   string    // a second number, verified on its own
}

// Setup is what a person needs to finish an enrolment.
type Setup struct {
	Token         string // the enrolment's; it is answered once, when it begins
	TOTP          *TOTPSetup
	Challenge     *Challenge // a code that was sent, or the options of a passkey
	RecoveryCodes []string   // of a first factor that is verified at once
}

// Enrolment names one that is open: its factor, and the token that its beginning has answered.
type Enrolment struct {
	Factor id.Factor
	Token  string
}

// defaultNames name a factor whose owner did not.
var defaultNames = map[assurance.Type]string{
	assurance.TOTP: "Authenticator app", assurance.Email: "E-mail", assurance.SMS: "Mobile phone", assurance.Passkey: "Passkey",
}

// Begin begins an enrolment, in the caller's transaction, which holds the person alone. It belongs to the actor's stay, and to whoever
// holds its token. ErrTooManyKept, ErrNotAccepted for a method that is not offered, ErrSameNumber, ErrShortAlone; a wrong Replaces or
// number is a field error.
func (s *Service) Begin(ctx context.Context, who actor.Actor, n NewFactor) (Factor, Setup, error) {
	now := s.Now()
	if !s.Offered.Has(n.Type) {
		return Factor{}, Setup{}, ErrNotAccepted
	}
	if err := s.Store.DropAbandoned(ctx, who.User, now.Add(-abandonedAfter)); err != nil {
		return Factor{}, Setup{}, err
	}
	all, err := s.Store.Factors(ctx, who.User)
	if err != nil {
		return Factor{}, Setup{}, err
	}
	have := seenFrom(all, who.Stay)
	if len(have) >= maxFactors {
		return Factor{}, Setup{}, ErrTooManyKept
	}
	if n.Replaces != "" && !isActive(have, n.Replaces) {
		return Factor{}, Setup{}, fault.InvalidField("/replaces", "is not an active second factor of yours")
	}
	u, err := s.Users.User(ctx, who.User)
	if err != nil {
		return Factor{}, Setup{}, err
	}
	if n.Replaces != "" && n.Type != assurance.Passkey && u.PasswordShort && !hasPasskey(have, n.Replaces) {
		return Factor{}, Setup{}, ErrShortAlone // said here, and not at the end
	}
	token, hash, err := seal.Token(s.Random)
	if err != nil {
		return Factor{}, Setup{}, err
	}
	f := Factor{ID: id.Factor(id.New()), UserID: who.User, Type: n.Type, Name: strings.TrimSpace(n.Name), Status: Pending, Replaces: n.Replaces,
		MadeBy: who.Maker(), Epoch: who.Stay.Epoch, Stay: who.Stay.Root(), EnrolmentHash: hash, CreatedAt: now}
	if f.Name == "" {
		f.Name = defaultNames[n.Type]
	}
	setup, err := s.begin(ctx, u, &f, n)
	setup.Token = token
	return f, setup, err
}

// seenFrom are the active factors, and what this stay is enrolling: what others have begun is nobody's business here.
func seenFrom(all []Factor, stay actor.Stay) []Factor {
	return slices.DeleteFunc(all, func(f Factor) bool { return f.Status != Active && !f.begunIn(stay) })
}

func (f Factor) begunIn(stay actor.Stay) bool {
	return f.Stay != "" && f.Stay == stay.Root() && f.Epoch == stay.Epoch
}

// Open finds an open enrolment of the actor's stay. fault.ErrNotFound for every other, without its token, and from anywhere else.
func (s *Service) Open(ctx context.Context, who actor.Actor, e Enrolment) (Factor, error) {
	f, err := s.Store.Factor(ctx, who.User, e.Factor)
	if err != nil {
		return Factor{}, err
	}
	if f.Status == Active || !f.begunIn(who.Stay) || !seal.SameHash(f.EnrolmentHash, e.Token) {
		return Factor{}, fault.ErrNotFound
	}
	return f, nil
}

// Again shows what is needed to finish an open enrolment, as it was when it began. Errors are those of Open.
func (s *Service) Again(ctx context.Context, who actor.Actor, e Enrolment) (Factor, Setup, error) {
	f, err := s.Open(ctx, who, e)
	if err != nil || f.Status != Pending {
		return f, Setup{}, err
	}
	if f.Type == assurance.TOTP {
		u, err := s.Users.User(ctx, who.User)
		if err != nil {
			return f, Setup{}, err
		}
		secret, err := s.Box.Unseal("factor:"+string(f.ID), f.Secret)
		if err != nil {
			return f, Setup{}, err
		}
		setup, err := s.totpSetup(u, string(secret))
		return f, Setup{TOTP: setup}, err
	}
	c, err := s.Store.LastChallenge(ctx, Challenge{UserID: who.User, FactorID: f.ID, Purpose: ToEnrol})
	if err != nil {
		return f, Setup{}, err
	}
	if c.VoiceOffered = s.calls(c); f.Type == assurance.Passkey {
		if c.Options, err = passkeyOptions(c); err != nil {
			return f, Setup{}, err
		}
	}
	return f, Setup{Challenge: &c}, nil
}

// Cancel takes an open enrolment back, with its recovery codes. Errors are those of Open.
func (s *Service) Cancel(ctx context.Context, who actor.Actor, e Enrolment) error {
	return s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.FinishEnrolment, ""); err != nil {
			return err
		}
		f, err := s.Open(ctx, who, e)
		if err != nil {
			return err
		}
		_, err = s.Store.RemoveFactor(ctx, who.User, f.ID)
		return err
	})
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
	if f.Secret, err = s.Box.Seal("factor:"+string(f.ID), []byte(secret)); err != nil {
		return nil, err
	}
	return s.totpSetup(u, secret)
}

func (s *Service) totpSetup(u user.User, secret string) (*TOTPSetup, error) {
	setup := &TOTPSetup{Secret: secret, URI: totpURI(s.Issuer, u.Email, secret)}
	var err error
	setup.QR, err = qrSVG(setup.URI)
	return setup, err
}

// beginSMS finds or stores the number. fresh: the same stay has verified it so lately that a second code would prove nothing more.
func (s *Service) beginSMS(ctx context.Context, f *Factor, n NewFactor) (fresh bool, err error) {
	p, err := s.numberOf(ctx, *f, n)
	if err != nil {
		return false, err
	}
	f.PhoneID, f.Hint = p.ID, p.Hint
	fresh = !p.VerifiedAt.IsZero() && p.VerifiedIn == f.Stay && s.Now().Sub(p.VerifiedAt) < codeLife
	if n.Backup == "" {
		return fresh, nil
	}
	b, err := s.storePhone(ctx, f.UserID, f.MadeBy, Backup, n.Backup, "/backup_phone_number")
	if err == nil && b.NumberHash == p.NumberHash {
		err = ErrSameNumber
	}
	return fresh, err
}

// numberOf is the number that a new SMS factor is for.
func (s *Service) numberOf(ctx context.Context, f Factor, n NewFactor) (Phone, error) {
	switch {
	case n.Phone == "" && n.PhoneID == "":
		return Phone{}, fault.InvalidField("/phone_number", "is required")
	case n.PhoneID == "":
		return s.storePhone(ctx, f.UserID, f.MadeBy, Mobile, n.Phone, "/phone_number")
	case n.Phone != "":
		return Phone{}, fault.InvalidField("/phone_id", "must not stand beside phone_number")
	}
	p, err := s.Store.Phone(ctx, f.UserID, n.PhoneID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		err = nil
	}
	if err == nil && (p.Kind != Mobile || p.VerifiedAt.IsZero()) {
		err = fault.InvalidField("/phone_id", "is no verified mobile number of yours")
	}
	return p, err
}

func isActive(factors []Factor, factorID id.Factor) bool {
	for _, f := range factors {
		if f.ID == factorID {
			return f.Status == Active
		}
	}
	return false
}
