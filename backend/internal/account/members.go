package account

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
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
func (m Member) seenBy(viewerID id.User, viewer Role, accepted assurance.Types) Seen {
	seen := Seen{Member: m}
	if viewer.May(actor.ReadProtection) || viewerID == m.UserID {
		seen.TwoFactor = &TwoFactor{Active: m.Factors&accepted != 0, Methods: m.Factors}
	}
	seen.Factors = 0
	return seen
}

// Members lists who belongs to the account, by address. Filtering by the second factor, and measuring it, is for owners and
// admins, since it shows what others have.
func (s *Service) Members(ctx context.Context, who actor.Actor, accountID id.Account, f Filter, page Page) ([]Seen, string, error) {
	action := actor.ReadMembers
	if f.TwoFactor != Everybody || f.Minimum != "" {
		action = actor.ReadProtection
	}
	viewer, err := s.Authority.Look(ctx, who, action, accountID)
	if err != nil {
		return nil, "", err
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
		items[i] = m.seenBy(who.User, viewer.Role, f.Accepted)
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
func (s *Service) UpdateMember(ctx context.Context, who actor.Actor, accountID id.Account, userID id.User, p Patch) (Seen, error) {
	if p.Role != nil && !p.Role.Valid() {
		return Seen{}, fault.InvalidField("/role", "Must be owner, admin, billing or member.")
	}
	refused := audit.Event{Action: p.action(), UserID: userID, AccountID: accountID}
	var seen Seen
	err := s.attempt(ctx, who, actor.Membership(userID, accountID), refused, func(ctx context.Context) error {
		// Whoever administers nobody learns not even who is a member.
		viewer, err := s.Authority.Authorize(ctx, who, actor.AdministerPeople, accountID)
		if err != nil {
			return err
		}
		m, err := s.Store.Member(ctx, accountID, userID)
		if err != nil {
			return err
		}
		for _, action := range p.actions(who, m) {
			if _, err := s.Authority.Authorize(ctx, who, action, accountID); err != nil {
				return err
			}
		}
		if p.TwoFactorRequired != nil && *p.TwoFactorRequired != m.TwoFactorRequired {
			if err := s.require(ctx, who, &m, *p.TwoFactorRequired); err != nil {
				return err
			}
		}
		if p.Role != nil && *p.Role != m.Role {
			if err := s.setRole(ctx, who, &m, *p.Role); err != nil {
				return err
			}
			if who.Is(userID) {
				viewer.Role = m.Role
			}
		}
		seen = m.seenBy(who.User, viewer.Role, viewer.Rule.Strength().Accepts())
		return nil
	})
	return seen, err
}

// actions are what the patch does to a member, beyond AdministerPeople. To an owner even one that changes nothing is a matter of
// owners.
func (p Patch) actions(who actor.Actor, m Member) (all []actor.Action) {
	if p.Role != nil && *p.Role != m.Role {
		all = append(all, changing(m.Role, *p.Role))
	}
	if p.TwoFactorRequired != nil && *p.TwoFactorRequired != m.TwoFactorRequired {
		all = append(all, switching(who, m, *p.TwoFactorRequired))
	}
	if len(all) == 0 && m.Role == Owner {
		all = append(all, actor.RequireOwner)
	}
	return all
}

// changing is what it takes to give somebody another role.
func changing(from, to Role) actor.Action {
	switch {
	case to == Owner:
		return actor.MakeOwner
	case from == Owner:
		return actor.UnmakeOwner
	case to.Above(from):
		return actor.RaiseRole
	default:
		return actor.LowerRole
	}
}

// switching is what it takes to ask a member for a second factor, or to take that back.
func switching(who actor.Actor, m Member, on bool) actor.Action {
	switch {
	case on && m.Role == Owner:
		return actor.RequireOwner
	case on:
		return actor.RequireMember
	case m.Role == Owner || who.Is(m.UserID):
		return actor.ReleaseOneself
	default:
		return actor.ReleaseMember
	}
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

func (s *Service) require(ctx context.Context, who actor.Actor, m *Member, required bool) error {
	if err := s.Store.SetTwoFactorRequired(ctx, m.AccountID, m.UserID, required, s.now()); err != nil {
		return err
	}
	m.TwoFactorRequired = required
	action := audit.MemberReleased
	if required {
		action = audit.MemberRequired
	}
	return s.Audit.Append(ctx, who, audit.Event{Action: action, UserID: m.UserID, AccountID: m.AccountID})
}

func (s *Service) setRole(ctx context.Context, who actor.Actor, m *Member, role Role) error {
	owned, err := s.Store.SetRole(ctx, m.AccountID, m.UserID, role)
	if err != nil {
		return err
	}
	if !owned {
		return ErrLastOwner
	}
	e := audit.Event{
		Action: audit.MemberRoleChanged, UserID: m.UserID, AccountID: m.AccountID,
		Detail: map[string]string{"from": string(m.Role), "to": string(role)},
	}
	m.Role = role
	if err := s.Audit.Append(ctx, who, e); err != nil {
		return err
	}
	return s.takeBack(ctx, who, *m, beyond(role))
}

// RemoveMember takes a person out of the account: owners anyone, admins all but owners, and anyone themselves.
func (s *Service) RemoveMember(ctx context.Context, who actor.Actor, accountID id.Account, userID id.User) error {
	e := audit.Event{Action: audit.MemberRemoved, UserID: userID, AccountID: accountID}
	if who.Is(userID) {
		e.Action = audit.MemberLeft
	}
	return s.attempt(ctx, who, actor.Membership(userID, accountID), e, func(ctx context.Context) error {
		if !who.Is(userID) { // whoever removes nobody learns not even who is a member
			if _, err := s.Authority.Authorize(ctx, who, actor.AdministerPeople, accountID); err != nil {
				return err
			}
		}
		m, err := s.Store.Member(ctx, accountID, userID)
		if err != nil {
			return err
		}
		if _, err := s.Authority.Authorize(ctx, who, removal(who, m), accountID); err != nil {
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
		if err := s.Audit.Append(ctx, who, e); err != nil {
			return err
		}
		return s.takeBack(ctx, who, m, Roles)
	})
}

// removal is what it takes to remove a member.
func removal(who actor.Actor, m Member) actor.Action {
	switch {
	case who.Is(m.UserID):
		return actor.Leave
	case m.Role == Owner:
		return actor.RemoveOwner
	default:
		return actor.RemoveMember
	}
}
