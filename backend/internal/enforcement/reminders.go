package enforcement

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
)

// RemindersKind is the kind of the jobs that remind of a deadline.
const RemindersKind = "enforcement_reminders"

// remindAt is how long before the deadline people who still lack a second factor are reminded, and owners told how many. At the
// deadline itself owners alone are told.
var remindAt = []struct {
	name   string
	before time.Duration
}{{"7d", 7 * 24 * time.Hour}, {"1d", 24 * time.Hour}, {"1h", time.Hour}, {"bound", 0}}

type reminder struct {
	AccountID     id.Account `json:"account_id"`
	EnforcementID string     `json:"enforcement_id"`
	Deadline      int64      `json:"deadline"` // microseconds: a changed deadline has reminders of its own
	Name          string     `json:"name"`
	Cursor        string     `json:"cursor"`
	Started       bool       `json:"started"`
}

func reminderJobs(accountID id.Account, r account.Rule, now time.Time) ([]jobs.Job, error) {
	var js []jobs.Job
	for _, at := range remindAt {
		due := r.GraceUntil.Add(-at.before)
		if !due.After(now) {
			continue
		}
		n := reminder{AccountID: accountID, EnforcementID: r.EnforcementID, Deadline: r.GraceUntil.UnixMicro(), Name: at.name}
		payload, err := json.Marshal(n)
		if err != nil {
			return nil, err
		}
		js = append(js, jobs.Job{ID: "remind:" + n.key(), Kind: RemindersKind, Payload: string(payload), CreatedAt: now, RunAt: due})
	}
	return js, nil
}

func (n reminder) key() string {
	return n.EnforcementID + ":" + strconv.FormatInt(n.Deadline, 36) + ":" + n.Name
}

// outdated says whether the next reminder is due as well: after a standstill people hear the last word, not every word.
func (n reminder) outdated(now time.Time) bool {
	for i, at := range remindAt[:len(remindAt)-1] {
		if at.name == n.Name {
			return !now.Before(time.UnixMicro(n.Deadline).Add(-remindAt[i+1].before))
		}
	}
	return false
}

// Remind is the handler of jobs of RemindersKind. It does nothing where the rule was lifted, the deadline moved or the next
// reminder became due meanwhile.
func (s *Switch) Remind(ctx context.Context, j jobs.Job) error {
	return jobs.Walk(ctx, s.Store, j, func(ctx context.Context, n *reminder) (bool, error) {
		a, err := s.Store.AccountRule(ctx, n.AccountID)
		if err != nil {
			return false, err
		}
		if a.Rule.EnforcementID != n.EnforcementID || a.Rule.GraceUntil.UnixMicro() != n.Deadline || (!n.Started && n.outdated(s.Now())) {
			return true, nil
		}
		messages, next, err := s.remindPage(ctx, a, *n)
		if err != nil {
			return false, err
		}
		n.Cursor, n.Started = next, true
		return next == "", s.Notices.Enqueue(ctx, messages...)
	})
}

// remindPage is the messages of one page of people; with the first come the owners' summaries.
func (s *Switch) remindPage(ctx context.Context, a account.Account, n reminder) ([]notify.Message, string, error) {
	var messages []notify.Message
	deadline := moment(a.Rule.GraceUntil)
	if !n.Started {
		counts, err := s.Store.CountMembers(ctx, a.ID, a.Rule.Minimum.Accepts(), s.Now())
		if err != nil {
			return nil, "", err
		}
		owners, err := s.Store.Owners(ctx, a.ID)
		if err != nil {
			return nil, "", err
		}
		for _, o := range owners {
			messages = append(messages, notify.Message{ID: messageID("summary", n.key(), string(o.UserID)), Channel: notify.Email, To: o.Email, Locale: o.Locale,
				Template: notify.TwoFactorSummary, Data: map[string]string{"name": o.Name, "account_name": a.Name, "deadline": deadline,
					"total": strconv.Itoa(counts.Total), "missing": strconv.Itoa(counts.Missing), "compliant": strconv.Itoa(counts.Compliant),
					"link": s.BaseURL + "/accounts/" + string(a.ID) + "/members"}})
		}
	}
	if n.Name == "bound" {
		return messages, "", nil
	}
	people, next, err := s.Store.RecipientsMissing(ctx, a.ID, a.Rule.Minimum.Accepts(), n.Cursor, page)
	if err != nil {
		return nil, "", err
	}
	for _, r := range people {
		messages = append(messages, notify.Message{ID: messageID("reminder", n.key(), string(r.UserID)), Channel: notify.Email, To: r.Email, Locale: r.Locale,
			Template: notify.TwoFactorReminder, Data: map[string]string{"name": r.Name, "account_name": a.Name, "account_number": a.Number,
				"deadline": deadline, "accepted": string(a.Rule.Strength()), "link": s.BaseURL + "/me/security"}})
	}
	return messages, next, nil
}
