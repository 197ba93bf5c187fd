package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emersion/go-smtp"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// clicks is how often the answer to an owner's click is measured in one run; each is lifted again.
const clicks = 5

// enforce measures what happens when an owner enforces: the answer, when a member is bound at the other replica (SQLite: at the
// same), and how fast everybody is told.
func (b *bench) enforce(ctx context.Context, w *world, members int) error {
	people, err := w.people(ctx, members, false)
	if err != nil {
		return err
	}
	owners, err := w.people(ctx, 1, true)
	if err != nil {
		return err
	}
	number := fmt.Sprintf("SP-%d", 1_000_000+time.Now().UnixNano()%8_000_000)
	accountID, err := w.account(ctx, number, append(owners, people[:members-1]...))
	if err != nil {
		return err
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	owner, err := w.signIn(ctx, owners[0], assurance.Password().And(assurance.TOTP.AMR()...))
	if err != nil {
		return err
	}
	watcher := person{}
	if members > 1 {
		watcher = people[0]
	} else {
		return errors.New("an account of one has nobody to bind")
	}
	watching, err := w.signIn(ctx, watcher, assurance.Password())
	if err != nil {
		return err
	}

	sink, err := startSink()
	if err != nil {
		return err
	}
	defer sink.stop()
	mail := "SALLYPORT_SMTP_URL=smtp://" + sink.address + "?tls=off"
	first, err := start(ctx, b.binary, w.dir, w.url, mail)
	if err != nil {
		return err
	}
	defer first.stop()
	second := first
	if w.name == "PostgreSQL" {
		if second, err = start(ctx, b.binary, w.dir, w.url, mail); err != nil {
			return err
		}
		defer second.stop()
	}
	return b.click(ctx, w, accountID, number, members, owner, watching, first, second, sink)
}

func (b *bench) click(ctx context.Context, w *world, accountID id.Account, number string, members int, owner, watching signedIn, first, second *server, sink *sink) error {
	t := b.table.section("Enforcement", "From the owner's click (request sent) to its answer, and to the first refusal of a member who asks all the time, "+
		"on PostgreSQL at another replica. Notices: queued from the click until every member's is written down, while they are also being sent; "+
		"sent into a mail sink in the same program.",
		"answer p50, ms", "answer worst, ms", "answer, ratio to the smallest", "bound p50, ms", "bound worst, ms", "notices queued/s", "notices sent/s", "memory grew by, MB")
	row := fmt.Sprintf("%s members, %s", grouped(fmt.Sprint(members)), w.name)
	path := "/api/v1/accounts/" + string(accountID) + "/two-factor"
	put := func(enforced bool) ([]byte, error) { return w.rule(path, owner, enforced, number) }
	ownerClient, memberClient := newClient(first.address), newClient(second.address)
	defer ownerClient.close()
	defer memberClient.close()
	look := request("GET", "/api/v1/accounts/"+string(accountID), watching.access, "")
	var answers, bounds load
	for range clicks {
		if _, err := expect(memberClient, look, 200); err != nil {
			return err
		}
		enforce, err := put(true)
		if err != nil {
			return err
		}
		lift, err := put(false)
		if err != nil {
			return err
		}
		bound := make(chan error, 1)
		began := time.Now()
		go func() {
			for time.Since(began) < 10*time.Second {
				status, body, err := memberClient.do(look)
				if err != nil {
					bound <- err
					return
				}
				if status == 403 && strings.Contains(string(body), "enrolment_due") {
					bounds.latencies = append(bounds.latencies, time.Since(began))
					bound <- nil
					return
				}
			}
			bound <- errors.New("the member was not bound within ten seconds")
		}()
		if _, err := expect(ownerClient, enforce, 200); err != nil {
			return err
		}
		answers.latencies = append(answers.latencies, time.Since(began))
		if err := <-bound; err != nil {
			return err
		}
		if _, err := expect(ownerClient, lift, 200); err != nil {
			return err
		}
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			status, _, err := memberClient.do(look)
			if err != nil || time.Now().After(deadline) {
				return errors.Join(errors.New("the member was not let in again"), err)
			}
			if status == 200 {
				break
			}
		}
	}
	for name, l := range map[string]load{"answer": answers, "bound": bounds} {
		worst, sum := time.Duration(0), []time.Duration(nil)
		for _, d := range l.latencies {
			worst, sum = max(worst, d), append(sum, d)
		}
		t.add(row, name+" worst, ms", float64(worst)/float64(time.Millisecond), 1)
		t.add(row, name+" p50, ms", float64(middle(sum))/float64(time.Millisecond), 1)
	}
	smallest := fmt.Sprintf("%s members, %s", grouped(fmt.Sprint(b.members[0])), w.name)
	t.add(row, "answer, ratio to the smallest", t.last(row, "answer p50, ms")/t.last(smallest, "answer p50, ms"), 2)
	return b.notices(ctx, w, t, row, members, ownerClient, put, first, second, sink)
}

// notices enforces once more and watches everybody being told.
func (b *bench) notices(ctx context.Context, w *world, t *section, row string, members int, c *client, put func(bool) ([]byte, error), first, second *server, sink *sink) error {
	if err := w.emptyQueue(ctx); err != nil {
		return err
	}
	time.Sleep(time.Second) // what was in flight
	sink.mails.Store(0)
	before, _ := first.memory()
	other, _ := second.memory()
	enforce, err := put(true)
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := expect(c, enforce, 200); err != nil {
		return err
	}
	var queued time.Duration
	most := max(before, other)
	for deadline := began.Add(4 * time.Minute); ; time.Sleep(25 * time.Millisecond) {
		var walking, waiting int
		if err := w.sql.QueryRowContext(ctx, "SELECT COALESCE(SUM(CASE WHEN kind = 'notify' THEN 0 ELSE 1 END), 0), count(*) FROM jobs").Scan(&walking, &waiting); err != nil {
			return err
		}
		if queued == 0 && walking == 0 {
			queued = time.Since(began)
			t.add(row, "notices queued/s", float64(members)/queued.Seconds(), 0)
		}
		for _, s := range []*server{first, second} {
			_, peak := s.memory()
			most = max(most, peak)
		}
		// A large account's mails would take longer than the rest of the benchmark: their rate is clear before.
		if sent := sink.mails.Load(); int(sent) >= members || (queued > 0 && waiting == 0) || (queued > 0 && sent > 20_000) {
			t.add(row, "notices sent/s", float64(sent)/time.Since(began).Seconds(), 0)
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("after four minutes %d notices wait and %d were sent", waiting, sink.mails.Load())
		}
	}
	t.add(row, "memory grew by, MB", most-max(before, other), 0)
	return w.emptyQueue(ctx)
}

// emptyQueue forgets all jobs, those too that a server holds. The lock comes first: else this and a server that finishes jobs
// could wait for each other's rows.
func (w *world) emptyQueue(ctx context.Context) error {
	tx, err := w.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if w.name == "PostgreSQL" {
		if _, err := tx.ExecContext(ctx, "LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM jobs"); err != nil {
		return err
	}
	return tx.Commit()
}

func middle(d []time.Duration) time.Duration {
	for i := range d { // few: no need to be clever
		for j := i + 1; j < len(d); j++ {
			if d[j] < d[i] {
				d[i], d[j] = d[j], d[i]
			}
		}
	}
	return d[len(d)/2]
}

// sink is a mail server that counts.
type sink struct {
	address string
	mails   atomic.Int64
	server  *smtp.Server
}

func startSink() (*sink, error) {
	s := &sink{}
	s.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return s, nil }))
	s.server.Domain = "sink.test"
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.address = l.Addr().String()
	go func() { _ = s.server.Serve(l) }()
	return s, nil
}

func (s *sink) stop() { _ = s.server.Close() }

func (s *sink) Mail(string, *smtp.MailOptions) error { return nil }
func (s *sink) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (s *sink) Reset()                               {}
func (s *sink) Logout() error                        { return nil }
func (s *sink) Data(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	s.mails.Add(1)
	return err
}
