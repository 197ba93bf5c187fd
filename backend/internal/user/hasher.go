package user

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"sallyport/internal/fault"
)

// ErrBusy says that too many passwords wait to be checked.
var ErrBusy = fault.New(fault.Unavailable, "busy", "Many people are signing in right now. Please try again in a moment.")

// Parameters of argon2id: 19 MiB, two passes, one lane (OWASP's first choice for interactive sign-in).
var parameters = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Hasher hashes and checks passwords, at most so many at once: each takes a core and 19 MiB, and an unbounded number of them
// would starve everybody else.
type Hasher struct {
	slots   *semaphore.Weighted
	waiting atomic.Int64
	queue   int64
	dummy   string
}

// NewHasher checks at most atOnce passwords at the same time, and lets at most queue others wait.
func NewHasher(atOnce, queue int) (*Hasher, error) {
	dummy, err := argon2id.CreateHash("nobody has this password", &parameters)
	if err != nil {
		return nil, err
	}
	return &Hasher{slots: semaphore.NewWeighted(int64(atOnce)), queue: int64(queue), dummy: dummy}, nil
}

func (h *Hasher) turn(ctx context.Context) (func(), error) {
	if h.slots.TryAcquire(1) {
		return func() { h.slots.Release(1) }, nil
	}
	if h.waiting.Add(1) > h.queue {
		h.waiting.Add(-1)
		return nil, ErrBusy.With(func(e *fault.Error) { e.RetryAfter = time.Second })
	}
	defer h.waiting.Add(-1)
	if err := h.slots.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { h.slots.Release(1) }, nil
}

// spelling is the one that is hashed: the same letters typed on another keyboard or system are the same password
// (NIST SP 800-63B-4 §3.1.1.2, NFKC).
func spelling(password string) string { return norm.NFKC.String(password) }

// Hash makes the string that is stored (PHC format). ErrBusy when the queue is full.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	return argon2id.CreateHash(spelling(password), &parameters)
}

// Check compares a password with a hash. With an empty hash it takes as long and says false, so that nobody learns from the
// time whether a person exists. ErrBusy when the queue is full.
func (h *Hasher) Check(ctx context.Context, password, hash string) (bool, error) {
	done, err := h.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	if hash == "" {
		_, err := argon2id.ComparePasswordAndHash(spelling(password), h.dummy)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(spelling(password), hash)
}

// Waiting is how many passwords wait for their turn.
func (h *Hasher) Waiting() int64 { return h.waiting.Load() }
