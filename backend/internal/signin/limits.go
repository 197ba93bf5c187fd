package signin

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/seal"
)

// Password guesses are counted per person and place they come from, so that a stranger cannot lock anybody out, and per place
// over all persons, so that one list of stolen passwords cannot be tried on everybody. Right passwords do not count.
const (
	perPersonEvery, perPersonBurst = time.Minute, 10
	perPlaceEvery, perPlaceBurst   = 2 * time.Second, 300
)

// RateStore counts by GCRA; each method is one statement.
type RateStore interface {
	TakeRate(ctx context.Context, key string, now time.Time, interval time.Duration, burst int) (ok bool, retryAfter time.Duration, err error)
	ReturnRate(ctx context.Context, key string, interval time.Duration) error
	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

// Limits counts password guesses over all replicas.
type Limits struct {
	Store RateStore
	Box   *seal.Box
	Now   func() time.Time
}

type taken struct{ person, place string }

// take counts a guess before it is checked; giveBack takes that back when it was right. fault.ErrRateLimited.
func (l *Limits) take(ctx context.Context, what, whom string) (taken, error) {
	from := audit.OriginOf(ctx).Network
	var t taken
	var err error
	// The key is a hash: the table says of nobody that they tried.
	if t.person, err = l.Box.Recognise("rate", what+"\x00"+whom+"\x00"+from); err != nil {
		return t, err
	}
	if t.place, err = l.Box.Recognise("rate", what+"\x00"+from); err != nil {
		return t, err
	}
	var wait time.Duration
	err = l.Store.InTx(ctx, func(ctx context.Context) error {
		for _, k := range []struct {
			key   string
			every time.Duration
			burst int
		}{{t.person, perPersonEvery, perPersonBurst}, {t.place, perPlaceEvery, perPlaceBurst}} {
			ok, retry, err := l.Store.TakeRate(ctx, k.key, l.Now(), k.every, k.burst)
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

func (l *Limits) giveBack(ctx context.Context, t taken) error {
	if err := l.Store.ReturnRate(ctx, t.person, perPersonEvery); err != nil {
		return err
	}
	return l.Store.ReturnRate(ctx, t.place, perPlaceEvery)
}
