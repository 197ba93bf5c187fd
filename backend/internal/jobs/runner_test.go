package jobs_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/bus"
	"sallyport/internal/jobs"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

// patience is how long a test waits for what must happen some time.
const patience = 15 * time.Second

// works is a runner on a database of its own, woken by its own bus.
type works struct {
	*jobs.Runner
	t     *testing.T
	store *store.Store
	clock *testkit.Clock
	bus   *bus.Bus
	log   *lines
	stop  func()
}

// lines is a log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newWorks(t *testing.T, databaseURL string) *works {
	w := &works{t: t, clock: testkit.NewClock(), bus: bus.New(func() time.Duration { return 0 }), log: &lines{}}
	w.store = testkit.OpenStore(t, databaseURL, w.bus.Publish)
	wake := w.bus.Subscribe(jobs.Topic)
	t.Cleanup(wake.Close)
	w.Runner = &jobs.Runner{Store: w.store, Now: w.clock.Now, Random: rand.Reader, Wake: wake.C, Log: slog.New(slog.NewTextHandler(w.log, nil))}
	return w
}

// start runs it until stop is called, or the test ends.
func (w *works) start() {
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { defer close(stopped); w.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case <-stopped:
		case <-time.After(patience):
			w.t.Error("the runner did not stop")
		}
	})
	w.t.Cleanup(w.stop)
}

func (w *works) enqueue(ids ...string) {
	w.t.Helper()
	var js []jobs.Job
	for _, id := range ids {
		js = append(js, jobs.Job{ID: id, Kind: "test", Payload: "{}", CreatedAt: w.clock.Now()})
	}
	if err := w.store.EnqueueJobs(w.t.Context(), js...); err != nil {
		w.t.Fatal(err)
	}
}

// is waits until so many jobs are due and dead.
func (w *works) is(due, dead int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d jobs are due and %d dead", due, dead), func() bool {
		d, x, _, err := w.Stats(context.Background())
		if err != nil {
			w.t.Fatal(err)
		}
		return d == due && x == dead
	})
}

func (w *works) eventually(what string, f func() bool) {
	w.t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		if f() {
			return
		}
	}
	w.t.Fatalf("it never happened that %s", what)
}

// dead gives the only dead letter.
func (w *works) dead() jobs.Job {
	w.t.Helper()
	list, err := w.store.DeadJobs(w.t.Context(), 9)
	if err != nil || len(list) != 1 {
		w.t.Fatalf("dead: %+v, %v", list, err)
	}
	return list[0]
}

func TestRunner(t *testing.T) {
	t.Parallel()
	sentence := func(name string, f func(t *testing.T, w *works)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, url string) { f(t, newWorks(t, url)) })
		})
	}

	sentence("does each job once, those from before it began and those that wake it", func(t *testing.T, w *works) {
		var mu sync.Mutex
		done := map[string]int{}
		w.Handle("test", func(_ context.Context, j jobs.Job) error {
			mu.Lock()
			defer mu.Unlock()
			done[j.ID]++
			return nil
		})
		var ids []string
		for i := range 300 {
			ids = append(ids, fmt.Sprint(i))
		}
		w.enqueue(ids[:200]...)
		w.start()
		w.enqueue(ids[200:]...)
		w.is(0, 0)
		mu.Lock()
		defer mu.Unlock()
		for _, id := range ids {
			if done[id] != 1 {
				t.Fatalf("job %s was done %d times", id, done[id])
			}
		}
	})

	sentence("tries again after a failure, and says what failed", func(t *testing.T, w *works) {
		var tries atomic.Int64
		w.Handle("test", func(_ context.Context, j jobs.Job) error {
			if tries.Add(1) == 1 {
				return errors.New("451 not now\r\n\x00")
			}
			if j.Attempts != 2 || j.LastError != "451 not now   " {
				t.Errorf("the second attempt: %+v", j)
			}
			return nil
		})
		w.enqueue("one")
		w.start()
		w.eventually("it failed", func() bool { return strings.Contains(w.log.String(), "will be tried again") })
		w.is(1, 0)
		w.clock.Advance(time.Second)
		w.is(0, 0)
	})

	sentence("tries again when the handler said", func(t *testing.T, w *works) {
		var tries atomic.Int64
		w.Handle("test", func(context.Context, jobs.Job) error {
			if tries.Add(1) == 1 {
				return fmt.Errorf("wrapped: %w", jobs.After(time.Hour, errors.New("later")))
			}
			return nil
		})
		w.enqueue("one")
		w.start()
		w.eventually("it failed", func() bool { return tries.Load() == 1 })
		w.clock.Advance(59 * time.Minute)
		w.is(1, 0)
		w.clock.Advance(time.Minute)
		w.is(0, 0)
		if tries.Load() != 2 {
			t.Fatalf("%d tries", tries.Load())
		}
	})

	sentence("buries what no repetition mends, and has it tried again when told", func(t *testing.T, w *works) {
		var mended atomic.Bool
		w.Handle("test", func(context.Context, jobs.Job) error {
			if !mended.Load() {
				return fmt.Errorf("wrapped: %w", jobs.Discard(errors.New("550 unknown")))
			}
			return nil
		})
		w.enqueue("one")
		w.start()
		w.is(0, 1)
		if j := w.dead(); j.LastError != "wrapped: 550 unknown" || j.Attempts != 1 {
			t.Fatalf("dead: %+v", j)
		}
		mended.Store(true)
		if n, err := w.RetryDead(t.Context()); n != 1 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		w.is(0, 0)
	})

	sentence("buries what fails too often", func(t *testing.T, w *works) {
		var tries atomic.Int64
		w.Handle("test", func(context.Context, jobs.Job) error {
			tries.Add(1)
			return jobs.After(-time.Hour, errors.New("never")) // due again at once
		})
		w.enqueue("one")
		w.start()
		w.eventually("it is dead", func() bool {
			w.bus.Publish(jobs.Topic)
			_, dead, _, _ := w.Stats(context.Background())
			return dead == 1
		})
		if n := tries.Load(); n != jobs.MaxAttempts {
			t.Fatalf("%d tries", n)
		}
	})

	sentence("buries what took its worker with it each time", func(t *testing.T, w *works) {
		w.Handle("test", func(context.Context, jobs.Job) error { t.Error("it was begun again"); return nil })
		w.enqueue("one")
		for range jobs.MaxAttempts { // as if each worker had died
			if js, err := w.store.ClaimJobs(t.Context(), []string{"test"}, 1, w.clock.Now(), w.clock.Now().Add(-time.Second)); err != nil || len(js) != 1 {
				t.Fatal(err)
			}
		}
		w.start()
		w.is(0, 1)
	})

	sentence("survives a handler that panics, without repeating what it said", func(t *testing.T, w *works) {
		var tries atomic.Int64
		w.Handle("test", func(context.Context, jobs.Job) error {
			if tries.Add(1) == 1 {
				panic("the code is 123456")
			}
			var none map[string]string
			none["a"] = "b"
			return nil
		})
		w.enqueue("one")
		w.start()
		w.eventually("it has panicked", func() bool { return strings.Contains(w.log.String(), "will be tried again") })
		w.clock.Advance(time.Minute)
		w.eventually("it has panicked again", func() bool { return strings.Contains(w.log.String(), "assignment to entry in nil map") })
		if log := w.log.String(); strings.Contains(log, "123456") {
			t.Fatalf("the log repeats it: %s", log)
		}
	})

	sentence("leaves jobs that it has no handler for", func(t *testing.T, w *works) {
		w.Handle("other", func(context.Context, jobs.Job) error { return nil })
		w.enqueue("one")
		w.start()
		if err := w.store.EnqueueJobs(t.Context(), jobs.Job{ID: "two", Kind: "other", CreatedAt: w.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		w.is(1, 0)
		w.stop()
		w.is(1, 0)
	})

	sentence("holds on to a job that takes long, and lets go of one that it lost", func(t *testing.T, w *works) {
		begun, ended := make(chan struct{}, 2), make(chan error, 2)
		w.RenewEvery(10 * time.Millisecond)
		w.Handle("test", func(ctx context.Context, _ jobs.Job) error {
			begun <- struct{}{}
			<-ctx.Done()
			ended <- ctx.Err()
			return ctx.Err()
		})
		w.enqueue("one")
		w.start()
		<-begun
		claim := func() int {
			js, err := w.store.ClaimJobs(t.Context(), []string{"test"}, 1, w.clock.Now(), w.clock.Now().Add(time.Hour))
			if err != nil {
				t.Fatal(err)
			}
			return len(js)
		}
		for range 3 { // longer than a lease, in steps shorter than one
			w.clock.Advance(jobs.Lease * 2 / 3)
			w.eventually("it was held on to", func() bool {
				ours, err := w.store.HoldJob(t.Context(), jobs.Job{ID: "one", Attempts: 1}, w.clock.Now().Add(jobs.Lease))
				return ours && err == nil
			})
			if claim() != 0 {
				t.Fatal("a job in hand was claimed by another")
			}
		}
		// Another takes it, as after a long pause of this process.
		if err := w.store.InTx(t.Context(), func(ctx context.Context) error {
			if err := w.store.PostponeJob(ctx, jobs.Job{ID: "one", Attempts: 1}, w.clock.Now(), ""); err != nil {
				return err
			}
			_, err := w.store.ClaimJobs(ctx, []string{"test"}, 1, w.clock.Now(), w.clock.Now().Add(time.Hour))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		<-ended
		w.stop()
		if ours, err := w.store.HoldJob(t.Context(), jobs.Job{ID: "one", Attempts: 2}, w.clock.Now()); err != nil || !ours {
			t.Fatal("the runner wrote to an attempt that was another's")
		}
	})

	sentence("finishes what is in flight when it is stopped, and gives back the rest", func(t *testing.T, w *works) {
		w.Workers = 1
		begun, goOn := make(chan struct{}), make(chan struct{})
		w.Handle("test", func(ctx context.Context, _ jobs.Job) error {
			close(begun) // a second one would panic
			<-goOn
			return ctx.Err()
		})
		w.enqueue("one", "two", "three")
		w.start()
		<-begun
		stopped := make(chan struct{})
		go func() { w.stop(); close(stopped) }()
		w.eventually("what was claimed beyond that was given back", func() bool {
			js, err := w.store.ClaimJobs(context.Background(), []string{"test"}, 9, w.clock.Now(), w.clock.Now())
			return err == nil && len(js) == 2
		})
		close(goOn)
		<-stopped
		w.is(2, 0)
	})

	sentence("ends a handler that takes too long to stop, also one that does not listen", func(t *testing.T, w *works) {
		w.Grace = time.Millisecond
		var begun sync.WaitGroup
		begun.Add(2)
		deaf := make(chan struct{})
		t.Cleanup(func() { close(deaf) })
		w.Handle("test", func(ctx context.Context, j jobs.Job) error {
			begun.Done()
			if j.ID == "deaf" {
				<-deaf
				return nil
			}
			<-ctx.Done()
			return ctx.Err()
		})
		w.enqueue("listens", "deaf")
		w.start()
		begun.Wait()
		w.stop()
		js, err := w.store.ClaimJobs(t.Context(), []string{"test"}, 9, w.clock.Now(), w.clock.Now())
		if err != nil || len(js) != 2 || js[0].LastError != "the server was stopped" {
			t.Fatalf("given back: %+v, %v", js, err)
		}
	})

	sentence("is one of several that share the work", func(t *testing.T, w *works) {
		var mu sync.Mutex
		done := map[string]int{}
		handler := func(_ context.Context, j jobs.Job) error {
			mu.Lock()
			defer mu.Unlock()
			done[j.ID]++
			return nil
		}
		w.Handle("test", handler)
		wake := w.bus.Subscribe(jobs.Topic)
		defer wake.Close()
		second := &works{t: t, Runner: &jobs.Runner{Store: w.store, Now: w.clock.Now, Random: rand.Reader, Wake: wake.C, Log: w.Log}}
		second.Handle("test", handler)
		w.start()
		second.start()
		for i := range 50 {
			w.enqueue(fmt.Sprint("a", i), fmt.Sprint("b", i), fmt.Sprint("c", i))
		}
		w.is(0, 0)
		mu.Lock()
		defer mu.Unlock()
		if len(done) != 150 {
			t.Fatalf("%d jobs were done", len(done))
		}
		for id, n := range done {
			if n != 1 {
				t.Fatalf("job %s was done %d times", id, n)
			}
		}
	})

	t.Run("says once that the database is away, and goes on when it is back", func(t *testing.T) {
		t.Parallel()
		url := testkit.Postgres(t)
		p := testkit.TCPProxy(t, url)
		w := newWorks(t, p.URL(url))
		var n atomic.Int64
		w.Handle("test", func(context.Context, jobs.Job) error { n.Add(1); return nil })
		w.start()
		w.enqueue("one")
		w.is(0, 0)
		p.Cut()
		w.eventually("it complains", func() bool {
			w.bus.Publish(jobs.Topic)
			return strings.Contains(w.log.String(), "cannot be claimed")
		})
		w.bus.Publish(jobs.Topic)
		p.Restore()
		w.eventually("it is content", func() bool { return strings.Contains(w.log.String(), "can be claimed again") })
		w.enqueue("two")
		w.is(0, 0)
		if strings.Count(w.log.String(), "cannot be claimed") != 1 || n.Load() != 2 {
			t.Fatalf("%d jobs; log:\n%s", n.Load(), w.log)
		}
	})
}

func TestBackOff(t *testing.T) {
	t.Parallel()
	r := &jobs.Runner{Random: rand.Reader}
	for attempts, whole := range map[int]time.Duration{0: time.Second, 1: time.Second, 2: 2 * time.Second, 10: 512 * time.Second,
		11: jobs.LongestWait, 60: jobs.LongestWait, 1 << 40: jobs.LongestWait} {
		for range 100 {
			if d := r.BackOff(attempts); d < whole/2 || d > whole {
				t.Fatalf("%v after %d attempts, want %v to %v", d, attempts, whole/2, whole)
			}
		}
	}
	r.Random = strings.NewReader("") // no randomness is no reason to stop
	if d := r.BackOff(1); d != time.Second {
		t.Fatalf("%v", d)
	}
}
