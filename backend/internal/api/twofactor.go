package api

import (
	"context"

	"sallyport/internal/account"
	"sallyport/internal/api/openapi"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
)

// GetTwoFactor shows the account's rule to its members.
func (s *Server) GetTwoFactor(ctx context.Context, r openapi.GetTwoFactorRequestObject) (openapi.GetTwoFactorResponseObject, error) {
	report, err := s.Switch.Report(ctx, actorOf(ctx), id.Account(r.AccountId))
	if err != nil {
		return nil, err
	}
	return openapi.GetTwoFactor200JSONResponse(ruleOf(report)), nil
}

// PutTwoFactor enforces, changes or lifts the rule.
func (s *Server) PutTwoFactor(ctx context.Context, r openapi.PutTwoFactorRequestObject) (openapi.PutTwoFactorResponseObject, error) {
	change := enforcement.Change{Enforced: r.Body.Enforced, AccountNumber: r.Body.AccountNumber, Minimum: strength(r.Body.MinimumStrength)}
	if r.Body.GraceDays != nil {
		change.GraceDays = *r.Body.GraceDays
	}
	if r.Body.SignOutMembers != nil {
		change.SignOutMembers = *r.Body.SignOutMembers
	}
	change.KeepAPITokens = r.Body.ApiTokens != nil && *r.Body.ApiTokens == openapi.ApiTokenRuleApiTokensKeep
	change.KeepDeadline = r.Body.KeepDeadline != nil && *r.Body.KeepDeadline
	change.Guarded = r.Body.GuardedEnrolment != nil && *r.Body.GuardedEnrolment
	report, err := s.Switch.Set(ctx, actorOf(ctx), id.Account(r.AccountId), change)
	if err != nil {
		return nil, err
	}
	return openapi.PutTwoFactor200JSONResponse(ruleOf(report)), nil
}

// PreviewTwoFactor shows what a change would do.
func (s *Server) PreviewTwoFactor(ctx context.Context, r openapi.PreviewTwoFactorRequestObject) (openapi.PreviewTwoFactorResponseObject, error) {
	change := enforcement.Change{Enforced: true, Minimum: strength(r.Params.MinimumStrength)}
	if r.Params.GraceDays != nil {
		change.GraceDays = *r.Params.GraceDays
	}
	change.KeepDeadline = r.Params.KeepDeadline != nil && *r.Params.KeepDeadline
	p, err := s.Switch.Preview(ctx, actorOf(ctx), id.Account(r.AccountId), change)
	if err != nil {
		return nil, err
	}
	out := openapi.PreviewTwoFactor200JSONResponse{MinimumStrength: openapi.MinimumStrength(p.Minimum), Invitations: p.Counts.Invitations,
		Mailed: p.Mailed, Sessions: p.Sessions, ApiTokens: p.APITokens, OwnFactorSuffices: p.OwnSuffices,
		LockedOut: each(p.LockedOut, func(m account.Member) openapi.Person {
			return openapi.Person{UserId: openapi.Id(m.UserID), Name: m.Name, Email: m.Email}
		})}
	out.Members.Total, out.Members.Compliant, out.Members.Missing = p.Counts.Total, p.Counts.Compliant, p.Counts.Missing
	return out, nil
}

func strength(m *openapi.MinimumStrength) assurance.Strength {
	if m == nil {
		return assurance.Any
	}
	return assurance.Strength(*m)
}

func ruleOf(r enforcement.Report) openapi.TwoFactorRule {
	out := openapi.TwoFactorRule{Enforced: r.Rule.Enforced(), EnforcedAt: timeOrNil(r.Rule.EnforcedAt), GraceUntil: timeOrNil(r.Rule.GraceUntil),
		MinimumStrength: openapi.MinimumStrength(r.Rule.Minimum), Invitations: r.Counts.Invitations}
	out.Members.Total, out.Members.Compliant, out.Members.Missing = r.Counts.Total, r.Counts.Compliant, r.Counts.Missing
	out.ApiTokens, out.GuardedEnrolment = openapi.ApiTokenRuleApiTokensBlock, r.Rule.Guarded
	if r.Rule.KeepAPITokens {
		out.ApiTokens = openapi.ApiTokenRuleApiTokensKeep
	}
	if r.Rule.Incident() {
		out.Incident = &openapi.Incident{Since: r.Rule.IncidentAt, By: r.IncidentBy, ApiTokensPaused: r.Rule.APITokensPaused}
	}
	if r.Rule.Enforced() {
		out.EnforcedBy = &struct {
			Id   *string `json:"id"`
			Name string  `json:"name"`
		}{Name: r.EnforcedBy}
		if r.Rule.EnforcedBy != audit.Operator {
			out.EnforcedBy.Id = (*string)(&r.Rule.EnforcedBy)
		}
	}
	return out
}

// StartIncident is the incident button.
func (s *Server) StartIncident(ctx context.Context, r openapi.StartIncidentRequestObject) (openapi.StartIncidentResponseObject, error) {
	pause := r.Body.PauseApiTokens == nil || *r.Body.PauseApiTokens
	report, err := s.Switch.StartIncident(ctx, actorOf(ctx), id.Account(r.AccountId), r.Body.AccountNumber, pause)
	if err != nil {
		return nil, err
	}
	return openapi.StartIncident200JSONResponse(ruleOf(report)), nil
}

// EndIncident undoes it.
func (s *Server) EndIncident(ctx context.Context, r openapi.EndIncidentRequestObject) (openapi.EndIncidentResponseObject, error) {
	report, err := s.Switch.EndIncident(ctx, actorOf(ctx), id.Account(r.AccountId), r.Body.AccountNumber)
	if err != nil {
		return nil, err
	}
	return openapi.EndIncident200JSONResponse(ruleOf(report)), nil
}
