package factor

import (
	"context"
	"maps"
	"strings"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/id"
)

// posture is what protects a person as far as the accounts that they belong to may know it: which kinds of factor, and since
// when; never names, numbers or addresses.
type posture struct {
	types assurance.Types
	since time.Time // since when without a gap; zero without a factor
}

// methodsText is factor types as the record writes them.
func methodsText(t assurance.Types) string { return strings.Join(t.Names(), " ") }

func (s *Service) posture(ctx context.Context, userID id.User) (p posture, err error) {
	all, err := s.Store.Factors(ctx, userID)
	for _, f := range all {
		if f.Status != Active {
			continue
		}
		if p.types |= assurance.Types(f.Type); p.since.IsZero() || f.ActivatedAt.Before(p.since) {
			p.since = f.ActivatedAt
		}
	}
	return p, err
}

// changed records that what protects a person has changed: once for the person, and once for each account that they belong
// to. An account's event says what was before as well, so that its report of any past day can be written from the record
// alone (package evidence). Every change passes here but a freeze, which is package credential's: a short password that it leaves
// alone goes too.
func (s *Service) changed(ctx context.Context, who actor.Actor, action string, userID id.User, before posture, detail map[string]string) error {
	if err := s.Audit.Append(ctx, who, audit.Event{Action: action, UserID: userID, Detail: detail}); err != nil {
		return err
	}
	if err := s.voidLone(ctx, who, userID); err != nil {
		return err
	}
	accounts, err := s.Store.AccountsOf(ctx, userID)
	if err != nil || len(accounts) == 0 {
		return err
	}
	after, err := s.posture(ctx, userID)
	if err != nil {
		return err
	}
	shared := maps.Clone(detail)
	if shared == nil {
		shared = map[string]string{}
	}
	delete(shared, "factor_id")
	delete(shared, "replaces")
	delete(shared, "budget")
	shared["methods"], shared["methods_before"] = methodsText(after.types), methodsText(before.types)
	if !before.since.IsZero() {
		shared["since_before"] = before.since.UTC().Format(time.RFC3339Nano)
	}
	return s.Audit.Share(ctx, who, audit.Event{Action: action, UserID: userID, Detail: shared}, accounts)
}
