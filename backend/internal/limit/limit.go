// Package limit counts attempts over all replicas and says when there are too many.
//
// It owns the counting (GCRA, one row a key) and what a key is: a hash of what is done, by whom and where from, so that the
// table says of nobody that they tried. It refuses to know what is counted, and how often is too often: its callers, signin and
// credential, do.
package limit

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/seal"
)

// Store counts by GCRA; each method is one statement.
type Store interface {
	TakeRate(ctx context.Context, key string, now time.Time, interval time.Duration, burst int) (ok bool, retryAfter time.Duration, err error)
	ReturnRate(ctx context.Context, key string, interval time.Duration) error
	InTx(ctx context.Context, f func(ctx context.Context) error) error
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
type Taken struct{ rates []rate }

type rate struct {
	key   string
	bound Bound
}

// Take counts an attempt in all of counts, whether it is allowed or not. fault.ErrRateLimited where one is exhausted, with the
// longest wait.
func (l *Limits) Take(ctx context.Context, counts ...Count) (Taken, error) {
	var t Taken
	for _, c := range counts {
		key, err := l.key(ctx, c)
		if err != nil {
			return t, err
		}
		t.rates = append(t.rates, rate{key, c.Bound})
	}
	var wait time.Duration
	err := l.Store.InTx(ctx, func(ctx context.Context) error {
		for _, r := range t.rates {
			ok, retry, err := l.Store.TakeRate(ctx, r.key, l.Now(), r.bound.Every, r.bound.Burst)
			if err != nil {
				return err
			}
			if !ok {
				wait = max(wait, retry)
			}
		}
		return nil
	})
	if err == nil && wait > 0 {
		err = fault.ErrRateLimited.With(func(e *fault.Error) { e.RetryAfter = wait })
	}
	return t, err
}

// GiveBack takes an attempt back.
func (l *Limits) GiveBack(ctx context.Context, t Taken) error {
	for _, r := range t.rates {
		if err := l.Store.ReturnRate(ctx, r.key, r.bound.Every); err != nil {
			return err
		}
	}
	return nil
}

// OneOf takes one of places, each free again a window after it was taken: in no window of that length are there more than so
// many, which a burst with a steady trickle behind it would allow. false where none is free.
func (l *Limits) OneOf(ctx context.Context, what, whom string, places int, window time.Duration) (bool, error) {
	for place := range places {
		key, err := l.Box.Recognise("rate place", what+"\x00"+whom+"\x00"+string(rune('0'+place)))
		if err != nil {
			return false, err
		}
		if ok, _, err := l.Store.TakeRate(ctx, key, l.Now(), window, 1); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (l *Limits) key(ctx context.Context, c Count) (string, error) {
	value := c.What
	if c.Whom != "" {
		value += "\x00" + c.Whom
	}
	if c.Here {
		value += "\x00" + audit.OriginOf(ctx).Network
	}
	return l.Box.Recognise("rate", value)
}
