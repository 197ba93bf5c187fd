package blackbox_test

import (
	"database/sql"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"sallyport/internal/testkit/whole"
)

// crowdSize is how many members an account has besides its owner.
const crowdSize = 300

func TestAPowerCutLeavesAnEnforcementDoneOrNotBegunAndEverybodyToldOnce(t *testing.T) {
	t.Parallel()
	program := whole.Build(t)
	run := func(t *testing.T, databaseURL string) {
		db := whole.SQL(t, databaseURL)
		crowd(t, db)
		p := whole.Run(t, program, databaseURL)
		o := p.House(databaseURL).Person(owner).Protected()
		done := 0
		for round := range 8 {
			name := "Round " + strconv.Itoa(round)
			a := o.Call("POST", "/accounts", map[string]any{"name": name}).Must(201)
			account, number := a.Text("id"), a.Text("number")
			execute(t, db, "INSERT INTO members (account_id, user_id, role, created_at) SELECT $1, id, 'member', 1 FROM users WHERE email LIKE 'crowd%'", account)
			o.ConfirmPassword()
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				_, _ = o.Client.Try(t.Context(), whole.Request{Method: "PUT", Path: "/accounts/" + account + "/two-factor", Token: o.Access,
					Body: map[string]any{"enforced": true, "account_number": number}})
			}()
			told := func() int { return count(t, db, "SELECT count(*) FROM demo_messages WHERE subject LIKE $1", name+" %") }
			if round < 3 { // while the request is under way, or has just been answered
				time.Sleep(rand.N(6 * time.Millisecond))
			} else { // while people are being told
				p.House(databaseURL).Eventually("some are told", func() bool { return told() > 0 })
				for n := rand.IntN(crowdSize); told() < n && count(t, db, "SELECT count(*) FROM jobs") > 0; {
					time.Sleep(time.Millisecond)
				}
			}
			p.Kill()
			<-asked
			at := told()
			// Whoever held the jobs does not come back: the minute after which another may take them is over.
			execute(t, db, "UPDATE jobs SET lease_until = 0")

			p = whole.Run(t, program, databaseURL)
			h := p.House(databaseURL)
			o.House, o.Client = h, p.Client
			enforced := o.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200).Value("enforced") == true
			h.Eventually("nothing is left to do", func() bool { return count(t, db, "SELECT count(*) FROM jobs") == 0 })
			t.Logf("killed with %d told: enforced %v", at, enforced)
			people := count(t, db, "SELECT count(DISTINCT recipient) FROM demo_messages WHERE subject LIKE $1", name+" %")
			next := "signed_in"
			if enforced {
				done++
				next = "enrolment_required"
			}
			if want := map[bool]int{true: crowdSize + 1}[enforced]; people != want || told() != want {
				t.Errorf("%s: enforced %v, and %d people have %d mails instead of %d", name, enforced, people, told(), want)
			}
			m := h.Person("crowd7@acme.test")
			if status := m.SignIn().Must(200).Text("status"); status != next {
				t.Errorf("%s: enforced %v, and a member's sign-in answers %s", name, enforced, status)
			}
			if enforced { // the next round finds the crowd as free as this one did
				o.ConfirmPassword().Lift(account, number).Must(200)
			}
		}
		if done < 5 {
			t.Errorf("only %d of 8 enforcements were done, though 5 of them had begun to tell people", done)
		}
	}
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, whole.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, whole.Postgres(t)) })
}

// crowd adds people who can sign in as everybody in the demo does.
func crowd(t *testing.T, db *sql.DB) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for n := range crowdSize {
		email := "crowd" + strconv.Itoa(n) + "@acme.test"
		if _, err := tx.Exec(`INSERT INTO users (id, email, email_key, name, password_hash, email_verified_at, created_at)
			SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($2 AS TEXT), 'One of many', password_hash, 1, 1 FROM users WHERE email = $3`,
			uuid.NewString(), email, owner); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

func execute(t *testing.T, db *sql.DB, statement string, args ...any) {
	t.Helper()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err)
	}
}

func count(t *testing.T, db *sql.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
