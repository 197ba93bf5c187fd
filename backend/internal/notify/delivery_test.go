package notify_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/bus"
	"sallyport/internal/jobs"
	"sallyport/internal/notify"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

// office is a notifier whose messages wait in a database and are sent by a runner.
type office struct {
	*notify.Notifier
	store  *store.Store
	runner *jobs.Runner
	clock  *testkit.Clock
}

func newOffice(t testing.TB, databaseURL string) *office {
	t.Helper()
	o := &office{clock: testkit.NewClock()}
	b := bus.New(func() time.Duration { return 0 })
	o.store = testkit.OpenStore(t, databaseURL, b.Publish)
	o.Notifier = &notify.Notifier{Queue: o.store, Box: testkit.Box(t), Sender: notify.Outbox{Desk: o.store, Now: o.clock.Now}, Brand: "Acme Hosting", Now: o.clock.Now}
	wake := b.Subscribe(jobs.Topic)
	t.Cleanup(wake.Close)
	o.runner = &jobs.Runner{Store: o.store, Now: o.clock.Now, Random: rand.Reader, Wake: wake.C, Log: slog.New(slog.DiscardHandler)}
	o.runner.Handle(notify.Kind, func(ctx context.Context, j jobs.Job) error { return o.Deliver(ctx, j) })
	return o
}

func (o *office) open(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); o.runner.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

func (o *office) is(t testing.TB, due, dead int) {
	t.Helper()
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(20 * time.Millisecond) {
		if d, x, _, err := o.runner.Stats(context.Background()); err == nil && d == due && x == dead {
			return
		}
	}
	t.Fatalf("it never happened that %d letters are due and %d dead", due, dead)
}

func notice(activation string, person int) notify.Message {
	return notify.Message{ID: fmt.Sprintf("%s-%d", activation, person), Channel: notify.Email, To: fmt.Sprintf("user%d@example.test", person),
		Locale: []string{"en", "de"}[person%2], Template: notify.TwoFactorEnforced, Data: map[string]string{
			"name": "Ada", "account_name": "Acme", "account_number": "SP-100001", "link": "https://portal.test/sign-in"}}
}

func TestDelivery(t *testing.T) {
	t.Parallel()

	t.Run("the demo keeps each letter once, however often it was written and sent", func(t *testing.T) {
		t.Parallel()
		testkit.Databases(t, func(t *testing.T, url string) {
			o := newOffice(t, url)
			var messages []notify.Message
			for i := range 50 {
				messages = append(messages, notice("activation", i))
			}
			for range 2 {
				if err := o.store.InTx(t.Context(), func(ctx context.Context) error { return o.Enqueue(ctx, messages...) }); err != nil {
					t.Fatal(err)
				}
			}
			// One was sent already, by a worker that died before it could say so.
			js, err := o.store.ClaimJobs(t.Context(), []string{notify.Kind}, 1, o.clock.Now(), o.clock.Now())
			if err != nil || o.Deliver(t.Context(), js[0]) != nil {
				t.Fatal(err)
			}
			o.open(t)
			o.is(t, 0, 0)
			page, _, err := o.store.DemoMessages(t.Context(), "", 200, "")
			if err != nil || len(page) != 50 {
				t.Fatalf("%d letters, %v", len(page), err)
			}
			page, _, err = o.store.DemoMessages(t.Context(), "USER7@example.test", 200, "")
			if err != nil || len(page) != 1 || page[0].ID != "activation-7" || !strings.HasPrefix(page[0].Text, "Guten Tag Ada,") || page[0].HTML == "" {
				t.Fatalf("%+v, %v", page, err)
			}
		})
	})

	t.Run("a letter waits for a mail server that is away, and arrives with the same Message-ID if it arrives twice", func(t *testing.T) {
		t.Parallel()
		testkit.Databases(t, func(t *testing.T, url string) {
			d := testkit.SMTPServer(t)
			o := newOffice(t, url)
			s := sender(t, d, "")
			s.Timeout = 200 * time.Millisecond
			o.Sender = s
			var attempts atomic.Int64
			unheard := make(chan struct{})
			t.Cleanup(func() { close(unheard) })
			d.Answer(func(step, _ string) error {
				switch {
				case step == "connect" && attempts.Add(1) == 1:
					return testkit.Reply(421, "not now")
				case step == "accepted" && attempts.Load() == 2: // it has the letter, and we never hear so
					<-unheard
				}
				return nil
			})
			if err := o.Enqueue(t.Context(), notice("activation", 0)); err != nil {
				t.Fatal(err)
			}
			o.open(t)
			for until := time.Now().Add(time.Minute); attempts.Load() < 3 && time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
				o.clock.Advance(time.Second)
			}
			o.is(t, 0, 0)
			mails := d.Mails()
			if len(mails) != 2 || mails[0].Header.Get("Message-Id") != "<activation-0@acme.test>" || mails[1].Header.Get("Message-Id") != "<activation-0@acme.test>" {
				t.Fatalf("%d letters: %+v", len(mails), mails)
			}
		})
	})

	t.Run("a letter to nobody becomes a dead letter, and those to others arrive", func(t *testing.T) {
		t.Parallel()
		d := testkit.SMTPServer(t)
		d.Answer(func(step, to string) error {
			if step == "rcpt" && to == "user3@example.test" {
				return testkit.Reply(550, "no such person")
			}
			return nil
		})
		o := newOffice(t, testkit.SQLite(t))
		o.Sender = sender(t, d, "")
		for i := range 10 {
			if err := o.Enqueue(t.Context(), notice("activation", i)); err != nil {
				t.Fatal(err)
			}
		}
		o.open(t)
		o.is(t, 0, 1)
		dead, err := o.store.DeadJobs(t.Context(), 9)
		if err != nil || dead[0].ID != "activation-3" || !strings.Contains(dead[0].LastError, "no such person") || len(d.Mails()) != 9 {
			t.Fatalf("%+v, %v, %d letters", dead, err, len(d.Mails()))
		}
	})

	t.Run("without a mail server letters wait and can be seen to", func(t *testing.T) {
		t.Parallel()
		o := newOffice(t, testkit.SQLite(t))
		o.Sender = notify.Unconfigured{}
		if err := o.Enqueue(t.Context(), notice("activation", 0)); err != nil {
			t.Fatal(err)
		}
		o.open(t)
		o.is(t, 1, 0)
	})
}

func BenchmarkNotices(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		for _, way := range []string{"outbox", "smtp"} {
			b.Run(name+"/"+way, func(b *testing.B) {
				o := newOffice(b, url(b))
				if way == "smtp" {
					d := testkit.SMTPServer(b)
					s, err := notify.NewSMTP(d.URL(""), from)
					if err != nil {
						b.Fatal(err)
					}
					defer func() { _ = s.Close() }()
					o.Sender = s
				}
				const people = 5000
				messages := make([]notify.Message, people)
				for i := range messages {
					messages[i] = notice(b.Name(), i)
				}
				o.open(b)
				var enqueued, all time.Duration
				for b.Loop() {
					began := time.Now()
					if err := o.Enqueue(b.Context(), messages...); err != nil {
						b.Fatal(err)
					}
					enqueued += time.Since(began)
					o.is(b, 0, 0)
					all += time.Since(began)
				}
				b.ReportMetric(float64(people*b.N)/all.Seconds(), "letters/s")
				b.ReportMetric(float64(people*b.N)/enqueued.Seconds(), "enqueued/s")
			})
		}
	}
}
