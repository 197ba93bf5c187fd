package account

import (
	"context"

	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/user"
)

// Filter says which members a list shows.
type Filter struct {
	TwoFactor TwoFactorFilter
	Minimum   assurance.Strength // what is measured against; "": the account's rule
	Accepted  assurance.Types    // what counts as a second factor; Members fills it from Minimum
	Query     string             // part of the name or address, whatever the case
}

// TwoFactorFilter says which state of the second factor a list shows.
type TwoFactorFilter string

// The filters.
const (
	Everybody TwoFactorFilter = ""
	Missing   TwoFactorFilter = "missing"
	Active    TwoFactorFilter = "active"
)

// Seen is a member as another member may see them.
type Seen struct {
	Member
	TwoFactor *TwoFactor // nil where it is not the viewer's business
}

// TwoFactor is the state of one member's second factor, measured against the account's rule or the strength that was asked for.
type TwoFactor struct {
	Active  bool
	Methods assurance.Types // all that they have, whether the rule accepts them or not
}

// seenBy hides what the viewer may not see: the second factor of others is the business of owners and admins.
func (m Member) seenBy(viewerID string, viewer Role, accepted assurance.Types) Seen {
	seen := Seen{Member: m}
	if viewer.May(ReadProtection) || viewerID == m.UserID {
		seen.TwoFactor = &TwoFactor{Active: m.Factors&accepted != 0, Methods: m.Factors}
	}
	seen.Factors = 0
	return seen
}

// Members lists who belongs to the account, by address. Filtering by the second factor, and measuring it, is for owners and
// admins, since it shows what others have.
func (s *Service) Members(ctx context.Context, actorID, accountID string, f Filter, page Page) ([]Seen, string, error) {
	viewer, err := s.Get(ctx, actorID, accountID)
	if err != nil {
		return nil, "", err
	}
	if f.TwoFactor != Everybody || f.Minimum != "" {
		if err := viewer.Role.Permit(ReadProtection); err != nil {
			return nil, "", err
		}
	}
	after, limit, err := page.Begin(1)
	if err != nil {
		return nil, "", err
	}
	if f.Minimum == "" {
		f.Minimum = viewer.Rule.Strength()
	}
	f.Accepted = f.Minimum.Accepts()
	found, err := s.Store.Members(ctx, accountID, f, after[0], limit+1)
	if err != nil {
		return nil, "", err
	}
	found, next := Cut(found, limit, func(m Member) []string { return []string{user.EmailKey(m.Email)} })
	items := make([]Seen, len(found))
	for i, m := range found {
		items[i] = m.seenBy(actorID, viewer.Role, f.Accepted)
	}
	return items, next, nil
}

// Patch changes a member; nil leaves as it is.
type Patch struct {
	Role              *Role
	TwoFactorRequired *bool
}

// UpdateMember changes a member's role, or whether this one person must use a second factor (owner or admin). What concerns
// an owner, before or after, is for owners alone; an admin does not release themselves from what somebody has asked of them.
func (s *Service) UpdateMember(ctx context.Context, actorID, accountID, userID string, p Patch) (Seen, error) {
	if p.Role != nil && !p.Role.Valid() {
		return Seen{}, fault.InvalidField("/role", "Must be owner, admin, billing or member.")
	}
	refused := audit.Event{Action: p.action(), ActorID: actorID, UserID: userID, AccountID: accountID}
	var seen Seen
	err := s.attempt(ctx, refused, func(ctx context.Context) error {
		actor, err := s.permitted(ctx, actorID, accountID, AdministerPeople)
		if err != nil {
			return err
		}
		m, err := s.Store.Member(ctx, accountID, userID)
		if err != nil {
			return err
		}
		if err := mayUpdate(actorID, actor.Role, m, p); err != nil {
			return err
		}
		if p.TwoFactorRequired != nil && *p.TwoFactorRequired != m.TwoFactorRequired {
			if err := s.require(ctx, actorID, &m, *p.TwoFactorRequired); err != nil {
				return err
			}
		}
		if p.Role != nil && *p.Role != m.Role {
			if err := s.setRole(ctx, actorID, &m, *p.Role); err != nil {
				return err
			}
			if userID == actorID {
				actor.Role = m.Role
			}
		}
		seen = m.seenBy(actorID, actor.Role, actor.Rule.Strength().Accepts())
		return nil
	})
	return seen, err
}

func mayUpdate(actorID string, actor Role, m Member, p Patch) error {
	if m.Role == Owner || (p.Role != nil && *p.Role == Owner) {
		return actor.Permit(AdministerOwners)
	}
	if p.TwoFactorRequired != nil && !*p.TwoFactorRequired && m.TwoFactorRequired && m.UserID == actorID {
		return actor.Permit(ReleaseOneself)
	}
	return nil
}

// action names what a refused patch would have been.
func (p Patch) action() string {
	switch {
	case p.Role != nil || p.TwoFactorRequired == nil:
		return audit.MemberRoleChanged
	case *p.TwoFactorRequired:
		return audit.MemberRequired
	default:
		return audit.MemberReleased
	}
}

func (s *Service) require(ctx context.Context, actorID string, m *Member, required bool) error {
	if err := s.Store.SetTwoFactorRequired(ctx, m.AccountID, m.UserID, required, s.now()); err != nil {
		return err
	}
	m.TwoFactorRequired = required
	action := audit.MemberReleased
	if required {
		action = audit.MemberRequired
	}
	return s.Audit.Append(ctx, audit.Event{Action: action, ActorID: actorID, UserID: m.UserID, AccountID: m.AccountID})
}

func (s *Service) setRole(ctx context.Context, actorID string, m *Member, role Role) error {
	owned, err := s.Store.SetRole(ctx, m.AccountID, m.UserID, role)
	if err != nil {
		return err
	}
	if !owned {
		return ErrLastOwner
	}
	e := audit.Event{
		Action: audit.MemberRoleChanged, ActorID: actorID, UserID: m.UserID, AccountID: m.AccountID,
		Detail: map[string]string{"from": string(m.Role), "to": string(role)},
	}
	m.Role = role
	if err := s.Audit.Append(ctx, e); err != nil {
		return err
	}
	return s.takeBack(ctx, actorID, *m, beyond(role))
}

// RemoveMember takes a person out of the account: owners anyone, admins all but owners, and anyone themselves.
func (s *Service) RemoveMember(ctx context.Context, actorID, accountID, userID string) error {
	e := audit.Event{Action: audit.MemberRemoved, ActorID: actorID, UserID: userID, AccountID: accountID}
	if actorID == userID {
		e.Action = audit.MemberLeft
	}
	return s.attempt(ctx, e, func(ctx context.Context) error {
		if err := s.Store.HoldAccount(ctx, accountID); err != nil {
			return err
		}
		actor, err := s.membership(ctx, actorID, accountID)
		if err != nil {
			return err
		}
		if actorID != userID {
			if err := actor.Role.Permit(AdministerPeople); err != nil {
				return err
			}
		}
		m, err := s.Store.Member(ctx, accountID, userID)
		if err != nil {
			return err
		}
		if err := actor.Role.Permit(removal(actorID, m)); err != nil {
			return err
		}
		owned, err := s.Store.RemoveMember(ctx, accountID, userID)
		if err != nil {
			return err
		}
		if !owned {
			return ErrLastOwner
		}
		e.Detail = m.facts()
		if err := s.Audit.Append(ctx, e); err != nil {
			return err
		}
		return s.takeBack(ctx, actorID, m, Roles)
	})
}

// removal is what it takes to remove a member.
func removal(actorID string, m Member) Action {
	switch {
	case actorID == m.UserID:
		return Leave
	case m.Role == Owner:
		return AdministerOwners
	default:
		return AdministerPeople
	}
}
