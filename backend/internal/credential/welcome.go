package credential

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// WelcomeKind is the kind of the job that mails a link to set a password to members who have never had one.
const WelcomeKind = "welcome"

// welcomeLife is how long such a link is good: as long as an invitation.
const welcomeLife = account.InvitationLife

// welcomePage is how many people are mailed in one transaction.
const welcomePage = 500

// WelcomeStore finds whom to welcome.
type WelcomeStore interface {
	jobs.WalkStore
	// Unwelcomed is a page of the account's members, by their identifiers, who can sign in as soon as they have a password, have never had
	// one, and hold no link to set one that is still good.
	Unwelcomed(ctx context.Context, accountID id.Account, after string, now time.Time, limit int) ([]user.User, error)
	AccountRule(ctx context.Context, accountID id.Account) (account.Account, error) // fault.ErrNotFound
}

type welcome struct {
	AccountID id.Account `json:"account_id"`
	Cursor    string     `json:"cursor"`
}

// WelcomeJob is the job for an account. Whoever was mailed before is not mailed again while their link is good.
func WelcomeJob(accountID id.Account, now time.Time) (jobs.Job, error) {
	payload, err := json.Marshal(welcome{AccountID: accountID})
	return jobs.Job{ID: id.New(), Kind: WelcomeKind, Payload: string(payload), CreatedAt: now}, err
}

// Welcome is the handler of jobs of WelcomeKind. Each page's links, mails and how far it has come are one transaction: a crash loses
// nobody and mails nobody twice.
func (s *Service) Welcome(ctx context.Context, j jobs.Job) error {
	return jobs.Walk(ctx, s.Store, j, func(ctx context.Context, w *welcome) (bool, error) {
		people, err := s.Store.Unwelcomed(ctx, w.AccountID, w.Cursor, s.Now(), welcomePage)
		if err != nil {
			return false, err
		}
		if len(people) > 0 {
			w.Cursor = string(people[len(people)-1].ID)
		}
		return len(people) < welcomePage, s.welcome(ctx, w.AccountID, people)
	})
}

func (s *Service) welcome(ctx context.Context, accountID id.Account, people []user.User) error {
	a, err := s.Store.AccountRule(ctx, accountID)
	if err != nil {
		return err
	}
	mails := make([]notify.Message, len(people))
	for i, u := range people {
		t, link, err := s.newTokenFor(ctx, id.New(), ToReset, u, actor.MadeByOperator, contents{}, welcomeLife)
		if err != nil {
			return err
		}
		data := map[string]string{"account_name": a.Name, "link": link}
		if a.Rule.Enforced() {
			data["two_factor"] = "required"
		}
		mails[i] = s.message(u, notify.Welcome, data)
		mails[i].ExpiresAt = t.Expires
		e := audit.Event{Action: audit.UserPasswordLinked, ActorID: audit.Operator, UserID: u.ID, Detail: map[string]string{"expires_at": t.Expires.UTC().Format(time.RFC3339)}}
		if err := s.Audit.Append(ctx, actor.TheHouse(), e); err != nil {
			return err
		}
	}
	return s.Notices.Enqueue(ctx, mails...)
}
