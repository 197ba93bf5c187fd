package replay_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/replay"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

const ada = id.User("ada")

// world is a replay service with one person, Ada, whose first request is this.
type world struct {
	*replay.Service
	t     *testing.T
	ctx   context.Context
	store *store.Store
	clock *testkit.Clock
	first replay.Request
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), store: testkit.OpenStore(t, databaseURL), clock: testkit.NewClock()}
	w.Service = &replay.Service{Store: w.store, Box: testkit.Box(t), Now: w.clock.Now}
	w.first = replay.Request{UserID: ada, Stay: "stay", Operation: "makeThing", Key: "key", Secret: "secret", Fingerprint: "POST /things {}"}
	if _, err := w.store.AddUser(w.ctx, user.User{ID: ada, Email: "ada@replay.test", Name: "Ada", PasswordHash: "-"}, ""); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) begin(r replay.Request) *replay.Slot {
	w.t.Helper()
	slot, err := w.Begin(w.ctx, r)
	if err != nil {
		w.t.Fatal(err)
	}
	return slot
}

func (w *world) keep(slot *replay.Slot, answer string, epoch int64) {
	w.t.Helper()
	if err := slot.Keep(w.ctx, []byte(answer), epoch); err != nil {
		w.t.Fatal(err)
	}
}

// answers holds what is found of a request against an answer and an error.
func (w *world) answers(what string, r replay.Request, want string, wanted error) {
	w.t.Helper()
	if got, err := w.Find(w.ctx, r); string(got) != want || !errors.Is(err, wanted) {
		w.t.Errorf("%s: %q, %v; want %q, %v", what, got, err, want, wanted)
	}
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) { f(newWorld(t, databaseURL)) })
}

func TestTheSameRequestIsAnsweredTheSame(t *testing.T) {
	each(t, func(w *world) {
		w.answers("before", w.first, "", replay.ErrNothing)
		w.keep(w.begin(w.first), "made: 1", 0)
		for range 2 {
			w.answers("again", w.first, "made: 1", nil)
		}
		if _, err := w.Begin(w.ctx, w.first); !errors.Is(err, replay.ErrInFlight) {
			w.t.Errorf("it is made a second time: %v", err)
		}
		w.clock.Advance(24*time.Hour - time.Microsecond)
		w.answers("at the end of the day", w.first, "made: 1", nil)
		w.clock.Advance(time.Microsecond)
		w.answers("a day later", w.first, "", replay.ErrNothing)
	})
}

func TestWhatIsAnotherRequest(t *testing.T) {
	each(t, func(w *world) {
		w.keep(w.begin(w.first), "made: 1", 0)
		body := w.first
		body.Fingerprint = "POST /things {\"other\": true}"
		w.answers("another body", body, "", replay.ErrReused)
		if e, told := fault.As(replay.ErrReused); !told || e.Kind != fault.Invalid || e.Code != "idempotency_key_reused" {
			w.t.Errorf("it is told as %v", replay.ErrReused)
		}
		for what, change := range map[string]func(r *replay.Request){
			"another stay":      func(r *replay.Request) { r.Stay = "other" },
			"another key":       func(r *replay.Request) { r.Key = "other" },
			"another operation": func(r *replay.Request) { r.Operation = "breakThing" },
			"another person":    func(r *replay.Request) { r.UserID = "grace" },
		} {
			r := w.first
			change(&r)
			w.answers(what, r, "", replay.ErrNothing)
		}
		secret := w.first
		secret.Secret = "other"
		if got, err := w.Find(w.ctx, secret); got != nil || err == nil || errors.Is(err, replay.ErrNothing) {
			w.t.Errorf("another secret opens %q, %v", got, err)
		}
		w.answers("after all that", w.first, "made: 1", nil)
	})
}

func TestARequestUnderWay(t *testing.T) {
	each(t, func(w *world) {
		slot := w.begin(w.first)
		w.answers("under way", w.first, "", replay.ErrInFlight)
		if e, told := fault.As(replay.ErrInFlight); !told || e.Kind != fault.Conflict || e.Code != "idempotency_in_flight" {
			w.t.Errorf("it is told as %v", replay.ErrInFlight)
		}
		if _, err := w.Begin(w.ctx, w.first); !errors.Is(err, replay.ErrInFlight) {
			w.t.Errorf("two are under way: %v", err)
		}
		if err := slot.Drop(w.ctx); err != nil {
			w.t.Fatal(err)
		}
		w.answers("refused", w.first, "", replay.ErrNothing)

		w.begin(w.first) // and the process dies
		w.clock.Advance(time.Minute - time.Microsecond)
		if _, err := w.Begin(w.ctx, w.first); !errors.Is(err, replay.ErrInFlight) {
			w.t.Errorf("it is taken over within its lease: %v", err)
		}
		w.clock.Advance(time.Microsecond)
		w.answers("its lease is over", w.first, "", replay.ErrNothing)
		again := w.begin(w.first)
		w.answers("taken over", w.first, "", replay.ErrInFlight)
		w.keep(again, "made: 2", 0)
		w.answers("taken over and made", w.first, "made: 2", nil)
	})
}

func TestAnAnswerIsGoneWhenTheEpochHasMoved(t *testing.T) {
	each(t, func(w *world) {
		w.keep(w.begin(w.first), "made: 1", 0)
		if err := w.store.MoveEpoch(w.ctx, ada); err != nil {
			w.t.Fatal(err)
		}
		w.answers("of before", w.first, "", replay.ErrNothing)
		w.keep(w.begin(w.first), "made: 2", 1)
		w.answers("of now", w.first, "made: 2", nil)
	})
}

func TestAStepIsForgottenWhenTheNextIsTaken(t *testing.T) {
	each(t, func(w *world) {
		step, other := w.first, w.first
		step.Step, other.Key = "verify", "other"
		w.keep(w.begin(step), "codes", 0)
		w.keep(w.begin(other), "made: 1", 0)
		if err := w.Forget(w.ctx, ada, "verify"); err != nil {
			w.t.Fatal(err)
		}
		w.answers("the step", step, "", replay.ErrNothing)
		w.answers("what is no step", other, "made: 1", nil)
	})
}
