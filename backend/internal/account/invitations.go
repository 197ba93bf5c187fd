package account

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// Invitations lists the open invitations of the account, by address (owner or admin).
func (s *Service) Invitations(ctx context.Context, who actor.Actor, accountID id.Account, page Page) ([]Invitation, string, error) {
	if _, err := s.Authority.Look(ctx, who, actor.ReadInvitations, accountID); err != nil {
		return nil, "", err
	}
	after, limit, err := page.Begin(2)
	if err != nil {
		return nil, "", err
	}
	found, err := s.Store.Invitations(ctx, accountID, s.now(), after[0], after[1], limit+1)
	if err != nil {
		return nil, "", err
	}
	items, next := Cut(found, limit, func(i Invitation) []string { return []string{user.EmailKey(i.Email), i.ID} })
	return items, next, nil
}

// Invite opens a door for one address and mails its link (owner or admin; only an owner invites owners). The mail is
// written in the inviter's language: nothing shows whether the address belongs to somebody who is known already. then is called
// at the end of the transaction; nil: nothing.
func (s *Service) Invite(ctx context.Context, who actor.Actor, accountID id.Account, email string, role Role, twoFactorRequired bool,
	then func(ctx context.Context, i Invitation) error) (Invitation, error) {
	email, err := ProperEmail(email)
	if err != nil {
		return Invitation{}, err
	}
	if !role.Valid() {
		return Invitation{}, fault.InvalidField("/role", "Must be owner, admin, billing or member.")
	}
	token, hash, err := seal.Token(s.Random)
	if err != nil {
		return Invitation{}, err
	}
	now := s.now()
	i := Invitation{
		ID: id.New(), AccountID: accountID, Email: email, Role: role, TwoFactorRequired: twoFactorRequired,
		TokenHash: hash, InvitedBy: who.User, CreatedAt: now, ExpiresAt: now.Add(InvitationLife),
	}
	e := audit.Event{Action: audit.InvitationCreated, AccountID: accountID}
	err = s.attempt(ctx, who, actor.AccountAlone(accountID), e, func(ctx context.Context) error {
		// Whoever invites nobody is told so, whatever role the invitation is for.
		if _, err := s.Authority.Authorize(ctx, who, actor.AdministerPeople, accountID); err != nil {
			return err
		}
		m, err := s.Authority.Authorize(ctx, who, inviting(role), accountID)
		if err != nil {
			return err
		}
		inviter, err := s.Store.Member(ctx, accountID, who.User)
		if err != nil {
			return err
		}
		i.Locale = inviter.Locale
		if err := s.door(ctx, i, now); err != nil {
			return err
		}
		e.Detail = map[string]string{"invitation_id": i.ID, "email": email, "role": string(role)}
		if err := s.Audit.Append(ctx, who, e); err != nil {
			return err
		}
		if err := s.Notify.Enqueue(ctx, s.letter(i.ID, i, m.Account, inviter, token)); err != nil || then == nil {
			return err
		}
		return then(ctx, i)
	})
	if err != nil {
		return Invitation{}, err
	}
	return i, nil
}

// inviting is what it takes to invite somebody to a role.
func inviting(role Role) actor.Action {
	if role == Owner {
		return actor.InviteOwner
	}
	return actor.Invite
}

// beyond are the roles that somebody of this role may not invite to.
func beyond(inviter Role) []Role {
	return slices.DeleteFunc(slices.Clone(Roles), func(r Role) bool { return inviter.May(inviting(r)) })
}

// takeBack shuts the open invitations to these roles that a member has sent and may send no longer: whoever is shut out has
// left no other door open behind them.
func (s *Service) takeBack(ctx context.Context, who actor.Actor, m Member, roles []Role) error {
	if len(roles) == 0 {
		return nil
	}
	revoked, err := s.Store.RevokeInvitationsBy(ctx, m.AccountID, m.UserID, roles, s.now())
	if err != nil {
		return err
	}
	for _, invitationID := range revoked {
		e := audit.Event{
			Action: audit.InvitationRevoked, AccountID: m.AccountID,
			Detail: map[string]string{"invitation_id": invitationID, "reason": "inviter_may_no_longer"},
		}
		if err := s.Audit.Append(ctx, who, e); err != nil {
			return err
		}
	}
	return nil
}

// Resend mails an open invitation again, with a new link that is good for a whole week; the old one is void. It is the
// actor's invitation from then on. fault.ErrRateLimited within a minute of the last time.
func (s *Service) Resend(ctx context.Context, who actor.Actor, accountID id.Account, invitationID string) (Invitation, error) {
	token, hash, err := seal.Token(s.Random)
	if err != nil {
		return Invitation{}, err
	}
	now := s.now()
	var i Invitation
	e := audit.Event{Action: audit.InvitationResent, AccountID: accountID}
	err = s.attempt(ctx, who, actor.AccountAlone(accountID), e, func(ctx context.Context) error {
		// Whoever administers nobody learns not even which invitations there are.
		m, err := s.Authority.Authorize(ctx, who, actor.AdministerPeople, accountID)
		if err != nil {
			return err
		}
		if i, err = s.Store.Invitation(ctx, accountID, invitationID, now); err != nil {
			return err
		}
		if _, err := s.Authority.Authorize(ctx, who, inviting(i.Role), accountID); err != nil {
			return err
		}
		if wait := resendEvery - now.Sub(i.ResentAt); wait > 0 && !i.ResentAt.IsZero() {
			return fault.ErrRateLimited.With(func(e *fault.Error) { e.RetryAfter = wait })
		}
		inviter, err := s.Store.Member(ctx, accountID, who.User)
		if err != nil {
			return err
		}
		i.TokenHash, i.ExpiresAt, i.ResentAt, i.InvitedBy, i.Locale = hash, now.Add(InvitationLife), now, who.User, inviter.Locale
		renewed, err := s.Store.RenewInvitation(ctx, i, now)
		if err != nil {
			return err
		}
		if !renewed {
			return fault.ErrNotFound
		}
		e.Detail = map[string]string{"invitation_id": i.ID, "email": i.Email, "role": string(i.Role)}
		if err := s.Audit.Append(ctx, who, e); err != nil {
			return err
		}
		return s.Notify.Enqueue(ctx, s.letter(id.New(), i, m.Account, inviter, token))
	})
	if err != nil {
		return Invitation{}, err
	}
	return i, nil
}

// letter is the mail with the link; messageID is another one each time that it is to be sent.
func (s *Service) letter(messageID string, i Invitation, a Account, inviter Member, token string) notify.Message {
	data := map[string]string{
		"account_name": a.Name, "inviter": inviter.Name,
		// In the fragment, which browsers keep to themselves: a path would end in logs and in the Referer.
		"link": s.BaseURL + "/invitation#" + token,
	}
	if i.TwoFactorRequired || a.Rule.Enforced() {
		data["two_factor"] = "required"
	}
	return notify.Message{ID: messageID, Channel: notify.Email, To: i.Email, Locale: i.Locale, Template: notify.Invitation, Data: data}
}

// door adds the invitation unless the address needs none. The account is held alone: nobody joins or invites meanwhile.
func (s *Service) door(ctx context.Context, i Invitation, now time.Time) error {
	if member, err := s.Store.HasMember(ctx, i.AccountID, i.Email); err != nil {
		return err
	} else if member {
		return ErrAlreadyMember
	}
	if invited, err := s.Store.HasInvitation(ctx, i.AccountID, i.Email, now); err != nil {
		return err
	} else if invited {
		return ErrAlreadyInvited
	}
	return s.Store.InsertInvitation(ctx, i)
}

// Revoke shuts an open invitation (owner or admin).
func (s *Service) Revoke(ctx context.Context, who actor.Actor, accountID id.Account, invitationID string) error {
	e := audit.Event{Action: audit.InvitationRevoked, AccountID: accountID}
	return s.attempt(ctx, who, actor.AccountAlone(accountID), e, func(ctx context.Context) error {
		if _, err := s.Authority.Authorize(ctx, who, actor.AdministerPeople, accountID); err != nil {
			return err
		}
		i, err := s.Store.Invitation(ctx, accountID, invitationID, s.now())
		if err != nil {
			return err
		}
		revoked, err := s.Store.RevokeInvitation(ctx, accountID, invitationID, s.now())
		if err != nil {
			return err
		}
		if !revoked {
			return fault.ErrNotFound
		}
		e.Detail = map[string]string{"invitation_id": invitationID, "email": i.Email}
		return s.Audit.Append(ctx, who, e)
	})
}

// ProperEmail is an address that has the one shape that can be mailed to; whether it can be reached, the mail will show. Quoted names, which
// nobody has, and letters that grow when they are compared are refused: what is sorted by fits into a cursor.
func ProperEmail(email string) (string, error) {
	email = strings.TrimSpace(email)
	name, domain, _ := strings.Cut(email, "@")
	odd := func(r rune) bool {
		return strings.ContainsRune(`@"\`, r) || unicode.IsSpace(r) || unicode.IsControl(r)
	}
	if name == "" || domain == "" || strings.ContainsFunc(name+domain, odd) || !utf8.ValidString(email) ||
		len(email) > 254 || len(user.EmailKey(email)) > 254 {
		return "", fault.InvalidField("/email", "This is not an e-mail address.")
	}
	return email, nil
}
