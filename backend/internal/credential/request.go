package credential

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/limit"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// Kind is the kind of the job that does what a stranger has asked for.
const Kind = "credential"

// request is what a stranger has asked for. The call that writes it down looks nobody up, so that neither its answer nor its time
// says anything about anybody.
type request struct {
	Purpose   Purpose  `json:"purpose"`
	Contents  contents `json:"contents"`
	Address   string   `json:"address"` // where from, for the record
	UserAgent string   `json:"user_agent"`
}

// NewPerson is what somebody signs up with.
type NewPerson struct {
	Email, Password, Name string
	AccountName           string
	Locale                string // "" for English
}

// SignUp asks for a person and their account. It answers the same, and does the same work, whether or not the address is known.
// fault.ErrRateLimited for a network that asks too often, user.ErrBusy; field errors.
func (s *Service) SignUp(ctx context.Context, who actor.Actor, p NewPerson) error {
	c := contents{Locale: p.Locale}
	var err error
	if c.Email, err = account.ProperEmail(p.Email); err != nil {
		return err
	}
	if c.Name, err = account.ProperName(p.Name); err != nil {
		return err
	}
	if c.AccountName, err = account.ProperName(p.AccountName); err != nil {
		return at("/account_name", err)
	}
	if c.Locale == "" {
		c.Locale = "en"
	}
	if err := user.CheckPassword(p.Password, c.Email, c.Name, s.Brand); err != nil {
		return err
	}
	if err := s.asked(ctx, who, "sign-up"); err != nil {
		return err
	}
	if c.PasswordHash, err = s.Hasher.Hash(ctx, p.Password); err != nil {
		return err
	}
	return s.writeDown(ctx, who, ToSignUp, c)
}

// at names the field that a shared check has found wrong.
func at(pointer string, err error) error {
	if e, told := fault.As(err); told && len(e.Fields) == 1 {
		return e.With(func(e *fault.Error) { e.Fields = []fault.Field{{Pointer: pointer, Detail: e.Fields[0].Detail}} })
	}
	return err
}

// AskForReset asks for a link that sets a new password. It answers the same, and does the same work, whether or not the address
// is known. fault.ErrRateLimited for a network that asks too often; a field error.
func (s *Service) AskForReset(ctx context.Context, who actor.Actor, email string) error {
	email, err := account.ProperEmail(email)
	if err != nil {
		return err
	}
	if err := s.asked(ctx, who, "password-reset"); err != nil {
		return err
	}
	return s.writeDown(ctx, who, ToReset, contents{Email: email})
}

func (s *Service) asked(ctx context.Context, who actor.Actor, what string) error {
	_, err := s.Limits.Take(ctx, who.Origin.Network, limit.Count{What: what, Here: true, Bound: perNetwork})
	return err
}

func (s *Service) writeDown(ctx context.Context, who actor.Actor, p Purpose, c contents) error {
	plain, err := json.Marshal(request{Purpose: p, Contents: c, Address: who.Origin.Address, UserAgent: who.Origin.UserAgent})
	if err != nil {
		return fmt.Errorf("credential: %w", err)
	}
	j := jobs.Job{ID: id.New(), Kind: Kind, CreatedAt: s.Now()}
	if j.Payload, err = s.Box.Seal("job:"+j.ID, plain); err != nil {
		return err
	}
	return s.Store.EnqueueJobs(ctx, j)
}

// Answer is the handler of jobs of Kind: it finds out whom a request is about, and mails them.
func (s *Service) Answer(ctx context.Context, j jobs.Job) error {
	plain, err := s.Box.Unseal("job:"+j.ID, j.Payload)
	if err != nil {
		return jobs.Discard(err)
	}
	var r request
	if err := json.Unmarshal(plain, &r); err != nil {
		return jobs.Discard(fmt.Errorf("credential: the job's payload is not a request"))
	}
	who := actor.From(actor.Origin{Address: r.Address, UserAgent: r.UserAgent})
	found, _, err := s.whoHas(ctx, r.Contents.Email)
	if err != nil {
		return err
	}
	var alone actor.Holds
	if r.Purpose == ToReset && found.ID != "" {
		alone = actor.PersonAlone(found.ID)
	}
	return s.Authority.Act(ctx, who, alone, func(ctx context.Context) error {
		free, err := s.mayMail(ctx, r.Purpose, r.Contents.Email)
		if err != nil {
			return err
		}
		u, known, err := s.whoHas(ctx, r.Contents.Email)
		switch {
		case err != nil:
			return err
		case u.ID != found.ID && r.Purpose == ToReset:
			return errMoved
		case !free:
			return s.refused(ctx, who, r.Purpose, u, "rate_limited")
		case r.Purpose == ToSignUp:
			return s.answerSignUp(ctx, who, j.ID, u, known, r.Contents)
		case known && u.DisabledAt.IsZero():
			return s.answerReset(ctx, who, j.ID, u)
		}
		return s.refused(ctx, who, r.Purpose, u, "unknown")
	})
}

// errMoved says that an address has become somebody else's between two looks: the job is tried again.
var errMoved = errors.New("credential: the address has changed hands")

// whoHas finds the person who has an address; false, and nobody, where there is none.
func (s *Service) whoHas(ctx context.Context, email string) (user.User, bool, error) {
	u, err := s.Store.UserByEmail(ctx, email)
	if notFound(err) {
		return user.User{}, false, nil
	}
	return u, err == nil, err
}

func (s *Service) refused(ctx context.Context, who actor.Actor, p Purpose, u user.User, reason string) error {
	return s.Audit.Append(ctx, who, audit.Event{Action: asks[p], Outcome: audit.Refused, UserID: u.ID, Detail: map[string]string{"reason": reason}})
}

var asks = map[Purpose]string{ToSignUp: audit.UserSignUpRequested, ToReset: audit.UserResetRequested}

// mayMail takes one of the hour's mails of a kind to an address. Each kind has its own, so that nobody who asks for the one keeps
// the other away.
func (s *Service) mayMail(ctx context.Context, p Purpose, email string) (bool, error) {
	return s.Limits.OneOf(ctx, "mail "+string(p), user.EmailKey(email), mailsAnHour, time.Hour)
}

func (s *Service) answerSignUp(ctx context.Context, who actor.Actor, requestID string, u user.User, known bool, c contents) error {
	detail := map[string]string{"taken": "true"}
	m := s.message(u, notify.SignUpTaken, map[string]string{"link": s.BaseURL + "/sign-in"})
	if !known {
		t, link, err := s.newToken(ctx, requestID, ToSignUp, user.User{}, "", c)
		if err != nil || link == "" { // answered already, before a crash
			return err
		}
		detail = nil
		// The stranger who has signed up says nothing in it: their words would travel in our name.
		m = s.message(user.User{Email: c.Email, Locale: c.Locale}, notify.VerifyEmail, map[string]string{"link": link})
		m.ExpiresAt = t.Expires
	}
	m.ID = "sign-up-" + requestID // the same if a crash has it sent again
	if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.UserSignUpRequested, UserID: u.ID, Detail: detail}); err != nil {
		return err
	}
	return s.Notices.Enqueue(ctx, m)
}

func (s *Service) answerReset(ctx context.Context, who actor.Actor, requestID string, u user.User) error {
	t, link, err := s.newToken(ctx, requestID, ToReset, u, "", contents{})
	if err != nil || link == "" { // answered already, before a crash
		return err
	}
	if err := s.Store.VoidMailTokens(ctx, u.ID, t.ID, s.Now(), ToReset); err != nil {
		return err
	}
	if err := s.Audit.Append(ctx, who, audit.Event{Action: audit.UserResetRequested, UserID: u.ID}); err != nil {
		return err
	}
	m := s.message(u, notify.PasswordReset, map[string]string{"link": link})
	m.ID, m.ExpiresAt = "reset-"+requestID, t.Expires
	return s.Notices.Enqueue(ctx, m)
}
