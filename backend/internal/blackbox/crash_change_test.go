package blackbox_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"sallyport/internal/testkit"
	"sallyport/internal/testkit/whole"
)

// The size of it: so many members who do not meet the new rule, and so many kills while they are being told.
const (
	smallCrowd    = 2_000
	killsOfChange = 3
)

// A rule in force is tightened; killed while its owner is being answered, and while people are being told.
func TestAPowerCutLeavesAChangeOfTheRuleDoneOrNotBegunAndWhomItConcernsToldOnce(t *testing.T) {
	t.Parallel()
	program, seed := whole.Build(t), *crashSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("-crash-seed %d", seed)
	for name, database := range map[string]func(testing.TB) string{"sqlite": whole.SQLite, "postgres": whole.Postgres} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			databaseURL, draw := database(t), rand.New(rand.NewPCG(seed, 3))
			db, box := whole.SQL(t, databaseURL), &letterbox{kind: "tightened-"}
			box.empty()
			environment := []string{"SALLYPORT_DEMO=false", "SALLYPORT_MAIL_FROM=portal@sallyport.test", "SALLYPORT_SMTP_URL=" + testkit.SMTPSink(t, box.put)}
			crowd(t, db, smallCrowd)
			p := whole.Run(t, program, databaseURL, environment...)
			o := p.House(databaseURL).Person(owner).Protected()
			waiting := func() int {
				return count(t, db, "SELECT count(*) FROM jobs WHERE run_at <= $1", time.Now().UnixMicro())
			}
			again := func() {
				p.Kill()
				execute(t, db, "UPDATE jobs SET lease_until = 0")
				p = whole.Run(t, program, databaseURL, environment...)
				o.House, o.Client = p.House(databaseURL), p.Client
			}
			a := o.Call("POST", "/accounts", map[string]any{"name": "A crowd"}).Must(201)
			account, number := a.Text("id"), a.Text("number")
			execute(t, db, "INSERT INTO members (account_id, user_id, role, created_at) SELECT $1, id, 'member', 1 FROM users WHERE email LIKE 'crowd%'", account)
			o.ConfirmPassword().Enforce(account, number, map[string]any{"grace_days": 14}).Must(200)
			box.wait(t, func() bool { return waiting() == 0 })

			o.ConfirmPassword()
			asked := make(chan struct{})
			go func() {
				defer close(asked)
				_, _ = o.Client.Try(t.Context(), whole.Request{Method: "PUT", Path: "/accounts/" + account + "/two-factor", Token: o.Access,
					Header: o.Headers("/accounts", nil), Body: map[string]any{"enforced": true, "account_number": number, "keep_deadline": true, "minimum_strength": "no_email"}})
			}()
			time.Sleep(time.Duration(draw.Int64N(int64(answeredWithin))))
			again()
			<-asked
			changed := o.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200).Text("minimum_strength") == "no_email"
			if told, jobs := box.told(), waiting(); !changed && (told > 0 || jobs > 0) {
				t.Fatalf("nothing was changed, and %d people are told and %d jobs wait", told, jobs)
			}
			t.Logf("killed while answering: changed %v", changed)
			if !changed {
				o.ConfirmPassword().Enforce(account, number, map[string]any{"keep_deadline": true, "minimum_strength": "no_email"}).Must(200)
			}
			for i := range killsOfChange {
				point := smallCrowd*i/killsOfChange + draw.IntN(smallCrowd/killsOfChange)
				box.wait(t, func() bool { return box.told() >= point })
				again()
			}
			box.wait(t, func() bool { return box.told() >= smallCrowd && waiting() == 0 })
			box.check(t, smallCrowd, (killsOfChange+1)*mostInFlight)
		})
	}
}
