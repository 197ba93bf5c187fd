package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"sallyport/internal/assurance"
)

// switches is how often an owner enforces, and lifts again.
const switches = 100

// replicas measures how long a click takes to bind a member at each replica, the one that the owner talks to included.
func (b *bench) replicas(ctx context.Context, w *world) error {
	t := b.table.section("Replicas on PostgreSQL", fmt.Sprintf("From the owner's click (request sent) until a member who asks all the time is refused at each replica, "+
		"over %d switches in one run; and from the click that lifts it until each lets them in. Deaf: the connections on which replicas hear of changes are ended all the time.", switches),
		"bound p50, ms", "bound p99, ms", "bound worst, ms", "lifted p50, ms", "lifted p99, ms", "lifted worst, ms")
	for _, part := range []struct {
		row      string
		replicas int
		deaf     bool
	}{{"2 replicas", 2, false}, {"3 replicas", 3, false}, {"3 replicas, deaf", 3, true}} {
		bound, lifted, err := b.switching(ctx, w, part.replicas, part.deaf)
		if err != nil {
			return fmt.Errorf("%s: %w", part.row, err)
		}
		for name, l := range map[string]load{"bound": bound, "lifted": lifted} {
			t.add(part.row, name+" p50, ms", l.quantile(.5), 1)
			t.add(part.row, name+" p99, ms", l.quantile(.99), 1)
			t.add(part.row, name+" worst, ms", l.quantile(1), 1)
		}
	}
	return nil
}

func (b *bench) switching(ctx context.Context, w *world, replicas int, deaf bool) (bound, lifted load, err error) {
	owners, err := w.people(ctx, 1, true)
	if err != nil {
		return bound, lifted, err
	}
	people, err := w.people(ctx, 9, false)
	if err != nil {
		return bound, lifted, err
	}
	number := fmt.Sprintf("SP-%d", 1_000_000+time.Now().UnixNano()%8_000_000)
	accountID, err := w.account(ctx, number, append(owners, people...))
	if err != nil {
		return bound, lifted, err
	}
	owner, err := w.signIn(ctx, owners[0], assurance.Password().And(assurance.TOTP.AMR()...))
	if err != nil {
		return bound, lifted, err
	}
	member, err := w.signIn(ctx, people[0], assurance.Password())
	if err != nil {
		return bound, lifted, err
	}
	var clients []*client
	for range replicas {
		s, err := start(ctx, b.binary, w.dir, w.url)
		if err != nil {
			return bound, lifted, err
		}
		defer s.stop()
		c := newClient(s.address)
		defer c.close()
		clients = append(clients, c)
	}
	click := newClient(clients[0].address)
	defer click.close()
	if deaf {
		deafening, stop := context.WithCancel(ctx)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			for ; deafening.Err() == nil; time.Sleep(5 * time.Millisecond) {
				_, _ = w.sql.ExecContext(deafening, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'sallyport bus'")
			}
		}()
		defer func() { stop(); <-ended }()
	}
	look := request("GET", "/api/v1/accounts/"+string(accountID), member.access, "")
	for range switches {
		for _, enforced := range []bool{true, false} {
			change, err := w.rule("/api/v1/accounts/"+string(accountID)+"/two-factor", owner, enforced, number)
			if err != nil {
				return bound, lifted, err
			}
			began := time.Now()
			heard := make([]time.Duration, replicas)
			failed := make([]error, replicas)
			var watching sync.WaitGroup
			for i, c := range clients {
				watching.Go(func() { heard[i], failed[i] = watch(c, look, enforced, began) })
			}
			_, err = expect(click, change, 200)
			watching.Wait()
			if err := errors.Join(append(failed, err)...); err != nil {
				return bound, lifted, err
			}
			if enforced {
				bound.latencies = append(bound.latencies, heard...)
			} else {
				lifted.latencies = append(lifted.latencies, heard...)
			}
		}
	}
	bound.sort()
	lifted.sort()
	return bound, lifted, nil
}

// watch asks until the member is refused, or let in, and says how long that took.
func watch(c *client, look []byte, refused bool, began time.Time) (time.Duration, error) {
	for ; time.Since(began) < 10*time.Second; time.Sleep(500 * time.Microsecond) { // the watchers must not take the cores from whom they watch
		status, body, err := c.do(look)
		if err != nil {
			return 0, err
		}
		if refused && status == 403 && strings.Contains(string(body), "enrolment_due") || !refused && status == 200 {
			return time.Since(began), nil
		}
	}
	return 0, errors.New("a replica had not heard of the click after ten seconds")
}
