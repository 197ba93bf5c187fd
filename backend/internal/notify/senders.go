package notify

import (
	"context"
	"errors"
	"time"
)

// Desk is where the demo keeps letters: package store.
type Desk interface {
	// SaveDemoMessage keeps a letter; one with an ID that is known already changes nothing.
	SaveDemoMessage(ctx context.Context, m DemoMessage) error
}

// Outbox is the demo's sender: it keeps each letter exactly once, for the demo's page, and sends none.
type Outbox struct {
	Desk Desk
	Now  func() time.Time
}

// Send keeps the letter.
func (o Outbox) Send(ctx context.Context, l Letter) error {
	return o.Desk.SaveDemoMessage(ctx, DemoMessage{ID: l.ID, Channel: l.Channel, To: l.To, Subject: l.Subject,
		Text: l.Text, HTML: l.HTML, SentAt: o.Now()})
}

// ErrUnconfigured is why a letter waits where nobody is configured to send it.
var ErrUnconfigured = errors.New("notify: no sender is configured for this channel")

// Unconfigured is the sender of a channel that has none: letters wait, visibly, until there is one.
type Unconfigured struct{}

// Send fails.
func (Unconfigured) Send(context.Context, Letter) error { return ErrUnconfigured }

// ByChannel sends each letter by the sender of its channel.
type ByChannel map[Channel]Sender

// Send sends the letter; it waits, as with Unconfigured, where its channel has no sender.
func (b ByChannel) Send(ctx context.Context, l Letter) error {
	s := b[l.Channel]
	if s == nil {
		s = Unconfigured{}
	}
	return s.Send(ctx, l)
}
