package blackbox_test

import (
	"database/sql"
	"flag"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit"
	"sallyport/internal/testkit/whole"
)

// The size of it: on each database so many enforcements, each of an account with so many members besides its owner, and each
// killed so often.
const (
	crowdSize      = 10_000
	enforcements   = 5
	killsOfOne     = 5       // the first while the owner is being answered, the others while people are being told
	mostInFlight   = 8 + 128 // letters at the mail server, and letters sent whose jobs are being removed (package jobs)
	answeredWithin = 12 * time.Millisecond
)

var crashSeed = flag.Uint64("crash-seed", 0, "draw the points of TestAPowerCut… again, as an earlier run has logged them")

// Fifty points in all, drawn over the whole course of an enforcement: before it is written down, while those who must be told
// are being found, and while their mails go out.
func TestAPowerCutLeavesAnEnforcementDoneOrNotBegunAndEverybodyToldOnce(t *testing.T) {
	t.Parallel()
	program, seed := whole.Build(t), *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-crash-seed %d", seed)
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		cutPower(t, program, whole.SQLite(t), rand.New(rand.NewPCG(seed, 1)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		cutPower(t, program, whole.Postgres(t), rand.New(rand.NewPCG(seed, 2)))
	})
}

func cutPower(t *testing.T, program, databaseURL string, draw *rand.Rand) {
	db, box := whole.SQL(t, databaseURL), &letterbox{kind: "enforced-"}
	environment := []string{"SALLYPORT_DEMO=false", "SALLYPORT_MAIL_FROM=portal@sallyport.test", "SALLYPORT_SMTP_URL=" + testkit.SMTPSink(t, box.put)}
	crowd(t, db, crowdSize)
	p := whole.Run(t, program, databaseURL, environment...)
	o := p.House(databaseURL).Person(owner).Protected()
	again := func() {
		p.Kill()
		// Whoever held the jobs does not come back: the minute after which another may take them is over.
		execute(t, db, "UPDATE jobs SET lease_until = 0")
		p = whole.Run(t, program, databaseURL, environment...)
		o.House, o.Client = p.House(databaseURL), p.Client
	}
	waiting := func() int { return count(t, db, "SELECT count(*) FROM jobs") }
	// bound is whether the rule holds for people of whom nobody knows anything special.
	bound := func() bool {
		states := map[string]bool{}
		for range 3 {
			m := o.House.Person(oneOfMany(draw.IntN(crowdSize)))
			states[m.SignIn().Must(200).Text("status")] = true
		}
		if len(states) != 1 {
			t.Errorf("some are bound and some are not: %v", states)
		}
		return states["enrolment_required"]
	}

	for round := range enforcements {
		o.RefreshNow().Must(200)
		a := o.Call("POST", "/accounts", map[string]any{"name": "Round " + strconv.Itoa(round)}).Must(201)
		account, number := a.Text("id"), a.Text("number")
		execute(t, db, "INSERT INTO members (account_id, user_id, role, created_at) SELECT $1, id, 'member', 1 FROM users WHERE email LIKE 'crowd%'", account)
		box.empty()

		// While the owner is being answered.
		o.ConfirmPassword()
		asked := make(chan struct{})
		go func() {
			defer close(asked)
			_, _ = o.Client.Try(t.Context(), whole.Request{Method: "PUT", Path: "/accounts/" + account + "/two-factor", Token: o.Access,
				Header: o.Headers("/accounts", nil), Body: map[string]any{"enforced": true, "account_number": number}})
		}()
		time.Sleep(time.Duration(draw.Int64N(int64(answeredWithin))))
		again()
		<-asked
		enforced := o.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200).Value("enforced") == true
		if told, jobs := box.told(), waiting(); !enforced && (told > 0 || jobs > 0) {
			t.Fatalf("nothing was enforced, and %d people are told and %d jobs wait", told, jobs)
		}
		if bound() != enforced {
			t.Fatalf("enforced %v, and members are not treated so", enforced)
		}
		t.Logf("round %d: killed while answering: enforced %v", round, enforced)
		if !enforced {
			o.ConfirmPassword().Enforce(account, number, nil).Must(200)
		}

		// While people are being told.
		points := make([]int, killsOfOne-1)
		for i := range points {
			points[i] = draw.IntN(crowdSize)
		}
		slices.Sort(points)
		for _, point := range points {
			box.wait(t, func() bool { return box.told() >= point })
			at := box.told()
			again()
			t.Logf("round %d: killed with %d told", round, at)
		}
		box.wait(t, func() bool { return box.told() > crowdSize && waiting() == 0 })

		if !bound() {
			t.Error("everybody is told, and not everybody is bound")
		}
		if missing := o.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200).Value("members.missing"); missing != float64(crowdSize) {
			t.Errorf("%v are missing", missing)
		}
		box.check(t, crowdSize+1, killsOfOne*mostInFlight)
		// Asking again is the same activation: whoever would be told again would have a job by the answer.
		o.ConfirmPassword().Enforce(account, number, nil).Must(200)
		if jobs := waiting(); jobs != 0 {
			t.Errorf("asking again tells %d more", jobs)
		}
		confirmWithCode(o).Lift(account, number).Must(200) // the next round finds everybody as free as this one did
		box.wait(t, func() bool { return waiting() == 0 }) // and nobody waiting to be told of the code
	}
}

// confirmWithCode confirms with a recovery code: where the clock is the real one the app's next code is half a minute away.
func confirmWithCode(p *whole.Person) *whole.Person {
	p.Client.T.Helper()
	code := p.RecoveryCodes[0]
	p.RecoveryCodes = p.RecoveryCodes[1:]
	p.Call("POST", "/auth/confirmation", map[string]any{"password": p.Password, "second_factor": map[string]any{"type": "recovery_code", "code": code}}).Must(200)
	return p
}

// letterbox counts the mails of one enforcement, or of one change of a rule.
type letterbox struct {
	kind    string // how their Message-IDs begin
	mu      sync.Mutex
	copies  map[string]int    // by Message-ID
	whose   map[string]string // Message-ID by address
	strange []string          // addresses with two different ones
}

func (b *letterbox) put(to, id string) {
	if !strings.HasPrefix(id, b.kind) {
		return // another matter
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.copies[id]++
	if before, known := b.whose[to]; known && before != id {
		b.strange = append(b.strange, to)
	}
	b.whose[to] = id
}

func (b *letterbox) empty() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.copies, b.whose = map[string]int{}, map[string]string{}
}

// told is how many people have a mail.
func (b *letterbox) told() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.whose)
}

// wait waits as long as mails come in.
func (b *letterbox) wait(t *testing.T, until func() bool) {
	t.Helper()
	for at, moved := b.told(), time.Now(); !until(); time.Sleep(2 * time.Millisecond) {
		if now := b.told(); now != at {
			at, moved = now, time.Now()
		}
		if time.Since(moved) > time.Minute {
			t.Fatalf("no more mails come, and %d people are told", at)
		}
	}
}

func (b *letterbox) check(t *testing.T, people, mostRepeated int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	repeated := -len(b.copies)
	for _, n := range b.copies {
		repeated += n
	}
	t.Logf("%d people, %d mails again", len(b.whose), repeated)
	if len(b.whose) != people || len(b.copies) != people || len(b.strange) > 0 {
		t.Errorf("%d people have %d different mails; more than one have %v", len(b.whose), len(b.copies), b.strange)
	}
	if repeated > mostRepeated {
		t.Errorf("%d mails came again, though no more than %d can have been in flight", repeated, mostRepeated)
	}
}

func oneOfMany(n int) string { return "crowd" + strconv.Itoa(n) + "@acme.test" }

// crowd adds people who can sign in as everybody in the demo does.
func crowd(t *testing.T, db *sql.DB, size int) {
	t.Helper()
	execute(t, db, `INSERT INTO users (id, email, email_key, name, password_hash, email_verified_at, created_at)
		WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < $1 - 1), one (i, text) AS (SELECT i, CAST(i AS TEXT) FROM n)
		SELECT '01938c7e-0000-7000-8000-' || substr('000000000000' || text, length(text) + 1), 'crowd' || text || '@acme.test', 'crowd' || text || '@acme.test',
			'One of many', (SELECT password_hash FROM users WHERE email = $2), 1, 1 FROM one`, size, owner)
}

func execute(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t testing.TB, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
