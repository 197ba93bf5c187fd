package blackbox_test

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// reminded counts the reminders to the member and the summaries to the owner, once no job is due any more.
func reminded(h *whole.House, db *sql.DB) (reminders, summaries int) {
	h.T.Helper()
	idle(h, db)
	for _, m := range h.Mails(member) {
		if m.About() == "reminder" {
			reminders++
		}
	}
	for _, m := range h.Mails(owner) {
		if m.About() == "summary" {
			summaries++
		}
	}
	return reminders, summaries
}

func TestADeadlineIsRemindedOfThreeTimesAndOwnersHearHowManyAreMissing(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		db := whole.SQL(t, h.Database)
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		h.Person(admin).Protected()
		began := h.Clock.Now()
		o.Confirm().Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
		deadline := began.Add(14 * day)
		step := func(before time.Duration, reminders, summaries int) {
			t.Helper()
			h.Clock.Set(deadline.Add(-before))
			if r, s := reminded(h, db); r != reminders || s != summaries {
				t.Errorf("%v before the deadline there were %d reminders and %d summaries, not %d and %d", before, r, s, reminders, summaries)
			}
		}
		step(14*day, 0, 0)
		step(7*day+time.Second, 0, 0)
		step(7*day, 1, 1)
		mail := h.Mail(member, "reminder", 1)[0]
		if said := deadline.Format("2 January 2006, 15:04 UTC"); !strings.Contains(mail.Text, said) || !strings.Contains(mail.Text, "/me/security") {
			t.Errorf("the reminder says %s", mail.Text)
		}
		if summary := h.Mail(owner, "summary", 1)[0]; summary.Subject != "Acme Hosting: 2 of 4 members lack two-factor authentication" {
			t.Errorf("the summary says %s", summary.Subject)
		}
		if n := len(h.Mail(contractor, "reminder", 1)); n != 1 {
			t.Errorf("the contractor has %d", n)
		}
		for _, m := range h.Mails(admin) {
			if m.About() == "reminder" {
				t.Error("who has a second factor is reminded")
			}
		}
		step(day+time.Second, 1, 1)
		h.Person(contractor).Protected() // who does it in time is not asked again
		step(day, 2, 2)
		step(time.Hour, 3, 3)
		if n := len(h.Mail(contractor, "reminder", 1)); n != 1 {
			t.Errorf("the contractor has %d", n)
		}
		step(time.Second, 3, 3)
		step(0, 3, 4)
		subjects := []string{}
		for _, m := range h.Mail(owner, "summary", 4) {
			subjects = append(subjects, m.Subject)
		}
		slices.Sort(subjects)
		want := []string{}
		for _, n := range []int{1, 1, 1, 2} {
			want = append(want, fmt.Sprintf("Acme Hosting: %d of 4 members lack two-factor authentication", n))
		}
		if !slices.Equal(subjects, want) {
			t.Errorf("the owner was told %q", subjects)
		}
		step(-30*day, 3, 4)
	})
}

func TestADeadlineThatMovesTakesItsRemindersAlong(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		db := whole.SQL(t, h.Database)
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		began := h.Clock.Now()
		at := func(after time.Duration, reminders, summaries int) {
			t.Helper()
			h.Clock.Set(began.Add(after))
			if r, s := reminded(h, db); r != reminders || s != summaries {
				t.Errorf("after %v there were %d reminders and %d summaries, not %d and %d", after, r, s, reminders, summaries)
			}
		}
		o.Confirm().Enforce(account, acme, map[string]any{"grace_days": 14}).Must(200)
		o.Enforce(account, acme, map[string]any{"grace_days": 10}).Must(200)
		at(3*day-time.Second, 0, 0)
		at(3*day, 1, 1) // seven days before the new one
		at(7*day, 1, 1) // … and before the old one
		o.In().Confirm()
		o.Enforce(account, acme, map[string]any{"grace_days": 20}).Must(200) // day 27
		at(10*day, 1, 1)
		at(19*day, 1, 1)
		at(20*day, 2, 2)
		o.In().Confirm()
		o.Lift(account, acme).Must(200)
		at(27*day, 2, 2)

		// An incident binds at once; the reminders of the deadline that it interrupts come when it is over.
		o.In().ConfirmPassword()
		o.Enforce(account, acme, map[string]any{"grace_days": 10}).Must(200) // day 37
		o.Call("POST", "/accounts/"+account+"/incident", map[string]any{"account_number": acme}).Must(200)
		at(30*day, 2, 2)
		o.In().Confirm()
		o.Call("POST", "/accounts/"+account+"/incident/end", map[string]any{"account_number": acme}).Must(200)
		at(31*day, 2, 2)
		at(36*day, 3, 3)
	})
}
