package jobs

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

// The rules of trying again.
const (
	Lease       = time.Minute      // how long a worker holds a job without saying so again
	poll        = time.Second      // how long a due job waits where nobody was woken for it
	firstWait   = time.Second      // after the first failure; doubled with each further one …
	longestWait = 15 * time.Minute // … up to here
	maxAttempts = 200              // about two days
	batch       = 64               // jobs claimed or finished in one statement
	goodbye     = 5 * time.Second  // for giving back what is held, when stopping
)

// Handler does one job. A plain error is tried again; see Discard and After. It should heed ctx, which ends when the job has
// been lost to another worker and when stopping takes too long.
type Handler func(ctx context.Context, j Job) error

// Runner works off the jobs of a store. Several may share one store.
type Runner struct {
	Store   Store
	Now     func() time.Time
	Random  io.Reader     // scatters repetitions, so that they do not all come at once
	Wake    <-chan string // a subscription to Topic; nil: jobs wait for the poll
	Log     *slog.Logger
	Workers int           // jobs at a time; 0: 8
	Grace   time.Duration // how long Run lets handlers finish when it is stopped; 0: 10 s

	handlers   map[string]Handler
	kinds      []string
	renewEvery time.Duration // 0: a third of the lease
}

// Handle names the handler of a kind of job. Call it before Run.
func (r *Runner) Handle(kind string, f func(ctx context.Context, j Job) error) {
	if r.handlers == nil {
		r.handlers = map[string]Handler{}
	}
	r.handlers[kind] = f
	r.kinds = slices.Sorted(maps.Keys(r.handlers))
}

// Stats counts the jobs that should be done by now and the dead letters; oldest is how long the oldest of the former waits.
func (r *Runner) Stats(ctx context.Context) (due, dead int, oldest time.Duration, err error) {
	return r.Store.JobStats(ctx, r.Now())
}

// RetryDead has dead letters tried again: those with the IDs given, or every one. It says how many.
func (r *Runner) RetryDead(ctx context.Context, ids ...string) (int, error) {
	return r.Store.RetryDeadJobs(ctx, r.Now(), ids...)
}

// Run works until ctx ends; then it finishes what is in flight, within Grace, gives back the rest and returns.
func (r *Runner) Run(ctx context.Context) {
	workers, grace := r.Workers, r.Grace
	if workers == 0 {
		workers = 8
	}
	if grace == 0 {
		grace = 10 * time.Second
	}
	// Handlers outlive ctx by the grace; giving back outlives them by the goodbye.
	inFlight, hurry := context.WithCancel(context.WithoutCancel(ctx))
	defer hurry()
	last, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	context.AfterFunc(ctx, func() {
		pause(last, grace)
		hurry()
		pause(last, goodbye)
		end()
	})

	queue := make(chan held, 2*workers)
	room := make(chan struct{}, 1)
	done := make(chan Job, batch)
	var working, finishing sync.WaitGroup
	for range workers {
		working.Go(func() {
			for h := range queue {
				select {
				case room <- struct{}{}:
				default:
				}
				r.work(inFlight, last, h, done)
			}
		})
	}
	finishing.Go(func() { r.finish(last, done) })

	r.claim(ctx, inFlight, queue, room)
	r.giveBack(last, queue)
	close(queue)
	working.Wait()
	close(done)
	finishing.Wait()
}

// held is a job that is ours until the time given.
type held struct {
	Job
	until time.Time
}

// claim fills the queue until ctx ends. A claim that has begun is heard to its end, within inFlight: broken off it may have been
// written all the same, and nobody would give back what it took.
func (r *Runner) claim(ctx, inFlight context.Context, queue chan<- held, room <-chan struct{}) {
	tick := time.NewTicker(poll)
	defer tick.Stop()
	wakes, broken := r.Wake, false
	for ctx.Err() == nil {
		full := true
		if free := cap(queue) - len(queue); free >= cap(queue)/2 { // a statement for each free place would be many statements
			until := r.Now().Add(Lease)
			js, err := r.Store.ClaimJobs(inFlight, r.kinds, free, until.Add(-Lease), until)
			if (err != nil) != broken && inFlight.Err() == nil {
				if broken = err != nil; broken {
					r.Log.Error("jobs cannot be claimed", "error", err)
				} else {
					r.Log.Info("jobs can be claimed again")
				}
			}
			for _, j := range js {
				queue <- held{j, until} // nobody else fills it: there is room
			}
			full = len(js) == free
		}
		wake, taken := wakes, room
		if full { // there may be more than there was room for
			wake = nil
		} else {
			taken = nil
		}
		select {
		case <-ctx.Done():
		case <-taken:
		case _, open := <-wake:
			if !open {
				wakes = nil
			}
		case <-tick.C:
		}
	}
}

// giveBack returns what was claimed and never begun.
func (r *Runner) giveBack(ctx context.Context, queue <-chan held) {
	for {
		select {
		case h := <-queue:
			if err := r.Store.PostponeJob(ctx, h.Job, h.RunAt, h.LastError); err != nil {
				r.Log.Warn("a job was not given back; it waits for its lease to end", "job", h.ID, "kind", h.Kind, "error", err)
			}
		default:
			return
		}
	}
}

// work does one job. inFlight ends handlers, last ends what must still be written after them.
func (r *Runner) work(inFlight, last context.Context, h held, done chan<- Job) {
	j := h.Job
	switch {
	case j.Attempts > maxAttempts: // it took its workers with it each time
		r.settle(last, j, Discard(errors.New("no attempt came to an end")))
		return
	case inFlight.Err() != nil:
		r.settle(last, j, After(0, errStopped))
		return
	case r.Now().After(h.until.Add(-Lease / 2)): // it has waited long behind others
		if !r.renew(last, &h) {
			return
		}
	}
	ctx, cancel := context.WithCancel(inFlight)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- r.call(ctx, j) }()
	every := r.renewEvery
	if every == 0 {
		every = Lease / 3
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	stopping := inFlight.Done()
	var abandoned <-chan struct{}
	for {
		select {
		case err := <-result:
			if err == nil {
				done <- j
				return
			}
			if inFlight.Err() != nil && errors.Is(err, context.Canceled) {
				err = After(0, errStopped)
			}
			r.settle(last, j, err)
			return
		case <-tick.C:
			if !r.renew(last, &h) {
				cancel() // whatever it still returns is written for an attempt that is no longer ours, and so changes nothing
			}
		case <-stopping: // the handler has been told; it gets a moment to come back
			stopping = nil
			soon, cancel := context.WithTimeout(last, time.Second)
			defer cancel()
			abandoned = soon.Done()
		case <-abandoned: // it does not heed its context: leave it behind
			r.settle(last, j, After(0, errStopped))
			return
		}
	}
}

// renew holds on to a job. false: it is, or may be, another's.
func (r *Runner) renew(ctx context.Context, h *held) bool {
	until := r.Now().Add(Lease)
	ours, err := r.Store.HoldJob(ctx, h.Job, until)
	switch {
	case err == nil && ours:
		h.until = until
		return true
	case err != nil && r.Now().Before(h.until): // the store is away; the lease still holds
		return true
	}
	r.Log.Warn("a job took so long that it was lost to another worker", "job", h.ID, "kind", h.Kind, "error", err)
	return false
}

var errStopped = errors.New("the server was stopped")

// call runs the handler; a panic is an error like any other.
func (r *Runner) call(ctx context.Context, j Job) (err error) {
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		err = errors.New("the handler panicked") // a panic's value may hold anything, also what must not be written down
		if e, plain := p.(runtime.Error); plain {
			err = fmt.Errorf("the handler panicked: %w", e)
		}
		r.Log.Error("a job's handler panicked", "job", j.ID, "kind", j.Kind, "error", err, "stack", string(debug.Stack()))
	}()
	f, ok := r.handlers[j.Kind]
	if !ok {
		return fmt.Errorf("no handler for jobs of kind %q", j.Kind)
	}
	return f(ctx, j)
}

// settle writes down what became of a failed attempt. Should that fail too, the lease ends some time, and the job runs again.
func (r *Runner) settle(ctx context.Context, j Job, cause error) {
	now := r.Now()
	var wait later
	var err error
	switch {
	case Discarded(cause), j.Attempts >= maxAttempts:
		r.Log.Error("a job failed for good", "job", j.ID, "kind", j.Kind, "attempts", j.Attempts, "error", cause)
		err = r.Store.BuryJob(ctx, j, now, text(cause))
	case errors.As(cause, &wait):
		err = r.Store.PostponeJob(ctx, j, now.Add(wait.wait), text(cause))
	default:
		d := r.backOff(j.Attempts)
		r.Log.Warn("a job failed and will be tried again", "job", j.ID, "kind", j.Kind, "attempts", j.Attempts, "in", d, "error", cause)
		err = r.Store.PostponeJob(ctx, j, now.Add(d), text(cause))
	}
	if err != nil {
		r.Log.Warn("a job's failure was not written down; it waits for its lease to end", "job", j.ID, "kind", j.Kind, "error", err)
	}
}

// backOff is how long to wait after the attempts so far: between half and all of 1 s, 2 s, 4 s, … 15 min.
func (r *Runner) backOff(attempts int) time.Duration {
	d := longestWait
	if attempts < 11 {
		d = min(firstWait<<max(attempts-1, 0), longestWait)
	}
	var b [8]byte
	if _, err := io.ReadFull(r.Random, b[:]); err != nil {
		return d
	}
	return d/2 + time.Duration(binary.LittleEndian.Uint64(b[:])%uint64(d/2+1))
}

// finish removes jobs that are done, as many at once as there are, until the channel closes.
func (r *Runner) finish(ctx context.Context, done <-chan Job) {
	for j := range done {
		js := []Job{j}
	gather:
		for len(js) < batch {
			select {
			case j, more := <-done:
				if !more {
					break gather
				}
				js = append(js, j)
			default:
				break gather
			}
		}
		// Tried for as long as the leases surely hold: what is not removed is done again.
		var err error
		for try := range 10 {
			if try > 0 {
				pause(ctx, time.Second)
			}
			if err = r.Store.FinishJobs(ctx, js); err == nil || ctx.Err() != nil {
				break
			}
		}
		if err != nil {
			r.Log.Error("jobs that are done were not removed; they will be done again", "jobs", len(js), "error", err)
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
