// Package budget decides whether one more text message may be sent. Each costs money, and whoever can make a portal send
// many of them to numbers that they earn by (SMS pumping, toll fraud) takes that money.
//
// It owns the caps (a person, a number, its neighbours, a country, the whole installation) and which numbers are served at all.
// A message is counted in the transaction that causes it, over all replicas: requests at the same time never exceed a cap
// together. What is counted is what was asked for; a message that does not arrive has cost something too. It refuses to send,
// and to know why a message is wanted. Package factor calls it before it enqueues a code; the other methods work at every cap.
package budget

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/phone"
)

// What is told about budgets.
var (
	ErrExhausted  = fault.New(fault.TooMany, "sms_budget_exhausted", "No more text messages can be sent for now. Use another method, or try again later.")
	ErrNotOffered = fault.New(fault.Conflict, "sms_not_offered", "This portal sends no text messages. Choose another method.")
	errNoCalls    = ErrNotOffered.With(func(e *fault.Error) {
		e.Message = "This portal makes no calls. Choose a text message or another method."
	})
	errNotServed = ErrNotOffered.With(func(e *fault.Error) {
		e.Message = "This portal sends no text messages to this number. Choose another method."
	})
)

// Reasons for which a message is refused.
const (
	OfPerson  = "person"
	OfNumber  = "number"
	OfPrefix  = "prefix" // neighbouring numbers, as whoever earns by them rents them
	OfCountry = "country"
	OfAll     = "installation"
	NotServed = "not_served" // the country, or the kind of number
)

// Caps are how many messages there may be. Zero stands for none.
type Caps struct {
	PersonHour, PersonDay int
	NumberHour            int
	PrefixHour            int // to all numbers that share their first seven digits, over all persons
	CountryDay            int
	Day                   int // altogether
}

// Defaults suit a portal of some thousand persons.
var Defaults = Caps{PersonHour: 10, PersonDay: 30, NumberHour: 5, PrefixHour: 20, CountryDay: 500, Day: 2000}

// Cap is one bound: at most Limit messages of what Of names within Window.
type Cap struct {
	Of     string // a reason
	Value  string // whose: the person's ID, a hash, a country; "" for all
	Limit  int
	Window time.Duration
}

// Exceeded is the cause of ErrExhausted: which caps, for the record.
type Exceeded struct {
	Caps    []string // reasons
	Country string
}

func (e *Exceeded) Error() string { return "the caps of " + strings.Join(e.Caps, ", ") }

// Over is a cap that a message would exceed.
type Over struct {
	Cap
	FreeAt time.Time // when the oldest of the messages that fill it no longer counts
}

// Message is a text message as it is counted. It holds no number.
type Message struct {
	ID                     string
	UserID                 id.User
	NumberHash, PrefixHash string
	Country                string
	CreatedAt              time.Time
}

// Store counts messages.
type Store interface {
	// TakeMessage counts a message, unless it would exceed caps and enforce is set. It answers the caps that it exceeds. Messages
	// at the same time take turns until the transaction of the context ends.
	TakeMessage(ctx context.Context, m Message, caps []Cap, enforce bool) ([]Over, error)
}

// Hasher recognises numbers without knowing them: package seal.
type Hasher interface {
	Recognise(purpose, value string) (string, error)
}

// Budget counts messages, and refuses those that are too many.
type Budget struct {
	Store      Store
	Box        Hasher
	Now        func() time.Time
	Caps       Caps
	Countries  []string // that are served, ISO 3166-1 alpha-2; none: all, but not phone.International
	RecordOnly bool     // only say what the caps would refuse
	Offered    bool     // somebody sends text messages here
	Calls      bool     // and calls

	// Count is told of each decision: allowed with the country, refused and would_refuse with the reason.
	Count func(decision, label string)
	Log   *slog.Logger

	mu   sync.Mutex
	said map[string]time.Time // when a reason was last logged
}

// Request asks for one message.
type Request struct {
	MessageID string // the notify.Message's, which is the challenge's
	UserID    id.User
	Number    string // E.164
	Voice     bool   // as a call
}

// The decisions, as Count hears of them.
const (
	Allowed     = "allowed"
	Refused     = "refused"
	WouldRefuse = "would_refuse"
)

// Served says whether messages go to this number at all. ErrNotOffered; else a field error at the JSON pointer.
func (b *Budget) Served(pointer string, n phone.Number) error {
	if !b.Offered {
		return ErrNotOffered
	}
	country := slices.Contains(b.Countries, n.Country)
	if len(b.Countries) == 0 {
		country = n.Country != phone.International
	}
	switch {
	case !country:
		b.Count(Refused, NotServed)
		return fault.InvalidField(pointer, "this country is not served")
	case n.Kind != phone.Ordinary && !strings.HasPrefix(n.E164, carriersTests):
		b.Count(Refused, NotServed)
		return fault.InvalidField(pointer, "this kind of number is not served")
	}
	return nil
}

// carriersTests are the numbers by which Twilio lets an operator try every answer without a telephone.
const carriersTests = "+1500555"

// Voice says whether a code may be said by a call.
func (b *Budget) Voice() bool { return b.Offered && b.Calls }

// Take counts a message in the transaction of ctx, which is the one that enqueues it; take it as the last before that, since
// messages take turns until the transaction ends. ErrExhausted with RetryAfter, because of Exceeded; ErrNotOffered, also for a number that was served
// when its owner gave it and is no longer.
func (b *Budget) Take(ctx context.Context, r Request) error {
	n, err := phone.Parse(r.Number)
	if err != nil {
		return err
	}
	if b.Served("", n) != nil {
		if !b.Offered {
			return ErrNotOffered
		}
		return errNotServed
	}
	if r.Voice && !b.Voice() {
		return errNoCalls
	}
	m := Message{ID: r.MessageID, UserID: r.UserID, Country: n.Country, CreatedAt: b.Now()}
	if m.NumberHash, err = b.Box.Recognise("sms number", n.E164); err != nil {
		return err
	}
	if m.PrefixHash, err = b.Box.Recognise("sms prefix", n.Prefix()); err != nil {
		return err
	}
	over, err := b.Store.TakeMessage(ctx, m, b.Caps.of(m), !b.RecordOnly)
	if err != nil {
		return err
	}
	if len(over) == 0 {
		b.Count(Allowed, n.Country)
		return nil
	}
	b.notice(over, n)
	if b.RecordOnly {
		b.Count(Allowed, n.Country)
		return nil
	}
	why := &Exceeded{Country: n.Country}
	for _, o := range over {
		if !slices.Contains(why.Caps, o.Of) { // the hour and the day of one person
			why.Caps = append(why.Caps, o.Of)
		}
	}
	return ErrExhausted.Because(why).With(func(e *fault.Error) {
		for _, o := range over {
			e.RetryAfter = max(e.RetryAfter, o.FreeAt.Sub(m.CreatedAt), time.Second)
		}
	})
}

func (c Caps) of(m Message) []Cap {
	const day = 24 * time.Hour
	return []Cap{
		{OfPerson, string(m.UserID), c.PersonHour, time.Hour},
		{OfPerson, string(m.UserID), c.PersonDay, day},
		{OfNumber, m.NumberHash, c.NumberHour, time.Hour},
		{OfPrefix, m.PrefixHash, c.PrefixHour, time.Hour},
		{OfCountry, m.Country, c.CountryDay, day},
		{OfAll, "", c.Day, day},
	}
}

// quiet is how long nothing more is logged for the same reason: whoever fills a cap would fill the log as well.
const quiet = time.Minute

// notice tells the operator. A prefix is no one's number; it is what they would block.
func (b *Budget) notice(over []Over, n phone.Number) {
	decision := Refused
	if b.RecordOnly {
		decision = WouldRefuse
	}
	for i, o := range over {
		if slices.ContainsFunc(over[:i], func(p Over) bool { return p.Of == o.Of }) {
			continue // the hour and the day of one person
		}
		b.Count(decision, o.Of)
		if !b.quiet(o.Of) {
			b.Log.Warn("text messages reach a cap", "cap", o.Of, "limit", o.Limit, "window", o.Window, "country", n.Country, "prefix", n.Prefix(), "decision", decision)
		}
	}
}

func (b *Budget) quiet(reason string) bool {
	now := b.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	if last, ok := b.said[reason]; ok && now.Sub(last).Abs() < quiet {
		return true
	}
	if b.said == nil {
		b.said = map[string]time.Time{}
	}
	b.said[reason] = now
	return false
}
