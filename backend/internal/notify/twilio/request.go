package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"sallyport/internal/notify"
)

// answer is what came of a request.
type answer struct {
	result string
	sid    string        // of what was accepted; "" if the answer was cut off behind its status
	reason notify.Reason // why it was refused for good
	code   int           // Twilio's
	err    error
}

// request asks Twilio to send.
func (s *Sender) request(ctx context.Context, l notify.Letter, now time.Time) answer {
	t := s.try(ctx)
	defer t.cancel()
	var sid *string
	var err error
	if l.Channel == notify.Voice {
		var made *api.ApiV2010Call
		if made, err = t.service.CreateCall(s.call(l)); made != nil {
			sid = made.Sid
		}
	} else {
		var made *api.ApiV2010Message
		if made, err = t.service.CreateMessage(s.message(l, now)); made != nil {
			sid = made.Sid
		}
	}
	a := t.judge(err)
	if a.result == Accepted && sid != nil {
		a.sid = *sid
	}
	return a
}

func (s *Sender) message(l notify.Letter, now time.Time) *api.CreateMessageParams {
	p := (&api.CreateMessageParams{}).SetTo(l.To).SetBody(l.Text)
	if strings.HasPrefix(s.config.From, "MG") {
		p.SetMessagingServiceSid(s.config.From)
	} else {
		p.SetFrom(s.config.From)
	}
	if to := s.reportTo(l.ID); to != "" {
		p.SetStatusCallback(to)
	}
	if !l.ExpiresAt.IsZero() { // then Twilio's own queue does not send it late either
		p.SetValidityPeriod(min(max(int(l.ExpiresAt.Sub(now)/time.Second), 1), longestValidity))
	}
	return p
}

// longestValidity is Twilio's, in seconds.
const longestValidity = 36000

func (s *Sender) call(l notify.Letter) *api.CreateCallParams {
	p := (&api.CreateCallParams{}).SetTo(l.To).SetFrom(s.config.VoiceFrom).SetTwiml(spoken(l)).
		SetTimeout(30). // seconds that it rings
		SetTimeLimit(120)
	if to := s.reportTo(l.ID); to != "" {
		p.SetStatusCallback(to).SetStatusCallbackMethod(http.MethodPost)
	}
	return p
}

// messagesTo looks at what Twilio has sent to the letter's number since: the letter itself, and whether there is any other that
// is not known to be another letter.
func (s *Sender) messagesTo(ctx context.Context, l notify.Letter, since time.Time) (same *notify.Delivery, others bool, err error) {
	t := s.try(ctx)
	defer t.cancel()
	page, err := t.service.PageMessage((&api.ListMessageParams{}).SetTo(l.To).SetPageSize(50), "", "")
	if err != nil {
		a := t.judge(err)
		if a.err == nil { // accepted, and cut off
			a.result, a.err = Unknown, errUncertain
		}
		s.Count(a.result)
		return nil, false, a.err
	}
	for _, m := range page.Messages {
		created, err := time.Parse(time.RFC1123Z, text(m.DateCreated))
		switch {
		case err == nil && created.Before(since.Add(-skew)):
			continue
		case text(m.Body) == l.Text:
			d := notify.Delivery{Progress: progressOfMessage[text(m.Status)], SID: text(m.Sid)}
			if d.Progress == "" || d.Progress == notify.Queued {
				d.Progress = notify.Sent
			}
			if m.ErrorCode != nil {
				d.ErrorCode, d.Reason = *m.ErrorCode, reasons[*m.ErrorCode]
			}
			return &d, false, nil
		case !readable.MatchString(text(m.Body)): // an account can have the bodies of its messages blotted out
			others = true
		}
	}
	return nil, others, nil
}

// readable is a body that shows its code, and so which message it is.
var readable = regexp.MustCompile(`[0-9]{4}`)

// skew is how far Twilio's clock may be from ours.
const skew = 2 * time.Minute

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// try is one request, with what must be known of it besides its answer.
type try struct {
	service   *api.ApiService
	sender    *Sender
	ctx       context.Context
	cancel    context.CancelFunc
	connected bool // Twilio may have heard something
	status    int  // 0: no answer
	used      bool
}

func (s *Sender) try(ctx context.Context) *try {
	timeout := s.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	t := &try{sender: s}
	t.ctx, t.cancel = context.WithTimeout(ctx, timeout)
	t.ctx = httptrace.WithClientTrace(t.ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { t.connected = true }})
	c := &client.Client{Credentials: client.NewCredentials(s.config.AccountSID, s.config.AuthToken), HTTPClient: &http.Client{
		Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	c.SetAccountSid(s.config.AccountSID)
	// Built by hand: the library's own constructor reads the environment.
	t.service = api.NewApiService(&client.RequestHandler{Client: c})
	return t
}

var errTwice = errors.New("a request is made once")

// RoundTrip sends the library's request to the configured address, under the caller's context, which the library does not take.
func (t *try) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.used { // the library repeats some requests when it cannot read an error
		return nil, errTwice
	}
	t.used = true
	r = r.Clone(t.ctx)
	r.URL = &url.URL{Scheme: t.sender.api.Scheme, Host: t.sender.api.Host, Path: strings.TrimRight(t.sender.api.Path, "/") + r.URL.Path, RawQuery: r.URL.RawQuery}
	r.Host = ""
	answer, err := t.sender.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	t.status = answer.StatusCode
	answer.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(answer.Body, 1<<20), answer.Body}
	return answer, nil
}

// judge says what an answer means. Its errors repeat neither the number, which Twilio's sentences do, nor the credentials.
func (t *try) judge(err error) answer {
	var said *client.TwilioRestError
	_ = errors.As(err, &said)
	code := 0
	if said != nil {
		code = said.Code
	}
	a := answer{result: Postponed, code: code, err: fmt.Errorf("twilio: HTTP %d%s", t.status, errorCode(code))}
	switch {
	case t.status >= 200 && t.status < 300: // accepted, whatever became of the rest of the answer
		return answer{result: Accepted}
	case t.status == 0 && !t.connected:
		a.result, a.err = Unreached, fmt.Errorf("twilio: not reached: %w", plain(t.ctx, err))
	case t.status == 0:
		a.result, a.err = Unknown, fmt.Errorf("twilio: no answer: %w", plain(t.ctx, err))
	case t.status >= 500: // also a proxy's on the way, behind which the request may have arrived
		a.result = Unknown
	case reasons[code] != "":
		a.result, a.reason = Refused, reasons[code]
	case t.status == http.StatusUnauthorized || t.status == http.StatusForbidden:
		a.result, a.err = Unauthorised, fmt.Errorf("twilio: the account SID and auth token are not accepted: HTTP %d%s", t.status, errorCode(code))
	}
	return a
}

func errorCode(code int) string {
	if code == 0 {
		return ""
	}
	return ", error " + strconv.Itoa(code)
}

// plain is a transport's error without the address, which holds the account.
func plain(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
