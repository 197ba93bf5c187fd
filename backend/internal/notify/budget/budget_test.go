package budget_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/notify/budget"
	"sallyport/internal/phone"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

// plainly recognises a number by itself, so that a test can see what is stored.
type plainly struct{}

func (plainly) Recognise(purpose, value string) (string, error) { return purpose + " " + value, nil }

// purse is a budget over a database, with its clock and what it has counted.
type purse struct {
	*budget.Budget
	t     *testing.T
	store *store.Store
	clock *testkit.Clock
	log   *bytes.Buffer
	n     atomic.Int64

	mu     sync.Mutex
	counts map[string]int
}

func open(t *testing.T, databaseURL string, caps budget.Caps) *purse {
	t.Helper()
	p := &purse{t: t, store: testkit.OpenStore(t, databaseURL), clock: testkit.NewClock(), log: &bytes.Buffer{}, counts: map[string]int{}}
	p.Budget = &budget.Budget{Store: p.store, Box: plainly{}, Now: p.clock.Now, Caps: caps, Offered: true,
		Count: p.count, Log: slog.New(slog.NewTextHandler(p.log, nil))}
	for _, name := range []id.User{"ada", "grace"} {
		p.person(name)
	}
	return p
}

func (p *purse) person(name id.User) {
	p.t.Helper()
	if _, err := p.store.AddUser(p.t.Context(), user.User{ID: name, Email: string(name) + "@example.test", Name: string(name), PasswordHash: "-"}, ""); err != nil {
		p.t.Fatal(err)
	}
}

func (p *purse) count(decision, label string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.counts[decision+" "+label]++
}

func (p *purse) take(ctx context.Context, who id.User, number string) error {
	return p.Take(ctx, budget.Request{MessageID: "message " + strconv.FormatInt(p.n.Add(1), 10), UserID: who, Number: number})
}

// taken takes until it is refused, at most limit times, and says how often it was not, and why not.
func (p *purse) taken(limit int, who func(i int) (person id.User, number string)) (n int, wait time.Duration) {
	p.t.Helper()
	for i := range limit {
		person, number := who(i)
		err := p.take(p.t.Context(), person, number)
		if err == nil {
			n++
			continue
		}
		e, told := fault.As(err)
		if !told || !errors.Is(err, budget.ErrExhausted) || e.Kind != fault.TooMany || e.RetryAfter <= 0 {
			p.t.Fatalf("number %d: %v", i+1, err)
		}
		return n, e.RetryAfter
	}
	return n, 0
}

// mobile is one of many numbers that are no neighbours.
func mobile(i int) string { return fmt.Sprintf("+4917%02d234567", i%100) }

func always(person id.User, number string) func(int) (id.User, string) {
	return func(int) (id.User, string) { return person, number }
}

var roomy = budget.Caps{PersonHour: 1000, PersonDay: 1000, NumberHour: 1000, PrefixHour: 1000, CountryDay: 1000, Day: 1000}

func TestTake(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		p := open(t, url, budget.Defaults)

		step(t, "lets five an hour go to one number, whoever asks, and says when the next may", func(t *testing.T) {
			n, wait := p.taken(10, func(i int) (id.User, string) {
				p.clock.Advance(time.Minute)
				return []id.User{"ada", "grace"}[i%2], "+491701234567"
			})
			if n != 5 || wait != 55*time.Minute {
				t.Fatalf("%d, then %v", n, wait)
			}
			p.clock.Advance(wait - time.Microsecond)
			if err := p.take(t.Context(), "ada", "+491701234567"); !errors.Is(err, budget.ErrExhausted) {
				t.Fatalf("a moment before: %v", err)
			}
			p.clock.Advance(time.Microsecond)
			if err := p.take(t.Context(), "ada", "+491701234567"); err != nil {
				t.Fatalf("then: %v", err)
			}
			if err := p.take(t.Context(), "ada", "+491701234567"); !errors.Is(err, budget.ErrExhausted) {
				t.Fatalf("and at once: %v", err)
			}
		})
		p.clock.Advance(48 * time.Hour)

		step(t, "lets ten an hour and thirty a day go to one person, to whatever number", func(t *testing.T) {
			i := 0
			next := func(int) (id.User, string) { i++; return "ada", mobile(i) }
			if n, _ := p.taken(20, next); n != 10 {
				t.Fatalf("%d in an hour", n)
			}
			p.clock.Advance(time.Hour)
			first, _ := p.taken(20, next)
			p.clock.Advance(time.Hour)
			second, _ := p.taken(20, next)
			p.clock.Advance(time.Hour)
			third, wait := p.taken(20, next)
			if first != 10 || second != 10 || third != 0 || wait != 21*time.Hour {
				t.Fatalf("%d, %d, %d, then %v", first, second, third, wait)
			}
			if n, _ := p.taken(1, always("grace", mobile(99))); n != 1 {
				t.Fatal("another person pays for it")
			}
		})
		p.clock.Advance(48 * time.Hour)

		step(t, "lets twenty an hour go to neighbouring numbers, over all persons, and logs the block once a minute", func(t *testing.T) {
			p.log.Reset()
			for i := range 10 {
				p.person(id.User(fmt.Sprintf("person %d", i)))
			}
			n, _ := p.taken(40, func(i int) (id.User, string) {
				return id.User(fmt.Sprintf("person %d", i%10)), fmt.Sprintf("+1202555%04d", 100+i)
			})
			if n != 20 {
				t.Fatalf("%d", n)
			}
			for range 5 {
				_ = p.take(t.Context(), "ada", "+12025550199")
			}
			if said := p.log.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, "cap=prefix") || !strings.Contains(said, "prefix=+1202555") || strings.Contains(said, "55501") {
				t.Errorf("log:\n%s", said)
			}
			if err := p.take(t.Context(), "ada", "+12125550199"); err != nil {
				t.Errorf("a number elsewhere pays for it: %v", err)
			}
		})
	})
}

// step runs a part of a story that builds on the parts before.
func step(t *testing.T, name string, f func(t *testing.T)) {
	t.Helper()
	if !t.Run(name, f) {
		t.FailNow()
	}
}

func TestWhatAllShare(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		caps := roomy
		caps.CountryDay, caps.Day = 7, 12
		p := open(t, url, caps)
		german := func(i int) (id.User, string) { return "ada", mobile(i) }
		british := func(i int) (id.User, string) { return "grace", fmt.Sprintf("+44%d123456", 7400+i) }
		if n, wait := p.taken(20, german); n != 7 || wait != 24*time.Hour {
			t.Errorf("to one country: %d, then %v", n, wait)
		}
		if n, _ := p.taken(20, british); n != 5 {
			t.Errorf("altogether: 7 and %d", n)
		}
		if p.counts["allowed DE"] != 7 || p.counts["allowed GB"] != 5 || p.counts["refused country"] != 1 || p.counts["refused installation"] != 1 {
			t.Errorf("counted %v", p.counts)
		}
		p.clock.Advance(24 * time.Hour)
		if n, _ := p.taken(1, german); n != 1 {
			t.Error("the next day is none")
		}
	})
}

func TestRequestsAtTheSameTimeNeverExceedACap(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		for what, c := range map[string]struct {
			caps func(*budget.Caps)
			who  func(i int) (id.User, string)
		}{
			"of one person":           {func(c *budget.Caps) { c.PersonHour = 7 }, func(i int) (id.User, string) { return "ada", mobile(i) }},
			"of one number":           {func(c *budget.Caps) { c.NumberHour = 7 }, always("ada", "+491701234567")},
			"of neighbouring numbers": {func(c *budget.Caps) { c.PrefixHour = 7 }, func(i int) (id.User, string) { return "ada", fmt.Sprintf("+1202555%04d", i) }},
			"of the installation":     {func(c *budget.Caps) { c.Day = 7 }, func(i int) (id.User, string) { return []id.User{"ada", "grace"}[i%2], mobile(i) }},
		} {
			caps := roomy
			c.caps(&caps)
			p := open(t, url, caps)
			// A second replica has connections of its own.
			other := &budget.Budget{Store: testkit.OpenStore(t, url), Box: plainly{}, Now: p.clock.Now, Caps: caps, Offered: true, Count: p.count, Log: p.Log}
			var allowed, refused atomic.Int64
			var all sync.WaitGroup
			for i := range 100 {
				all.Go(func() {
					b := []*budget.Budget{p.Budget, other}[i%2]
					person, number := c.who(i)
					err := b.Take(t.Context(), budget.Request{MessageID: what + strconv.Itoa(i), UserID: person, Number: number})
					switch {
					case err == nil:
						allowed.Add(1)
					case errors.Is(err, budget.ErrExhausted):
						refused.Add(1)
					default:
						t.Error(err)
					}
				})
			}
			all.Wait()
			if allowed.Load() != 7 || refused.Load() != 93 {
				t.Errorf("%s: %d were allowed, %d refused", what, allowed.Load(), refused.Load())
			}
			forget(t, url)
		}
	})
}

// forget empties the database for another budget.
func forget(t *testing.T, url string) {
	t.Helper()
	s := testkit.OpenStore(t, url)
	if err := s.Sweep(t.Context(), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)); err != nil {
		t.Fatal(err)
	}
}

func TestTakeBelongsToItsTransaction(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		caps := roomy
		caps.NumberHour = 1
		p := open(t, url, caps)
		failed := errors.New("the challenge was not written")
		for range 3 {
			err := p.store.InTx(t.Context(), func(ctx context.Context) error {
				if err := p.take(ctx, "ada", "+491701234567"); err != nil {
					return err
				}
				return failed
			})
			if !errors.Is(err, failed) {
				t.Fatal(err)
			}
		}
		if err := p.take(t.Context(), "ada", "+491701234567"); err != nil {
			t.Errorf("messages that were never enqueued are counted: %v", err)
		}
	})
}

func TestRecordOnly(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		p := open(t, url, budget.Defaults)
		p.RecordOnly = true
		if n, _ := p.taken(12, always("ada", "+491701234567")); n != 12 {
			t.Errorf("%d of 12", n)
		}
		if p.counts["allowed DE"] != 12 || p.counts["would_refuse number"] != 7 || p.counts["would_refuse person"] != 2 || p.counts["refused number"] != 0 {
			t.Errorf("counted %v", p.counts)
		}
		if !strings.Contains(p.log.String(), "decision=would_refuse") {
			t.Errorf("log:\n%s", p.log)
		}
		p.RecordOnly = false // what was recorded counts
		if n, _ := p.taken(1, always("ada", "+491701234567")); n != 0 {
			t.Error("nothing was recorded")
		}
	})
}

func TestServed(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		countries []string
		number    string
		detail    string // "": served
	}{
		"any country where none is named":         {nil, "+491701234567", ""},
		"a country of the list":                   {[]string{"AT", "DE"}, "+491701234567", ""},
		"no country that is not on the list":      {[]string{"AT"}, "+491701234567", "this country is not served"},
		"no other country of the same code":       {[]string{"US"}, "+14165550123", "this country is not served"},
		"no satellite where none is named":        {nil, "+881612345678", "this country is not served"},
		"a satellite that is on the list":         {[]string{phone.International}, "+881612345678", ""},
		"no premium number":                       {nil, "+499001234567", "this kind of number is not served"},
		"no premium number of a listed country":   {[]string{"DE"}, "+499001234567", "this kind of number is not served"},
		"no personal number":                      {nil, "+447012345678", "this kind of number is not served"},
		"no VoIP number":                          {nil, "+445612345678", "this kind of number is not served"},
		"no toll-free number":                     {nil, "+18002345678", "this kind of number is not served"},
		"the numbers that Twilio keeps for tests": {nil, "+15005550009", ""},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			n, err := phone.Parse(c.number)
			if err != nil {
				t.Fatal(err)
			}
			counted := 0
			b := &budget.Budget{Countries: c.countries, Offered: true, Count: func(string, string) { counted++ }}
			err = b.Served("/backup_phone_number", n)
			if c.detail == "" {
				if err != nil || counted != 0 {
					t.Errorf("refused: %v", err)
				}
				return
			}
			e, told := fault.As(err)
			if !told || e.Kind != fault.Invalid || e.Fields[0] != (fault.Field{Pointer: "/backup_phone_number", Detail: c.detail}) || counted != 1 {
				t.Errorf("%+v, %v", e, err)
			}
			if err := b.Take(t.Context(), budget.Request{MessageID: "1", UserID: "ada", Number: c.number}); !errors.Is(err, budget.ErrNotOffered) {
				t.Errorf("Take: %v", err)
			}
		})
	}
	t.Run("nobody where no text messages are sent", func(t *testing.T) {
		t.Parallel()
		if err := (&budget.Budget{}).Take(t.Context(), budget.Request{Number: "+491701234567"}); !errors.Is(err, budget.ErrNotOffered) {
			t.Error(err)
		}
	})
	t.Run("no calls where nobody makes them", func(t *testing.T) {
		t.Parallel()
		if err := (&budget.Budget{Offered: true}).Take(t.Context(), budget.Request{Number: "+491701234567", Voice: true}); !errors.Is(err, budget.ErrNotOffered) {
			t.Error(err)
		}
	})
	t.Run("no text that is not a number", func(t *testing.T) {
		t.Parallel()
		if _, told := fault.As((&budget.Budget{Offered: true}).Take(t.Context(), budget.Request{Number: "0170"})); !told {
			t.Error("taken")
		}
	})
}
