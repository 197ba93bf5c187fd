package bus_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"

	"sallyport/internal/bus"
)

// source counts how often it is asked, and gives what it holds.
type source struct {
	asked atomic.Int64
	value atomic.Int64
}

func (s *source) load(context.Context, string) (int64, error) {
	s.asked.Add(1)
	return s.value.Load(), nil
}

func mustGet[V any](t *testing.T, m *bus.Memory[string, V], key string) V {
	t.Helper()
	v, err := m.Get(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestMemory(t *testing.T) {
	t.Parallel()

	t.Run("asks once until the topic changes", func(t *testing.T) {
		t.Parallel()
		b, s := bus.New(still), &source{}
		m := bus.Remember(b, "user:", 100, s.load)
		for range 3 {
			mustGet(t, m, "1")
		}
		s.value.Store(7)
		b.Publish("account:1", "user:2", "user:")
		if v := mustGet(t, m, "1"); v != 0 || s.asked.Load() != 1 {
			t.Fatalf("value %d after %d loads", v, s.asked.Load())
		}
		b.Publish("user:1")
		if v := mustGet(t, m, "1"); v != 7 || s.asked.Load() != 2 {
			t.Fatalf("value %d after %d loads", v, s.asked.Load())
		}
		b.Publish(bus.All)
		m.Drop("unknown")
		mustGet(t, m, "1")
		m.Drop("1")
		mustGet(t, m, "1")
		if s.asked.Load() != 4 {
			t.Fatalf("%d loads", s.asked.Load())
		}
	})

	t.Run("has dropped before a subscriber is woken", func(t *testing.T) {
		t.Parallel()
		b, s := bus.New(still), &source{}
		m := bus.Remember(b, "user:", 100, s.load)
		mustGet(t, m, "1")
		woken := b.Subscribe("user:1")
		defer woken.Close()
		s.value.Store(1)
		go b.Publish("user:1")
		<-woken.C
		if v := mustGet(t, m, "1"); v != 1 {
			t.Fatal("a woken reader was given the old value")
		}
	})

	t.Run("never keeps what was being loaded while it changed", func(t *testing.T) {
		t.Parallel()
		for _, change := range []func(*bus.Bus, *bus.Memory[string, int64]){
			func(b *bus.Bus, _ *bus.Memory[string, int64]) { b.Publish("user:1") },
			func(b *bus.Bus, _ *bus.Memory[string, int64]) { b.Publish(bus.All) },
			func(_ *bus.Bus, m *bus.Memory[string, int64]) { m.Drop("1") },
		} {
			b, s := bus.New(still), &source{}
			began, goOn := make(chan struct{}), make(chan struct{})
			m := bus.Remember(b, "user:", 100, func(ctx context.Context, key string) (int64, error) {
				v, err := s.load(ctx, key)
				if s.asked.Load() == 1 {
					close(began)
					<-goOn
				}
				return v, err
			})
			old := make(chan int64)
			go func() {
				v, _ := m.Get(context.Background(), "1")
				old <- v
			}()
			<-began
			s.value.Store(1)
			change(b, m)
			// Whoever asks after the change neither joins the old load nor is given its value.
			if v := mustGet(t, m, "1"); v != 1 {
				t.Fatalf("asked after the change and was given %d", v)
			}
			close(goOn)
			if v := <-old; v != 0 {
				t.Fatalf("the first was given %d", v)
			}
			if v := mustGet(t, m, "1"); v != 1 {
				t.Fatal("the old value was kept")
			}
		}
	})

	t.Run("lets many wait for one load", func(t *testing.T) {
		t.Parallel()
		b, s := bus.New(still), &source{}
		began, goOn := make(chan struct{}), make(chan struct{})
		m := bus.Remember(b, "user:", 100, func(ctx context.Context, key string) (int64, error) {
			close(began) // twice would panic
			<-goOn
			return s.load(ctx, key)
		})
		var all sync.WaitGroup
		all.Go(func() { _, _ = m.Get(context.Background(), "1") })
		<-began
		for range 20 {
			all.Go(func() { _, _ = m.Get(context.Background(), "1") })
		}
		close(goOn)
		all.Wait()
		if s.asked.Load() != 1 {
			t.Fatalf("%d loads", s.asked.Load())
		}
	})

	t.Run("does not let one who gives up take the others along", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		began := make(chan struct{}, 2)
		var asked atomic.Int64
		m := bus.Remember(b, "user:", 100, func(ctx context.Context, _ string) (int64, error) {
			began <- struct{}{}
			if asked.Add(1) == 1 {
				<-ctx.Done()
				return 0, ctx.Err()
			}
			return 5, nil
		})
		leader, giveUp := context.WithCancel(context.Background())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := m.Get(leader, "1"); !errors.Is(err, context.Canceled) {
				t.Errorf("the leader was told %v", err)
			}
		})
		<-began
		for range 5 {
			all.Go(func() {
				if v, err := m.Get(context.Background(), "1"); v != 5 || err != nil {
					t.Errorf("a waiter was given %d, %v", v, err)
				}
			})
		}
		impatient, cancel := context.WithCancel(context.Background())
		cancel()
		if _, err := m.Get(impatient, "1"); !errors.Is(err, context.Canceled) {
			t.Errorf("one who had given up was told %v", err)
		}
		giveUp()
		all.Wait()
	})

	t.Run("does not remember errors", func(t *testing.T) {
		t.Parallel()
		var asked int
		m := bus.Remember(bus.New(still), "user:", 100, func(context.Context, string) (int, error) {
			if asked++; asked == 1 {
				return 0, errors.New("lost")
			}
			return asked, nil
		})
		if _, err := m.Get(t.Context(), "1"); err == nil {
			t.Fatal("no error")
		}
		if v := mustGet(t, m, "1"); v != 2 {
			t.Fatalf("value %d", v)
		}
	})

	t.Run("survives a load that panics", func(t *testing.T) {
		t.Parallel()
		var asked int
		m := bus.Remember(bus.New(still), "user:", 100, func(context.Context, string) (int, error) {
			if asked++; asked == 1 {
				panic("a defect")
			}
			return asked, nil
		})
		func() {
			defer func() { _ = recover() }()
			_, _ = m.Get(context.Background(), "1")
		}()
		if v := mustGet(t, m, "1"); v != 2 {
			t.Fatalf("value %d", v)
		}
	})

	t.Run("stays within its limit", func(t *testing.T) {
		t.Parallel()
		for _, limit := range []int{1, 7, 64, 1000} {
			s := &source{}
			m := bus.Remember(bus.New(still), "user:", limit, s.load)
			for i := range 5000 {
				mustGet(t, m, strconv.Itoa(i))
			}
			if n := m.Len(); n > limit || n == 0 {
				t.Fatalf("%d values with a limit of %d", n, limit)
			}
		}
	})

	t.Run("gives a load the deadline of who asks and nothing else of them", func(t *testing.T) {
		t.Parallel()
		type key struct{}
		ctx, cancel := context.WithCancel(context.WithValue(context.Background(), key{}, "an open transaction"))
		cancel()
		m := bus.Remember(bus.New(still), "user:", 1, func(ctx context.Context, _ string) (int, error) {
			if ctx.Value(key{}) != nil {
				t.Error("the load saw a value of the context")
			}
			return 0, ctx.Err()
		})
		if _, err := m.Get(ctx, "1"); !errors.Is(err, context.Canceled) {
			t.Fatalf("error %v", err)
		}
	})

	t.Run("never gives an answer older than the last change that was told", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		var truth atomic.Int64
		m := bus.Remember(b, "user:", 100, func(context.Context, string) (int64, error) { return truth.Load(), nil })
		var all sync.WaitGroup
		var told atomic.Int64
		stop := make(chan struct{})
		for range 4 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					least := told.Load()
					if v, _ := m.Get(context.Background(), "1"); v < least {
						t.Errorf("given %d after %d was told", v, least)
						return
					}
				}
			})
		}
		for i := int64(1); i <= 5000; i++ {
			truth.Store(i)
			b.Publish("user:1")
			told.Store(i)
		}
		close(stop)
		all.Wait()
	})
}

func BenchmarkMemoryGet(b *testing.B) {
	u, s := bus.New(still), &source{}
	m := bus.Remember(u, "session:", 100_000, s.load)
	keys := make([]string, 1024)
	for i := range keys {
		keys[i] = "01a0b1c2-0000-7000-8000-" + strconv.Itoa(100_000_000_000+i)
	}
	ctx := context.Background()
	b.ReportAllocs()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			_, _ = m.Get(ctx, keys[i%len(keys)])
		}
	})
}
