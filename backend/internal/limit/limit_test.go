package limit_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/limit"
	"sallyport/internal/testkit"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		clock := testkit.NewClock()
		l := &limit.Limits{Store: testkit.OpenStore(t, databaseURL), Box: testkit.Box(t), Now: clock.Now}
		const here, there, nowhere = "192.0.2.1", "192.0.2.2", ""
		thrice := limit.Bound{Every: time.Minute, Burst: 3}
		guess := func(network string, counts ...limit.Count) error {
			_, err := l.Take(t.Context(), network, counts...)
			return err
		}

		t.Run("after a burst there is one more each interval, and the refusal says when", func(t *testing.T) {
			c := limit.Count{What: "a", Whom: "ada", Bound: thrice}
			for range 3 {
				if err := guess(here, c); err != nil {
					t.Fatal(err)
				}
			}
			err := guess(there, c) // wherever it comes from
			if e, told := fault.As(err); !errors.Is(err, fault.ErrRateLimited) || !told || e.RetryAfter <= 0 || e.RetryAfter > time.Minute {
				t.Fatalf("the fourth: %v", err)
			}
			clock.Advance(time.Minute)
			if err := guess(here, c); err != nil {
				t.Fatal(err)
			}
		})

		t.Run("persons, places and things are counted apart, and what is given back was never taken", func(t *testing.T) {
			mine := limit.Count{What: "b", Whom: "ada", Here: true, Bound: thrice}
			for range 3 {
				if err := guess(here, mine); err != nil {
					t.Fatal(err)
				}
			}
			yours, other := mine, mine
			yours.Whom, other.What = "grace", "c"
			for network, c := range map[string]limit.Count{here: yours, there: mine, nowhere: other} {
				if err := guess(network, c); err != nil {
					t.Errorf("%+v: %v", c, err)
				}
			}
			for range 5 {
				taken, err := l.Take(t.Context(), here, other)
				if err != nil {
					t.Fatal(err)
				}
				if err := l.GiveBack(t.Context(), taken); err != nil {
					t.Fatal(err)
				}
			}
		})

		t.Run("of places that are asked for at once no more are given than there are, in no hour", func(t *testing.T) {
			take := func() (given int) {
				var n atomic.Int64
				var all sync.WaitGroup
				for range 20 {
					all.Go(func() {
						ok, err := l.OneOf(t.Context(), "mail", "ada", 3, time.Hour)
						if err != nil {
							t.Error(err)
						}
						if ok {
							n.Add(1)
						}
					})
				}
				all.Wait()
				return int(n.Load())
			}
			first := take()
			clock.Advance(59 * time.Minute)
			second := take()
			clock.Advance(time.Minute)
			if third := take(); first != 3 || second != 0 || third != 3 {
				t.Errorf("%d, 59 minutes later %d, an hour later %d", first, second, third)
			}
		})
	})
}
