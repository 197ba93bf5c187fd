package account

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/user"
)

// HashToken is what is stored of an invitation's token.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// Invitations lists the open invitations of the account, by address (owner or admin).
func (s *Service) Invitations(ctx context.Context, actorID, accountID string, page Page) ([]Invitation, string, error) {
	actor, err := s.Get(ctx, actorID, accountID)
	if err != nil {
		return nil, "", err
	}
	if !actor.Role.Administers() {
		return nil, "", fault.ErrAdminOnly
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
// written in the inviter's language: nothing shows whether the address belongs to somebody who is known already.
func (s *Service) Invite(ctx context.Context, actorID, accountID, email string, role Role, twoFactorRequired bool) (Invitation, error) {
	email, err := ProperEmail(email)
	if err != nil {
		return Invitation{}, err
	}
	if !role.Valid() {
		return Invitation{}, fault.InvalidField("/role", "Must be owner, admin, billing or member.")
	}
	secret := make([]byte, 32)
	if _, err := io.ReadFull(s.Random, secret); err != nil {
		return Invitation{}, fmt.Errorf("account: random: %w", err)
	}
	token, now := base64.RawURLEncoding.EncodeToString(secret), s.now()
	i := Invitation{
		ID: id.New(), AccountID: accountID, Email: email, Role: role, TwoFactorRequired: twoFactorRequired,
		TokenHash: HashToken(token), InvitedBy: actorID, CreatedAt: now, ExpiresAt: now.Add(InvitationLife),
	}
	e := audit.Event{Action: audit.InvitationCreated, ActorID: actorID, AccountID: accountID}
	err = s.attempt(ctx, e, func(ctx context.Context) error {
		actor, err := s.administered(ctx, actorID, accountID)
		if err != nil {
			return err
		}
		if role == Owner && actor.Role != Owner {
			return fault.ErrOwnerOnly
		}
		inviter, err := s.Store.Member(ctx, accountID, actorID)
		if err != nil {
			return err
		}
		i.Locale = inviter.Locale
		if err := s.door(ctx, i, now); err != nil {
			return err
		}
		e.Detail = map[string]string{"invitation_id": i.ID, "email": email, "role": string(role)}
		if err := s.Audit.Append(ctx, e); err != nil {
			return err
		}
		return s.Notify.Enqueue(ctx, s.letter(i, actor, inviter, token))
	})
	if err != nil {
		return Invitation{}, err
	}
	return i, nil
}

func (s *Service) letter(i Invitation, actor Membership, inviter Member, token string) notify.Message {
	data := map[string]string{
		"account_name": actor.Name, "inviter": inviter.Name,
		// In the fragment, which browsers keep to themselves: a path would end in logs and in the Referer.
		"link": s.BaseURL + "/invitation#" + token,
	}
	if i.TwoFactorRequired || actor.Rule.Enforced() {
		data["two_factor"] = "required"
	}
	return notify.Message{ID: i.ID, Channel: notify.Email, To: i.Email, Locale: i.Locale, Template: notify.Invitation, Data: data}
}

// door adds the invitation unless the address needs none. The account is held: nobody joins or invites meanwhile.
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
func (s *Service) Revoke(ctx context.Context, actorID, accountID, invitationID string) error {
	e := audit.Event{Action: audit.InvitationRevoked, ActorID: actorID, AccountID: accountID}
	return s.attempt(ctx, e, func(ctx context.Context) error {
		if _, err := s.administered(ctx, actorID, accountID); err != nil {
			return err
		}
		revoked, err := s.Store.RevokeInvitation(ctx, accountID, invitationID, s.now())
		if err != nil {
			return err
		}
		if !revoked {
			return fault.ErrNotFound
		}
		e.Detail = map[string]string{"invitation_id": invitationID}
		return s.Audit.Append(ctx, e)
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
