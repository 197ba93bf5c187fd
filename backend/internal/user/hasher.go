package user

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"sallyport/internal/fault"
)

// ErrBusy says that too many passwords wait to be checked.
var ErrBusy = fault.New(fault.Unavailable, "busy", "Many people are signing in right now. Please try again in a moment.")

// HashMemory is what hashing one password takes, in bytes.
const HashMemory = 19 << 20

// Parameters of argon2id: 19 MiB, two passes, one lane (OWASP's first choice for interactive sign-in).
var parameters = argon2id.Params{Memory: HashMemory / 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Hasher hashes and checks passwords, at most so many at once: each takes a core and 19 MiB, and an unbounded number of them
// would starve everybody else.
type Hasher struct {
	AtOnce int // how many at once

	slots   *semaphore.Weighted
	waiting atomic.Int64
	queue   int64
}

// NewHasher checks at most atOnce passwords at the same time, and lets at most queue others wait.
func NewHasher(atOnce, queue int) *Hasher {
	return &Hasher{AtOnce: atOnce, slots: semaphore.NewWeighted(int64(atOnce)), queue: int64(queue)}
}

// nobodys looks like a hash of parameters and takes as long to compare with. It is not made by hashing, which would take a third
// of the time that a server needs to start: a key of nothing but zeros is no password's.
var nobodys = fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, parameters.Memory, parameters.Iterations, parameters.Parallelism,
	zeros(parameters.SaltLength), zeros(parameters.KeyLength))

func zeros(n uint32) string { return base64.RawStdEncoding.EncodeToString(make([]byte, n)) }

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
		_, err := argon2id.ComparePasswordAndHash(spelling(password), nobodys)
		return false, err
	}
	return argon2id.ComparePasswordAndHash(spelling(password), hash)
}

// Waiting is how many passwords wait for their turn.
func (h *Hasher) Waiting() int64 { return h.waiting.Load() }
