package bus_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport/internal/bus"
	"sallyport/internal/jobs"
	"sallyport/internal/testkit"
)

// patience is how long a test waits for what must happen some time.
const patience = 15 * time.Second

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	t.Fatalf("it never happened that %s", what)
}

var started = time.Now()

func mono() time.Duration { return time.Since(started) }

// replica is a bus that listens, until the test ends.
func replica(t *testing.T, databaseURL string) *bus.Bus {
	t.Helper()
	b := bus.New(mono)
	ctx, cancel := context.WithCancel(context.Background())
	stopped, err := b.Listen(ctx, databaseURL, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		select {
		case <-stopped:
		case <-time.After(patience):
			t.Error("the bus did not stop")
		}
		if b.Fresh() {
			t.Error("a bus that has stopped calls itself fresh")
		}
	})
	return b
}

func wait(t *testing.T, s *bus.Subscription, topic string) {
	t.Helper()
	late := time.After(patience)
	for {
		select {
		case heard := <-s.C:
			if heard == topic {
				return
			}
		case <-late:
			t.Fatalf("%q was never heard", topic)
		}
	}
}

func TestListen(t *testing.T) {
	t.Parallel()

	t.Run("hears what another replica commits, and not what it rolls back", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		here, there := replica(t, url), replica(t, url)
		db := testkit.OpenStore(t, url, there.Publish)
		eventually(t, "both are fresh", func() bool { return here.Fresh() && there.Fresh() })
		s := here.Subscribe(jobs.Topic, "user:1")
		defer s.Close()
		undone := errors.New("undone")
		enqueue := func(then error) error {
			return db.InTx(t.Context(), func(ctx context.Context) error {
				if err := db.EnqueueJobs(ctx, jobs.Job{ID: "1", Kind: "test", Payload: "{}", CreatedAt: time.Now()}); err != nil {
					return err
				}
				return then
			})
		}
		if err := enqueue(undone); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		testkit.Execute(t, url, "SELECT pg_notify('sallyport', 'user:1')")
		wait(t, s, "user:1") // and so the one before was never sent
		if rest := got(s); len(rest) > 0 {
			t.Fatalf("heard %q of what was rolled back", rest)
		}
		if err := enqueue(nil); err != nil {
			t.Fatal(err)
		}
		wait(t, s, jobs.Topic)
	})

	t.Run("is fresh only once it hears", func(t *testing.T) {
		t.Parallel()
		p := testkit.TCPProxy(t, testkit.Postgres(t))
		p.Stall()
		b := bus.New(mono)
		if !b.Fresh() || b.Timed(t.Context()) != nil {
			t.Fatal("a bus in one process is always fresh, on its own clock")
		}
		ctx, cancel := context.WithCancel(context.Background())
		stopped, err := b.Listen(ctx, p.URL("postgres://postgres@/postgres"), time.Now)
		if err != nil {
			t.Fatal(err)
		}
		if b.Fresh() {
			t.Fatal("a bus that has heard nothing calls itself fresh")
		}
		impatient, giveUp := context.WithCancel(t.Context())
		giveUp()
		if err := b.Timed(impatient); !errors.Is(err, context.Canceled) {
			t.Fatalf("it knows a clock that it has not seen: %v", err)
		}
		cancel()
		<-stopped
	})

	t.Run("refuses a URL without repeating its password", func(t *testing.T) {
		t.Parallel()
		_, err := bus.New(mono).Listen(t.Context(), "postgres://me:hunter2@[", time.Now)
		if err == nil || err.Error() != "bus: the database URL cannot be read" {
			t.Fatalf("error %v", err)
		}
	})

	for name, fail := range map[string]struct {
		begin, end func(p *testkit.Proxy, url string)
	}{
		"the network is cut":       {func(p *testkit.Proxy, _ string) { p.Cut() }, func(p *testkit.Proxy, _ string) { p.Restore() }},
		"the network stands still": {func(p *testkit.Proxy, _ string) { p.Stall() }, func(p *testkit.Proxy, _ string) { p.Restore() }},
	} {
		t.Run("answers from the database while "+name+", and from memory after", func(t *testing.T) {
			t.Parallel()
			url := testkit.Postgres(t)
			p := testkit.TCPProxy(t, url)
			b, s := replica(t, p.URL(url)), &source{}
			m := bus.Remember(b, "user:", 100, s.load)
			eventually(t, "it is fresh", b.Fresh)
			woken := b.Subscribe("user:1")
			defer woken.Close()
			mustGet(t, m, "1")

			fail.begin(p, url)
			eventually(t, "it is no longer fresh", func() bool { return !b.Fresh() })
			s.value.Store(1)
			testkit.Execute(t, url, "SELECT pg_notify('sallyport', 'user:1')") // unheard, or heard late
			if v := mustGet(t, m, "1"); v != 1 {
				t.Fatalf("a deaf replica answered %d from memory", v)
			}
			got(woken)

			fail.end(p, url)
			eventually(t, "it is fresh again", b.Fresh)
			if v := mustGet(t, m, "1"); v != 1 {
				t.Fatalf("a replica that hears again answered %d from the memory of before", v)
			}
			if len(got(woken)) == 0 {
				t.Fatal("a subscriber was not woken before it was fresh again")
			}
			asked := s.asked.Load()
			eventually(t, "memory is used again", func() bool {
				before := s.asked.Load()
				mustGet(t, m, "1")
				return s.asked.Load() == before && before >= asked
			})
		})
	}

	t.Run("comes back each time the server ends its connection", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		b := replica(t, url)
		s := b.Subscribe("user:1")
		defer s.Close()
		for range 5 {
			eventually(t, "it is fresh", b.Fresh)
			got(s)
			testkit.Execute(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sallyport bus' AND datname = current_database()")
			wait(t, s, bus.All)
		}
		eventually(t, "it is fresh", b.Fresh)
		testkit.Execute(t, url, "SELECT pg_notify('sallyport', 'user:1')")
		wait(t, s, "user:1")
	})

	t.Run("never answers with what was changed more than a second ago, whatever the network does", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		p := testkit.TCPProxy(t, url)
		b, s := replica(t, p.URL(url)), &source{}
		m := bus.Remember(b, "user:", 100, s.load)
		type change struct {
			value int64
			at    time.Duration
		}
		var changes []change
		begin := mono()
		for i := int64(1); mono()-begin < 4*time.Second; i++ {
			switch i % 40 {
			case 10:
				p.Stall()
			case 30:
				p.Restore()
			}
			s.value.Store(i)
			testkit.Execute(t, url, "SELECT pg_notify('sallyport', 'user:1')")
			changes = append(changes, change{i, mono()})
			asked := mono()
			v := mustGet(t, m, "1")
			for _, c := range changes {
				if asked-c.at > time.Second && v < c.value {
					t.Fatalf("answered %d, %v after it had become %d", v, asked-c.at, c.value)
				}
			}
		}
	})

	t.Run("knows how far the database's clock is ahead", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		behind := bus.New(mono)
		ctx, cancel := context.WithCancel(context.Background())
		stopped, err := behind.Listen(ctx, url, func() time.Time { return time.Now().Add(-90 * time.Second) })
		if err != nil {
			t.Fatal(err)
		}
		patient, giveUp := context.WithTimeout(ctx, patience)
		defer giveUp()
		if err := behind.Timed(patient); err != nil || (behind.Offset()-90*time.Second).Abs() > 10*time.Second {
			t.Errorf("offset %v, %v", behind.Offset(), err)
		}
		cancel()
		<-stopped
	})
}

func BenchmarkMemoryGetWhileListening(b *testing.B) {
	u, s := bus.New(mono), &source{}
	ctx, cancel := context.WithCancel(context.Background())
	stopped, err := u.Listen(ctx, testkit.Postgres(b), time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { cancel(); <-stopped }()
	m := bus.Remember(u, "session:", 100_000, s.load)
	for !u.Fresh() {
		time.Sleep(time.Millisecond)
	}
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			_, _ = m.Get(ctx, "01a0b1c2-0000-7000-8000-0123456789ab")
		}
	})
}

func BenchmarkChangeHeardByAnotherReplica(b *testing.B) {
	url := testkit.Postgres(b)
	u := bus.New(mono)
	ctx, cancel := context.WithCancel(context.Background())
	stopped, err := u.Listen(ctx, url, time.Now)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { cancel(); <-stopped }()
	db := testkit.OpenStore(b, url)
	for !u.Fresh() {
		time.Sleep(time.Millisecond)
	}
	s := u.Subscribe(jobs.Topic)
	defer s.Close()
	for b.Loop() {
		if err := db.EnqueueJobs(ctx, jobs.Job{ID: "1", Kind: "test", CreatedAt: time.Now()}); err != nil {
			b.Fatal(err)
		}
		<-s.C
	}
}
