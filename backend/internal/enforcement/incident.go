package enforcement

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

// What is told about incidents.
var (
	ErrIncidentRunning = fault.New(fault.Conflict, "incident_running", "An incident is running already.")
	ErrNoIncident      = fault.New(fault.Conflict, "no_incident", "No incident is running.")
)

// before is what the end of an incident goes back to.
type before struct {
	EnforcementID string             `json:"enforcement_id"`
	EnforcedAt    time.Time          `json:"enforced_at"`
	EnforcedBy    string             `json:"enforced_by"`
	GraceUntil    time.Time          `json:"grace_until"`
	Minimum       assurance.Strength `json:"minimum_strength"`
	KeepAPITokens bool               `json:"keep_api_tokens"`
	Guarded       bool               `json:"guarded_enrolment"`
}

func remember(r account.Rule) string {
	raw, err := json.Marshal(before{r.EnforcementID, r.EnforcedAt, r.EnforcedBy, r.GraceUntil, r.Minimum, r.KeepAPITokens, r.Guarded})
	if err != nil {
		panic(err) // plain values always marshal
	}
	return string(raw)
}

func recall(r account.Rule) (b before, err error) {
	return b, json.Unmarshal([]byte(r.IncidentBefore), &b)
}

// StartIncident is one click for the worst hour: the rule binds at once whatever deadline it had, every session of every other
// member is over, and no API token of a member works. Refusals are those of Check, and ErrIncidentRunning.
func (s *Switch) StartIncident(ctx context.Context, actorID, accountID, number string, pauseTokens bool) (Report, error) {
	if err := s.CheckIncident(ctx, actorID, accountID, number, true); err != nil {
		return Report{}, s.Refused(ctx, actorID, accountID, err)
	}
	return s.change(ctx, actorID, accountID, func(now account.Rule) (account.Rule, audit.Event, error) {
		if now.Incident() {
			return now, audit.Event{}, ErrIncidentRunning
		}
		at, next := s.Now(), now
		next.IncidentAt, next.IncidentBy, next.IncidentBefore = at, actorID, remember(now)
		next.APITokensPaused, next.SignedOutAt, next.SignedOutBy, next.GraceUntil = pauseTokens, at, actorID, time.Time{}
		if !now.Enforced() {
			next.EnforcementID, next.EnforcedAt, next.EnforcedBy = id.New(), at, actorID
		}
		return next, audit.Event{Action: audit.IncidentStarted, Detail: map[string]string{"api_tokens_paused": yes(pauseTokens)}}, nil
	})
}

// EndIncident goes back to the rule from before; sessions that were ended stay ended. ErrNoIncident.
func (s *Switch) EndIncident(ctx context.Context, actorID, accountID, number string) (Report, error) {
	if err := s.CheckIncident(ctx, actorID, accountID, number, false); err != nil {
		return Report{}, s.Refused(ctx, actorID, accountID, err)
	}
	return s.change(ctx, actorID, accountID, func(now account.Rule) (account.Rule, audit.Event, error) {
		if !now.Incident() {
			return now, audit.Event{}, ErrNoIncident
		}
		b, err := recall(now)
		if err != nil {
			return now, audit.Event{}, err
		}
		next := account.Rule{EnforcementID: b.EnforcementID, EnforcedAt: b.EnforcedAt, EnforcedBy: b.EnforcedBy, GraceUntil: b.GraceUntil,
			Minimum: b.Minimum, KeepAPITokens: b.KeepAPITokens, Guarded: b.Guarded}
		return next, audit.Event{Action: audit.IncidentEnded}, nil
	})
}

// CheckIncident says whether the actor may start or end one, without doing it.
func (s *Switch) CheckIncident(ctx context.Context, actorID, accountID, number string, start bool) error {
	minimum := assurance.Any
	a, err := s.Store.AccountRule(ctx, accountID)
	if err != nil {
		return err
	}
	if a.Rule.Enforced() {
		minimum = a.Rule.Minimum
	}
	if err := s.Check(ctx, actorID, accountID, Change{Enforced: start, AccountNumber: number, Minimum: minimum}); err != nil {
		return err
	}
	switch {
	case start && a.Rule.Incident():
		return ErrIncidentRunning
	case !start && !a.Rule.Incident():
		return ErrNoIncident
	}
	return nil
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
