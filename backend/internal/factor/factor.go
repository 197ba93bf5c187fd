package factor

import (
	"context"
	"io"
	"maps"
	"strings"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// Status is how far an enrolment has come. Only an active factor counts.
type Status string

// The statuses.
const (
	Pending  Status = "pending"
	Verified Status = "verified" // it works, and its owner has not said "Okay" yet
	Active   Status = "active"
)

const (
	maxFactors     = 10
	abandonedAfter = time.Hour // an enrolment that nobody has finished
)

// Factor is one second factor of a person.
type Factor struct {
	ID, UserID string
	Type       assurance.Type
	Name       string
	Status     Status
	Secret     string // sealed for "factor:ID"
	PhoneID    string // of an SMS factor
	// CredentialID finds a passkey, base64url; unique over all persons.
	CredentialID string
	Hint         string
	Default      bool
	Replaces     string // the factor that goes when this one is activated
	LastStep     int64  // TOTP: the last time step that was spent
	FailedInRow  int
	Attempts     int // wrong codes before it was verified
	CreatedAt    time.Time
	ActivatedAt  time.Time
	LastUsedAt   time.Time
	DisabledAt   time.Time // by too much guessing, or frozen: its owner says that it is not theirs
}

// What is told about factors.
var (
	ErrInvalidCode  = fault.New(fault.Unauthenticated, "invalid_code", "The code is not right.")
	ErrCodeUsed     = fault.New(fault.Conflict, "code_already_used", "This code has been used. Wait for the next one.")
	ErrTooMany      = fault.New(fault.TooMany, "too_many_attempts", "Too many wrong codes. Please wait, then try again.")
	ErrDisabled     = fault.New(fault.Conflict, "factor_disabled", "This second factor is disabled, after too many wrong codes or because its owner has disowned it. Use another one, or a recovery code.")
	ErrNotPending   = fault.New(fault.Conflict, "factor_not_pending", "This second factor is verified already.")
	ErrNotVerified  = fault.New(fault.Conflict, "factor_not_verified", "Verify a code of this second factor first.")
	ErrTooManyKept  = fault.New(fault.Conflict, "too_many_factors", "You have as many second factors as one person can have.")
	ErrMissing      = fault.New(fault.Conflict, "second_factor_missing", "Set up a second factor first.")
	ErrShortAlone   = fault.New(fault.Conflict, "short_password_needs_passkey", "Your password has fewer than 12 characters, which is enough beside a passkey only. Set a longer password first.")
	ErrNotAccepted  = fault.New(fault.Conflict, "method_not_accepted", "The rules that bind you do not accept this method.")
	errNoSuchFactor = fault.ErrNotFound
)

// Store keeps factors. Each method is one atomic sentence.
type Store interface {
	AddFactor(ctx context.Context, f Factor) error
	Factor(ctx context.Context, userID, factorID string) (Factor, error) // fault.ErrNotFound
	Factors(ctx context.Context, userID string) ([]Factor, error)        // oldest first
	DropAbandoned(ctx context.Context, userID string, before time.Time) error
	RenameFactor(ctx context.Context, userID, factorID, name string) (bool, error)
	MakeDefault(ctx context.Context, userID, factorID string) (bool, error)
	RemoveFactor(ctx context.Context, userID, factorID string) (bool, error)
	RemoveFactors(ctx context.Context, userID string) error // all, with recovery codes

	// CountPendingAttempt counts a try against a factor that is being enrolled: false once limit is reached.
	CountPendingAttempt(ctx context.Context, factorID string, limit int) (attempts int, ok bool, err error)
	// VerifyPending marks the factor verified, once, with what its proof has left behind: the spent step, or the passkey. false
	// if it is verified already, or the passkey is a factor already.
	VerifyPending(ctx context.Context, f Factor) (bool, error)
	// Activate makes a verified factor count, and removes the one that it replaces, once.
	Activate(ctx context.Context, userID, factorID, replaces string, now time.Time) (bool, error)

	// TakeSlot takes one of a person's guesses in this budget; ok is false when none is free. left counts the free ones.
	TakeSlot(ctx context.Context, userID, budget string, slots int, now time.Time, window time.Duration) (slot, left int, ok bool, err error)
	FreeSlot(ctx context.Context, userID, budget string, slot int) error
	// CountAttempt counts a try against one sign-in: ok is false once limit is reached.
	CountAttempt(ctx context.Context, pendingID string, limit int) (attempts int, ok bool, err error)
	// CountFailure counts one wrong code in a row; at limit it disables the factor.
	CountFailure(ctx context.Context, factorID string, limit int, now time.Time) (disabled bool, err error)
	// BurnStep spends a TOTP time step: false if it, or a later one, is spent already.
	BurnStep(ctx context.Context, factorID string, step int64, now time.Time) (bool, error)

	PutRecoveryCodes(ctx context.Context, userID string, hashes []string, now time.Time) error // instead of all that were
	RecoveryCode(ctx context.Context, userID, hash string) (used, exists bool, err error)
	BurnRecoveryCode(ctx context.Context, userID, hash string, now time.Time) (bool, error)
	RecoveryCodeCount(ctx context.Context, userID string) (remaining, total int, createdAt time.Time, err error)

	// VoidPassword leaves the person without a password, unless it was changed after a time.
	VoidPassword(ctx context.Context, userID string, since time.Time) (bool, error)

	ChallengeStore
	AccountsOf(ctx context.Context, userID string) ([]string, error) // that they belong to
	GuardingOwners(ctx context.Context, userID string) ([]Owner, error)

	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// Owner is an owner of an account that guards enrolment, who is told of each member's new factor.
type Owner struct {
	AccountID, AccountName string
	Email, Name, Locale    string
}

// Users is the person behind the factors.
type Users interface {
	User(ctx context.Context, userID string) (user.User, error)
}

// Audit is where security events go.
type Audit interface {
	Append(ctx context.Context, e audit.Event) error
	Share(ctx context.Context, e audit.Event, accountIDs []string) error
}

// Notices tell people by mail, in the transaction of what they tell.
type Notices interface {
	Enqueue(ctx context.Context, m ...notify.Message) error
}

// Links make the link "this was not me" of a mail about a factor or, without one, about recovery codes, and of a mail about what
// cannot be taken back: that one ends what anybody is signed in with.
type Links interface {
	NotMe(ctx context.Context, userID, factorID string) (link string, err error)
	NotMeGone(ctx context.Context, userID string) (link string, err error)
}

// Limits keep the record of refusals from becoming a flood: package limit.
type Limits interface {
	// OneOf takes one of so many places, each free again after the window; false where none is.
	OneOf(ctx context.Context, what, whom string, places int, window time.Duration) (bool, error)
}

// Service enrols, proves and removes second factors.
type Service struct {
	Store   Store
	Users   Users
	Box     *seal.Box
	Audit   Audit
	Notices Notices
	Links   Links // nil: mails bear none
	Now     func() time.Time
	Random  io.Reader
	Issuer  string // as authenticator apps show it
	BaseURL string

	Budgets  Budgets
	Limits   Limits
	Passkeys *Passkeys       // nil: not offered
	Offered  assurance.Types // what can be enrolled here
}

// List shows a person's factors, oldest first, those of an unfinished enrolment too.
func (s *Service) List(ctx context.Context, userID string) ([]Factor, error) {
	return s.Store.Factors(ctx, userID)
}

// Active lists the factors that can be asked for, the default first.
func (s *Service) Active(ctx context.Context, userID string) ([]Factor, error) {
	all, err := s.Store.Factors(ctx, userID)
	if err != nil {
		return nil, err
	}
	active := make([]Factor, 0, len(all))
	for _, f := range all {
		if f.Status != Active || !f.DisabledAt.IsZero() {
			continue
		}
		if f.Default {
			active = append([]Factor{f}, active...)
		} else {
			active = append(active, f)
		}
	}
	return active, nil
}

// Update renames a factor ("" leaves the name) and, if asked, makes it the default. fault.ErrNotFound.
func (s *Service) Update(ctx context.Context, userID, factorID, name string, makeDefault bool) (Factor, error) {
	var out Factor
	err := s.Store.InTx(ctx, func(ctx context.Context) error {
		f, err := s.Store.Factor(ctx, userID, factorID)
		if err != nil {
			return err
		}
		if name != "" {
			if _, err := s.Store.RenameFactor(ctx, userID, factorID, strings.TrimSpace(name)); err != nil {
				return err
			}
		}
		if makeDefault {
			if f.Status != Active {
				return ErrNotVerified
			}
			if _, err := s.Store.MakeDefault(ctx, userID, factorID); err != nil {
				return err
			}
		}
		out, err = s.Store.Factor(ctx, userID, factorID)
		return err
	})
	return out, err
}

// Remove takes one factor away and tells its owner, whatever the rules ask for. fault.ErrNotFound.
func (s *Service) Remove(ctx context.Context, userID, factorID string) error {
	return s.remove(ctx, userID, factorID, func(assurance.Types) error { return nil }, func(context.Context, string) error { return nil })
}

// RemoveIf does so for its owner, unless may refuses: whether the person may lose an active factor and be left with these types.
// It is asked while nobody can take another one away. ErrShortAlone.
func (s *Service) RemoveIf(ctx context.Context, userID, factorID string, may func(left assurance.Types) error) error {
	return s.remove(ctx, userID, factorID, may, s.refuseLone)
}

func (s *Service) remove(ctx context.Context, userID, factorID string, may func(left assurance.Types) error, gone func(ctx context.Context, userID string) error) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := s.holdPosture(ctx, userID)
		if err != nil {
			return err
		}
		f, err := s.Store.Factor(ctx, userID, factorID)
		if err != nil {
			return err
		}
		if f.Status == Active {
			rest, err := s.without(ctx, userID, factorID)
			if err != nil {
				return err
			}
			if err := may(rest); err != nil {
				return err
			}
		}
		removed, err := s.Store.RemoveFactor(ctx, userID, factorID)
		if err != nil {
			return err
		}
		if !removed {
			return errNoSuchFactor
		}
		if f.Status != Active {
			return nil
		}
		if err := gone(ctx, userID); err != nil {
			return err
		}
		left, err := s.Active(ctx, userID)
		if err != nil {
			return err
		}
		if len(left) == 0 { // recovery codes alone protect nothing
			if err := s.Store.RemoveFactors(ctx, userID); err != nil {
				return err
			}
		}
		detail := map[string]string{"factor_id": f.ID, "type": f.Type.String()}
		if err := s.changed(ctx, audit.FactorRemoved, userID, userID, before, detail); err != nil {
			return err
		}
		return s.warnGone(ctx, userID, notify.FactorRemoved, map[string]string{"method": f.Type.String()})
	})
}

// without are the types that a person has active beside one factor.
func (s *Service) without(ctx context.Context, userID, factorID string) (types assurance.Types, err error) {
	all, err := s.Store.Factors(ctx, userID)
	for _, f := range all {
		if f.ID != factorID && f.Status == Active {
			types |= assurance.Types(f.Type)
		}
	}
	return types, err
}

// Disable takes all factors and recovery codes away and tells their owner. ErrShortAlone.
func (s *Service) Disable(ctx context.Context, userID string) error {
	return s.Store.InTx(ctx, func(ctx context.Context) error {
		before, err := s.holdPosture(ctx, userID)
		if err != nil {
			return err
		}
		if err := s.Store.RemoveFactors(ctx, userID); err != nil {
			return err
		}
		if before.types == 0 {
			return nil
		}
		if err := s.refuseLone(ctx, userID); err != nil {
			return err
		}
		if err := s.changed(ctx, audit.FactorAllRemoved, userID, userID, before, nil); err != nil {
			return err
		}
		return s.warnGone(ctx, userID, notify.TwoFactorDisabled, nil)
	})
}

func (s *Service) log(ctx context.Context, action, userID string, detail map[string]string) error {
	return s.Audit.Append(ctx, audit.Event{Action: action, ActorID: userID, UserID: userID, Detail: detail})
}

// warn tells the person, and has the mail bear the link by which they disown the factor, or, without one, the recovery codes.
func (s *Service) warn(ctx context.Context, userID, factorID, template string, data map[string]string) error {
	if s.Links == nil {
		return s.tell(ctx, userID, template, data)
	}
	link, err := s.Links.NotMe(ctx, userID, factorID)
	return s.object(ctx, userID, template, data, link, err)
}

// warnGone does so about what cannot be taken back.
func (s *Service) warnGone(ctx context.Context, userID, template string, data map[string]string) error {
	if s.Links == nil {
		return s.tell(ctx, userID, template, data)
	}
	link, err := s.Links.NotMeGone(ctx, userID)
	return s.object(ctx, userID, template, data, link, err)
}

func (s *Service) object(ctx context.Context, userID, template string, data map[string]string, link string, err error) error {
	if err != nil {
		return err
	}
	all := map[string]string{"not_me_link": link}
	maps.Copy(all, data)
	return s.tell(ctx, userID, template, all)
}

// tell writes to the person: every change of what protects them.
func (s *Service) tell(ctx context.Context, userID, template string, data map[string]string) error {
	u, err := s.Users.User(ctx, userID)
	if err != nil {
		return err
	}
	all := map[string]string{"name": u.Name, "at": s.Now().UTC().Format(time.RFC3339), "security_link": s.BaseURL + "/me/security"}
	for k, v := range data {
		all[k] = v
	}
	return s.Notices.Enqueue(ctx, notify.Message{ID: id.New(), Channel: notify.Email, To: u.Email, Locale: u.Locale, Template: template, Data: all})
}
