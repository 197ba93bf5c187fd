package store_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/notify"
	"sallyport/internal/notify/budget"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestDelivery(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		s := testkit.OpenStore(t, url)
		if _, err := s.AddUser(t.Context(), user.User{ID: "ada", Email: "ada@example.test", Name: "Ada", PasswordHash: "-"}, ""); err != nil {
			t.Fatal(err)
		}
		clock := testkit.NewClock()
		take := func(id string) {
			t.Helper()
			over, err := s.TakeMessage(t.Context(), budget.Message{ID: id, UserID: "ada", NumberHash: "n", PrefixHash: "p", Country: "DE", CreatedAt: clock.Now()}, nil, true)
			if err != nil || over != nil {
				t.Fatal(over, err)
			}
		}
		move := func(d notify.Delivery) bool {
			t.Helper()
			moved, err := s.MoveDelivery(t.Context(), d, clock.Advance(time.Second))
			if err != nil {
				t.Fatal(err)
			}
			return moved
		}
		state := func(id string) notify.Delivery {
			t.Helper()
			d, err := s.DeliveryState(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			return d
		}

		step := func(name string, f func(t *testing.T)) {
			if !t.Run(name, f) {
				t.FailNow()
			}
		}
		step("begins queued, and is unknown before", func(t *testing.T) {
			if _, err := s.DeliveryState(t.Context(), "1"); !errors.Is(err, fault.ErrNotFound) {
				t.Fatal(err)
			}
			take("1")
			if d := state("1"); d != (notify.Delivery{ID: "1", Progress: notify.Queued, CreatedAt: clock.Now(), ChangedAt: clock.Now()}) {
				t.Fatalf("%+v", d)
			}
		})

		step("goes forward, and never back", func(t *testing.T) {
			if move(notify.Delivery{ID: "1", Progress: notify.Queued, SID: "SM1"}) {
				t.Error("from queued to queued")
			}
			if !move(notify.Delivery{ID: "1", Progress: notify.Sent}) || move(notify.Delivery{ID: "1", Progress: notify.Sent, SID: "SM1"}) {
				t.Error("to sent, once")
			}
			if !move(notify.Delivery{ID: "1", Progress: notify.Undelivered, SID: "SM1", Reason: notify.Unreachable, ErrorCode: 30003}) {
				t.Error("to undelivered")
			}
			for _, p := range []notify.Progress{notify.Queued, notify.Sent, notify.Delivered, notify.Undelivered, notify.Failed} {
				if move(notify.Delivery{ID: "1", Progress: p, SID: "SM1"}) {
					t.Errorf("from undelivered to %s", p)
				}
			}
			if d := state("1"); d.Progress != notify.Undelivered || d.Reason != notify.Unreachable || d.ErrorCode != 30003 || d.SID != "SM1" || !d.ChangedAt.After(d.CreatedAt) {
				t.Errorf("%+v", d)
			}
		})

		step("skips what was not heard of", func(t *testing.T) {
			take("2")
			if !move(notify.Delivery{ID: "2", Progress: notify.Delivered, SID: "SM2"}) || state("2").Progress != notify.Delivered {
				t.Errorf("%+v", state("2"))
			}
		})

		step("is not moved by another message's name, nor without a row", func(t *testing.T) {
			take("3")
			if !move(notify.Delivery{ID: "3", Progress: notify.Sent, SID: "SM3"}) || move(notify.Delivery{ID: "3", Progress: notify.Delivered, SID: "SM4"}) {
				t.Errorf("%+v", state("3"))
			}
			if move(notify.Delivery{ID: "nobody's", Progress: notify.Sent, SID: "SM5"}) {
				t.Error("what is not there was moved")
			}
		})

		step("is handed over by one worker at a time", func(t *testing.T) {
			take("4")
			now := clock.Now()
			var began atomic.Int64
			var workers sync.WaitGroup
			for range 16 {
				workers.Go(func() {
					ok, err := s.HandOver(t.Context(), "4", time.Time{}, now)
					if err != nil {
						t.Error(err)
					}
					if ok {
						began.Add(1)
					}
				})
			}
			workers.Wait()
			if began.Load() != 1 || !state("4").HandedAt.Equal(now) {
				t.Fatalf("%d workers, %+v", began.Load(), state("4"))
			}
			later := now.Add(time.Minute)
			if ok, err := s.HandOver(t.Context(), "4", now, later); !ok || err != nil {
				t.Fatalf("once more, knowing of the first time: %v, %v", ok, err)
			}
			if err := s.HandBack(t.Context(), "4", now); err != nil || state("4").HandedAt.IsZero() {
				t.Fatalf("a worker that was overtaken gave it back: %v", err)
			}
			if err := s.HandBack(t.Context(), "4", later); err != nil || !state("4").HandedAt.IsZero() {
				t.Fatalf("given back: %+v, %v", state("4"), err)
			}
			if !move(notify.Delivery{ID: "4", Progress: notify.Sent}) {
				t.Fatal("not moved")
			}
			if ok, err := s.HandOver(t.Context(), "4", time.Time{}, later); ok || err != nil {
				t.Fatalf("what is sent was handed over again: %v", err)
			}
		})

		step("is forgotten after a week", func(t *testing.T) {
			clock.Advance(7*24*time.Hour - time.Minute)
			if err := s.Sweep(t.Context(), clock.Now()); err != nil {
				t.Fatal(err)
			}
			state("4")
			if err := s.Sweep(t.Context(), clock.Advance(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if _, err := s.DeliveryState(t.Context(), "4"); !errors.Is(err, fault.ErrNotFound) {
				t.Error(err)
			}
		})
	})
}
