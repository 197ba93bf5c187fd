package enforcement

import (
	"context"
	"encoding/json"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
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
	EnforcedBy    id.User            `json:"enforced_by"`
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
// member is over, and no API token of a member works. Refusals are those of Set, and ErrIncidentRunning.
func (s *Switch) StartIncident(ctx context.Context, who actor.Actor, accountID id.Account, number string, pauseTokens bool) (Report, error) {
	return s.decide(ctx, who, accountID, number, func(ctx context.Context, now account.Rule) (decision, error) {
		if err := s.ownSuffices(ctx, who, now.Strength()); err != nil {
			return decision{}, err
		}
		if now.Incident() {
			return decision{}, ErrIncidentRunning
		}
		at, next, by := s.Now(), now, decider(who)
		next.IncidentAt, next.IncidentBy, next.IncidentBefore = at, by, remember(now)
		next.APITokensPaused, next.SignedOutAt, next.SignedOutBy, next.GraceUntil = pauseTokens, at, by, time.Time{}
		if !now.Enforced() {
			next.EnforcementID, next.EnforcedAt, next.EnforcedBy = id.New(), at, by
		}
		event := audit.Event{Action: audit.IncidentStarted, Detail: map[string]string{"api_tokens_paused": yes(pauseTokens)}}
		return decision{next, event, actor.StartIncident}, nil
	})
}

// EndIncident goes back to the rule from before; sessions that were ended stay ended. Refusals are those of Set, and ErrNoIncident.
func (s *Switch) EndIncident(ctx context.Context, who actor.Actor, accountID id.Account, number string) (Report, error) {
	return s.decide(ctx, who, accountID, number, func(_ context.Context, now account.Rule) (decision, error) {
		if !now.Incident() {
			return decision{}, ErrNoIncident
		}
		b, err := recall(now)
		if err != nil {
			return decision{}, err
		}
		next := account.Rule{EnforcementID: b.EnforcementID, EnforcedAt: b.EnforcedAt, EnforcedBy: b.EnforcedBy, GraceUntil: b.GraceUntil,
			Minimum: b.Minimum, KeepAPITokens: b.KeepAPITokens, Guarded: b.Guarded}
		return decision{next, audit.Event{Action: audit.IncidentEnded}, actor.EndIncident}, nil
	})
}

func yes(b bool) string {
	if b {
		return "true"
	}
	return "false"
}
