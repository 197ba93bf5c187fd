package factor

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/notify/budget"
	"sallyport/internal/phone"
	"sallyport/internal/user"
)

// Purpose is what a challenge is for; it is answered nowhere else.
type Purpose string

// The purposes.
const (
	ToSignIn  Purpose = "sign_in"
	ToConfirm Purpose = "confirmation"
	ToEnrol   Purpose = "enrolment"
	ToOwn     Purpose = "phone" // a phone number
	ToGuard   Purpose = "guard" // the mailbox, before a first enrolment
)

const (
	codeLife        = 10 * time.Minute // NIST SP 800-63B-4 §3.1.3.3
	maxPerChallenge = 5
	firstWait       = 30 * time.Second // before a code is sent again; doubles with each
	longestWait     = 15 * time.Minute
	maxUnspent      = 10 // codes sent to one place in an hour that nobody has typed
)

// What is told about challenges.
var (
	ErrResendTooSoon = fault.New(fault.TooMany, "resend_too_soon", "A code was sent a moment ago. Please wait before asking for another.")
	ErrCodeExpired   = fault.New(fault.Gone, "code_expired", "The code has expired, or another one was sent since. Ask for a new one.")
	ErrNoBackup      = fault.New(fault.Conflict, "no_backup_number", "There is no verified backup number.")
	ErrNoneNeeded    = fault.New(fault.Conflict, "no_challenge_needed", "This method needs nothing to be sent.")
	ErrMailboxSpent  = fault.New(fault.Conflict, "mailbox_spent", "This mailbox has just reset the password, so it is no second factor for this sign-in. Use another factor or a recovery code.")
)

// Challenge is one question that was put to a person: a code that was sent, or a nonce for a passkey.
type Challenge struct {
	ID              string
	UserID          id.User
	FactorID        id.Factor // what is asked for
	PhoneID         string    // and the number it was sent to
	Purpose         Purpose
	Context         id.Stay // the stay in which it is answered, and nowhere else
	Epoch           int64   // of the person when it was put
	Type            assurance.Type
	CodeHash        string
	Data            string // of a passkey
	SentTo          string // a hint
	Attempts        int
	CreatedAt       time.Time
	ResendAt        time.Time // zero: nothing is sent
	Expires         time.Time
	SpentAt, VoidAt time.Time

	Options      map[string]any // of a passkey; not stored
	VoiceOffered bool           // the next code may come by a call; not stored
}

// ChallengeStore keeps challenges and phone numbers.
type ChallengeStore interface {
	// AddChallenge stores a challenge; those for the same purpose, context, factor and number are void.
	AddChallenge(ctx context.Context, c Challenge) error
	Challenge(ctx context.Context, userID id.User, challengeID string) (Challenge, error) // fault.ErrNotFound
	// LastChallenge is the newest one of the same person, purpose, context, and factor or number; fault.ErrNotFound.
	LastChallenge(ctx context.Context, like Challenge) (Challenge, error)
	// CountSent counts the unspent codes that were sent since a time to where c goes: in all, and in c's own purpose and context,
	// with the time when the next one may be sent there.
	CountSent(ctx context.Context, c Challenge, since time.Time) (all, here int, resendAt time.Time, err error)
	// Answered says whether a challenge for this purpose was spent in this stay, in this epoch.
	Answered(ctx context.Context, userID id.User, p Purpose, stay id.Stay, epoch int64) (bool, error)
	CountChallengeAttempt(ctx context.Context, challengeID string, limit int) (attempts int, ok bool, err error)
	// SpendChallenge spends it, once.
	SpendChallenge(ctx context.Context, challengeID string, now time.Time) (bool, error)
	UseFactor(ctx context.Context, factorID id.Factor, secret string, now time.Time) (bool, error) // "" leaves the secret
	AddPhone(ctx context.Context, p Phone) error
	Phone(ctx context.Context, userID id.User, phoneID string) (Phone, error) // fault.ErrNotFound
	Phones(ctx context.Context, userID id.User) ([]Phone, error)
	// VerifyPhone makes a number count; others of its kind that no factor uses go.
	VerifyPhone(ctx context.Context, p Phone, now time.Time) error
	RemovePhone(ctx context.Context, userID id.User, phoneID string) (bool, error) // false: a factor uses it, or it is not there
}

// Budgets say whether a text message may be paid for.
type Budgets interface {
	// Served says whether messages go to this number at all; if not, that is a field error at the pointer.
	Served(pointer string, n phone.Number) error
	// Take pays for one message, in the transaction that enqueues it.
	Take(ctx context.Context, r budget.Request) error
	// Voice says whether a code may be said by a call.
	Voice() bool
}

// Ask is a wish for a challenge.
type Ask struct {
	FactorID id.Factor
	ToBackup bool
	ByVoice  bool
	Until    time.Time // the challenge ends with this; zero: after codeLife
}

// Challenge sends a code to an active factor, or makes a nonce for a passkey: at the second door, or to confirm a session.
// ErrResendTooSoon with the wait, ErrNoneNeeded, ErrNoBackup, ErrDisabled, ErrMailboxSpent; fault.ErrNotFound for a factor that is not
// the person's.
func (s *Service) Challenge(ctx context.Context, who actor.Actor, a Ask) (Challenge, error) {
	action, purpose := actor.Confirm, ToConfirm
	if who.Stay.Between() {
		action, purpose = actor.PassSecondDoor, ToSignIn
	}
	return s.sending(ctx, who, action, func(ctx context.Context) (Challenge, error) {
		return s.ask(ctx, who, purpose, a)
	})
}

// sending does what may send a code, with the person held alone: no number of parallel wishes sends more. A text that a budget has
// refused is recorded where the transaction is over.
func (s *Service) sending(ctx context.Context, who actor.Actor, action actor.Action, f func(ctx context.Context) (Challenge, error)) (c Challenge, err error) {
	err = s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, action, ""); err != nil {
			return err
		}
		c, err = f(ctx)
		return err
	})
	return c, s.NoteRefusal(ctx, who, err)
}

func (s *Service) ask(ctx context.Context, who actor.Actor, purpose Purpose, a Ask) (Challenge, error) {
	userID := who.User
	f, err := s.Store.Factor(ctx, userID, a.FactorID)
	if err != nil {
		return Challenge{}, err
	}
	if f.Status != Active {
		return Challenge{}, fault.ErrNotFound
	}
	if !f.DisabledAt.IsZero() {
		return Challenge{}, ErrDisabled
	}
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return Challenge{}, err
	}
	c := Challenge{FactorID: f.ID, Purpose: purpose, Context: who.Stay.ID, Epoch: who.Stay.Epoch, Type: f.Type, Expires: a.Until}
	switch f.Type {
	case assurance.Passkey:
		return s.askPasskey(ctx, u, c)
	case assurance.Email:
		if purpose == ToSignIn && !u.MailboxSpentAt.IsZero() {
			return Challenge{}, ErrMailboxSpent
		}
		return s.send(ctx, u, c, route{})
	case assurance.SMS:
		to, err := s.number(ctx, f, a.ToBackup)
		if err != nil {
			return Challenge{}, err
		}
		return s.send(ctx, u, c, route{phone: to, voice: a.ByVoice})
	}
	return Challenge{}, ErrNoneNeeded
}

// ChallengeAgain sends the code of an enrolment again, or calls. fault.ErrNotFound as for Open; ErrNotPending, ErrNoneNeeded,
// ErrResendTooSoon.
func (s *Service) ChallengeAgain(ctx context.Context, who actor.Actor, e Enrolment, byVoice bool) (Challenge, error) {
	return s.sending(ctx, who, actor.FinishEnrolment, func(ctx context.Context) (Challenge, error) {
		f, err := s.Open(ctx, who, e)
		if err != nil {
			return Challenge{}, err
		}
		if f.Status != Pending {
			return Challenge{}, ErrNotPending
		}
		if f.Type != assurance.Email && f.Type != assurance.SMS {
			return Challenge{}, ErrNoneNeeded
		}
		u, err := s.Users.User(ctx, who.User)
		if err != nil {
			return Challenge{}, err
		}
		return s.sendEnrolment(ctx, u, f, byVoice)
	})
}

func (s *Service) sendEnrolment(ctx context.Context, u user.User, f Factor, byVoice bool) (Challenge, error) {
	c := Challenge{FactorID: f.ID, Purpose: ToEnrol, Epoch: f.Epoch, Type: f.Type}
	if f.Type == assurance.Email {
		return s.send(ctx, u, c, route{})
	}
	p, err := s.Store.Phone(ctx, u.ID, f.PhoneID)
	if err != nil {
		return Challenge{}, err
	}
	return s.send(ctx, u, c, route{phone: &p, voice: byVoice})
}

// OwnChallenge shows a person one of their challenges, in the stay that it belongs to. fault.ErrNotFound.
func (s *Service) OwnChallenge(ctx context.Context, who actor.Actor, challengeID string) (Challenge, error) {
	c, err := s.Store.Challenge(ctx, who.User, challengeID)
	if err == nil && c.Context != "" && c.Context != who.Stay.ID && c.Context != who.Stay.Root() {
		err = fault.ErrNotFound
	}
	c.VoiceOffered = s.calls(c)
	return c, err
}

// calls says whether the next code of its like may come by a call.
func (s *Service) calls(c Challenge) bool {
	return c.Type == assurance.SMS && s.Budgets != nil && s.Budgets.Voice()
}

// route is the way a code travels: to a number, or else to the person's mailbox.
type route struct {
	phone *Phone
	voice bool
}

// send makes a code and queues its message, in the caller's transaction with the wait that has passed.
func (s *Service) send(ctx context.Context, u user.User, c Challenge, to route) (Challenge, error) {
	c.ID, c.UserID, c.CreatedAt, c.VoiceOffered = id.New(), u.ID, s.Now(), s.calls(c)
	if latest := c.CreatedAt.Add(codeLife); c.Expires.IsZero() || c.Expires.After(latest) {
		c.Expires = latest
	}
	code, err := newCode(s.Random)
	if err != nil {
		return c, err
	}
	if c.CodeHash, err = s.codeHash(c.ID, code); err != nil {
		return c, err
	}
	m := notify.Message{ID: c.ID, Channel: notify.Email, To: u.Email, Locale: u.Locale, Template: notify.CodeEmail,
		Data: map[string]string{"name": u.Name, "code": code}, ExpiresAt: c.Expires}
	c.SentTo = user.EmailHint(u.Email)
	if to.phone != nil {
		number, err := s.Box.Unseal("phone:"+to.phone.ID, to.phone.Number)
		if err != nil {
			return c, err
		}
		c.PhoneID, c.SentTo = to.phone.ID, to.phone.Hint
		m.Channel, m.To, m.Template, m.Data = notify.SMS, string(number), notify.CodeSMS, map[string]string{"code": code}
		if to.voice {
			m.Channel, m.Template = notify.Voice, notify.CodeVoice
		}
	}
	all, here, next, err := s.Store.CountSent(ctx, c, c.CreatedAt.Add(-time.Hour))
	if err != nil {
		return c, err
	}
	wait := next.Sub(c.CreatedAt)
	if all >= maxUnspent {
		wait = max(wait, longestWait)
	}
	if wait > 0 {
		return c, ErrResendTooSoon.With(func(e *fault.Error) { e.RetryAfter = wait })
	}
	c.ResendAt = c.CreatedAt.Add(min(firstWait<<min(here, 10), longestWait))
	if err := s.Store.AddChallenge(ctx, c); err != nil {
		return c, err
	}
	if to.phone != nil && s.Budgets != nil {
		if err := s.Budgets.Take(ctx, budget.Request{MessageID: m.ID, UserID: u.ID, Number: m.To, Voice: to.voice}); err != nil {
			return c, err
		}
	}
	return c, s.Notices.Enqueue(ctx, m)
}

// NoteRefusal records that a budget has refused a text message, once a minute for each person and cap, and passes the refusal
// on. It is called where the refused transaction is over, which leaves nothing of itself behind.
func (s *Service) NoteRefusal(ctx context.Context, who actor.Actor, refusal error) error {
	userID := who.User
	var why *budget.Exceeded
	if !errors.As(refusal, &why) {
		return refusal
	}
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		for _, name := range why.Caps {
			first, err := s.Limits.OneOf(ctx, "text refused "+name, string(userID), 1, time.Minute)
			if err != nil {
				return err
			}
			if !first {
				continue
			}
			if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.TextRefused, Outcome: audit.Refused, UserID: userID,
				Detail: map[string]string{"cap": name, "country": why.Country}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return refusal
}

// newCode makes six digits, each code as likely as any other.
func newCode(random io.Reader) (string, error) {
	const codes = 1_000_000
	for {
		var raw [4]byte
		if _, err := io.ReadFull(random, raw[:]); err != nil {
			return "", fmt.Errorf("factor: no randomness: %w", err)
		}
		n := uint32(raw[0])<<24 | uint32(raw[1])<<16 | uint32(raw[2])<<8 | uint32(raw[3])
		if n < (1<<32)/codes*codes { // beyond lies a rest that would favour the low ones
			return fmt.Sprintf("%06d", n%codes), nil
		}
	}
}

func (s *Service) codeHash(challengeID, code string) (string, error) {
	return s.Box.Recognise("code:"+challengeID, code)
}

// sentCode matches what was typed with what was sent. Its errors say nothing but ErrCodeExpired and ErrCodeUsed to whoever has
// the right code; a wrong one is ok=false.
func (s *Service) sentCode(c Challenge, code string, now time.Time) (ok bool, err error) {
	hash, err := s.codeHash(c.ID, code)
	if err != nil {
		return false, err
	}
	if subtle.ConstantTimeCompare([]byte(hash), []byte(c.CodeHash)) != 1 {
		return false, nil
	}
	return true, answerable(c, now)
}

func answerable(c Challenge, now time.Time) error {
	switch {
	case !c.SpentAt.IsZero():
		return ErrCodeUsed
	case !c.VoidAt.IsZero(), !now.Before(c.Expires):
		return ErrCodeExpired
	}
	return nil
}
