// Package limit counts attempts over all replicas and says when there are too many.
//
// It owns the counting (GCRA, one row a key) and what a key is: a hash of what is done, by whom and where from, so that the
// table says of nobody that they tried. It refuses to know what is counted, and how often is too often: its callers, signin and
// credential, do.
package limit

import (
	"context"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/seal"
)

// Store counts by GCRA; each method is one statement.
type Store interface {
	// TakeRates takes one of each rate that has one left, and says how long to wait for those that have none: zero where all had.
	TakeRates(ctx context.Context, now time.Time, rates ...Rate) (retryAfter time.Duration, err error)
	ReturnRates(ctx context.Context, rates ...Rate) error
}

// Rate is one row that is counted: Burst at once, and one more every Every. No two of one call have the same key.
type Rate struct {
	Key string
	Bound
}

// Limits counts.
type Limits struct {
	Store Store
	Box   *seal.Box
	Now   func() time.Time
}

// Bound is how often something may be done: Burst times at once, and once more every Every.
type Bound struct {
	Every time.Duration
	Burst int
}

// Count is one thing that is counted.
type Count struct {
	What  string // "sign-in"
	Whom  string // whose it is, such as an address's key; "": everybody's
	Here  bool   // from the caller's network alone
	Bound Bound
}

// Taken is what Take has counted.
type Taken struct{ rates []Rate }

// Take counts an attempt in all of counts, whether it is allowed or not. network is where the caller comes from. fault.ErrRateLimited
// where one is exhausted, with the longest wait.
func (l *Limits) Take(ctx context.Context, network string, counts ...Count) (Taken, error) {
	var t Taken
	for _, c := range counts {
		key, err := l.key(c, network)
		if err != nil {
			return t, err
		}
		t.rates = append(t.rates, Rate{key, c.Bound})
	}
	wait, err := l.Store.TakeRates(ctx, l.Now(), t.rates...)
	if err == nil && wait > 0 {
		err = fault.ErrRateLimited.With(func(e *fault.Error) { e.RetryAfter = wait })
	}
	return t, err
}

// GiveBack takes an attempt back.
func (l *Limits) GiveBack(ctx context.Context, t Taken) error {
	return l.Store.ReturnRates(ctx, t.rates...)
}

// OneOf takes one of places, each free again a window after it was taken: in no window of that length are there more than so
// many, which a burst with a steady trickle behind it would allow. false where none is free.
func (l *Limits) OneOf(ctx context.Context, what, whom string, places int, window time.Duration) (bool, error) {
	for place := range places {
		key, err := l.Box.Recognise("rate place", what+"\x00"+whom+"\x00"+string(rune('0'+place)))
		if err != nil {
			return false, err
		}
		if wait, err := l.Store.TakeRates(ctx, l.Now(), Rate{key, Bound{Every: window, Burst: 1}}); wait == 0 || err != nil {
			return err == nil, err
		}
	}
	return false, nil
}

func (l *Limits) key(c Count, network string) (string, error) {
	value := c.What
	if c.Whom != "" {
		value += "\x00" + c.Whom
	}
	if c.Here {
		value += "\x00" + network
	}
	return l.Box.Recognise("rate", value)
}
