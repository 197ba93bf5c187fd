package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// WalkStore keeps how far a job has come.
type WalkStore interface {
	InTx(ctx context.Context, f func(ctx context.Context) error) error
	// AdvanceJob writes another payload into an attempt. false: it is another's by now.
	AdvanceJob(ctx context.Context, j Job, payload string) (bool, error)
	FinishJobs(ctx context.Context, done []Job) error
}

var errOvertaken = errors.New("jobs: another worker has taken the job up")

// Walk is the body of a handler that goes through many, page by page. The job's payload is a State as JSON: how far it has come.
// page does one page, moves the state on and says whether it was the last. Each page and the state after it are one transaction, the
// last one and the job's removal too: a crash skips nothing and repeats nothing, and a worker that was taken for dead changes
// nothing more.
func Walk[State any](ctx context.Context, store WalkStore, j Job, page func(ctx context.Context, at *State) (last bool, err error)) error {
	var at State
	if err := json.Unmarshal([]byte(j.Payload), &at); err != nil {
		return Discard(fmt.Errorf("jobs: the payload of a job of kind %q cannot be read", j.Kind))
	}
	for last := false; !last; {
		var next State
		err := store.InTx(ctx, func(ctx context.Context) error { // it may be run twice: each run begins where the page before has ended
			next = at
			var err error
			if last, err = page(ctx, &next); err != nil {
				return err
			}
			payload, err := json.Marshal(next)
			if err != nil {
				return err
			}
			switch ours, err := store.AdvanceJob(ctx, j, string(payload)); {
			case err != nil:
				return err
			case !ours:
				return errOvertaken
			case last:
				return store.FinishJobs(ctx, []Job{j})
			}
			return nil
		})
		if err != nil {
			return err
		}
		at = next
	}
	return nil
}
