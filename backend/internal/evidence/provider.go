package evidence

import (
	"context"
	"strconv"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
)

// NoteProvider records the provider's rule where it is another one than the record knows: it comes from the configuration, and a
// report of a past day must know what it was. It is said once, when the program starts.
func (s *Service) NoteProvider(ctx context.Context) error {
	last, err := s.Store.AuditEvents(ctx, audit.Filter{AccountID: audit.Provider, Action: audit.ProviderRuleChanged, Limit: 1})
	if err != nil {
		return err
	}
	detail := map[string]string{"required": strconv.FormatBool(s.Provider.Required)}
	if s.Provider.Required {
		detail["minimum_strength"] = string(s.Provider.Minimum)
	}
	for _, e := range last {
		if e.Detail["required"] == detail["required"] && e.Detail["minimum_strength"] == detail["minimum_strength"] {
			return nil
		}
		detail["required_before"] = e.Detail["required"]
		if before := e.Detail["minimum_strength"]; before != "" {
			detail["minimum_strength_before"] = before
		}
	}
	return s.Audit.Append(ctx, actor.TheHouse(), audit.Event{Action: audit.ProviderRuleChanged, ActorID: audit.Operator, AccountID: audit.Provider, Detail: detail})
}
