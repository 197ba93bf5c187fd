package jobs

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode"
)

// Topic is published when jobs become due.
const Topic = "jobs"

// Job is one piece of work.
type Job struct {
	ID      string // enqueueing the same ID twice makes one job
	Kind    string // chooses the handler
	Payload string // the handler's own, usually JSON

	CreatedAt time.Time
	RunAt     time.Time // not before; zero: when it was created. The earliest goes first, so a past time overtakes.

	Attempts  int       // how often it was begun, this time included
	LastError string    // of the attempt before; "" if there was none
	DeadAt    time.Time // zero while it lives
}

// Store keeps jobs. An attempt (ID and Attempts as claimed) is what a worker holds: a method that is given an attempt which
// another worker has overtaken changes nothing.
type Store interface {
	// ClaimJobs begins up to limit jobs of these kinds that are due and that nobody holds, and holds them until the time given.
	ClaimJobs(ctx context.Context, kinds []string, limit int, now, until time.Time) ([]Job, error)
	// HoldJob holds an attempt for longer. false: it is another's by now.
	HoldJob(ctx context.Context, j Job, until time.Time) (bool, error)
	// FinishJobs removes jobs that are done.
	FinishJobs(ctx context.Context, done []Job) error
	// PostponeJob gives an attempt back, to be tried again at the time given.
	PostponeJob(ctx context.Context, j Job, at time.Time, lastError string) error
	// BuryJob makes an attempt the last one.
	BuryJob(ctx context.Context, j Job, at time.Time, lastError string) error
	// JobStats counts what should be done by now (waiting, held, or to be tried again) and what is dead; oldest is how long
	// the oldest of the first has been waiting.
	JobStats(ctx context.Context, now time.Time) (due, dead int, oldest time.Duration, err error)
	// DeadJobs lists the youngest dead letters.
	DeadJobs(ctx context.Context, limit int) ([]Job, error)
	// RetryDeadJobs gives dead letters all their attempts again: those with the IDs given, or every one. It says how many.
	RetryDeadJobs(ctx context.Context, now time.Time, ids ...string) (int, error)
}

type discarded struct{ error }

func (d discarded) Unwrap() error { return d.error }

// Discard marks an error that no repetition mends: the job becomes a dead letter at once.
func Discard(err error) error { return discarded{err} }

// Discarded says whether err was marked by Discard.
func Discarded(err error) bool {
	var d discarded
	return errors.As(err, &d)
}

type later struct {
	error
	wait time.Duration
}

func (l later) Unwrap() error { return l.error }

// After marks an error after which to try again in d, instead of by the usual back-off.
func After(d time.Duration, err error) error { return later{err, d} }

// text is an error for the column last_error: one bounded line, since it may quote another machine.
func text(err error) string {
	s := []rune(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, err.Error()))
	if len(s) > 500 {
		s = append(s[:500], '…')
	}
	return string(s)
}
