package account

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// Door is an open invitation as whoever holds its link may see it.
type Door struct {
	AccountName, Inviter, EmailHint string
	Role                            Role
	TwoFactorRequired               bool // by the invitation, or because the account asks everybody
	PersonKnown                     bool // the address belongs to somebody who can sign in already
	ExpiresAt                       time.Time
}

// Inspect shows where a link leads. ErrLinkExpired for every token that opens nothing, whatever it once was.
func (s *Service) Inspect(ctx context.Context, token string) (Door, error) {
	i, err := s.opens(ctx, token)
	if err != nil {
		return Door{}, err
	}
	a, err := s.Store.AccountRule(ctx, i.AccountID)
	if err != nil {
		return Door{}, err
	}
	inviter, err := s.Store.User(ctx, i.InvitedBy)
	if err != nil {
		return Door{}, err
	}
	_, known, err := s.holder(ctx, i.Email)
	if err != nil {
		return Door{}, err
	}
	return Door{
		AccountName: a.Name, Inviter: inviter.Name, EmailHint: user.EmailHint(i.Email), Role: i.Role,
		TwoFactorRequired: i.TwoFactorRequired || a.Rule.Enforced(), PersonKnown: known, ExpiresAt: i.ExpiresAt,
	}, nil
}

// opens is the open invitation that a token belongs to.
func (s *Service) opens(ctx context.Context, token string) (Invitation, error) {
	i, err := s.Store.InvitationByToken(ctx, seal.TokenHash(token), s.now())
	if missing(err) {
		err = ErrLinkExpired
	}
	return i, err
}

// holder is the person who has an address, if there is one.
func (s *Service) holder(ctx context.Context, email string) (user.User, bool, error) {
	u, err := s.Store.UserByEmail(ctx, email)
	if missing(err) {
		return user.User{}, false, nil
	}
	return u, err == nil, err
}

func missing(err error) bool {
	e, told := fault.As(err)
	return told && e.Kind == fault.NotFound
}

// Newcomer is what a person who is not known yet says of themselves.
type Newcomer struct{ Name, Password, Locale string }

// Entrant is who has become a member.
type Entrant struct {
	Email string
	Known bool // they were there before, and nothing of theirs has changed
}

// errAnotherHolder says that the address belongs to somebody else than it did a moment ago, or to nobody any more.
var errAnotherHolder = errors.New("account: the invited address has changed hands")

// Accept lets whoever holds the link join the account, once. The link came to the mailbox, so that a person who is not known
// yet is made with a proven address; of one who is known nothing changes. Nobody is signed in by it: the next sign-in asks for
// a second factor as the rules say. ErrLinkExpired; ErrAlreadyMember; field errors at /name and /password; user.ErrBusy.
func (s *Service) Accept(ctx context.Context, who actor.Actor, token string, n Newcomer) (Entrant, error) {
	i, err := s.opens(ctx, token)
	if err != nil {
		return Entrant{}, err
	}
	for range 3 { // an address can change hands each time, and does not
		var e Entrant
		if e, err = s.enter(ctx, who, i, seal.TokenHash(token), n); !errors.Is(err, errAnotherHolder) {
			return e, err
		}
	}
	return Entrant{}, fault.ErrUnavailable.Because(err)
}

// enter is Accept for whoever has the invited address now: that person is named before the transaction begins, which holds them.
func (s *Service) enter(ctx context.Context, who actor.Actor, i Invitation, tokenHash string, n Newcomer) (Entrant, error) {
	u, known, err := s.holder(ctx, i.Email)
	if err != nil {
		return Entrant{}, err
	}
	if known && !u.DisabledAt.IsZero() { // no link opens anything to them
		return Entrant{}, ErrLinkExpired
	}
	if !known {
		if u, err = s.newcomer(ctx, i, n); err != nil {
			return Entrant{}, err
		}
	}
	refused := audit.Event{Action: audit.InvitationAccepted, UserID: u.ID, AccountID: i.AccountID}
	err = s.attempt(ctx, who, actor.Membership(u.ID, i.AccountID), refused, func(ctx context.Context) error {
		accepted, err := s.Store.AcceptInvitation(ctx, tokenHash, s.now())
		if err != nil {
			return err
		}
		if !accepted { // somebody was faster
			return ErrLinkExpired
		}
		if known {
			err = s.still(ctx, u)
		} else {
			err = s.admit(ctx, who, i, u)
		}
		if err != nil {
			return err
		}
		return s.join(ctx, who, i, u.ID)
	})
	if err != nil {
		return Entrant{}, err
	}
	return Entrant{Email: u.Email, Known: known}, nil
}

// still says whether a known person, who is held by now, may still come in by this address.
func (s *Service) still(ctx context.Context, u user.User) error {
	now, err := s.Store.User(ctx, u.ID)
	switch {
	case err != nil:
		return err
	case !now.DisabledAt.IsZero():
		return ErrLinkExpired
	case user.EmailKey(now.Email) != user.EmailKey(u.Email):
		return errAnotherHolder
	}
	return nil
}

// newcomer is the person whom an invitation is about to make.
func (s *Service) newcomer(ctx context.Context, i Invitation, n Newcomer) (user.User, error) {
	var wrong []fault.Field
	name, err := ProperName(n.Name)
	if e, told := fault.As(err); told {
		wrong = append(wrong, e.Fields...)
	}
	if e, told := fault.As(user.CheckPassword(n.Password, i.Email, n.Name, s.Brand)); told {
		wrong = append(wrong, e.Fields...)
	}
	if len(wrong) > 0 {
		return user.User{}, fault.InvalidField("", "").With(func(e *fault.Error) { e.Fields = wrong })
	}
	hash, err := s.Hasher.Hash(ctx, n.Password)
	if err != nil {
		return user.User{}, err
	}
	now := s.now()
	u := user.User{ID: id.User(id.New()), Email: i.Email, Name: name, Locale: n.Locale, PasswordHash: hash, PasswordID: id.New(), CreatedAt: now, VerifiedAt: now}
	if u.Locale == "" {
		u.Locale = i.Locale
	}
	return u, nil
}

// admit stores a newcomer. Where the address has found an owner meanwhile it is that person who joins, once they are held.
func (s *Service) admit(ctx context.Context, who actor.Actor, i Invitation, u user.User) error {
	added, err := s.Store.AddUser(ctx, u, actor.MadeByLink(i.ID))
	if err != nil {
		return err
	}
	if !added {
		return errAnotherHolder
	}
	return s.Audit.Append(ctx, who, audit.Event{
		Action: audit.UserCreated, ActorID: u.ID, UserID: u.ID, Detail: map[string]string{"by": "invitation"},
	})
}

// join makes a person a member as the invitation says. Person and account are held alone.
func (s *Service) join(ctx context.Context, who actor.Actor, i Invitation, userID id.User) error {
	if _, err := s.Store.Member(ctx, i.AccountID, userID); err == nil {
		return ErrAlreadyMember
	} else if !missing(err) {
		return err
	}
	now := s.now()
	m := Member{AccountID: i.AccountID, UserID: userID, Role: i.Role, TwoFactorRequired: i.TwoFactorRequired, JoinedAt: now}
	if i.TwoFactorRequired {
		m.RequiredAt = now
	}
	if err := s.Store.InsertMember(ctx, m); err != nil {
		return err
	}
	m, err := s.Store.Member(ctx, i.AccountID, userID) // with all that the record keeps of them
	if err != nil {
		return err
	}
	accepted := audit.Event{
		Action: audit.InvitationAccepted, ActorID: userID, UserID: userID, AccountID: i.AccountID,
		Detail: map[string]string{"invitation_id": i.ID, "role": string(i.Role)},
	}
	if err := s.Audit.Append(ctx, who, accepted); err != nil {
		return err
	}
	return s.Audit.Append(ctx, who, Joined(userID, m, "invitation"))
}
