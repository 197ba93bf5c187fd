package enforcement

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
)

// NoticesKind is the kind of the job that finds those who must be told of an activation, or of a rule in force that was tightened.
const NoticesKind = "enforcement_notices"

// page is how many people are told in one transaction: memory is a page's, whatever the account's size.
const page = 500

type notices struct {
	AccountID     id.Account  `json:"account_id"`
	EnforcementID string      `json:"enforcement_id"`
	Change        *tightening `json:"change,omitempty"` // nil: the activation itself
	Cursor        string      `json:"cursor"`
}

// tightening is a change of a rule in force: what it was before, and whether an operator has made it.
type tightening struct {
	ID         string             `json:"id"`
	Minimum    assurance.Strength `json:"minimum_strength"`
	GraceUntil time.Time          `json:"grace_until"`
	Operator   bool               `json:"operator,omitempty"`
}

// audience is who is told by mail of a change of the rule: everybody of an activation; of a rule in force that accepts less or
// binds earlier whoever has no factor that it accepts; nobody of any other.
func audience(before, next account.Rule, at time.Time) (accepted assurance.Types, anybody bool) {
	switch {
	case !next.Enforced():
		return 0, false
	case next.EnforcementID != before.EnforcementID:
		return 0, true
	}
	return next.Strength().Accepts(), stricter(before, next) || earlier(before, next, at)
}

// stricter says whether a rule accepts less than the one before.
func stricter(before, next account.Rule) bool {
	return next.Strength() != before.Strength() && assurance.Strictest(next.Strength(), before.Strength()) == next.Strength()
}

// earlier says whether a rule binds before the time at which the one before would have, as things stand at a time.
func earlier(before, next account.Rule, at time.Time) bool {
	return before.GraceUntil.After(at) && next.GraceUntil.Before(before.GraceUntil)
}

// noticesJob is the job that tells of a change of the rule.
func noticesJob(accountID id.Account, operator bool, before, next account.Rule, now time.Time) (jobs.Job, error) {
	n, occasion := notices{AccountID: accountID, EnforcementID: next.EnforcementID}, next.EnforcementID
	if next.EnforcementID == before.EnforcementID {
		occasion = id.New()
		n.Change = &tightening{ID: occasion, Minimum: before.Strength(), GraceUntil: before.GraceUntil, Operator: operator}
	}
	payload, err := json.Marshal(n)
	return jobs.Job{ID: "notices:" + occasion, Kind: NoticesKind, Payload: string(payload), CreatedAt: now}, err
}

// before is the rule from before the change; of an activation that of an account that asks for nothing.
func (n notices) before(now account.Rule) account.Rule {
	if n.Change == nil {
		return account.Rule{}
	}
	now.Minimum, now.GraceUntil = n.Change.Minimum, n.Change.GraceUntil
	return now
}

// Notify is the handler of jobs of NoticesKind. It walks through members and open invitations page by page; each page's
// messages and how far it has come are one transaction, so that a crash loses nobody and tells nobody twice. What is told is the
// rule as it is by then. It stops where the account has been lifted meanwhile, or the change undone, since the message would not
// be true.
func (s *Switch) Notify(ctx context.Context, j jobs.Job) error {
	return jobs.Walk(ctx, s.Store, j, func(ctx context.Context, n *notices) (bool, error) {
		a, err := s.Store.AccountRule(ctx, n.AccountID)
		if err != nil {
			return false, err
		}
		accepted, anybody := audience(n.before(a.Rule), a.Rule, j.CreatedAt)
		if a.Rule.EnforcementID != n.EnforcementID || !anybody {
			return true, nil
		}
		people, next, err := s.Store.Recipients(ctx, n.AccountID, accepted, n.Cursor, page, s.Now())
		if err != nil {
			return false, err
		}
		messages := make([]notify.Message, len(people))
		for i, r := range people {
			messages[i] = s.notice(a, *n, r, j.CreatedAt)
		}
		n.Cursor = next
		return next == "", s.Notices.Enqueue(ctx, messages...)
	})
}

// notice is what one person is told of an activation, or of a change that was made at a time.
func (s *Switch) notice(a account.Account, n notices, r account.Recipient, at time.Time) notify.Message {
	m := notify.Message{Channel: notify.Email, To: r.Email, Locale: r.Locale, Data: map[string]string{
		"account_name": a.Name, "accepted": string(a.Rule.Strength()), "link": s.BaseURL,
	}}
	who, invited := string(r.UserID), r.UserID == ""
	if invited {
		who = r.Email
	} else {
		m.Data["name"], m.Data["account_number"], m.Data["link"] = r.Name, a.Number, s.BaseURL+"/me/security"
	}
	operator := a.Rule.EnforcedBy == audit.Operator
	switch c := n.Change; {
	case c != nil:
		m.ID, m.Template, operator = messageID("tightened", c.ID, who), notify.TwoFactorTightened, c.Operator
		if invited {
			m.Template = notify.TwoFactorTightenedInvited
		}
		before := n.before(a.Rule)
		if stricter(before, a.Rule) {
			m.Data["accepted_before"] = string(before.Strength())
		}
		if earlier(before, a.Rule, at) {
			m.Data["deadline_before"] = moment(before.GraceUntil)
		}
	case invited:
		m.ID, m.Template = messageID("enforced", a.Rule.EnforcementID, who), notify.TwoFactorEnforcedInvited
	default:
		m.ID, m.Template = messageID("enforced", a.Rule.EnforcementID, who), notify.TwoFactorEnforced
	}
	if operator {
		m.Data["operator"] = "yes"
	}
	if a.Rule.GraceUntil.After(s.Now()) && m.Template != notify.TwoFactorEnforcedInvited {
		m.Data["deadline"] = moment(a.Rule.GraceUntil)
	}
	return m
}

// moment is a time as messages hold it.
func moment(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// messageID is the same for the same person and occasion, whoever asks again, and never longer than an identifier may be, which
// an address would be.
func messageID(kind, occasion, who string) string {
	sum := sha256.Sum256([]byte(occasion + "\x00" + who))
	return kind + "-" + base64.RawURLEncoding.EncodeToString(sum[:24])
}
