package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"sallyport/internal/jobs"
)

// The kinds of a message's job. Texts and calls have one of their own, so that other workers do them: a carrier that hangs must
// not hold up the mails, nor a mail server the codes.
const (
	Kind     = "notify"
	TextKind = "notify_text"
)

// kind is the kind of a message's job.
func (m Message) kind() string {
	if m.Channel == Email {
		return Kind
	}
	return TextKind
}

// Channel is how a message travels.
type Channel string

// The channels.
const (
	Email Channel = "email"
	SMS   Channel = "sms"
	Voice Channel = "voice" // a call that says the code, where text messages do not arrive
)

// Message is something to tell one person.
type Message struct {
	ID        string // one person and occasion: the same ID is told once
	Channel   Channel
	To        string            // e-mail address, or telephone number in E.164
	Locale    string            // "en" or "de"; any other is told in English
	Template  string            // see the constants
	Data      map[string]string // the template's keys; times are RFC 3339, methods the names of factor types
	ExpiresAt time.Time         // not to be sent from then on: a late code helps only whoever finds it; zero: never
}

// Letter is a message in words.
type Letter struct {
	ID        string
	Channel   Channel
	To        string
	Locale    string
	Subject   string // one line; "" where the channel has none
	Text      string
	HTML      string // the same as Text; "" where the channel has none
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
}

// Sender gives a letter to the outside world. An error marked with jobs.Discard says that this letter will never arrive;
// after any other it is sent again.
type Sender interface {
	Send(ctx context.Context, l Letter) error
}

// Queue is where messages wait: package store.
type Queue interface {
	EnqueueJobs(ctx context.Context, js ...jobs.Job) error
}

// Box keeps what waits from whoever reads the database, its copies and its logs: package seal. A message bears links and codes
// that open doors.
type Box interface {
	Seal(place string, plain []byte) (string, error)
	Unseal(place, sealed string) ([]byte, error)
}

// Notifier writes messages down and sends them.
type Notifier struct {
	Queue  Queue
	Box    Box
	Sender Sender
	Brand  string           // who writes, in the messages' footer: "Sallyport"
	Host   string           // of the portal, such as "portal.example": browsers fill a code in there and nowhere else; "": nowhere
	Now    func() time.Time // when a message was written
}

// Enqueue writes messages down in the transaction of ctx. A message that cannot be rendered is refused here, where the mistake
// is, and not found out later.
func (n *Notifier) Enqueue(ctx context.Context, messages ...Message) error {
	js := make([]jobs.Job, len(messages))
	for i, m := range messages {
		if err := m.check(); err != nil {
			return err
		}
		plain, err := json.Marshal(m)
		if err != nil {
			return fmt.Errorf("notify: %s: %w", m.Template, err)
		}
		payload, err := n.Box.Seal(place(m.ID), plain)
		if err != nil {
			return fmt.Errorf("notify: %s: %w", m.Template, err)
		}
		js[i] = jobs.Job{ID: m.ID, Kind: m.kind(), Payload: payload, CreatedAt: n.Now()}
	}
	return n.Queue.EnqueueJobs(ctx, js...)
}

// place is where a payload opens: in its own job alone.
func place(jobID string) string { return "job:" + jobID }

// errExpired is why a message was not sent.
var errExpired = errors.New("notify: the message had expired before it could be sent")

// Deliver is the handler of jobs of both kinds. A message that has expired is not sent.
func (n *Notifier) Deliver(ctx context.Context, j jobs.Job) error {
	plain, err := n.Box.Unseal(place(j.ID), j.Payload)
	if err != nil {
		return jobs.Discard(err)
	}
	var m Message
	if err := json.Unmarshal(plain, &m); err != nil {
		return jobs.Discard(fmt.Errorf("notify: the job's payload is not a message"))
	}
	if !m.ExpiresAt.IsZero() && !n.Now().Before(m.ExpiresAt) {
		return jobs.Discard(errExpired)
	}
	l, err := n.render(m)
	if err != nil {
		return jobs.Discard(err)
	}
	l.CreatedAt, l.ExpiresAt = j.CreatedAt, m.ExpiresAt
	return n.Sender.Send(ctx, l)
}

// DemoMessage is a letter that the demo kept instead of sending it.
type DemoMessage struct {
	ID      string
	Channel Channel
	To      string
	Subject string
	Text    string
	HTML    string
	SentAt  time.Time
}
