package jobs_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/testkit"
)

// steps is a walk over three pages, each of which leaves a job of its own behind.
type steps struct{ Done int }

func TestWalk(t *testing.T) {
	t.Parallel()
	sentence := func(name string, f func(t *testing.T, w *works)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testkit.Databases(t, func(t *testing.T, url string) { f(t, newWorks(t, url)) })
		})
	}
	const payload = `{"Done":0}`
	pages := []string{"first", "second", "third"}
	begin := func(t *testing.T, w *works) jobs.Job {
		t.Helper()
		if err := w.store.EnqueueJobs(t.Context(), jobs.Job{ID: "walk", Kind: "walk", Payload: payload, CreatedAt: w.clock.Now()}); err != nil {
			t.Fatal(err)
		}
		return w.claim("walk")[0]
	}
	walk := func(w *works, j jobs.Job, fail error, at int) error {
		return jobs.Walk(w.t.Context(), w.store, j, func(ctx context.Context, s *steps) (bool, error) {
			if err := w.store.EnqueueJobs(ctx, jobs.Job{ID: pages[s.Done], Kind: "page", CreatedAt: w.clock.Now()}); err != nil {
				return false, err
			}
			if s.Done++; s.Done == at && fail != nil {
				return false, fail
			}
			return s.Done == len(pages), nil
		})
	}
	left := func(w *works) []string {
		var ids []string
		for _, j := range w.claim("page") {
			ids = append(ids, j.ID)
		}
		slices.Sort(ids)
		return ids
	}

	sentence("does each page once although it is cut off, and goes with its last page", func(t *testing.T, w *works) {
		cut := errors.New("cut off")
		if err := walk(w, begin(t, w), cut, 2); !errors.Is(err, cut) {
			t.Fatal(err)
		}
		if done := left(w); !slices.Equal(done, pages[:1]) {
			t.Fatalf("done: %q", done)
		}
		w.clock.Advance(2 * jobs.Lease) // nobody has given it back
		if err := w.store.FinishJobs(t.Context(), []jobs.Job{{ID: "first", Attempts: 1}}); err != nil {
			t.Fatal(err)
		}
		if err := walk(w, w.claim("walk")[0], nil, 0); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(2 * jobs.Lease)
		if again, done := w.claim("walk"), left(w); len(again) > 0 || !slices.Equal(done, pages[1:]) {
			t.Fatalf("done: %q; and %d walks are left", done, len(again))
		}
	})

	sentence("leaves nothing behind once another worker has taken it up", func(t *testing.T, w *works) {
		ours := begin(t, w)
		w.clock.Advance(2 * jobs.Lease)
		theirs := w.claim("walk")[0]
		if err := walk(w, ours, nil, 0); err == nil {
			t.Fatal("the first worker went on")
		}
		if done := left(w); len(done) > 0 {
			t.Fatalf("done: %q", done)
		}
		if err := walk(w, theirs, nil, 0); err != nil {
			t.Fatal(err)
		}
		if done := left(w); len(done) != len(pages) {
			t.Fatalf("done: %q", done)
		}
	})

	sentence("is not tried again where its payload cannot be read", func(t *testing.T, w *works) {
		if err := jobs.Walk(t.Context(), w.store, jobs.Job{ID: "walk", Kind: "walk", Payload: "nothing"}, func(context.Context, *steps) (bool, error) {
			t.Error("a page was done")
			return true, nil
		}); !jobs.Discarded(err) {
			t.Fatal(err)
		}
	})
}

// claim begins jobs of a kind for a lease.
func (w *works) claim(kind string) []jobs.Job {
	w.t.Helper()
	js, err := w.store.ClaimJobs(w.t.Context(), []string{kind}, 9, w.clock.Now(), w.clock.Now().Add(jobs.Lease-time.Second))
	if err != nil {
		w.t.Fatal(err)
	}
	return js
}
