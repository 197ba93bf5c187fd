package api

import (
	"context"
	"net/http"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/id"
)

// ListInvitations answers the open invitations of an account.
func (s *Server) ListInvitations(ctx context.Context, r openapi.ListInvitationsRequestObject) (openapi.ListInvitationsResponseObject, error) {
	found, next, err := s.Accounts.Invitations(ctx, actorOf(ctx), id.Account(r.AccountId), page(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return openapi.ListInvitations200JSONResponse{Items: each(found, invitationOf), NextCursor: cursor(next)}, nil
}

// CreateInvitation invites a person. The token is in their mail and nowhere else, least of all in this answer.
func (s *Server) CreateInvitation(ctx context.Context, r openapi.CreateInvitationRequestObject) (openapi.CreateInvitationResponseObject, error) {
	required := r.Body.TwoFactorRequired != nil && *r.Body.TwoFactorRequired
	i, err := s.Accounts.Invite(ctx, actorOf(ctx), id.Account(r.AccountId), r.Body.Email, account.Role(r.Body.Role), required,
		func(ctx context.Context, i account.Invitation) error {
			return keep(ctx, http.StatusCreated, nil, invitationOf(i))
		})
	if err != nil {
		return nil, err
	}
	return openapi.CreateInvitation201JSONResponse(invitationOf(i)), nil
}

// RevokeInvitation shuts an open invitation.
func (s *Server) RevokeInvitation(ctx context.Context, r openapi.RevokeInvitationRequestObject) (openapi.RevokeInvitationResponseObject, error) {
	if err := s.Accounts.Revoke(ctx, actorOf(ctx), id.Account(r.AccountId), r.InvitationId); err != nil {
		return nil, err
	}
	return openapi.RevokeInvitation204Response{}, nil
}

// ResendInvitation mails an open invitation again.
func (s *Server) ResendInvitation(ctx context.Context, r openapi.ResendInvitationRequestObject) (openapi.ResendInvitationResponseObject, error) {
	i, err := s.Accounts.Resend(ctx, actorOf(ctx), id.Account(r.AccountId), r.InvitationId)
	if err != nil {
		return nil, err
	}
	return openapi.ResendInvitation200JSONResponse(invitationOf(i)), nil
}

// InspectInvitation shows where a link leads.
func (s *Server) InspectInvitation(ctx context.Context, r openapi.InspectInvitationRequestObject) (openapi.InspectInvitationResponseObject, error) {
	d, err := s.Accounts.Inspect(ctx, r.Body.Token)
	if err != nil {
		return nil, err
	}
	return openapi.InspectInvitation200JSONResponse{
		AccountName: d.AccountName, Inviter: d.Inviter, EmailHint: d.EmailHint, Role: openapi.Role(d.Role),
		TwoFactorRequired: d.TwoFactorRequired, PersonKnown: d.PersonKnown, ExpiresAt: d.ExpiresAt,
	}, nil
}

// AcceptInvitation lets whoever holds the link join.
func (s *Server) AcceptInvitation(ctx context.Context, r openapi.AcceptInvitationRequestObject) (openapi.AcceptInvitationResponseObject, error) {
	var n account.Newcomer
	if r.Body.Name != nil {
		n.Name = *r.Body.Name
	}
	if r.Body.Password != nil {
		n.Password = *r.Body.Password
	}
	if r.Body.Locale != nil {
		n.Locale = string(*r.Body.Locale)
	}
	joined, err := s.Accounts.Accept(ctx, actorOf(ctx), r.Body.Token, n)
	if err != nil {
		return nil, err
	}
	return openapi.AcceptInvitation200JSONResponse{Email: joined.Email, PersonKnown: joined.Known}, nil
}

func invitationOf(i account.Invitation) openapi.Invitation {
	return openapi.Invitation{
		Id: i.ID, Email: i.Email, Role: openapi.Role(i.Role), TwoFactorRequired: i.TwoFactorRequired, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}
}
