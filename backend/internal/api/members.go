package api

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// ListMembers answers who belongs to an account.
func (s *Server) ListMembers(ctx context.Context, r openapi.ListMembersRequestObject) (openapi.ListMembersResponseObject, error) {
	var f account.Filter
	if r.Params.TwoFactor != nil {
		f.TwoFactor = account.TwoFactorFilter(*r.Params.TwoFactor)
	}
	if r.Params.MinimumStrength != nil {
		f.Minimum = assurance.Strength(*r.Params.MinimumStrength)
	}
	if r.Params.Q != nil {
		f.Query = *r.Params.Q
	}
	found, next, err := s.Accounts.Members(ctx, actorOf(ctx), id.Account(r.AccountId), f, page(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return openapi.ListMembers200JSONResponse{Items: each(found, memberOf), NextCursor: cursor(next)}, nil
}

// UpdateMember changes a member's role, or their switch.
func (s *Server) UpdateMember(ctx context.Context, r openapi.UpdateMemberRequestObject) (openapi.UpdateMemberResponseObject, error) {
	p := account.Patch{TwoFactorRequired: r.Body.TwoFactorRequired}
	if r.Body.Role != nil {
		role := account.Role(*r.Body.Role)
		p.Role = &role
	}
	m, err := s.Accounts.UpdateMember(ctx, actorOf(ctx), id.Account(r.AccountId), id.User(r.UserId), p)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateMember200JSONResponse(memberOf(m)), nil
}

// RemoveMember takes a person out of an account, or lets the caller leave.
func (s *Server) RemoveMember(ctx context.Context, r openapi.RemoveMemberRequestObject) (openapi.RemoveMemberResponseObject, error) {
	if err := s.Accounts.RemoveMember(ctx, actorOf(ctx), id.Account(r.AccountId), id.User(r.UserId)); err != nil {
		return nil, err
	}
	return openapi.RemoveMember204Response{}, nil
}

func memberOf(m account.Seen) openapi.Member {
	shown := openapi.Member{
		UserId: openapi.Id(m.UserID), Name: m.Name, Email: m.Email, Role: openapi.Role(m.Role), TwoFactorRequired: m.TwoFactorRequired, JoinedAt: m.JoinedAt,
	}
	if m.TwoFactor != nil {
		shown.TwoFactor = &openapi.MemberTwoFactor{
			Active:  m.TwoFactor.Active,
			Methods: each(m.TwoFactor.Methods.Names(), func(name string) openapi.FactorType { return openapi.FactorType(name) }),
		}
	}
	return shown
}
