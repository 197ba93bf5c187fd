package blackbox_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
	"sallyport/internal/testkit/whole"
)

var deadlocksFor = flag.Duration("deadlocks", 10*time.Second, "how long operations that hold the same are sent against each other, all pairs together")

// A side is one thing that is done again and again, by either replica. Its answer is nil where it is no request.
type side func(c *whole.Client) whole.Answer

// A pair is what two or more do to each other. again brings about what it was before.
type pair struct {
	name      string
	make      func(f *flight) (sides []side, again func())
	explained []string // what some of them are refused with, because others were faster
}

// asks is a person's request, with the tokens that they hold when it is sent.
func asks(p *whole.Person, method, path string, body any) side {
	return func(c *whole.Client) whole.Answer {
		return c.Send(whole.Request{Method: method, Path: path, Body: body, Token: p.Token(), Header: p.Headers(path, nil)})
	}
}

// operates is what an operator does by a command. It may be told that it is so already.
func operates(f *flight, do func() error) side {
	return func(*whole.Client) whole.Answer {
		if err := do(); err != nil {
			if _, told := fault.As(err); !told {
				f.Errorf("an operator's command: %v", err)
			}
		}
		return whole.Answer{Status: 204}
	}
}

func (f *flight) member(who string) string { return "/accounts/" + f.account + "/members/" + who }

// everybodyBack makes everybody what they were.
func (f *flight) everybodyBack(accountID string) func() {
	return func() {
		for who, role := range map[string]string{f.who: "owner", f.boss: "owner", f.friend: "member"} {
			f.sql(`INSERT INTO members (account_id, user_id, role, created_at) VALUES ($1, $2, $3, 1)
				ON CONFLICT (account_id, user_id) DO UPDATE SET role = EXCLUDED.role`, accountID, who, role)
		}
	}
}

// three are the people of the flight, signed in.
func (f *flight) three() (who, boss, friend *whole.Person) {
	f.Helper()
	friend = &whole.Person{House: f.h, Email: f.address("friend"), Password: whole.Password, Client: f.there}
	return f.in(f.person), f.owner(), f.in(friend)
}

// eventuallyIn signs somebody in who may be asked to enrol, or be disabled, for a moment.
func (f *flight) eventuallyIn(p *whole.Person) {
	f.Helper()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(3 * time.Millisecond) {
		p.Access, p.Partial = "", ""
		if p.SignIn(); p.Access != "" {
			p.Confirmation = p.Fresh
			return
		}
	}
	f.Fatalf("%s does not come in", p.Email)
}

// renew gives somebody the password that they are given again and again.
func (f *flight) renew(p *whole.Person) {
	f.Helper()
	p.Call("PUT", "/me/password", map[string]any{"password": nextPassword}).Must(204)
	p.Password = nextPassword
	f.in(p)
}

var pairs = []pair{
	{
		name: "each owner makes the other a member", explained: []string{"owner_only", "admin_only", "last_owner"},
		make: func(f *flight) ([]side, func()) {
			who, boss, _ := f.three()
			down := map[string]any{"role": "member"}
			return []side{asks(who, "PATCH", f.member(f.boss), down), asks(boss, "PATCH", f.member(f.who), down)}, f.everybodyBack(f.account)
		},
	},
	{
		name: "each owner removes the other", explained: []string{"not_found", "last_owner"},
		make: func(f *flight) ([]side, func()) {
			who, boss, _ := f.three()
			return []side{asks(who, "DELETE", f.member(f.boss), nil), asks(boss, "DELETE", f.member(f.who), nil)}, f.everybodyBack(f.account)
		},
	},
	{
		name: "two accounts have the same two people, and each changes the other in one", explained: []string{"owner_only", "admin_only", "not_found", "last_owner"},
		make: func(f *flight) ([]side, func()) {
			who, boss, friend := f.three()
			second := who.Call("POST", "/accounts", map[string]any{"name": "The second"}).Must(201).Text("id")
			f.everybodyBack(second)()
			in := "/accounts/" + second + "/members/"
			back, there := f.everybodyBack(f.account), f.everybodyBack(second)
			return []side{
				asks(who, "PATCH", f.member(f.boss), map[string]any{"role": "billing"}), asks(boss, "PATCH", in+f.who, map[string]any{"role": "billing"}),
				asks(boss, "DELETE", f.member(f.friend), nil), asks(who, "DELETE", in+f.friend, nil),
				asks(friend, "POST", "/accounts/"+second+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}),
			}, func() { back(); there(); f.sql("DELETE FROM cart_items WHERE user_id = $1", f.friend) }
		},
	},
	{
		name: "an owner hands over and leaves, while another removes", explained: []string{"not_found", "last_owner", "owner_only", "admin_only"},
		make: func(f *flight) ([]side, func()) {
			who, boss, friend := f.three()
			return []side{
				asks(who, "PATCH", f.member(f.friend), map[string]any{"role": "owner"}), asks(who, "DELETE", f.member(f.who), nil),
				asks(boss, "DELETE", f.member(f.friend), nil), asks(friend, "DELETE", f.member(f.friend), nil), asks(friend, "DELETE", f.member(f.boss), nil),
			}, f.everybodyBack(f.account)
		},
	},
	{
		name:      "an invitation is accepted, while it is sent again and revoked, and the account renamed",
		explained: []string{"link_expired", "already_member", "already_invited", "not_found", "rate_limited"},
		make: func(f *flight) ([]side, func()) {
			who, boss, _ := f.three()
			guest := f.address("guest")
			guestID := newID()
			f.sql(`INSERT INTO users (id, email, email_key, name, password_hash, created_at) SELECT $1, $2, $2, 'Guest', password_hash, 1 FROM users WHERE email = $3`,
				guestID, guest, owner)
			at := "/accounts/" + f.account
			invitation := who.Invite(f.account, guest, "member", nil)
			var token string
			f.h.Eventually("the invitation arrives", func() bool {
				for _, m := range f.h.Mails(guest) {
					token = linked(f, m, "invitation")
				}
				return token != ""
			})
			var hash string
			f.ok(f.db.QueryRowContext(f.Context(), "SELECT token_hash FROM invitations WHERE id = $1", invitation).Scan(&hash))
			accept := func(c *whole.Client) whole.Answer {
				return c.Call("POST", "/invitations/accept", "", map[string]any{"token": token})
			}
			return []side{
					accept, accept, asks(who, "PATCH", at, map[string]any{"name": "Another"}), asks(boss, "POST", at+"/invitations/"+invitation+"/resend", nil),
					asks(boss, "DELETE", at+"/invitations/"+invitation, nil), asks(who, "POST", at+"/invitations", map[string]any{"email": guest, "role": "billing"}),
				}, func() {
					f.sql("DELETE FROM members WHERE user_id = $1", guestID)
					f.sql("DELETE FROM invitations WHERE account_id = $1 AND id <> $2", f.account, invitation)
					f.sql("UPDATE invitations SET accepted_at = 0, revoked_at = 0, token_hash = $2, created_at = 1, resent_at = 0 WHERE id = $1", invitation, hash)
				}
		},
	},
	{
		name: "a rule is enforced and lifted, while members write", explained: []string{"enrolment_due", "unauthenticated", "confirmation_required"},
		make: func(f *flight) ([]side, func()) {
			who, boss, friend := f.three()
			f.enrolApp(who)
			f.renew(friend)
			at, number := "/accounts/"+f.account, f.number
			return []side{
					asks(who, "PUT", at+"/two-factor", map[string]any{"enforced": true, "account_number": number}),
					asks(who, "PUT", at+"/two-factor", map[string]any{"enforced": false, "account_number": number}),
					asks(boss, "PATCH", f.member(f.friend), map[string]any{"role": "admin"}),
					asks(friend, "POST", at+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}),
					asks(friend, "PATCH", "/me", map[string]any{"name": "Another"}), asks(boss, "PATCH", at, map[string]any{"name": "Another"}),
					asks(friend, "PUT", "/me/password", map[string]any{"password": nextPassword}),
				}, func() {
					asks(who, "PUT", at+"/two-factor", map[string]any{"enforced": false, "account_number": number})(f.here).Must(200)
					f.sql("DELETE FROM cart_items WHERE user_id = $1", f.friend)
					f.everybodyBack(f.account)()
					f.eventuallyIn(friend)
				}
		},
	},
	{
		name: "an incident begins and ends, while members act", explained: []string{"enrolment_due", "unauthenticated", "confirmation_required", "incident_running", "no_incident", "admin_only"},
		make: func(f *flight) ([]side, func()) {
			who, boss, friend := f.three()
			f.enrolApp(who)
			at, number := "/accounts/"+f.account, map[string]any{"account_number": f.number}
			return []side{
					asks(who, "POST", at+"/incident", number), asks(who, "POST", at+"/incident/end", number),
					asks(friend, "POST", at+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}), asks(friend, "POST", "/auth/sign-out", nil),
					asks(boss, "PATCH", f.member(f.friend), map[string]any{"two_factor_required": true}),
					func(c *whole.Client) whole.Answer {
						return c.Call("POST", "/auth/sign-in", "", map[string]any{"email": friend.Email, "password": friend.Password})
					},
				}, func() {
					asks(who, "POST", at+"/incident/end", number)(f.here)
					f.sql("DELETE FROM cart_items WHERE user_id = $1", f.friend)
					asks(who, "PATCH", f.member(f.friend), map[string]any{"two_factor_required": false})(f.here).Must(200) // not in SQL: a sign-in asks the memory
					f.eventuallyIn(friend)
					f.eventuallyIn(boss)
				}
		},
	},
	{
		name: "an operator disables somebody and lets them in again, while they sign in and act", explained: []string{"unauthenticated", "invalid_credentials", "confirmation_required"},
		make: func(f *flight) ([]side, func()) {
			who, _, friend := f.three()
			operator, friendID := actor.AsOperator("a test"), id.User(f.friend)
			disable := operates(f, func() error { return f.tools.People.Disable(context.Background(), operator, friendID) })
			enable := operates(f, func() error { return f.tools.People.Enable(context.Background(), operator, friendID) })
			out := operates(f, func() error { return f.tools.People.SignOut(context.Background(), operator, friendID, true) })
			return []side{
				disable, enable, out,
				func(c *whole.Client) whole.Answer {
					return c.Call("POST", "/auth/sign-in", "", map[string]any{"email": friend.Email, "password": friend.Password})
				},
				func(c *whole.Client) whole.Answer {
					return c.Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": friend.Refresh})
				},
				asks(friend, "PATCH", "/me", map[string]any{"name": "Another"}), asks(friend, "DELETE", "/me/sessions", nil),
				asks(who, "PATCH", f.member(f.friend), map[string]any{"role": "billing"}),
				asks(friend, "POST", "/me/api-tokens", map[string]any{"name": "Script", "scopes": []string{"portal:read"}}),
			}, func() { enable(nil); f.everybodyBack(f.account)(); f.eventuallyIn(friend) }
		},
	},
	{
		name: "an operator imports people, while members act", explained: []string{"not_found", "admin_only", "owner_only", "cart_full"},
		make: func(f *flight) ([]side, func()) {
			who, boss, friend := f.three()
			at := "/accounts/" + f.account
			people := func(yield func(account.Arrival, error) bool) {
				for i := range 3 {
					if !yield(account.Arrival{Email: fmt.Sprintf("import%d-%d@flight.test", f.n, i), Name: "Imported", Role: "member", Locale: "en"}, nil) {
						return
					}
				}
			}
			return []side{
					operates(f, func() error {
						_, err := f.tools.Accounts.ImportMembers(context.Background(), actor.AsOperator("a test"), id.Account(f.account), people, account.Import{})
						return err
					}),
					asks(who, "PATCH", f.member(f.friend), map[string]any{"role": "admin"}), asks(boss, "PATCH", at, map[string]any{"name": "Another"}),
					asks(friend, "POST", at+"/cart/items", map[string]any{"product_id": "vps-2", "quantity": 1}),
					asks(friend, "PATCH", "/me", map[string]any{"name": "Another"}), asks(boss, "DELETE", f.member(f.friend), nil),
				}, func() {
					f.sql("DELETE FROM cart_items WHERE user_id = $1", f.friend)
					f.sql("DELETE FROM members WHERE account_id = $1 AND user_id NOT IN ($2, $3, $4)", f.account, f.who, f.boss, f.friend)
					f.everybodyBack(f.account)()
				}
		},
	},
	{
		name: "the sessions of one person change what opens", explained: []string{"unauthenticated", "confirmation_required", "not_found", "invalid_credentials"},
		make: func(f *flight) ([]side, func()) {
			who := f.in(f.person)
			f.renew(who)
			other := *who
			f.in(&other)
			return []side{
					asks(who, "PUT", "/me/password", map[string]any{"password": nextPassword}), asks(&other, "DELETE", "/me/sessions", nil),
					asks(&other, "POST", "/auth/confirmation", map[string]any{"password": nextPassword}), asks(&other, "POST", "/me/factors", map[string]any{"type": "totp"}),
					asks(who, "PATCH", "/me", map[string]any{"name": "Another"}), asks(who, "POST", "/accounts", map[string]any{"name": "One more"}),
					asks(&other, "POST", "/auth/sign-out", nil),
				}, func() {
					f.sql("DELETE FROM factors WHERE user_id = $1", f.who)
					f.eventuallyIn(who)
					f.eventuallyIn(&other)
				}
		},
	},
}

// Transactions that wait for each other in a circle are ended by the database, one of them, and run a second time: the caller sees nothing of
// it. So the database is asked, too.
func TestNobodyWaitsForEachOtherInACircle(t *testing.T) {
	t.Parallel()
	databaseURL := whole.Postgres(t)
	db := whole.SQL(t, databaseURL)
	var name string
	if err := db.QueryRow("SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	testkit.Execute(t, databaseURL, "ALTER DATABASE "+name+" SET deadlock_timeout = '100ms'")
	a := newAirport(t, whole.Open(t, databaseURL, whole.Plan{Replicas: 2, Config: manyTexts}))
	circles := func() int {
		return count(t, db, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
	}
	for _, p := range pairs {
		f := a.flight(t, p.name, false)
		sides, again := p.make(f)
		rounds, done, refused := 0, 0, map[string]int{}
		var mu sync.Mutex
		before := circles()
		for began := time.Now(); time.Since(began) < *deadlocksFor/time.Duration(len(pairs)); rounds++ {
			f.sql("DELETE FROM rate_limits") // the clock stands still: nobody would ever be let guess again
			again()
			var all sync.WaitGroup
			for _, i := range rand.Perm(len(sides)) {
				for _, c := range []*whole.Client{f.here, f.there} {
					all.Go(func() {
						answer := sides[i](c)
						mu.Lock()
						defer mu.Unlock()
						switch code := answer.Code(); {
						case answer.Status < 300:
							done++
						case slices.Contains(p.explained, code):
							refused[code]++
						default:
							f.Errorf("%s %s is answered %d %s, which nothing explains", answer.Request.Method, answer.Request.Path, answer.Status, answer.Body)
						}
					})
				}
			}
			all.Wait()
		}
		again()
		f.close()
		time.Sleep(5 * time.Millisecond)
		t.Logf("%s: %d rounds, %d done, refused %v", p.name, rounds, done, refused)
		if rounds == 0 || done == 0 {
			t.Errorf("%s: nothing was done", p.name)
		}
		if n := circles() - before; n > 0 {
			t.Errorf("%s: %d times some have waited for each other", p.name, n)
		}
	}
	time.Sleep(1500 * time.Millisecond) // sessions of the database report what they have met within a second
	if n := circles(); n > 0 {
		t.Errorf("%d times some have waited for each other", n)
	}
}
