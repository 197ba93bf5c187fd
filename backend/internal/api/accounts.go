package api

import (
	"context"
	"net/http"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/id"
)

// ListAccounts answers the accounts that the caller belongs to.
func (s *Server) ListAccounts(ctx context.Context, r openapi.ListAccountsRequestObject) (openapi.ListAccountsResponseObject, error) {
	found, next, err := s.Accounts.List(ctx, actorOf(ctx), page(r.Params.Limit, r.Params.Cursor))
	if err != nil {
		return nil, err
	}
	return openapi.ListAccounts200JSONResponse{Items: each(found, accountOf), NextCursor: cursor(next)}, nil
}

// CreateAccount opens another account for the caller.
func (s *Server) CreateAccount(ctx context.Context, r openapi.CreateAccountRequestObject) (openapi.CreateAccountResponseObject, error) {
	m, err := s.Accounts.Create(ctx, actorOf(ctx), r.Body.Name, func(ctx context.Context, m account.Membership) error {
		return keep(ctx, http.StatusCreated, nil, accountOf(m))
	})
	if err != nil {
		return nil, err
	}
	return openapi.CreateAccount201JSONResponse(accountOf(m)), nil
}

// GetAccount answers one account of the caller.
func (s *Server) GetAccount(ctx context.Context, r openapi.GetAccountRequestObject) (openapi.GetAccountResponseObject, error) {
	m, err := s.Accounts.Get(ctx, actorOf(ctx), id.Account(r.AccountId))
	if err != nil {
		return nil, err
	}
	return openapi.GetAccount200JSONResponse(accountOf(m)), nil
}

// UpdateAccount renames an account.
func (s *Server) UpdateAccount(ctx context.Context, r openapi.UpdateAccountRequestObject) (openapi.UpdateAccountResponseObject, error) {
	m, err := s.Accounts.Rename(ctx, actorOf(ctx), id.Account(r.AccountId), r.Body.Name)
	if err != nil {
		return nil, err
	}
	return openapi.UpdateAccount200JSONResponse(accountOf(m)), nil
}

func accountOf(m account.Membership) openapi.Account {
	return openapi.Account{
		Id: openapi.Id(m.ID), Number: m.Number, Name: m.Name, Role: openapi.Role(m.Role), TwoFactorEnforced: m.Rule.Enforced(),
		IncidentRunning: m.Rule.Incident(), CreatedAt: m.CreatedAt,
	}
}

func page(limit *openapi.Limit, cursor *openapi.Cursor) account.Page {
	var p account.Page
	if limit != nil {
		p.Limit = *limit
	}
	if cursor != nil {
		p.Cursor = *cursor
	}
	return p
}

func cursor(next string) *string {
	if next == "" {
		return nil
	}
	return &next
}

// each is never nil: an empty list is [] and not null.
func each[T, U any](items []T, f func(T) U) []U {
	mapped := make([]U, len(items))
	for i, item := range items {
		mapped[i] = f(item)
	}
	return mapped
}
