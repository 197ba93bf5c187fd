package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

func TestJobs(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		now := testkit.NewClock().Now()
		lease := now.Add(jobs.Lease)
		kinds := []string{"mail"}
		job := func(id string) jobs.Job {
			return jobs.Job{ID: id, Kind: "mail", Payload: `{"to":"ä"}`, CreatedAt: now}
		}
		fresh := func(t *testing.T) (*store.Store, func(ctx context.Context, js ...jobs.Job)) {
			s := testkit.OpenStore(t, url)
			return s, func(ctx context.Context, js ...jobs.Job) {
				t.Helper()
				if err := s.EnqueueJobs(ctx, js...); err != nil {
					t.Fatal(err)
				}
			}
		}
		claim := func(t *testing.T, s *store.Store, limit int, at time.Time) []jobs.Job {
			t.Helper()
			js, err := s.ClaimJobs(t.Context(), kinds, limit, at, at.Add(jobs.Lease))
			if err != nil {
				t.Fatal(err)
			}
			return js
		}
		stats := func(t *testing.T, s *store.Store, at time.Time) (due, dead int, oldest time.Duration) {
			t.Helper()
			due, dead, oldest, err := s.JobStats(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			return due, dead, oldest
		}
		must := func(t *testing.T, err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		// The steps share a database, one after the other, and leave it empty.
		step := func(name string, f func(t *testing.T)) {
			t.Run(name, func(t *testing.T) {
				f(t)
				s, _ := fresh(t)
				if due, dead, _ := stats(t, s, now.Add(1000*time.Hour)); due != 0 || dead != 0 {
					t.Fatalf("%d due and %d dead jobs were left behind", due, dead)
				}
			})
		}

		step("a job exists exactly if its cause was committed", func(t *testing.T) {
			var told []string
			s := testkit.OpenStore(t, url, func(topics ...string) { told = append(told, topics...) })
			undone := errors.New("undone")
			for _, then := range []error{undone, nil} {
				if err := s.InTx(t.Context(), func(ctx context.Context) error {
					must(t, s.EnqueueJobs(ctx, job("one"), job("two")))
					return then
				}); !errors.Is(err, then) {
					t.Fatal(err)
				}
				if then != nil && (len(claim(t, s, 9, now)) > 0 || len(told) > 0) {
					t.Fatal("a job outlived its transaction")
				}
			}
			if !slices.Equal(told, []string{jobs.Topic}) {
				t.Fatalf("told %q", told)
			}
			js := claim(t, s, 9, now)
			if len(js) != 2 || js[0].Kind != "mail" || js[0].Payload != `{"to":"ä"}` || !js[0].CreatedAt.Equal(now) || !js[0].RunAt.Equal(now) || js[0].Attempts != 1 {
				t.Fatalf("claimed %+v", js)
			}
			must(t, s.FinishJobs(t.Context(), js))
			must(t, s.EnqueueJobs(t.Context()))
		})

		step("the same ID is one job, also once it is dead", func(t *testing.T) {
			s, enqueue := fresh(t)
			enqueue(t.Context(), job("one"), job("one"))
			enqueue(t.Context(), job("one"), job("two"))
			js := claim(t, s, 9, now)
			if len(js) != 2 {
				t.Fatalf("claimed %+v", js)
			}
			must(t, s.BuryJob(t.Context(), js[0], now, "no"))
			enqueue(t.Context(), job(js[0].ID))
			if again := claim(t, s, 9, now); len(again) != 0 {
				t.Fatalf("claimed %+v", again)
			}
			must(t, s.FinishJobs(t.Context(), js))
		})

		step("a job that is not due, of another kind, or held by someone is not claimed", func(t *testing.T) {
			s, enqueue := fresh(t)
			later, other := job("later"), job("other")
			later.RunAt = now.Add(time.Minute)
			other.Kind = "sms"
			enqueue(t.Context(), job("now"), later, other)
			if js := claim(t, s, 9, now); len(js) != 1 || js[0].ID != "now" {
				t.Fatalf("claimed %+v", js)
			}
			if js := claim(t, s, 9, now.Add(time.Second)); len(js) != 0 {
				t.Fatalf("claimed %+v", js)
			}
			js := claim(t, s, 9, later.RunAt) // the first lease has ended too
			if len(js) != 2 || js[0].Attempts+js[1].Attempts != 3 {
				t.Fatalf("claimed %+v", js)
			}
			sms, err := s.ClaimJobs(t.Context(), []string{"sms"}, 9, now, lease)
			must(t, err)
			none, err := s.ClaimJobs(t.Context(), nil, 9, now, lease)
			must(t, err)
			if len(sms) != 1 || len(none) != 0 {
				t.Fatalf("claimed %+v and %+v", sms, none)
			}
			must(t, s.FinishJobs(t.Context(), append(js, sms...)))
		})

		step("the earliest goes first, and no more than asked for", func(t *testing.T) {
			s, enqueue := fresh(t)
			for i := range 10 {
				j := job(strconv.Itoa(i))
				j.RunAt = now.Add(-time.Duration(i) * time.Second)
				enqueue(t.Context(), j)
			}
			first := claim(t, s, 3, now)
			var ids []string
			for _, j := range first {
				ids = append(ids, j.ID)
			}
			slices.Sort(ids)
			if !slices.Equal(ids, []string{"7", "8", "9"}) {
				t.Fatalf("claimed %q", ids)
			}
			must(t, s.FinishJobs(t.Context(), append(first, claim(t, s, 9, now)...)))
		})

		step("a worker that was overtaken changes nothing", func(t *testing.T) {
			s, enqueue := fresh(t)
			enqueue(t.Context(), job("one"))
			old := claim(t, s, 1, now)[0]
			if ours, err := s.HoldJob(t.Context(), old, lease.Add(time.Minute)); err != nil || !ours {
				t.Fatalf("held %v, %v", ours, err)
			}
			if js := claim(t, s, 1, lease); len(js) != 0 {
				t.Fatal("a job that was held on to was claimed")
			}
			young := claim(t, s, 1, lease.Add(time.Minute))[0]
			if ours, err := s.HoldJob(t.Context(), old, lease.Add(time.Hour)); err != nil || ours {
				t.Fatalf("held %v, %v", ours, err)
			}
			must(t, s.PostponeJob(t.Context(), old, now, "old"))
			must(t, s.BuryJob(t.Context(), old, now, "old"))
			must(t, s.FinishJobs(t.Context(), []jobs.Job{old}))
			if ours, err := s.HoldJob(t.Context(), young, lease.Add(2*time.Minute)); err != nil || !ours {
				t.Fatal("the younger worker lost its job to the older one")
			}
			must(t, s.FinishJobs(t.Context(), []jobs.Job{young}))
		})

		step("a failed attempt is tried again when it said, and knows why", func(t *testing.T) {
			s, enqueue := fresh(t)
			enqueue(t.Context(), job("one"))
			must(t, s.PostponeJob(t.Context(), claim(t, s, 1, now)[0], now.Add(time.Hour), "451 not now"))
			if js := claim(t, s, 1, now.Add(59*time.Minute)); len(js) != 0 {
				t.Fatal("claimed too early")
			}
			if due, _, oldest := stats(t, s, now.Add(30*time.Minute)); due != 1 || oldest != 30*time.Minute {
				t.Fatalf("%d due for %v", due, oldest)
			}
			js := claim(t, s, 1, now.Add(time.Hour))
			if len(js) != 1 || js[0].LastError != "451 not now" || js[0].Attempts != 2 {
				t.Fatalf("claimed %+v", js)
			}
			must(t, s.FinishJobs(t.Context(), js))
		})

		step("dead letters are kept, counted, listed and tried again", func(t *testing.T) {
			s, enqueue := fresh(t)
			enqueue(t.Context(), job("one"), job("two"), job("three"))
			for i, j := range claim(t, s, 9, now) {
				must(t, s.BuryJob(t.Context(), j, now.Add(time.Duration(i)*time.Second), "550 unknown"))
			}
			if due, dead, oldest := stats(t, s, now.Add(time.Hour)); due != 0 || dead != 3 || oldest != 0 {
				t.Fatalf("%d due for %v, %d dead", due, oldest, dead)
			}
			if js := claim(t, s, 9, now.Add(time.Hour)); len(js) != 0 {
				t.Fatalf("claimed %+v", js)
			}
			list, err := s.DeadJobs(t.Context(), 2)
			if err != nil || len(list) != 2 || list[0].LastError != "550 unknown" || !list[0].DeadAt.After(list[1].DeadAt) {
				t.Fatalf("listed %+v, %v", list, err)
			}
			if n, err := s.RetryDeadJobs(t.Context(), now, "one", "unknown"); n != 1 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			js := claim(t, s, 9, now)
			if len(js) != 1 || js[0].ID != "one" || js[0].Attempts != 1 {
				t.Fatalf("claimed %+v", js)
			}
			if n, err := s.RetryDeadJobs(t.Context(), now); n != 2 || err != nil {
				t.Fatalf("%d, %v", n, err)
			}
			must(t, s.FinishJobs(t.Context(), append(js, claim(t, s, 9, now)...)))
		})

		step("how long the oldest waits counts from when it was due", func(t *testing.T) {
			s, enqueue := fresh(t)
			j := job("one")
			j.RunAt = now.Add(time.Hour)
			enqueue(t.Context(), j)
			if due, _, oldest := stats(t, s, now.Add(59*time.Minute)); due != 0 || oldest != 0 {
				t.Fatalf("%d due for %v", due, oldest)
			}
			if due, _, oldest := stats(t, s, now.Add(61*time.Minute)); due != 1 || oldest != time.Minute {
				t.Fatalf("%d due for %v", due, oldest)
			}
			must(t, s.FinishJobs(t.Context(), claim(t, s, 1, now.Add(time.Hour))))
		})

		step("of many workers none is given what another has, and nothing is left", func(t *testing.T) {
			s, enqueue := fresh(t)
			var js []jobs.Job
			for i := range 500 {
				js = append(js, job(fmt.Sprintf("job %d", i)))
			}
			enqueue(t.Context(), js...)
			var mu sync.Mutex
			seen := map[string]int{}
			var workers sync.WaitGroup
			for range 8 {
				workers.Go(func() {
					for {
						js, err := s.ClaimJobs(t.Context(), kinds, 7, now, lease)
						if err != nil || len(js) > 7 {
							t.Errorf("%d jobs, %v", len(js), err)
							return
						}
						if len(js) == 0 {
							return
						}
						mu.Lock()
						for _, j := range js {
							seen[j.ID]++
						}
						mu.Unlock()
						if err := s.FinishJobs(t.Context(), js); err != nil {
							t.Error(err)
						}
					}
				})
			}
			workers.Wait()
			if len(seen) != 500 {
				t.Fatalf("%d of 500 jobs were done", len(seen))
			}
			for id, n := range seen {
				if n != 1 {
					t.Fatalf("%s was claimed %d times", id, n)
				}
			}
		})
	})
}

// Claiming must not cost more the more there is to do, not even just after it was enqueued.
func BenchmarkClaimAndFinishJobsOf100000(b *testing.B) {
	for name, url := range map[string]func(testing.TB) string{"sqlite": testkit.SQLite, "postgres": testkit.Postgres} {
		b.Run(name, func(b *testing.B) {
			s := testkit.OpenStore(b, url(b))
			now := testkit.NewClock().Now()
			js := make([]jobs.Job, 100_000)
			for i := range js {
				js[i] = jobs.Job{ID: fmt.Sprintf("activation-%06d", i), Kind: "mail", Payload: fmt.Sprintf("%400d", i), CreatedAt: now}
			}
			began := time.Now()
			if err := s.EnqueueJobs(b.Context(), js...); err != nil {
				b.Fatal(err)
			}
			enqueued := time.Since(began)
			for b.Loop() {
				claimed, err := s.ClaimJobs(b.Context(), []string{"mail"}, 16, now, now.Add(jobs.Lease))
				if err != nil || len(claimed) != 16 {
					b.Fatal(len(claimed), err)
				}
				if err := s.FinishJobs(b.Context(), claimed); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(js))/enqueued.Seconds(), "enqueued/s")
		})
	}
}
