package factor

import (
	"context"
	"io"
	"maps"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
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
	ID      id.Factor
	UserID  id.User
	Type    assurance.Type
	Name    string
	Status  Status
	Secret  string // sealed for "factor:ID"
	PhoneID string // of an SMS factor
	// CredentialID finds a passkey, base64url; unique over all persons.
	CredentialID string
	Hint         string
	Default      bool
	Replaces     id.Factor // the factor that goes when this one is activated
	MadeBy       actor.MadeBy
	// Of an enrolment: the root of the stay that began it, the person's epoch then, and the hash of its token.
	Stay          id.Stay
	Epoch         int64
	EnrolmentHash string
	LastStep      int64 // TOTP: the last time step that was spent
	FailedInRow   int
	Attempts      int // wrong codes before it was verified
	CreatedAt     time.Time
	ActivatedAt   time.Time
	LastUsedAt    time.Time
	DisabledAt    time.Time // by too much guessing, or frozen: its owner says that it is not theirs
}

// What is told about factors.
var (
	ErrInvalidCode = fault.New(fault.Unauthenticated, "invalid_code", "The code is not right.")
	ErrCodeUsed    = fault.New(fault.Conflict, "code_already_used", "This code has been used. Wait for the next one.")
	ErrTooMany     = fault.New(fault.TooMany, "too_many_attempts", "Too many wrong codes. Please wait, then try again.")
	ErrDisabled    = fault.New(fault.Conflict, "factor_disabled", "This second factor is disabled, after too many wrong codes or because its owner has disowned it. Use another one, or a recovery code.")
	ErrNotPending  = fault.New(fault.Conflict, "factor_not_pending", "This second factor is verified already.")
	ErrNotVerified = fault.New(fault.Conflict, "factor_not_verified", "Verify a code of this second factor first.")
	ErrTooManyKept = fault.New(fault.Conflict, "too_many_factors", "You have as many second factors as one person can have.")
	ErrMissing     = fault.New(fault.Conflict, "second_factor_missing", "Set up a second factor first.")
	ErrShortAlone  = fault.New(fault.Conflict, "short_password_needs_passkey", "Your password has fewer than 12 characters, which is enough beside a passkey only. Set a longer password first.")
	ErrNotAccepted = fault.New(fault.Conflict, "method_not_accepted", "The rules that bind you do not accept this method.")
)

// Store keeps factors. Each method is one atomic sentence.
type Store interface {
	AddFactor(ctx context.Context, f Factor) error
	Factor(ctx context.Context, userID id.User, factorID id.Factor) (Factor, error) // fault.ErrNotFound
	Factors(ctx context.Context, userID id.User) ([]Factor, error)                  // oldest first
	DropAbandoned(ctx context.Context, userID id.User, before time.Time) error
	RenameFactor(ctx context.Context, userID id.User, factorID id.Factor, name string) (bool, error)
	MakeDefault(ctx context.Context, userID id.User, factorID id.Factor) (bool, error)
	RemoveFactor(ctx context.Context, userID id.User, factorID id.Factor) (bool, error)
	RemoveFactors(ctx context.Context, userID id.User) error // all, with recovery codes

	// CountPendingAttempt counts a try against a factor that is being enrolled: false once limit is reached.
	CountPendingAttempt(ctx context.Context, factorID id.Factor, limit int) (attempts int, ok bool, err error)
	// VerifyPending marks the factor verified, once, with what its proof has left behind: the spent step, or the passkey. false
	// if it is verified already, or the passkey is a factor already.
	VerifyPending(ctx context.Context, f Factor) (bool, error)
	// Activate makes a verified factor count, and removes the one that it replaces, once.
	Activate(ctx context.Context, userID id.User, factorID, replaces id.Factor, now time.Time) (bool, error)

	// CountGuess takes one of a person's guesses in this budget and, of a sign-in, one of its tries. It is a write of its own.
	CountGuess(ctx context.Context, g Guessing) (Guessed, error)
	FreeSlot(ctx context.Context, userID id.User, budget string, slot int) error
	// CountFailure counts one wrong code in a row; at limit it disables the factor.
	CountFailure(ctx context.Context, factorID id.Factor, limit int, now time.Time) (disabled bool, err error)
	// BurnStep spends a TOTP time step, and gives the guess back that it was: false if the step, or a later one, is spent already.
	BurnStep(ctx context.Context, f Factor, step int64, now time.Time, budget string, slot int) (bool, error)

	AddCodeSet(ctx context.Context, set CodeSet, hashes []string) error // one that counts takes the place of all that were
	// RecoveryCode finds a code of the set that counts, and names the set.
	RecoveryCode(ctx context.Context, userID id.User, hash string) (setID string, used, exists bool, err error)
	BurnRecoveryCode(ctx context.Context, userID id.User, hash string, now time.Time) (bool, error)
	RecoveryCodeCount(ctx context.Context, userID id.User) (remaining, total int, createdAt time.Time, err error)

	// VoidPassword leaves the person without a password, unless it was changed after a time.
	VoidPassword(ctx context.Context, userID id.User, since time.Time) (bool, error)

	ChallengeStore
	AccountsOf(ctx context.Context, userID id.User) ([]id.Account, error) // that they belong to
	GuardingOwners(ctx context.Context, userID id.User) ([]Owner, error)

	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// Owner is an owner of an account that guards enrolment, who is told of each member's new factor.
type Owner struct {
	AccountID           id.Account
	AccountName         string
	Email, Name, Locale string
}

// Users is the person behind the factors.
type Users interface {
	User(ctx context.Context, userID id.User) (user.User, error)
}

// Audit is where security events go.
type Audit interface {
	Append(ctx context.Context, who actor.Actor, e audit.Event) error
	Share(ctx context.Context, who actor.Actor, e audit.Event, accountIDs []id.Account) error
}

// Authority begins the transactions in which somebody acts: package authority.
type Authority interface {
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	Authorize(ctx context.Context, who actor.Actor, a actor.Action, accountID id.Account) (account.Membership, error)
}

// Notices tell people by mail, in the transaction of what they tell.
type Notices interface {
	Enqueue(ctx context.Context, m ...notify.Message) error
}

// Links make the link "this was not me" of a mail about a factor or, without one, about recovery codes, and of a mail about what
// cannot be taken back: that one ends what anybody is signed in with.
type Links interface {
	NotMe(ctx context.Context, userID id.User, factorID id.Factor) (link string, err error)
	NotMeGone(ctx context.Context, userID id.User) (link string, err error)
}

// Limits keep the record of refusals from becoming a flood: package limit.
type Limits interface {
	// OneOf takes one of so many places, each free again after the window; false where none is.
	OneOf(ctx context.Context, what, whom string, places int, window time.Duration) (bool, error)
}

// Service enrols, proves and removes second factors.
type Service struct {
	Store Store
	Users Users

	Authority Authority

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

// List shows the actor's factors, oldest first, with what their stay is enrolling.
func (s *Service) List(ctx context.Context, who actor.Actor) ([]Factor, error) {
	all, err := s.Store.Factors(ctx, who.User)
	return seenFrom(all, who.Stay), err
}

// All shows a person's factors, oldest first, those of unfinished enrolments too. It is for operators.
func (s *Service) All(ctx context.Context, userID id.User) ([]Factor, error) {
	return s.Store.Factors(ctx, userID)
}

// Active lists the factors that can be asked for, the default first.
func (s *Service) Active(ctx context.Context, userID id.User) ([]Factor, error) {
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

// Update renames a factor of the actor ("" leaves the name) and, if asked, makes it the default. fault.ErrNotFound.
func (s *Service) Update(ctx context.Context, who actor.Actor, factorID id.Factor, name string, makeDefault bool) (out Factor, err error) {
	err = s.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.ArrangeFactors, ""); err != nil {
			return err
		}
		f, err := s.Store.Factor(ctx, who.User, factorID)
		if err != nil {
			return err
		}
		if f.Status != Active && !f.begunIn(who.Stay) {
			return fault.ErrNotFound
		}
		if name != "" {
			if _, err := s.Store.RenameFactor(ctx, who.User, factorID, strings.TrimSpace(name)); err != nil {
				return err
			}
		}
		if makeDefault {
			if f.Status != Active {
				return ErrNotVerified
			}
			if _, err := s.Store.MakeDefault(ctx, who.User, factorID); err != nil {
				return err
			}
		}
		out, err = s.Store.Factor(ctx, who.User, factorID)
		return err
	})
	return out, err
}

// Remove takes one active factor of the actor away and tells them, in the caller's transaction, which holds the person alone. may says
// whether they may be left with these types. fault.ErrNotFound, ErrShortAlone.
func (s *Service) Remove(ctx context.Context, who actor.Actor, factorID id.Factor, may func(left assurance.Types) error) error {
	before, err := s.posture(ctx, who.User)
	if err != nil {
		return err
	}
	f, err := s.Store.Factor(ctx, who.User, factorID)
	if err != nil {
		return err
	}
	if f.Status != Active {
		return fault.ErrNotFound
	}
	rest, err := s.without(ctx, who.User, factorID)
	if err != nil {
		return err
	}
	if err := may(rest); err != nil {
		return err
	}
	if _, err := s.Store.RemoveFactor(ctx, who.User, factorID); err != nil {
		return err
	}
	if err := s.refuseLone(ctx, who.User); err != nil {
		return err
	}
	left, err := s.Active(ctx, who.User)
	if err != nil {
		return err
	}
	if len(left) == 0 { // recovery codes alone protect nothing
		if err := s.Store.RemoveFactors(ctx, who.User); err != nil {
			return err
		}
	}
	detail := map[string]string{"factor_id": string(f.ID), "type": f.Type.String()}
	if err := s.changed(ctx, who, audit.FactorRemoved, who.User, before, detail); err != nil {
		return err
	}
	return s.warnGone(ctx, who.User, notify.FactorRemoved, map[string]string{"method": f.Type.String()})
}

// without are the types that a person has active beside one factor.
func (s *Service) without(ctx context.Context, userID id.User, factorID id.Factor) (types assurance.Types, err error) {
	all, err := s.Store.Factors(ctx, userID)
	for _, f := range all {
		if f.ID != factorID && f.Status == Active {
			types |= assurance.Types(f.Type)
		}
	}
	return types, err
}

// Disable takes all factors and recovery codes of the actor away and tells them, in the caller's transaction, which holds the person
// alone. ErrShortAlone.
func (s *Service) Disable(ctx context.Context, who actor.Actor) error {
	before, err := s.posture(ctx, who.User)
	if err != nil {
		return err
	}
	if err := s.Store.RemoveFactors(ctx, who.User); err != nil {
		return err
	}
	if before.types == 0 {
		return nil
	}
	if err := s.refuseLone(ctx, who.User); err != nil {
		return err
	}
	if err := s.changed(ctx, who, audit.FactorAllRemoved, who.User, before, nil); err != nil {
		return err
	}
	return s.warnGone(ctx, who.User, notify.TwoFactorDisabled, nil)
}

func (s *Service) log(ctx context.Context, who actor.Actor, action string, userID id.User, detail map[string]string) error {
	return s.Audit.Append(ctx, who, audit.Event{Action: action, UserID: userID, Detail: detail})
}

// warn tells the person, and has the mail bear the link by which they disown the factor, or, without one, the recovery codes.
func (s *Service) warn(ctx context.Context, userID id.User, factorID id.Factor, template string, data map[string]string) error {
	if s.Links == nil {
		return s.tell(ctx, userID, template, data)
	}
	link, err := s.Links.NotMe(ctx, userID, factorID)
	return s.object(ctx, userID, template, data, link, err)
}

// warnGone does so about what cannot be taken back.
func (s *Service) warnGone(ctx context.Context, userID id.User, template string, data map[string]string) error {
	if s.Links == nil {
		return s.tell(ctx, userID, template, data)
	}
	link, err := s.Links.NotMeGone(ctx, userID)
	return s.object(ctx, userID, template, data, link, err)
}

func (s *Service) object(ctx context.Context, userID id.User, template string, data map[string]string, link string, err error) error {
	if err != nil {
		return err
	}
	all := map[string]string{"not_me_link": link}
	maps.Copy(all, data)
	return s.tell(ctx, userID, template, all)
}

// tell writes to the person: every change of what protects them.
func (s *Service) tell(ctx context.Context, userID id.User, template string, data map[string]string) error {
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
