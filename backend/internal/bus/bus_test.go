package bus_test

import (
	"sync"
	"testing"
	"time"

	"sallyport/internal/bus"
	"sallyport/internal/testkit"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

func still() time.Duration { return 0 }

// got is what is waiting to be read.
func got(s *bus.Subscription) []string {
	var topics []string
	for {
		select {
		case topic := <-s.C:
			topics = append(topics, topic)
		default:
			return topics
		}
	}
}

func equal(t *testing.T, have, want []string) {
	t.Helper()
	if len(have) != len(want) {
		t.Fatalf("heard %q, want %q", have, want)
	}
	for i := range have {
		if have[i] != want[i] {
			t.Fatalf("heard %q, want %q", have, want)
		}
	}
}

func TestSubscription(t *testing.T) {
	t.Parallel()

	t.Run("hears its topics and no others", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		s := b.Subscribe("user:1")
		defer s.Close()
		s.Add("account:1", "user:1")
		b.Publish("user:2", "account:1", "user:1")
		equal(t, got(s), []string{"account:1", "user:1"})
	})

	t.Run("hears that anything may have changed", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		s := b.Subscribe()
		defer s.Close()
		b.Publish(bus.All)
		equal(t, got(s), []string{bus.All})
	})

	t.Run("runs repeated changes together", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		s := b.Subscribe("jobs")
		defer s.Close()
		for range 1000 {
			b.Publish("jobs")
		}
		equal(t, got(s), []string{"jobs"})
		b.Publish("jobs")
		equal(t, got(s), []string{"jobs"})
	})

	t.Run("tells a slow reader of many topics that all may have changed", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		var topics []string
		for i := range 100 {
			topics = append(topics, string(rune('a'+i)))
		}
		s := b.Subscribe(topics...)
		defer s.Close()
		b.Publish(topics...)
		heard := got(s)
		if len(heard) > 20 || heard[0] != bus.All {
			t.Fatalf("heard %q", heard)
		}
	})

	t.Run("ends with Close, which closes the channel", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		s := b.Subscribe("a")
		s.Close()
		s.Close()
		s.Add("b")
		b.Publish("a", "b", bus.All)
		if topic, open := <-s.C; open {
			t.Fatalf("heard %q", topic)
		}
	})

	t.Run("misses nothing while publishers race", func(t *testing.T) {
		t.Parallel()
		b := bus.New(still)
		s := b.Subscribe("a", "b")
		var publishers, reader sync.WaitGroup
		var mu sync.Mutex
		state, seen := map[string]int{}, map[string]int{}
		look := func(topic string) {
			mu.Lock()
			defer mu.Unlock()
			for k, v := range state {
				if topic == k || topic == bus.All {
					seen[k] = v
				}
			}
		}
		reader.Go(func() {
			for topic := range s.C {
				look(topic)
			}
		})
		for _, topic := range []string{"a", "b"} {
			for range 4 {
				publishers.Go(func() {
					for range 500 {
						mu.Lock()
						state[topic]++
						mu.Unlock()
						b.Publish(topic)
					}
				})
			}
		}
		publishers.Wait()
		s.Close() // what is queued can still be read
		reader.Wait()
		if seen["a"] != 2000 || seen["b"] != 2000 {
			t.Fatalf("the reader's last look was at %v", seen)
		}
	})
}
