package audit

import (
	"context"

	"sallyport/internal/actor"
	"sallyport/internal/id"
)

// Who does what no person does.
const (
	Operator id.User    = "operator" // as ActorID: whoever runs the portal, by its commands
	Provider id.Account = "provider" // as AccountID: what concerns every account
)

// Share records, for each account given, an event that it may know of: something about one of its members that happened
// elsewhere. It says nothing of where that was, nor of an operator's reason, which is the person's own affair. The person's own
// event is another one, of no account.
func (l *Log) Share(ctx context.Context, who actor.Actor, e Event, accountIDs []id.Account) error {
	if e.ActorID == "" {
		e.ActorID = who.User
	}
	public := actor.Actor{}
	if who.IsOperator() {
		public = actor.AsOperator("")
	}
	e.SessionID, e.Address, e.UserAgent = "", "", ""
	for _, accountID := range accountIDs {
		e.AccountID = accountID
		if err := l.Append(ctx, public, e); err != nil {
			return err
		}
	}
	return nil
}
