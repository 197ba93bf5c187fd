package audit

import "context"

// Who does what no person does.
const (
	Operator = "operator" // as ActorID: whoever runs the portal, by its commands
	Provider = "provider" // as AccountID: what concerns every account
)

// Share records, for each account given, an event that it may know of: something about one of its members that happened
// elsewhere. It says nothing of where that was, nor of an operator's reason, which is the person's own affair. The person's own
// event is another one, of no account.
func (l *Log) Share(ctx context.Context, e Event, accountIDs []string) error {
	ctx = WithOrigin(ctx, Origin{})
	if IsOperator(ctx) {
		ctx = AsOperator(ctx, "")
	}
	e.SessionID, e.Address, e.UserAgent = "", "", ""
	for _, accountID := range accountIDs {
		e.AccountID = accountID
		if err := l.Append(ctx, e); err != nil {
			return err
		}
	}
	return nil
}
