package jobs

import "time"

// RenewEvery makes a runner hold on to its jobs more often than tests care to wait.
func (r *Runner) RenewEvery(d time.Duration) { r.renewEvery = d }

// The rules, for the tests.
const (
	MaxAttempts = maxAttempts
	LongestWait = longestWait
)

// BackOff is how long a runner waits after so many attempts.
func (r *Runner) BackOff(attempts int) time.Duration { return r.backOff(attempts) }
