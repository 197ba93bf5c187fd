// Package twilio sends text messages and calls through Twilio, and hears from it what became of them.
//
// It owns the account's credentials, the meaning of Twilio's answers, and the one rule that its API leaves to its callers: the
// API knows no idempotency key, so a request whose answer was lost may or may not have sent the message. Before each request it
// is written down that the message is being handed over, and that is taken back only where Twilio has certainly not got it: no
// connection was made, or Twilio itself has refused. In every other case the next attempt asks Twilio for the messages to that
// number; it takes over what it finds, and sends again only once Twilio has had time to finish and shows none. Calls, which
// bear nothing to be recognised by, are never made again. See decision 014.
//
// It refuses to send what no budget has counted, or what has expired; to tell what Twilio says of a number, since those
// sentences repeat it; and to believe reports that Twilio has not signed. Package app makes it a sender of package notify, and
// package api hands it the reports.
package twilio

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"

	"sallyport/internal/fault"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
)

// Store keeps how far each message has come. Its methods are package store's.
type Store interface {
	DeliveryState(ctx context.Context, messageID string) (notify.Delivery, error) // fault.ErrNotFound
	// HandOver writes down that a message is being handed over; was is when it was last: false if that is no longer so.
	HandOver(ctx context.Context, messageID string, was, now time.Time) (bool, error)
	// HandBack takes back what HandOver wrote at that time.
	HandBack(ctx context.Context, messageID string, was time.Time) error
	// MoveDelivery moves a message forward; false if it was as far, or if it is another one's name.
	MoveDelivery(ctx context.Context, d notify.Delivery, now time.Time) (bool, error)
}

// Config names an account.
type Config struct {
	AccountSID, AuthToken string
	From                  string // a number, a short code, a sender's name, or a messaging service (MG…)
	VoiceFrom             string // a number that calls; "": From, if that is one
	APIURL                string // "": Twilio's own; a double in tests
	PortalURL             string // where Twilio reports to
}

// Sender is an account at Twilio. Several goroutines may use it.
type Sender struct {
	Store   Store
	Now     func() time.Time
	Log     *slog.Logger
	Timeout time.Duration // for one request; 0: 10 s
	Settle  time.Duration // after a lost answer, until a message that Twilio does not show is certainly not there; 0: 30 s
	// Count is told what became of each request.
	Count func(result string)

	config    Config
	api       *url.URL
	report    string // where Twilio reports to; "": it would not reach us
	transport *http.Transport
	validator client.RequestValidator
}

// What became of a request, as Count hears of it.
const (
	Accepted     = "accepted"
	Refused      = "refused"      // for good: this number takes no messages
	Postponed    = "postponed"    // Twilio is busy, broken, or does not know us
	Unauthorised = "unauthorised" // the credentials are wrong
	Unreached    = "unreached"    // no connection was made
	Unknown      = "unknown"      // the answer was lost
	Found        = "found"        // after a lost answer: it was sent
)

const twilioURL = "https://api.twilio.com"

var (
	secretForm = regexp.MustCompile(`^[0-9A-Za-z]+$`)
	numberForm = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	senderForm = regexp.MustCompile(`^(\+[1-9][0-9]{6,14}|[0-9]{3,8}|[0-9A-Za-z ]{1,11}|MG[0-9A-Za-z]+)$`)
)

// New checks the configuration. Its errors repeat no secret.
func New(c Config) (*Sender, error) {
	switch {
	case !strings.HasPrefix(c.AccountSID, "AC") || !secretForm.MatchString(c.AccountSID):
		return nil, errors.New("twilio: the account SID must begin with AC")
	case !secretForm.MatchString(c.AuthToken):
		return nil, errors.New("twilio: the auth token must be letters and digits")
	case !senderForm.MatchString(c.From):
		return nil, errors.New("twilio: the sender must be a number such as +4930123456, a short code, a name, or a messaging service (MG…)")
	}
	if c.VoiceFrom == "" && numberForm.MatchString(c.From) {
		c.VoiceFrom = c.From
	}
	if c.VoiceFrom != "" && !numberForm.MatchString(c.VoiceFrom) {
		return nil, errors.New("twilio: the caller must be a number such as +4930123456")
	}
	if c.APIURL == "" {
		c.APIURL = twilioURL
	}
	api, err := url.Parse(c.APIURL)
	if err != nil || api.Host == "" || (api.Scheme != "https" && api.Scheme != "http") {
		return nil, errors.New("twilio: the API's address must be https://…")
	}
	if api.Scheme == "http" && !loopback(api.Hostname()) {
		return nil, errors.New("twilio: the auth token goes unencrypted to this machine only; the API's address must be https://…")
	}
	portal, err := url.Parse(c.PortalURL)
	if err != nil || portal.Host == "" {
		return nil, errors.New("twilio: the portal's address cannot be read")
	}
	s := &Sender{config: c, api: api, validator: client.NewRequestValidator(c.AuthToken)}
	if !loopback(portal.Hostname()) || loopback(api.Hostname()) {
		s.report = c.PortalURL + ReportPath
	}
	usual, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		usual = &http.Transport{Proxy: http.ProxyFromEnvironment}
	}
	s.transport = usual.Clone()
	s.transport.MaxIdleConnsPerHost = 8
	s.transport.IdleConnTimeout = 20 * time.Second // before Twilio hangs up: a request into a closed line is one without an answer
	return s, nil
}

func loopback(host string) bool { return host == "localhost" || net.ParseIP(host).IsLoopback() }

// Calls says whether it can call.
func (s *Sender) Calls() bool { return s.config.VoiceFrom != "" }

// Close ends the connections that were kept.
func (s *Sender) Close() error {
	s.transport.CloseIdleConnections()
	return nil
}

// Errors that an operator reads.
var (
	errUncounted = errors.New("twilio: no budget has counted this message, so it is not sent")
	errExpired   = errors.New("twilio: the message has expired")
	errNoCaller  = errors.New("twilio: there is no number to call from: set SALLYPORT_TWILIO_VOICE_FROM")
	errElsewhere = errors.New("twilio: somebody else is handing this message over")
	errUncertain = errors.New("twilio: it is not certain yet that the message has not been sent; it is looked for once more")
)

// Send hands a text message or a call over, at most once as far as that can be known.
func (s *Sender) Send(ctx context.Context, l notify.Letter) error {
	d, err := s.Store.DeliveryState(ctx, l.ID)
	if err != nil {
		if e, told := fault.As(err); told && e.Kind == fault.NotFound {
			return jobs.Discard(errUncounted)
		}
		return err
	}
	switch {
	case d.Progress != notify.Queued:
		return nil // an attempt before this one, or Twilio's report, has moved it
	case l.Channel == notify.Voice && s.config.VoiceFrom == "":
		return jobs.Discard(errNoCaller)
	case !d.HandedAt.IsZero():
		if sent, err := s.lookFor(ctx, l, d); err != nil || sent {
			return err
		}
	}
	now := s.Now()
	if !l.ExpiresAt.IsZero() && !now.Before(l.ExpiresAt) {
		return jobs.Discard(errExpired)
	}
	ours, err := s.Store.HandOver(ctx, l.ID, d.HandedAt, now)
	if err != nil {
		return err
	}
	if !ours {
		return errElsewhere
	}
	return s.settle(ctx, l, now, s.request(ctx, l, now))
}

// settle writes down what came of a request.
func (s *Sender) settle(ctx context.Context, l notify.Letter, handed time.Time, a answer) error {
	// What has happened is written down although the attempt may have been called off meanwhile.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	s.Count(a.result)
	move := notify.Delivery{ID: l.ID, Progress: notify.Sent, SID: a.sid}
	switch a.result {
	case Accepted:
		_, err := s.Store.MoveDelivery(ctx, move, s.Now())
		return err
	case Refused:
		move.Progress, move.Reason, move.ErrorCode = notify.Failed, a.reason, a.code
		if _, err := s.Store.MoveDelivery(ctx, move, s.Now()); err != nil {
			return err
		}
		return jobs.Discard(a.err)
	case Unknown:
		return a.err
	default: // Twilio has certainly not got it
		return errors.Join(a.err, s.Store.HandBack(ctx, l.ID, handed))
	}
}

// lookFor finds out whether a message was sent by a request whose answer was lost. Without an answer it is an error: not yet.
func (s *Sender) lookFor(ctx context.Context, l notify.Letter, d notify.Delivery) (sent bool, err error) {
	settle := s.Settle
	if settle == 0 {
		settle = 30 * time.Second
	}
	if l.Channel == notify.Voice {
		return true, s.supposeSent(ctx, l)
	}
	same, others, err := s.messagesTo(ctx, l, d.HandedAt)
	switch {
	case err != nil:
		return false, err
	case same != nil:
		s.Count(Found)
		found := *same
		found.ID = l.ID
		_, err := s.Store.MoveDelivery(ctx, found, s.Now())
		return true, err
	case others: // one that cannot be read may be this one
		return true, s.supposeSent(ctx, l)
	}
	if wait := d.HandedAt.Add(settle).Sub(s.Now()); wait > 0 {
		return false, jobs.After(wait, errUncertain)
	}
	return false, nil
}

// supposeSent treats a message as sent since it cannot be known that it was not.
func (s *Sender) supposeSent(ctx context.Context, l notify.Letter) error {
	s.Log.Warn("a message may have been sent, and is not sent again", "message", l.ID, "channel", l.Channel)
	_, err := s.Store.MoveDelivery(ctx, notify.Delivery{ID: l.ID, Progress: notify.Sent}, s.Now())
	return err
}

// reportTo is where Twilio reports what becomes of a message; "" if it would not reach us.
func (s *Sender) reportTo(messageID string) string {
	if s.report == "" {
		return ""
	}
	return fmt.Sprintf("%s?message=%s", s.report, url.QueryEscape(messageID))
}
