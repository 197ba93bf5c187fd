package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// eventsOfOne is how many audit events there are for each member of the account that is listed.
const eventsOfOne = 10

// lists measures what an owner of a large account looks for, one request after the other.
func (b *bench) lists(ctx context.Context, w *world) error {
	t := b.table.section("Lists and search", fmt.Sprintf("An account with %s members and %s audit events; one connection.",
		grouped(fmt.Sprint(b.listed)), grouped(fmt.Sprint(b.listed*eventsOfOne))), "p50, ms", "p99, ms")
	owners, err := w.people(ctx, 1, true)
	if err != nil {
		return err
	}
	people, err := w.people(ctx, b.listed-1, false)
	if err != nil {
		return err
	}
	accountID, err := w.account(ctx, fmt.Sprintf("SP-%d", 1_000_000+time.Now().UnixNano()%8_000_000), append(owners, people...))
	if err != nil {
		return err
	}
	if err := w.events(ctx, accountID, owners[0], people); err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	owner, err := w.signIn(ctx, owners[0], assurance.Password().And(assurance.TOTP.AMR()...))
	if err != nil {
		return err
	}
	s, err := start(ctx, b.binary, w.dir, w.url)
	if err != nil {
		return err
	}
	defer s.stop()
	c := newClient(s.address)
	defer c.close()
	at := "/api/v1/accounts/" + string(accountID)
	get := func(path string) []byte { return request("GET", at+path, owner.access, "") }
	first, err := expect(c, get("/members?limit=200"), 200)
	if err != nil {
		return err
	}
	var page struct {
		Next string `json:"next_cursor"`
	}
	if err := json.Unmarshal(first, &page); err != nil {
		return err
	}
	middle := people[len(people)/2]
	from := url.QueryEscape(time.UnixMicro(eventTime(len(people) / 2)).UTC().Format(time.RFC3339))
	for _, row := range []struct{ name, path string }{
		{"members", "/members"},
		{"members, a later page", "/members?cursor=" + page.Next},
		{"members without a second factor", "/members?two_factor=missing"},
		{"members with one", "/members?two_factor=active"},
		{"members named like one in 400", "/members?q=hanna+garcia"},
		{"members by an address", "/members?q=" + string(middle.id[19:])},
		{"members by what all have", "/members?q=bench.test"},
		{"members by what nobody has", "/members?q=xyzzy"},
		{"members by two letters that nobody has", "/members?q=qx"},
		{"members named so, without a second factor", "/members?two_factor=missing&q=hanna"},
		{"search for one in 400", "/search?q=hanna+garcia"},
		{"search for the beginning of names", "/search?q=ha"},
		{"search for what all have", "/search?q=bench.test"},
		{"search for what nobody has", "/search?q=xyzzy"},
		{"the rule, with its counts", "/two-factor"},
		{"its preview", "/two-factor/preview?minimum_strength=any"},
		{"audit events", "/audit-events"},
		{"audit events of one rare action", "/audit-events?action=account."},
		{"audit events that begin so", "/audit-events?action=member."},
		{"audit events by somebody", "/audit-events?actor=" + string(middle.id)},
		{"audit events about somebody", "/audit-events?user=" + string(middle.id)},
		{"audit events of a time", "/audit-events?from=" + from},
		{"rare audit events by who does most", "/audit-events?action=account.&actor=" + string(owner.id)},
	} {
		l := spread(ctx, s.address, 1, b.interval(), 0, func(c *client, _, _ int) error {
			_, err := expect(c, get(row.path), 200)
			return err
		})
		if err := l.check(row.name); err != nil {
			return err
		}
		t.add(row.name+", "+w.name, "p50, ms", l.quantile(.5), 2)
		t.add(row.name+", "+w.name, "p99, ms", l.quantile(.99), 2)
	}
	return nil
}

// eventTime is when the events of a member happened.
func eventTime(member int) int64 { return 1_700_000_000_000_000 + int64(member)*60_000_000 }

// events fills the record of an account: half of it the owner did.
func (w *world) events(ctx context.Context, accountID id.Account, owner person, people []person) error {
	rows := make([]string, 0, 10_000)
	flush := func() error {
		err := w.insert(ctx, "audit_events (id, at, action, actor_id, user_id, account_id, detail)", rows)
		rows = rows[:0]
		return err
	}
	for i, p := range people {
		for n := range eventsOfOne {
			action, actor := "member.role_changed", owner.id
			switch {
			case i%1000 == 0 && n == 0:
				action = "account.enforced"
			case n >= eventsOfOne/2:
				action, actor = "evidence.exported", p.id
			}
			rows = append(rows, fmt.Sprintf("('%s',%d,'%s','%s','%s','%s','{}')", id.New(), eventTime(i)+int64(n), action, actor, p.id, accountID))
		}
		if len(rows) >= cap(rows)-eventsOfOne {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}
