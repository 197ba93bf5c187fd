package blackbox_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// atOnce does all of it at the same time.
func atOnce(doings ...func()) {
	var all sync.WaitGroup
	ready := make(chan struct{})
	for _, do := range doings {
		all.Go(func() { <-ready; do() })
	}
	close(ready)
	all.Wait()
}

// bearing sends a call of a person to a replica, with everything that they bear. It changes nothing of the person: many may do it at once.
func bearing(p *whole.Person, replica int, method, path string, body any) whole.Answer {
	p.Client.T.Helper()
	return p.House.At(replica).Send(whole.Request{Method: method, Path: path, Token: p.Token(), Header: p.Headers(path, nil), Body: body})
}

// The client complains of every answer that is a 5xx or against the contract: that nobody deadlocks is what these two ask.

func TestWhateverOnePersonDoesAtOnceIsAnswered(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		for range 8 {
			p := h.Person(member)
			p.App = nil
			p.In().Confirm()
			other := p.Again(1).In()
			app := p.Begin()
			p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Next()}).Must(200)
			call := func(replica int, method, path, token string, body any) func() {
				return func() { h.At(replica).Call(method, path, token, body) }
			}
			refresh := map[string]any{"refresh_token": p.Refresh}
			atOnce(
				func() { p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil).Must(200)) },
				call(0, "POST", "/auth/refresh", "", map[string]any{"refresh_token": other.Refresh}), call(1, "POST", "/auth/refresh", "", map[string]any{"refresh_token": other.Refresh}),
				call(1, "POST", "/auth/confirmation", other.Access, map[string]any{"password": p.Password}),
				call(0, "PATCH", "/me", other.Access, map[string]any{"locale": "de"}), call(1, "PATCH", "/me", other.Access, map[string]any{"locale": "en"}),
				call(1, "GET", "/me/factors", other.Access, nil), call(0, "GET", "/me/sessions", other.Access, nil),
				call(1, "POST", "/auth/sign-out", other.Access, nil),
			)
			// Old refresh tokens end the session that was strengthened; whoever comes first, all is answered.
			p.App = app
			fresh := p.Again(0).In().Confirm()
			doors := partials(p, 4)
			code := p.App.Answer(p.App.Next())
			confirmed := func(replica int, method, path string, body any) func() {
				return func() { bearing(fresh, replica, method, path, body) }
			}
			atOnce(
				call(0, "POST", "/auth/refresh", "", refresh), call(1, "POST", "/auth/refresh", "", refresh),
				call(0, "POST", "/auth/second-factor", doors[0], code), call(1, "POST", "/auth/second-factor", doors[1], code),
				call(1, "POST", "/auth/sign-out", doors[2], nil), call(0, "POST", "/auth/second-factor", doors[2], code),
				confirmed(1, "POST", "/me/recovery-codes", nil), confirmed(0, "POST", "/me/recovery-codes", nil),
				confirmed(0, "DELETE", "/me/sessions", nil), confirmed(1, "POST", "/me/factors", map[string]any{"type": "totp"}),
				confirmed(1, "DELETE", "/me/factors/"+app.FactorID, nil), confirmed(0, "DELETE", "/me/factors", nil),
			)
			if status := h.Person(member).SignIn().Must(200).Text("status"); status != "signed_in" {
				t.Fatalf("after the factors were removed a sign-in answers %s", status)
			}
			h.Clock.Advance(time.Hour)
		}
	})
}

func TestARefreshAndTheOkayOfAnEnrolmentDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.Postgres(t), whole.Plan{Replicas: 2})
	for round := range 40 {
		p := h.Person(member).In().Confirm()
		app := p.Begin()
		p.Call("POST", "/me/factors/"+app.FactorID+"/verify", map[string]any{"code": app.Next()}).Must(200)
		refresh := map[string]any{"refresh_token": p.Refresh}
		var renewed whole.Answer
		atOnce(
			func() { p.Keep(p.Call("POST", "/me/factors/"+app.FactorID+"/activate", nil)) },
			func() {
				time.Sleep(time.Duration(round%8) * 300 * time.Microsecond) // somewhere into the other's transaction
				renewed = h.At(1).Call("POST", "/auth/refresh", "", refresh)
			},
		)
		// Whoever was first: what was renewed before the second factor was shown renews nothing after it.
		if later := renewed.Text("session.refresh_token"); later != "" {
			if a := h.At(0).Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": later}); a.Status == 200 && a.Text("session.assurance") != "aal1" {
				t.Fatalf("a refresh token from before the second factor gives %s", a.Text("session.assurance"))
			}
		}
		q := h.Person(member)
		q.App = app
		q.In().Confirm().Call("DELETE", "/me/factors", nil).Must(204)
		h.Clock.Advance(time.Hour)
	}
}

func TestFactorsThatAreRemovedAtOnceLeaveWhatTheRulesAskFor(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		o.Confirm().Enforce(account, acme, nil).Must(200)
		m := h.Person(member)
		m.SignIn().Must(200)
		m.Enrol()
		for range 8 {
			first := m.App
			m.Confirm().Enrol()
			m.In().Confirm()
			remove := func(replica int, factorID string) func() {
				return func() { bearing(m, replica, "DELETE", "/me/factors/"+factorID, nil) }
			}
			atOnce(remove(0, first.FactorID), remove(1, m.App.FactorID))
			left := m.Call("GET", "/me/factors", nil).Must(200).Texts("items", "id")
			if len(left) != 1 {
				t.Fatalf("of two factors %d are left", len(left))
			}
			if left[0] == first.FactorID {
				m.App = first
			}
		}
	})
}

func TestOfTwoNewSetsOfRecoveryCodesOneIsGood(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		for range 8 {
			p.In().Confirm()
			renew := func(replica int) func() {
				return func() { bearing(p, replica, "POST", "/me/recovery-codes", nil) }
			}
			atOnce(renew(0), renew(1), renew(0), renew(1))
			if n := p.Call("GET", "/me/recovery-codes", nil).Must(200).Number("remaining"); n != 10 {
				t.Fatalf("%d recovery codes are good", n)
			}
		}
	})
}

func TestWhateverAnAccountsPeopleDoAtOnceIsAnswered(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o, second := h.Person(owner).Protected(), h.Person(admin).Protected()
		account := o.Account(acme)
		in := "/accounts/" + account
		secondID, _ := claim(second.Access, "sub").(string)
		o.Confirm().Call("PATCH", in+"/members/"+secondID, map[string]any{"role": "owner"}).Must(200)
		ownerID, _ := claim(o.Access, "sub").(string)
		for range 8 {
			o.In().Confirm()
			second.In().Confirm()
			m := h.Person(contractor)
			m.SignIn().Must(200)
			id, _ := claim(m.Token(), "sub").(string)
			enforce := map[string]any{"enforced": true, "account_number": acme, "sign_out_members": true}
			put := func(p *whole.Person, replica int, body map[string]any) func() {
				return func() { bearing(p, replica, "PUT", in+"/two-factor", body) }
			}
			call := func(p *whole.Person, replica int, method, path string, body any) func() {
				return func() { bearing(p, replica, method, in+path, body) }
			}
			atOnce(
				put(o, 0, enforce), put(second, 1, enforce), put(o, 1, map[string]any{"enforced": false, "account_number": acme}),
				call(o, 0, "PATCH", "/members/"+id, map[string]any{"two_factor_required": true}), call(second, 1, "PATCH", "/members/"+id, map[string]any{"role": "billing"}),
				call(o, 0, "DELETE", "/members/"+secondID, nil), call(second, 1, "DELETE", "/members/"+ownerID, nil), // one of them stays
				call(o, 1, "PATCH", "/members/"+ownerID, map[string]any{"role": "member"}), call(second, 0, "PATCH", "/members/"+secondID, map[string]any{"role": "member"}),
				call(o, 0, "POST", "/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}), call(second, 1, "POST", "/invitations", map[string]any{"email": "newcomer@acme.test", "role": "member"}),
				func() { h.At(1).Call("POST", "/auth/sign-out", m.Token(), nil) }, func() { h.Person(contractor).SignIn() }, func() { h.At(0).Call("GET", "/me", m.Token(), nil) },
			)
			owners := 0
			db := whole.SQL(t, h.Database)
			if err := db.QueryRow("SELECT count(*) FROM members WHERE account_id = $1 AND role = 'owner'", account).Scan(&owners); err != nil || owners < 1 {
				t.Fatalf("the account has %d owners: %v", owners, err)
			}
			execute(t, db, "DELETE FROM members WHERE account_id = $1 AND user_id IN ($2, $3)", account, ownerID, secondID)
			execute(t, db, "INSERT INTO members (account_id, user_id, role, created_at) VALUES ($1, $2, 'owner', 1), ($1, $3, 'owner', 1)", account, ownerID, secondID)
			h.Clock.Advance(time.Hour)
			o.Client, second.Client = h.At(0), h.At(1)
		}
	})
}

func TestATokenOfAMegabyteIsRefusedBeforeAnybodyReadsIt(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for _, size := range []int{40 << 10, 1 << 20} {
		q, err := http.NewRequestWithContext(t.Context(), "GET", h.Replicas[0].URL()+"/api/v1/me", nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Authorization", "Bearer "+strings.Repeat(".", size))
		a, err := client.Do(q)
		if err != nil {
			continue // it hung up, as it may
		}
		_ = a.Body.Close()
		if a.StatusCode != http.StatusRequestHeaderFieldsTooLarge && a.StatusCode != http.StatusUnauthorized {
			t.Errorf("%d bytes of token are answered %d", size, a.StatusCode)
		}
	}
	h.At(0).Call("GET", "//healthz", "", nil).Must(200)
}
