package credential

import (
	"context"
	"io"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/limit"
	"sallyport/internal/notify"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/user"
)

// ErrLinkExpired is told of a link that is unknown, used, void or too old, and of one whose address somebody else has taken: the
// same, so that nobody learns which.
var ErrLinkExpired = fault.New(fault.Gone, "link_expired", "This link has expired or has been used. Ask for a new one.")

// mailsAnHour is how many mails of one kind go to one address within an hour, whoever asks. What is asked for beyond that is
// silently left out: an error would tell a stranger about somebody else.
const mailsAnHour = 3

// perNetwork bounds what one network may ask for, perPerson how often somebody who is signed in may ask for another address.
var (
	perNetwork = limit.Bound{Every: 30 * time.Second, Burst: 60}
	perPerson  = limit.Bound{Every: 10 * time.Minute, Burst: 10}
)

// Store keeps persons and the tokens of links. Each method is one atomic sentence; those that change what a person may do tell
// all replicas.
type Store interface {
	EnqueueJobs(ctx context.Context, js ...jobs.Job) error

	User(ctx context.Context, userID id.User) (user.User, error)      // fault.ErrNotFound
	UserByEmail(ctx context.Context, email string) (user.User, error) // fault.ErrNotFound
	// AddUser stores a new person, whose password and address something has made; false: the address is taken.
	AddUser(ctx context.Context, u user.User, by actor.MadeBy) (bool, error)
	// SetPassword gives the person another password, and moves their epoch.
	SetPassword(ctx context.Context, userID id.User, p Password, now time.Time) error
	HasPasskey(ctx context.Context, userID id.User) (bool, error) // one that opens
	// VoidPassword leaves the person without a password, and moves their epoch, unless it was changed after a time.
	VoidPassword(ctx context.Context, userID id.User, since time.Time) (bool, error)
	// ChangeEmail gives the person another address, and moves their epoch: false, or ErrLinkExpired, if it is taken.
	ChangeEmail(ctx context.Context, userID id.User, email string, by actor.MadeBy, now time.Time) (bool, error)
	// SpendMailbox notes that the mailbox is about to set another password; of somebody who has never had one it notes nothing.
	SpendMailbox(ctx context.Context, userID id.User, now time.Time) error
	// MoveEpoch shuts whatever somebody could get in with as this person.
	MoveEpoch(ctx context.Context, userID id.User) error
	// KeepSession lets a session live on that had the epoch from before the one step that the transaction has moved it.
	KeepSession(ctx context.Context, userID id.User, sessionID id.Stay) error

	// FreezeFactor disables an active factor and takes the recovery codes that came with it, once.
	FreezeFactor(ctx context.Context, userID id.User, factorID id.Factor, now time.Time) (bool, error)
	RemoveRecoveryCodes(ctx context.Context, userID id.User) error

	// A token of a person opens its door while its epoch is theirs, but for ToObject, which opens whatever has happened since.
	AddMailToken(ctx context.Context, t Token) (bool, error)                                         // false: the ID is there
	MailToken(ctx context.Context, hash string, now time.Time, purposes ...Purpose) (Token, error)   // fault.ErrNotFound
	UseMailToken(ctx context.Context, hash string, now time.Time, purposes ...Purpose) (bool, error) // once
	VoidMailTokens(ctx context.Context, userID id.User, but string, now time.Time, purposes ...Purpose) error

	PeopleStore
	WelcomeStore
}

// Accounts opens accounts, in the caller's transaction.
type Accounts interface {
	Open(ctx context.Context, who actor.Actor, ownerID id.User, name string) (account.Membership, error)
	TakeBackInvitations(ctx context.Context, who actor.Actor, userID id.User) error
}

// Authority begins the transactions in which somebody acts, and answers whether they may: package authority.
type Authority interface {
	Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error
	Authorize(ctx context.Context, who actor.Actor, a actor.Action, accountID id.Account) (account.Membership, error)
	Look(ctx context.Context, who actor.Actor, a actor.Action, accountID id.Account) (account.Membership, error) // of what is only read
}

// Notices tell people by mail, in the transaction of what they tell.
type Notices interface {
	Enqueue(ctx context.Context, m ...notify.Message) error
}

// Service makes persons, and changes what they sign in with.
type Service struct {
	Store     Store
	Authority Authority
	Accounts  Accounts
	Book      *session.Book
	Hasher    *user.Hasher
	Limits    *limit.Limits
	Box       *seal.Box
	Notices   Notices
	Audit     interface {
		Append(ctx context.Context, who actor.Actor, e audit.Event) error
	}
	Now     func() time.Time
	Random  io.Reader
	Brand   string // nobody's password contains it
	BaseURL string // of links; from configuration, never from a request
}

// message begins a mail to a person.
func (s *Service) message(u user.User, template string, data map[string]string) notify.Message {
	all := map[string]string{"name": u.Name, "at": s.Now().UTC().Format(time.RFC3339)}
	for k, v := range data {
		all[k] = v
	}
	return notify.Message{ID: id.New(), Channel: notify.Email, To: u.Email, Locale: u.Locale, Template: template, Data: all}
}

// warning begins a mail about a change that something has made, with the link by which its reader says that it was not them.
func (s *Service) warning(ctx context.Context, u user.User, by actor.MadeBy, about string, template string, data map[string]string) (notify.Message, error) {
	link, err := s.objection(ctx, u, by, contents{About: about})
	if err != nil {
		return notify.Message{}, err
	}
	m := s.message(u, template, data)
	m.Data["security_link"], m.Data["not_me_link"] = s.BaseURL+"/me/security", link
	return m, nil
}

func (s *Service) log(ctx context.Context, who actor.Actor, action string, userID id.User, detail map[string]string) error {
	return s.Audit.Append(ctx, who, audit.Event{Action: action, ActorID: userID, UserID: userID, Detail: detail})
}

func notFound(err error) bool {
	e, told := fault.As(err)
	return told && e.Kind == fault.NotFound
}
