package twilio

import (
	"context"
	"net/url"
	"regexp"
	"strconv"

	"sallyport/internal/fault"
	"sallyport/internal/notify"
)

// ReportPath is where Twilio reports to, below the portal's address.
const ReportPath = "/api/v1/webhooks/twilio/status"

// ErrSignature is told to whoever is not Twilio.
var ErrSignature = fault.New(fault.Forbidden, "invalid_signature", "This report is not signed by Twilio.")

var sidForm = regexp.MustCompile(`^(SM|MM|CA)[0-9A-Za-z]{1,64}$`)

// Report hears what became of a message. The signature covers the address that Twilio was given, which is made here from the
// configuration and never from the request, and every value of the form; the form must have no key twice, since only the first
// would be checked. A report that is older than what is known, of another message, or of nothing known here, changes nothing.
func (s *Sender) Report(ctx context.Context, messageID, signature string, form url.Values) error {
	flat := make(map[string]string, len(form))
	for key, values := range form {
		if len(values) != 1 {
			return ErrSignature
		}
		flat[key] = values[0]
	}
	if signature == "" || s.report == "" || !s.validator.Validate(s.reportTo(messageID), flat, signature) || flat["AccountSid"] != s.config.AccountSID {
		return ErrSignature
	}
	d := notify.Delivery{ID: messageID, SID: flat["MessageSid"], Progress: progressOfMessage[flat["MessageStatus"]]}
	if flat["CallSid"] != "" {
		d.SID, d.Progress = flat["CallSid"], progressOfCall[flat["CallStatus"]]
	}
	if d.Progress == "" || !sidForm.MatchString(d.SID) {
		return nil
	}
	if d.Progress == notify.Undelivered || d.Progress == notify.Failed {
		d.ErrorCode, _ = strconv.Atoi(flat["ErrorCode"]) // 0 where there is none
		if d.Reason = reasons[d.ErrorCode]; d.Reason == "" && d.Progress == notify.Undelivered {
			d.Reason = notify.Unreachable
		}
	}
	moved, err := s.Store.MoveDelivery(ctx, d, s.Now())
	if moved {
		s.Count(string(d.Progress))
	}
	return err
}
