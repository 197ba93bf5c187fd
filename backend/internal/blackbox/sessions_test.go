package blackbox_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/app"
	"sallyport/internal/testkit/whole"
)

const day = 24 * time.Hour

func TestARefreshTokenThatComesTwiceEndsTheSessionEverywhere(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p, thief := h.Person(member).In(), h.Person(member)
		thief.Client, thief.Refresh = h.At(1), p.Refresh
		p.RefreshNow().Must(200)
		h.At(1).Call("GET", "/me", p.Access, nil).Must(200)
		thief.RefreshNow().Refused(401, "unauthenticated")
		h.Eventually("the session is over on both replicas", func() bool {
			return h.At(0).Call("GET", "/me", p.Access, nil).Is(401, "unauthenticated") && h.At(1).Call("GET", "/me", p.Access, nil).Is(401, "unauthenticated")
		})
		p.RefreshNow().Refused(401, "unauthenticated")
	})
}

func TestARefreshTokenSentManyTimesAtOnceGivesOneSuccessorAtMost(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		for range 10 {
			p := h.Person(member).In()
			answers := make([]whole.Answer, 20)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() {
					answers[i] = h.At(i).Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": p.Refresh})
				})
			}
			all.Wait()
			given := 0
			for _, a := range answers {
				if a.Status == 200 {
					given++
				}
			}
			if given > 1 {
				t.Fatalf("%d successors were given", given)
			}
		}
	})
}

// cookieSession signs in as a browser does.
func cookieSession(h *whole.House, email string) (access string, cookie *http.Cookie) {
	a := h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": email, "password": whole.Password, "session": "cookie"}).Must(200)
	return a.Text("session.access_token"), a.Cookie("sallyport_refresh")
}

// reload refreshes as a browser does.
func reload(c *whole.Client, cookie *http.Cookie, header http.Header) whole.Answer {
	return c.Send(whole.Request{Method: "POST", Path: "/auth/refresh", Header: header, Cookies: []*http.Cookie{{Name: cookie.Name, Value: cookie.Value}}})
}

func TestABrowserThatLostAnAnswerComesAgainWithTheOldCookieAndAThiefDoesNot(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		access, first := cookieSession(h, member)
		lost := reload(h.At(0), first, nil).Must(200).Cookie(first.Name)
		second := reload(h.At(1), first, nil).Must(200).Cookie(first.Name)
		h.At(0).Call("GET", "/me", access, nil).Must(200)
		reload(h.At(0), lost, nil).Refused(401, "unauthenticated") // it was replaced, and is worth nothing
		third := reload(h.At(1), second, nil).Must(200).Cookie(first.Name)
		reload(h.At(0), third, nil).Must(200)

		// Once the successor was used there is no more to lose: whoever comes with the old one holds a copy.
		_, stolen := cookieSession(h, member)
		next := reload(h.At(0), stolen, nil).Must(200).Cookie(stolen.Name)
		next = reload(h.At(0), next, nil).Must(200).Cookie(stolen.Name)
		reload(h.At(1), stolen, nil).Refused(401, "unauthenticated")
		reload(h.At(0), next, nil).Refused(401, "unauthenticated")

		// And nobody reloads for ten seconds.
		_, late := cookieSession(h, member)
		next = reload(h.At(0), late, nil).Must(200).Cookie(late.Name)
		h.Clock.Advance(10 * time.Second)
		reload(h.At(1), late, nil).Refused(401, "unauthenticated")
		reload(h.At(0), next, nil).Refused(401, "unauthenticated")
	})
}

func TestTheRefreshCookieIsForTheServerAloneAndForItsOwnPages(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	a := h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": member, "password": whole.Password, "session": "cookie"}).Must(200)
	c := a.Cookie("sallyport_refresh")
	if c == nil || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge <= 0 {
		t.Fatalf("the cookie is %v", c)
	}
	if a.Text("session.refresh_token") != "" {
		t.Error("the refresh token is in the body too, where scripts find it")
	}
	cross := []http.Header{{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.test"}}, {"Origin": {"null"}},
		{"Origin": {h.Replicas[0].URL() + ".evil.test"}}, {"Sec-Fetch-Site": {"cross-site"}, "Origin": {h.Replicas[0].URL()}}}
	for _, header := range cross {
		reload(h.At(0), c, header).Refused(403, "cross_site")
	}
	own := http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {h.Replicas[0].URL()}}
	a = reload(h.At(0), c, own).Must(200) // none of them has spent it
	c = a.Cookie(c.Name)

	out := h.At(0).Call("POST", "/auth/sign-out", a.Text("session.access_token"), nil).Must(204)
	if gone := out.Cookie(c.Name); gone == nil || gone.MaxAge >= 0 || gone.Value != "" {
		t.Errorf("signing out sets the cookie %v", gone)
	}
	reload(h.At(0), c, nil).Refused(401, "unauthenticated")
}

func TestOverHTTPSTheRefreshCookieBelongsToThisHostAlone(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{Config: func(_ int, c *app.Config) { c.BaseURL = "https://portal.acme.test" }})
	a := h.At(0).Call("POST", "/auth/sign-in", "", map[string]any{"email": member, "password": whole.Password, "session": "cookie"}).Must(200)
	c := a.Cookie("__Host-sallyport_refresh")
	if c == nil || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteStrictMode {
		t.Fatalf("the cookie is %v", a.Header.Values("Set-Cookie"))
	}
	if !strings.Contains(a.Header.Get("Strict-Transport-Security"), "max-age=") {
		t.Error("Strict-Transport-Security is missing")
	}
	plain := &http.Cookie{Name: "sallyport_refresh", Value: c.Value} // which any host of the domain could have set
	reload(h.At(0), plain, nil).Refused(401, "unauthenticated")
	reload(h.At(0), c, http.Header{"Origin": {"https://portal.acme.test"}}).Must(200)
}

func TestARefreshFromBeforeTheSecondFactorNeverGivesAFullToken(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).Protected()
		account := o.Account(acme)
		m, elsewhere := h.Person(member).In(), h.Person(member).In()
		old := m.Refresh
		o.Confirm().Enforce(account, acme, nil).Must(200)
		for i := range 3 {
			m.Client = h.At(i)
			if a := m.RefreshNow().Must(200); a.Text("status") != "enrolment_required" || a.Text("session.access_token") != "" {
				t.Fatalf("the refresh answers %s", a.Body)
			}
		}
		m.Enrol()
		for _, before := range []string{old, elsewhere.Refresh} {
			h.At(1).Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": before}).Refused(401, "unauthenticated")
		}
		m.Call("GET", "/me", nil).Must(200) // and their coming has not ended the new session
		m.RefreshNow().Must(200)

		// The same where the factor is there and the session has not shown it.
		full := withoutFactor(t, h, m)
		lacking := m.Again(1)
		lacking.Access = full().Access
		lacking.Call("GET", "/accounts", nil).Refused(401, "second_factor_due")
	})
}

func TestSigningOutEndsASessionAtOnceOnEveryReplica(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).In()
		h.At(1).Call("GET", "/me", p.Access, nil).Must(200)
		tab := h.At(1).Listen(p.Access)
		asked := time.Now()
		p.Call("POST", "/auth/sign-out", nil).Must(204)
		h.Eventually("the other replica knows", func() bool { return h.At(1).Call("GET", "/me", p.Access, nil).Is(401, "unauthenticated") })
		if took := time.Since(asked); took > promptly {
			t.Errorf("it took %v", took)
		}
		tab.Wait("session_ended")
		tab.End()
		p.RefreshNow().Refused(401, "unauthenticated")

		// Between the doors too: the partial token dies, and the session that it was to replace.
		q := h.Person(owner).Protected()
		between := q.Again(0)
		between.SignIn().Must(200)
		between.Call("POST", "/auth/sign-out", nil).Must(204)
		between.Client = h.At(1)
		between.Answer(q.App.Next()).Refused(401, "unauthenticated")
		q.Call("GET", "/me", nil).Must(200)
	})
}

func TestASessionEndsFromAnotherDeviceOfItsOwnerAndOfNobodyElse(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		phone, laptop, stranger := h.Person(member).In(), h.Person(member).Again(1).In(), h.Person(admin).In()
		list := phone.Call("GET", "/me/sessions", nil).Must(200)
		if n := len(list.Texts("items")); n != 2 {
			t.Fatalf("the list has %d sessions", n)
		}
		_, claims := whole.Claims(laptop.Access)
		path := "/me/sessions/" + claims["sid"].(string)
		stranger.Call("DELETE", path, nil).Refused(404, "not_found")
		laptop.Call("GET", "/me", nil).Must(200)
		phone.Call("DELETE", path, nil).Must(204)
		h.Eventually("the laptop is out", func() bool { return laptop.Call("GET", "/me", nil).Is(401, "unauthenticated") })
		phone.Call("DELETE", path, nil).Refused(404, "not_found")

		laptop.In()
		phone.Call("DELETE", "/me/sessions", nil).Must(204)
		h.Eventually("the laptop is out", func() bool { return laptop.Call("GET", "/me", nil).Is(401, "unauthenticated") })
		phone.Call("GET", "/me", nil).Must(200)
		stranger.Call("GET", "/me", nil).Must(200)
	})
}

func TestASessionEndsWhenItIsNotUsedForThirtyDaysAndInAnyCaseAfterNinety(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		idle, busy := h.Person(member).In(), h.Person(admin).In()
		began := h.Clock.Now()
		for n := 1; n <= 8; n++ { // every ten or eleven days
			h.Clock.Set(began.Add(time.Duration(n) * 11 * day))
			busy.Client = h.At(n)
			busy.RefreshNow().Must(200)
			busy.Call("GET", "/me", nil).Must(200)
			if n == 3 {
				idle.RefreshNow().Refused(401, "unauthenticated")
			}
		}
		h.Clock.Set(began.Add(90*day - 5*time.Minute))
		busy.RefreshNow().Must(200)
		h.Clock.Set(began.Add(90 * day))
		busy.Call("GET", "/me", nil).Refused(401, "unauthenticated")
		busy.RefreshNow().Refused(401, "unauthenticated")
	})
}

func TestTokensEndTenMinutesAfterTheyWereMade(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p, q := h.Person(member).In(), h.Person(owner).Protected()
	between := q.Again(0)
	between.SignIn().Must(200)
	h.Clock.Advance(10*time.Minute - time.Second)
	p.Call("GET", "/me", nil).Must(200)
	between.Call("GET", "/me", nil).Must(200)
	h.Clock.Advance(time.Second)
	p.Call("GET", "/me", nil).Refused(401, "unauthenticated")
	between.Call("GET", "/me", nil).Refused(401, "unauthenticated")
	between.Answer(q.App.Next()).Refused(401, "unauthenticated")
	p.RefreshNow().Must(200)
	p.Call("GET", "/me", nil).Must(200)
}

func TestASignInBetweenTheDoorsIsResumedForHalfAnHourAndNoLonger(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		between := p.Again(0)
		between.SignIn().Must(200)
		began := h.Clock.Now()
		resume := func(replica int) whole.Answer {
			return between.Keep(h.At(replica).Call("POST", "/auth/resume", "", map[string]any{"resume_token": between.Resume}))
		}
		for n, life := range []int{600, 600, 3} { // the last one ends with the sign-in
			token := between.Partial
			h.Clock.Set(began.Add(time.Duration(n+1) * (10*time.Minute - time.Second)))
			between.Call("GET", "/me", nil).Must(200)
			if a := resume(n).Must(200); a.Text("status") != "second_factor_required" || a.Number("expires_in") != life {
				t.Errorf("resuming answers %s", a.Body)
			}
			h.Clock.Advance(time.Second)
			h.At(0).Call("GET", "/me", token, nil).Refused(401, "unauthenticated")
			between.Call("GET", "/me", nil).Must(200)
		}
		h.Clock.Set(began.Add(30 * time.Minute))
		between.Call("GET", "/me", nil).Refused(401, "unauthenticated")
		resume(0).Refused(401, "unauthenticated")
		between.Answer(p.App.Next()).Refused(401, "unauthenticated")
	})
}

func TestASessionSaysWhereItIsAsFarAsItsAddressTells(t *testing.T) {
	t.Parallel()
	table := filepath.Join(t.TempDir(), "countries.csv")
	if err := os.WriteFile(table, []byte("198.51.100.0,198.51.100.255,DE\n2001:db8::,2001:db8:ffff:ffff:ffff:ffff:ffff:ffff,NL\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, named := range []string{"", table} {
		h := whole.Open(t, whole.SQLite(t), whole.Plan{Config: func(_ int, c *app.Config) { c.CountryTable, c.Proxies = named, "127.0.0.0/8" }})
		p := h.Person(member).In()
		for address, want := range map[string][2]string{"198.51.100.7": {"public", "DE"}, "2001:db8::7": {"public", "NL"}, "203.0.113.7": {"public", ""},
			"192.168.178.20": {"private", ""}, "127.0.0.1": {"this_machine", ""}} {
			if named == "" {
				want[1] = ""
			}
			h.At(0).Send(whole.Request{Method: "POST", Path: "/auth/sign-in", Header: http.Header{"X-Forwarded-For": {address}},
				Body: map[string]any{"email": member, "password": p.Password, "session": "bearer"}}).Must(200)
			h.Clock.Advance(time.Second)
			newest := p.Call("GET", "/me/sessions?limit=1", nil).Must(200)
			if newest.Text("items.0.address") != address || newest.Text("items.0.place.network") != want[0] || newest.Text("items.0.place.country") != want[1] {
				t.Errorf("%s is %v: %s", address, want, newest.Body)
			}
		}
	}

	if err := os.WriteFile(table, []byte("198.51.100.0,198.51.100.255,Germany\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := app.Start(t.Context(), app.Config{Addr: "127.0.0.1:0", DatabaseURL: whole.SQLite(t), RootKey: whole.RootKey, CountryTable: table}, app.Options{}); err == nil ||
		!strings.Contains(err.Error(), "SALLYPORT_COUNTRY_TABLE") || !strings.Contains(err.Error(), "line 1") {
		t.Errorf("a table with a mistake is answered by %v", err)
	}
}
