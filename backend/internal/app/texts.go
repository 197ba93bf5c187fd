package app

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"sallyport/internal/notify"
	"sallyport/internal/notify/budget"
	"sallyport/internal/notify/twilio"
	"sallyport/internal/phone"
	"sallyport/internal/seal"
	"sallyport/internal/store"
)

// budget decides whether one more text message may be sent.
func (a *App) budget(box *seal.Box) (*budget.Budget, error) {
	b, err := a.config.budget(a.store, box, a.now, a.log)
	if err != nil {
		return nil, err
	}
	b.Calls = (a.config.Demo && a.phones == nil) || (a.phones != nil && a.phones.Calls())
	b.Count = func(decision, label string) { a.texts.decisions.WithLabelValues(decision, label).Inc() }
	return b, nil
}

// budget is what the configuration allows text messages to cost; it makes no calls and counts for nobody.
func (c *Config) budget(s *store.Store, box *seal.Box, now func() time.Time, log *slog.Logger) (*budget.Budget, error) {
	countries, err := c.countries()
	if err != nil {
		return nil, err
	}
	caps := budget.Defaults
	for _, set := range []struct {
		cap   *int
		value int
	}{{&caps.PrefixHour, c.SMSPerPrefixHour}, {&caps.CountryDay, c.SMSPerCountryDay}, {&caps.Day, c.SMSPerDay}} {
		if set.value > 0 {
			*set.cap = set.value
		}
	}
	return &budget.Budget{Store: s, Box: box, Now: now, Caps: caps, Countries: countries, RecordOnly: c.SMSBudget == recordOnly,
		Offered: c.Demo || c.texts(), Count: func(string, string) {}, Log: log}, nil
}

// texts says whether the operator has named an account that sends text messages.
func (c *Config) texts() bool {
	return c.TwilioAccountSID != "" || c.TwilioAuthToken != "" || c.TwilioAuthTokenFile != "" || c.TwilioFrom != ""
}

// telephone is everybody's in the demo: what the outbox keeps has been delivered.
type telephone struct {
	notify.Outbox
	store *store.Store
}

// Send keeps the letter.
func (t telephone) Send(ctx context.Context, l notify.Letter) error {
	if err := t.Outbox.Send(ctx, l); err != nil {
		return err
	}
	_, err := t.store.MoveDelivery(ctx, notify.Delivery{ID: l.ID, Progress: notify.Delivered}, t.Now())
	return err
}

// carrier is the operator's account at Twilio; nil where they named none.
func (a *App) carrier() (*twilio.Sender, error) {
	c := &a.config
	if !c.texts() {
		return nil, nil
	}
	token := c.TwilioAuthToken
	if c.TwilioAuthTokenFile != "" {
		raw, err := os.ReadFile(c.TwilioAuthTokenFile)
		if err != nil {
			return nil, fmt.Errorf("SALLYPORT_TWILIO_AUTH_TOKEN_FILE: %w", err)
		}
		token = strings.TrimSpace(string(raw))
	}
	s, err := twilio.New(twilio.Config{AccountSID: c.TwilioAccountSID, AuthToken: token, From: c.TwilioFrom, VoiceFrom: c.TwilioVoiceFrom,
		APIURL: c.TwilioBaseURL, PortalURL: c.BaseURL})
	if err != nil {
		return nil, fmt.Errorf("SALLYPORT_TWILIO_…: %w", err)
	}
	s.Store, s.Now, s.Log = a.store, a.now, a.log
	s.Count = func(result string) { a.texts.results.WithLabelValues(result).Inc() }
	return s, nil
}

const recordOnly = "record_only"

// countries are those that text messages go to; none: all but what only costs.
func (c *Config) countries() ([]string, error) {
	var out []string
	for _, part := range strings.FieldsFunc(c.SMSCountries, func(r rune) bool { return r == ',' || r == ' ' }) {
		country := strings.ToUpper(part)
		if !phone.Country(country) {
			return nil, fmt.Errorf("SALLYPORT_SMS_COUNTRIES: %q is no country such as DE", part)
		}
		out = append(out, country)
	}
	return out, nil
}

// textCounters count text messages for Prometheus, by decisions and countries: never by numbers.
type textCounters struct{ decisions, results *prometheus.CounterVec }

func newTextCounters() textCounters {
	return textCounters{
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sallyport_sms_decisions_total",
			Help: "Text messages that were allowed, by country, and that were or would have been refused, by reason."}, []string{"decision", "label"}),
		results: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "sallyport_sms_results_total",
			Help: "What became of text messages and calls: what Twilio answered to a request, and what it reported later."}, []string{"result"}),
	}
}
