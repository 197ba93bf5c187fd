package bus_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/bus"
	"sallyport/internal/jobs"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

// watch has a bus ask until the test ends.
func watch(t *testing.T, b *bus.Bus, elsewhere func(context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	stopped := b.Watch(ctx, elsewhere)
	t.Cleanup(func() {
		cancel()
		<-stopped
		if b.Fresh() {
			t.Error("a bus that has stopped calls itself fresh")
		}
	})
}

func TestWatch(t *testing.T) {
	t.Parallel()
	enqueue := func(ctx context.Context, db *store.Store, name string) error {
		return db.EnqueueJobs(ctx, jobs.Job{ID: name, Kind: "test", Payload: "{}", CreatedAt: time.Now()})
	}

	t.Run("hears what another process commits, and takes nothing that this one does for it", func(t *testing.T) {
		t.Parallel()
		url := testkit.SQLite(t)
		b := bus.New(mono)
		here, there := testkit.OpenStore(t, url, b.Publish), testkit.OpenStore(t, url)
		elsewhere := here.Elsewhere()
		asked, changes := atomic.Int64{}, atomic.Int64{}
		watch(t, b, func(ctx context.Context) (bool, error) {
			changed, err := elsewhere(ctx)
			if changed {
				changes.Add(1)
			}
			asked.Add(1)
			return changed, err
		})
		eventually(t, "it is fresh", b.Fresh)
		if changes.Load() != 1 {
			t.Fatalf("the first answer is yes, not %d times", changes.Load())
		}
		// Many of this process's own, rolled back ones and readers among them.
		undone := errors.New("undone")
		var all sync.WaitGroup
		stop := make(chan struct{})
		for range 4 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					_ = here.InTx(context.Background(), func(ctx context.Context) error {
						return errors.Join(enqueue(ctx, here, "undone"), undone)
					})
					if err := enqueue(context.Background(), here, "own"); err != nil {
						t.Error(err)
					}
					_, _ = here.Keyset(context.Background(), "none")
				}
			})
		}
		for from := asked.Load(); asked.Load() < from+5; {
			time.Sleep(time.Millisecond)
		}
		close(stop)
		all.Wait()
		if changes.Load() != 1 {
			t.Fatalf("its own commits were taken for another's %d times", changes.Load()-1)
		}
		s := b.Subscribe(jobs.Topic)
		defer s.Close()
		if err := enqueue(t.Context(), there, "another's"); err != nil {
			t.Fatal(err)
		}
		wait(t, s, bus.All)
		if err := there.InTx(t.Context(), func(context.Context) error { return undone }); !errors.Is(err, undone) {
			t.Fatal(err)
		}
		from := asked.Load()
		eventually(t, "it has asked again", func() bool { return asked.Load() > from+1 })
		if changes.Load() != 2 {
			t.Errorf("what nobody has committed was heard")
		}
	})

	t.Run("answers nothing from memory while it is not answered itself", func(t *testing.T) {
		t.Parallel()
		b := bus.New(mono)
		var broken atomic.Bool
		watch(t, b, func(context.Context) (bool, error) {
			if broken.Load() {
				return false, errors.New("broken")
			}
			return false, nil
		})
		eventually(t, "it is fresh", b.Fresh)
		broken.Store(true)
		eventually(t, "it is not", func() bool { return !b.Fresh() })
		broken.Store(false)
		eventually(t, "it is again", b.Fresh)
	})

	t.Run("never gives an answer that is older than a second", func(t *testing.T) {
		t.Parallel()
		url := testkit.SQLite(t)
		b, s := bus.New(mono), &source{}
		here, there := testkit.OpenStore(t, url), testkit.OpenStore(t, url)
		watch(t, b, here.Elsewhere())
		m := bus.Remember(b, "user:", 100, s.load)
		type change struct {
			value int64
			at    time.Duration
		}
		var changes []change
		begin := mono()
		for i := int64(1); mono()-begin < 3*time.Second; i++ {
			s.value.Store(i)
			if err := enqueue(t.Context(), there, time.Now().String()); err != nil {
				t.Fatal(err)
			}
			changes = append(changes, change{i, mono()})
			time.Sleep(50 * time.Millisecond)
			asked := mono()
			v := mustGet(t, m, "1")
			for _, c := range changes {
				if asked-c.at > time.Second && v < c.value {
					t.Fatalf("answered %d, %v after it had become %d", v, asked-c.at, c.value)
				}
			}
		}
		if n := s.asked.Load(); n == 0 || n == int64(len(changes)) {
			t.Errorf("of %d answers none or all were from memory: %d loads", len(changes), n)
		}
	})
}

func BenchmarkQuestionWhetherAnotherProcessHasWritten(b *testing.B) {
	elsewhere := testkit.OpenStore(b, testkit.SQLite(b)).Elsewhere()
	for b.Loop() {
		if _, err := elsewhere(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
