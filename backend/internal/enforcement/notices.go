package enforcement

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/audit"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
)

// NoticesKind is the kind of the job that finds those who must be told of an activation.
const NoticesKind = "enforcement_notices"

// page is how many people are told in one transaction: memory is a page's, whatever the account's size.
const page = 500

type notices struct {
	AccountID     string `json:"account_id"`
	EnforcementID string `json:"enforcement_id"`
	Cursor        string `json:"cursor"`
}

func noticesJob(accountID, enforcementID string, now time.Time) (jobs.Job, error) {
	payload, err := json.Marshal(notices{AccountID: accountID, EnforcementID: enforcementID})
	return jobs.Job{ID: "notices:" + enforcementID, Kind: NoticesKind, Payload: string(payload), CreatedAt: now}, err
}

// Notify is the handler of jobs of NoticesKind. It walks through members and open invitations page by page; each page's
// messages and how far it has come are one transaction, so that a crash loses nobody and tells nobody twice. It stops where
// the account has been lifted meanwhile, since the message would not be true.
func (s *Switch) Notify(ctx context.Context, j jobs.Job) error {
	var n notices
	if err := json.Unmarshal([]byte(j.Payload), &n); err != nil {
		return jobs.Discard(fmt.Errorf("enforcement: the job's payload is not one of notices"))
	}
	for done := false; !done; {
		err := s.Store.InTx(ctx, func(ctx context.Context) error {
			a, err := s.Store.AccountRule(ctx, n.AccountID)
			if err != nil {
				return err
			}
			if a.Rule.EnforcementID != n.EnforcementID {
				done = true
				return nil
			}
			people, next, err := s.Store.Recipients(ctx, n.AccountID, n.Cursor, page, s.Now())
			if err != nil {
				return err
			}
			messages := make([]notify.Message, len(people))
			for i, r := range people {
				messages[i] = s.notice(a, r)
			}
			if err := s.Notices.Enqueue(ctx, messages...); err != nil {
				return err
			}
			n.Cursor, done = next, next == ""
			payload, err := json.Marshal(n)
			if err != nil {
				return err
			}
			return s.Store.AdvanceJob(ctx, j.ID, string(payload))
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Switch) notice(a account.Account, r account.Recipient) notify.Message {
	m := notify.Message{Channel: notify.Email, To: r.Email, Locale: r.Locale, Data: map[string]string{
		"account_name": a.Name, "account_number": a.Number, "link": s.BaseURL + "/me/security", "name": r.Name,
	}}
	who := r.UserID
	m.Template = "two_factor_enforced"
	if who == "" {
		who, m.Template = r.Email, "two_factor_enforced_invited"
		m.Data = map[string]string{"account_name": a.Name, "link": s.BaseURL}
	}
	if a.Rule.EnforcedBy == audit.Operator {
		m.Data["operator"] = "yes"
	}
	if r.UserID != "" && !a.Rule.GraceUntil.IsZero() {
		m.Data["deadline"] = a.Rule.GraceUntil.UTC().Format(time.RFC3339)
	}
	m.ID = messageID("enforced", a.Rule.EnforcementID, who)
	return m
}

// messageID is the same for the same person and occasion, whoever asks again, and never longer than an identifier may be, which
// an address would be.
func messageID(kind, occasion, who string) string {
	sum := sha256.Sum256([]byte(occasion + "\x00" + who))
	return kind + "-" + base64.RawURLEncoding.EncodeToString(sum[:24])
}
