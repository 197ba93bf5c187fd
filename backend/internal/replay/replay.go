// Package replay lets a program ask for a lost answer again, and have nothing happen twice (the Idempotency-Key header, draft-ietf-httpapi-
// idempotency-key-header).
//
// It owns what is kept of an answer: under a keyed hash of who asked, for what and with which key, with a fingerprint of the request. The
// answer is sealed under a secret of the caller's, so that the server alone cannot open it. It is written in the transaction of what it
// answers: there is no moment at which the one exists without the other. It refuses to know HTTP. Package api calls it.
package replay

import (
	"context"
	"errors"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

// What is told about keys.
var (
	ErrReused   = fault.New(fault.Invalid, "idempotency_key_reused", "This Idempotency-Key was sent with another request. Make up a new one.").At("Idempotency-Key")
	ErrInFlight = fault.New(fault.Conflict, "idempotency_in_flight", "The request with this Idempotency-Key is still under way. Ask again in a moment.")
)

const (
	keepLife  = 24 * time.Hour
	leaseLife = time.Minute // of a request under way; longer than any of them takes
)

// Row is what is stored of one request.
type Row struct {
	KeyHash     string
	UserID      id.User
	Epoch       int64 // of the person when it was answered
	Step        string
	Fingerprint string
	Answer      string // sealed; "" while the request is under way
	LeaseUntil  time.Time
	Ends        time.Time
}

// Store keeps rows. Each method is one statement.
type Store interface {
	// ClaimReplay stores a row where there is none, or where the one that is there was given up; false else.
	ClaimReplay(ctx context.Context, r Row, now time.Time) (bool, error)
	Replay(ctx context.Context, keyHash string, now time.Time) (Row, error) // fault.ErrNotFound, also of one whose epoch is over
	KeepReplay(ctx context.Context, keyHash string, answer string, epoch int64) error
	DropReplay(ctx context.Context, keyHash string) error // one that is under way
	// DropReplays forgets what a step of an enrolment was answered: the next one has been taken.
	DropReplays(ctx context.Context, userID id.User, step string) error
}

// Service remembers answers.
type Service struct {
	Store Store
	Box   *seal.Box
	Now   func() time.Time
}

// Request is one that bears a key.
type Request struct {
	UserID      id.User
	Stay        id.Stay // in which it is made; what is the same in another stay is another request
	Operation   string
	Key         string
	Secret      string // of an enrolment: its token, without which the answer does not open
	Fingerprint string // of method, path and body
	Step        string // what of an enrolment it is; "" of anything else
}

// Slot is a request that is under way, and may keep its answer.
type Slot struct {
	s       *Service
	keyHash string
	secret  string
}

// ErrNothing says that nothing was answered with this key.
var ErrNothing = errors.New("replay: nothing is kept")

// Find opens the answer that is kept of a request. ErrNothing; ErrReused, ErrInFlight; fault.ErrNotFound where the secret is not the one.
func (s *Service) Find(ctx context.Context, r Request) ([]byte, error) {
	keyHash, fingerprint, err := s.names(r)
	if err != nil {
		return nil, err
	}
	row, err := s.Store.Replay(ctx, keyHash, s.Now())
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		return nil, ErrNothing
	}
	switch {
	case err != nil:
		return nil, err
	case row.Fingerprint != fingerprint:
		return nil, ErrReused
	case row.Answer != "":
		answer, err := seal.OpenWith(r.Key+"\x00"+r.Secret, keyHash, row.Answer)
		if err != nil { // without the token of the enrolment: to whoever asks so it is not there
			return nil, fault.ErrNotFound.Because(err)
		}
		return answer, nil
	case s.Now().Before(row.LeaseUntil):
		return nil, ErrInFlight.With(func(e *fault.Error) { e.RetryAfter = time.Second })
	}
	return nil, ErrNothing
}

// Begin notes that a request is under way, for whoever asks with the same key meanwhile. ErrInFlight where somebody was faster.
func (s *Service) Begin(ctx context.Context, r Request) (*Slot, error) {
	keyHash, fingerprint, err := s.names(r)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	claimed, err := s.Store.ClaimReplay(ctx, Row{KeyHash: keyHash, UserID: r.UserID, Step: r.Step, Fingerprint: fingerprint,
		LeaseUntil: now.Add(leaseLife), Ends: now.Add(keepLife)}, now)
	if err == nil && !claimed {
		err = ErrInFlight.With(func(e *fault.Error) { e.RetryAfter = time.Second })
	}
	return &Slot{s: s, keyHash: keyHash, secret: r.Key + "\x00" + r.Secret}, err
}

// Keep stores the answer, in the transaction of what it answers. epoch is the person's.
func (v *Slot) Keep(ctx context.Context, answer []byte, epoch int64) error {
	sealed, err := seal.With(v.secret, v.keyHash, answer)
	if err != nil {
		return err
	}
	return v.s.Store.KeepReplay(ctx, v.keyHash, sealed, epoch)
}

// Drop forgets a request that was refused: it may be made again.
func (v *Slot) Drop(ctx context.Context) error { return v.s.Store.DropReplay(ctx, v.keyHash) }

// Forget forgets what a step of the person's enrolments was answered, in the transaction of the next one.
func (s *Service) Forget(ctx context.Context, userID id.User, step string) error {
	return s.Store.DropReplays(ctx, userID, step)
}

func (s *Service) names(r Request) (keyHash, fingerprint string, err error) {
	if keyHash, err = s.Box.Recognise("replay", string(r.UserID)+"\x00"+string(r.Stay)+"\x00"+r.Operation+"\x00"+r.Key); err != nil {
		return "", "", err
	}
	fingerprint, err = s.Box.Recognise("replay fingerprint", r.Fingerprint)
	return keyHash, fingerprint, err
}
