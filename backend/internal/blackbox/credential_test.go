package blackbox_test

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

// The subjects of the mails that bear links.
const (
	verifyEmail  = "Confirm your e-mail address"
	signUpTaken  = "You already have an account"
	resetLink    = "Choose a new password"
	pwChanged    = "Your password was changed"
	confirmEmail = "Confirm your new e-mail address"
	emailNotice  = "Your e-mail address is about to change"
	emailChanged = "Your e-mail address was changed"
	factorIsOn   = "Two-factor authentication is on: authenticator app"
	signedOut    = "We have signed everyone out of your access"

	fresh = "seven lighthouses hum" // a password that nobody has yet
)

// mailed waits for mails with this subject, and gives them, newest first.
func mailed(h *whole.House, to, subject string, atLeast int) []whole.Mail {
	h.T.Helper()
	var found []whole.Mail
	h.Eventually(to+" is mailed: "+subject, func() bool {
		found = slices.DeleteFunc(h.Mails(to), func(m whole.Mail) bool { return m.Subject != subject })
		return len(found) >= atLeast
	})
	return found
}

// linked is the token of the link to a page in a mail.
func linked(t testing.TB, m whole.Mail, page string) string {
	t.Helper()
	for _, line := range strings.Fields(m.Text) {
		if at, token, ok := strings.Cut(line, page+"#"); ok && strings.HasPrefix(at, "http") {
			return token
		}
	}
	t.Fatalf("the mail %q links to no %s:\n%s", m.Subject, page, m.Text)
	return ""
}

func signUp(c *whole.Client, email, password string) whole.Answer {
	c.T.Helper()
	return c.Call("POST", "/auth/sign-up", "", map[string]any{"email": email, "password": password, "name": "New Comer", "account_name": "Newcomer & Sons"})
}

func askReset(c *whole.Client, email string) whole.Answer {
	c.T.Helper()
	return c.Call("POST", "/auth/password-reset", "", map[string]any{"email": email})
}

func reset(c *whole.Client, token, password string) whole.Answer {
	c.T.Helper()
	return c.Call("PUT", "/auth/password-reset", "", map[string]any{"token": token, "password": password})
}

func open(c *whole.Client, door, token string) whole.Answer {
	c.T.Helper()
	return c.Call("POST", "/auth/"+door, "", map[string]any{"token": token})
}

// resetToken asks for a link and reads it.
func resetToken(h *whole.House, email string) string {
	h.T.Helper()
	before := len(slices.DeleteFunc(h.Mails(email), func(m whole.Mail) bool { return m.Subject != resetLink }))
	askReset(h.At(0), email).Must(202)
	return linked(h.T, mailed(h, email, resetLink, before+1)[0], "/reset-password")
}

// everywhereAtOnce calls from everywhere at the same time and says how often it went well; everybody else must be told that the link is over.
func everywhereAtOnce(t *testing.T, h *whole.House, times int, call func(c *whole.Client) whole.Answer) int {
	t.Helper()
	answers := make([]whole.Answer, times)
	var all sync.WaitGroup
	ready := make(chan struct{})
	for i := range answers {
		all.Go(func() {
			<-ready
			answers[i] = call(h.At(i))
		})
	}
	close(ready)
	all.Wait()
	n := 0
	for _, a := range answers {
		if a.Status == 204 {
			n++
		} else if !a.Is(410, "link_expired") {
			t.Errorf("one of many answers %d %s", a.Status, a.Body)
		}
	}
	return n
}

func TestAPersonIsMadeOnceTheirMailboxHasSaidSoAndNotBefore(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		newcomer := &whole.Person{House: h, Email: "Newcomer@example.test", Password: "two quiet harbours", Client: h.At(1)}
		if a := signUp(h.At(0), newcomer.Email, newcomer.Password).Must(202); len(a.Body) > 0 {
			t.Errorf("it answers %s", a.Body)
		}
		link := linked(t, mailed(h, newcomer.Email, verifyEmail, 1)[0], "/verify-email")
		// Whoever signs up with somebody else's address waits for a mailbox that is not theirs.
		signUp(h.At(1), "newcomer@EXAMPLE.test", fresh).Must(202)
		other := linked(t, mailed(h, newcomer.Email, verifyEmail, 2)[0], "/verify-email")
		newcomer.SignIn().Refused(401, "invalid_credentials")

		if n := everywhereAtOnce(t, h, 20, func(c *whole.Client) whole.Answer { return open(c, "email-verification", link) }); n != 1 {
			t.Errorf("the link worked %d times", n)
		}
		open(h.At(0), "email-verification", other).Refused(410, "link_expired")

		newcomer.In()
		accounts := newcomer.Call("GET", "/accounts", nil).Must(200)
		if names, roles := accounts.Texts("items", "name"), accounts.Texts("items", "role"); !slices.Equal(names, []string{"Newcomer & Sons"}) || !slices.Equal(roles, []string{"owner"}) {
			t.Errorf("they belong to %s", accounts.Body)
		}
		if number := accounts.Text("items.0.number"); !strings.HasPrefix(number, "SP-") || len(number) != 9 {
			t.Errorf("the account has the number %q", number)
		}
		if me := newcomer.Call("GET", "/me", nil).Must(200); me.Text("email") != newcomer.Email || me.Text("name") != "New Comer" || me.Text("locale") != "en" {
			t.Errorf("they are %s", me.Body)
		}

		// The address is somebody's now: they are told, and nobody else.
		if a := signUp(h.At(0), newcomer.Email, fresh).Must(202); len(a.Body) > 0 {
			t.Errorf("it answers %s", a.Body)
		}
		if m := mailed(h, newcomer.Email, signUpTaken, 1)[0]; strings.Contains(m.Text, "#") {
			t.Errorf("a mail to somebody who is known bears a token:\n%s", m.Text)
		}
		stranger := newcomer.Again(0)
		stranger.Password = fresh
		stranger.SignIn().Refused(401, "invalid_credentials")

		german := h.At(0).Call("POST", "/auth/sign-up", "", map[string]any{"email": "neu@example.test", "password": fresh, "name": "Neu", "account_name": "Neu GmbH", "locale": "de"})
		german.Must(202)
		late := linked(t, mailed(h, "neu@example.test", "Bestätigen Sie Ihre E-Mail-Adresse", 1)[0], "/verify-email")
		h.Clock.Advance(24 * time.Hour)
		open(h.At(0), "email-verification", late).Refused(410, "link_expired")
	})
}

func TestANewPasswordIsLongAndNoneThatGuessersBeginWith(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	p := h.Person(member).In().Confirm()
	link := resetToken(h, member)
	for password, why := range map[string]string{
		"kx8#":                      "at least 12 characters",
		"kx8#hqpw!zt":               "at least 12 characters",
		"ééééééééééé":               "at least 12 characters",
		strings.Repeat("é", 513):    "at most 1024 bytes",
		"Password1234":              "too easy to guess",
		"this Acme Member is me":    "your name",
		"member@acme.test":          "your name",
		"the sallyport of my house": "name of this portal",
	} {
		for what, a := range map[string]whole.Answer{
			"change": p.Call("PUT", "/me/password", map[string]any{"password": password}),
			"reset":  reset(h.At(0), link, password),
			"sign-up": h.At(0).Call("POST", "/auth/sign-up", "", map[string]any{"email": "member@acme.example", "password": password,
				"name": "Acme Member", "account_name": "Acme"}),
		} {
			if what == "sign-up" && password == "member@acme.test" {
				why = "your name"
			}
			if a.Refused(422, "validation_failed"); a.Text("errors.0.pointer") != "/password" || !strings.Contains(a.Text("errors.0.detail"), why) {
				t.Errorf("%s to %.20q: %s, not %s", what, password, a.Body, why)
			}
		}
	}
	// What was refused has not spent the link; the same letters typed on another system are the same password.
	reset(h.At(0), link, "drei stille Ha\u0308fen").Must(204)
	p.Password = "drei stille Häfen"
	p.In()
	h.At(0).Call("POST", "/auth/sign-up", "", map[string]any{"email": "a@b.test", "password": fresh, "name": "A", "account_name": "\u0085"}).
		Refused(422, "validation_failed")
}

// told is what an answer says to whoever compares it with another.
func told(a whole.Answer) string {
	header := a.Header.Clone()
	header.Del("X-Request-Id")
	header.Del("Date")
	var b strings.Builder
	_ = header.Write(&b)
	return http.StatusText(a.Status) + "\n" + b.String() + string(a.Body)
}

func TestNobodyLearnsFromSignUpOrResetWhetherAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		calls := map[string]func(c *whole.Client, email string) whole.Answer{
			"sign-up": func(c *whole.Client, email string) whole.Answer { return signUp(c, email, fresh) },
			"reset":   askReset,
		}
		for what, call := range calls {
			known, unknown := call(h.At(0), owner), call(h.At(0), "nobody@acme.test")
			if known.Must(202); told(known) != told(unknown) {
				t.Errorf("%s: known\n%s\nunknown\n%s", what, told(known), told(unknown))
			}
			var took [2][]time.Duration
			from := h.At(0).From("127.0.0.3")
			emails := []string{owner, "nobody@acme.test"}
			for n := range 48 {
				i := (n + n/2) % 2 // who comes first changes
				took[i] = append(took[i], call(from, emails[i]).Must(202).Took)
			}
			for i := range took {
				slices.Sort(took[i])
			}
			a, b := took[0][6], took[1][6] // the quarter that other work has disturbed least
			t.Logf("%s: a quarter takes less than %v for a known address and %v for an unknown one", what, a, b)
			if max(a, b) > 2*min(a, b)+2*time.Millisecond {
				t.Errorf("%s: %v for a known address, %v for an unknown one", what, a, b)
			}
		}
	})
}

func TestAnAddressIsMailedThreeTimesAnHourAndANetworkIsHeardSoOften(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		for i := range 8 {
			askReset(h.At(i), []string{owner, "OWNER@acme.test", " owner@ACME.test"}[i%2]).Must(202)
			signUp(h.At(i), owner, fresh).Must(202)
		}
		mailed(h, owner, resetLink, 3)
		mailed(h, owner, signUpTaken, 3)
		resetToken(h, admin) // somebody else's hour is their own; and whatever was still on its way has had its time
		if a, b := len(mailed(h, owner, resetLink, 3)), len(mailed(h, owner, signUpTaken, 3)); a != 3 || b != 3 {
			t.Errorf("%d and %d mails within an hour", a, b)
		}
		h.Clock.Advance(time.Hour)
		askReset(h.At(0), owner).Must(202)
		mailed(h, owner, resetLink, 4)

		flood := h.At(0).From("127.0.0.9")
		for i := 0; ; i++ {
			if a := askReset(flood, "nobody@acme.test"); a.Status != 202 {
				a.Refused(429, "rate_limited")
				break
			}
			if i > 200 {
				t.Fatal("one network asks without end")
			}
		}
		askReset(h.At(1).From("127.0.0.9"), owner).Refused(429, "rate_limited") // on every replica, whoever it is about
		askReset(h.At(0).From("127.0.0.10"), owner).Must(202)
	})
}

// mailFactor adds an e-mail factor to a person who is in, and gives its id.
func mailFactor(t *testing.T, p *whole.Person) string {
	t.Helper()
	factor := p.Confirm().Call("POST", "/me/factors", map[string]any{"type": "email"}).Must(201).Text("factor.id")
	p.Call("POST", "/me/factors/"+factor+"/verify", map[string]any{"code": newestCode(t, p)}).Must(200)
	p.Keep(p.Call("POST", "/me/factors/"+factor+"/activate", nil).Must(200))
	return factor
}

// newestCode waits for a code by mail that was not read before.
func newestCode(t *testing.T, p *whole.Person) string {
	t.Helper()
	for line := range strings.Lines(mailed(p.House, p.Email, "Your code", 1)[0].Text) {
		if _, code, ok := strings.Cut(line, "Code: "); ok {
			return strings.TrimSpace(code)
		}
	}
	t.Fatal("the mail holds no code")
	return ""
}

func TestAPasswordResetIsNotAWayRound(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected()
		mail := mailFactor(t, p)
		codes := p.RecoveryCodes
		elsewhere := p.Again(1).In()
		between := p.Again(1)
		between.SignIn().Must(200)

		token := resetToken(h, member)
		bearing(p, 1, "POST", "/me/email", map[string]any{"email": "x@example.test"}).Must(202)
		pending := linked(t, mailed(h, "x@example.test", confirmEmail, 1)[0], "/verify-email")
		a := reset(h.At(1), token, fresh).Must(204)
		if len(a.Body) > 0 || a.Header.Get("Set-Cookie") != "" {
			t.Errorf("it answers %v %s", a.Header, a.Body)
		}

		for name, other := range map[string]*whole.Person{"here": p, "on the other replica": elsewhere, "before the second door": between} {
			path := "/me/sessions"
			if other == between {
				path = "/me"
			}
			for replica := range 2 {
				h.Eventually("whoever is signed in "+name+" is out", func() bool {
					return h.At(replica).Call("GET", path, other.Token(), nil).Is(401, "unauthenticated")
				})
			}
			if other != between {
				other.RefreshNow().Refused(401, "unauthenticated")
			}
		}
		open(h.At(0), "email-verification", pending).Refused(410, "link_expired")
		p.SignIn().Refused(401, "invalid_credentials")
		linked(t, mailed(h, member, pwChanged, 1)[0], "/not-me")

		// Both factors are there, and the mailbox that has just reset the password is not one of them this time.
		p.Password = fresh
		if in := p.SignIn().Must(200); in.Text("status") != "second_factor_required" || len(in.Texts("factors", "id")) != 2 {
			t.Fatalf("the next sign-in answers %s", in.Body)
		}
		challenge := map[string]any{"factor_id": mail}
		p.Call("POST", "/auth/second-factor/challenges", challenge).Refused(409, "mailbox_spent")
		p.AnswerRecovery(codes[0]).Must(200)

		again := p.Again(1)
		again.SignIn().Must(200)
		again.Call("POST", "/auth/second-factor/challenges", challenge).Must(201)
	})
}

func TestAResetLinkIsOneForAnHourOnceAndTheNewestAlone(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		first := resetToken(h, owner)
		second := resetToken(h, owner)
		reset(h.At(0), first, fresh).Refused(410, "link_expired")
		if n := everywhereAtOnce(t, h, 20, func(c *whole.Client) whole.Answer { return reset(c, second, fresh) }); n != 1 {
			t.Errorf("the link worked %d times", n)
		}
		if n := len(mailed(h, owner, pwChanged, 1)); n != 1 {
			t.Errorf("%d mails say that the password was changed", n)
		}
		third := resetToken(h, admin)
		h.Clock.Advance(time.Hour - time.Second)
		reset(h.At(0), "nonsense", fresh).Refused(410, "link_expired")
		fourth := resetToken(h, member)
		h.Clock.Advance(time.Second)
		reset(h.At(1), third, fresh).Refused(410, "link_expired")
		reset(h.At(1), fourth, fresh).Must(204)
	})
}

func TestWhoSignsInWhileThePasswordIsResetIsOutAfterwards(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		for round := range 3 {
			token := resetToken(h, owner)
			thief := h.Person(owner)
			if round > 0 {
				thief.Password = fresh + strings.Repeat("x", round-1)
			}
			var all sync.WaitGroup
			var mu sync.Mutex
			var got []string
			for i := range 6 {
				all.Go(func() {
					for {
						p := thief.Again(i)
						p.Client = p.Client.Breaking()
						if a := p.SignIn(); a.Status == 401 {
							return
						}
						mu.Lock()
						got = append(got, p.Access)
						mu.Unlock()
					}
				})
			}
			h.Eventually("somebody signs in with the old password", func() bool { mu.Lock(); defer mu.Unlock(); return len(got) > 3 })
			reset(h.At(0), token, fresh+strings.Repeat("x", round)).Must(204)
			all.Wait()
			for _, access := range got {
				h.Eventually("a session from before the reset is over", func() bool {
					return h.At(round).Call("GET", "/me", access, nil).Is(401, "unauthenticated")
				})
			}
			h.Clock.Advance(time.Hour)
		}
	})
}

func TestATokenOpensItsOwnDoorAndNoOther(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(owner).Protected()
		account := p.Account(acme)
		p.Confirm().Call("POST", "/accounts/"+account+"/invitations", map[string]any{"email": "guest@example.test", "role": "member"}).Must(201)
		signUp(h.At(0), "newcomer@example.test", fresh).Must(202)
		p.Confirm().Call("POST", "/me/email", map[string]any{"email": "elsewhere@example.test"}).Must(202)
		between := p.Again(0)
		between.SignIn().Must(200)

		doors := map[string]func(token string) whole.Answer{
			"email-verification": func(token string) whole.Answer { return open(h.At(1), "email-verification", token) },
			"password-reset":     func(token string) whole.Answer { return reset(h.At(1), token, fresh) },
			"not-me":             func(token string) whole.Answer { return open(h.At(1), "not-me", token) },
		}
		tokens := []struct{ name, value, opens string }{ // the last ends what the others need
			{"an invitation", linked(t, h.Mail("guest@example.test", "invitation", 1)[0], "/invitation"), ""},
			{"an access token", p.Access, ""},
			{"a refresh token", p.Refresh, ""},
			{"a partial token", between.Partial, ""},
			{"a recovery code", p.RecoveryCodes[0], ""},
			{"a sign-up", linked(t, mailed(h, "newcomer@example.test", verifyEmail, 1)[0], "/verify-email"), "email-verification"},
			{"a change of address", linked(t, mailed(h, "elsewhere@example.test", confirmEmail, 1)[0], "/verify-email"), ""},
			{"a reset", resetToken(h, owner), "password-reset"},
			{"an objection", linked(t, mailed(h, owner, factorIsOn, 1)[0], "/not-me"), "not-me"},
		}
		for _, token := range tokens {
			for door, try := range doors {
				if door == token.opens || (door == "email-verification" && token.name == "a change of address") {
					continue
				}
				value := token.value
				if len(value) > 512 {
					value = value[:512]
				}
				if a := try(value); !a.Is(410, "link_expired") {
					t.Errorf("%s at %s: %d %s", token.name, door, a.Status, a.Body)
				}
			}
			if token.opens == "" {
				continue
			}
			h.At(0).Call("GET", "/me", token.value, nil).Refused(401, "unauthenticated")
			h.At(0).Call("POST", "/auth/refresh", "", map[string]any{"refresh_token": token.value}).Refused(401, "unauthenticated")
		}
		for _, token := range tokens { // and each still opens its own
			if token.opens != "" {
				doors[token.opens](token.value).Must(204)
			}
		}
	})
}

func TestThePasswordIsChangedByWhoeverConfirmsAndEndsEveryOtherSession(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		p := h.Person(member).Protected()
		elsewhere := p.Again(1).In()
		secret, tokenID := program(p, []string{"portal:read"})
		script := func() whole.Answer { return h.At(1).Call("GET", "/catalogue", secret, nil) }
		script().Must(200)
		link := resetToken(h, member)
		body := map[string]any{"password": fresh}
		p.In()
		p.Call("PUT", "/me/password", body).Refused(401, "confirmation_required")
		if needs := p.ConfirmPassword().Call("PUT", "/me/password", body).Refused(401, "confirmation_required").Texts("needs"); !slices.Equal(needs, []string{"password", "second_factor"}) {
			t.Errorf("it needs %v", needs)
		}
		p.Confirm().Call("PUT", "/me/password", body).Must(204)

		p.Call("GET", "/me/sessions", nil).Must(200)
		h.Eventually("the session on the other replica is over", func() bool {
			return h.At(1).Call("GET", "/me", elsewhere.Access, nil).Is(401, "unauthenticated")
		})
		p.Again(1).SignIn().Refused(401, "invalid_credentials")
		reset(h.At(0), link, fresh+"!").Refused(410, "link_expired")
		p.Password = fresh

		// Their program is suspended, until they say that it may go on.
		h.Eventually("their program is suspended", func() bool { return script().Is(403, "api_token_suspended") })
		if list := p.Call("GET", "/me/api-tokens", nil).Must(200); list.Text("items.0.id") != tokenID || list.Text("items.0.status") != "suspended" {
			t.Errorf("the list says %s", list.Body)
		}
		p.Call("POST", "/me/api-tokens/"+tokenID+"/resume", nil).Refused(401, "confirmation_required") // what was confirmed before is over
		if a := p.Confirm().Call("POST", "/me/api-tokens/"+tokenID+"/resume", nil).Must(200); a.Text("status") != "active" || a.Text("token") != "" {
			t.Errorf("resuming answers %s", a.Body)
		}
		h.Eventually("their program goes on", func() bool { return script().Status == 200 })
		p.Again(1).In()
		linked(t, mailed(h, member, pwChanged, 1)[0], "/not-me")
	})
}

func TestTheAddressChangesOnceTheNewMailboxHasSaidSoAndTheOldOneIsTold(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		const next = "Fresh.Start@example.test"
		p := h.Person(member).Protected()
		mailFactor(t, p)
		p.In()
		wish := func(email string) whole.Answer { return p.Call("POST", "/me/email", map[string]any{"email": email}) }
		wish(next).Refused(401, "confirmation_required")
		p.Confirm()
		wish("no address").Refused(422, "validation_failed")
		wish("first@example.test").Must(202)
		first := linked(t, mailed(h, "first@example.test", confirmEmail, 1)[0], "/verify-email")
		wish(next).Must(202)
		link := linked(t, mailed(h, next, confirmEmail, 1)[0], "/verify-email")
		for _, m := range mailed(h, member, emailNotice, 2) {
			linked(t, m, "/not-me")
		}
		if m := mailed(h, next, confirmEmail, 1)[0]; strings.Contains(m.Text, "Acme Member") {
			t.Errorf("a mailbox that may be a stranger's is told a name:\n%s", m.Text)
		}
		open(h.At(0), "email-verification", first).Refused(410, "link_expired") // the newer wish counts
		elsewhere := p.Again(1).In()
		old := resetToken(h, member)

		if n := everywhereAtOnce(t, h, 20, func(c *whole.Client) whole.Answer { return open(c, "email-verification", link) }); n != 1 {
			t.Errorf("the link worked %d times", n)
		}
		reset(h.At(0), old, fresh).Refused(410, "link_expired") // it was mailed to a mailbox that is theirs no more
		h.Eventually("the other replica knows the new address", func() bool {
			return h.At(1).Call("GET", "/me", p.Access, nil).Must(200).Text("email") == next
		})
		h.Eventually("every session but the one that asked is over", func() bool {
			return h.At(1).Call("GET", "/me", elsewhere.Access, nil).Is(401, "unauthenticated")
		})
		elsewhere.RefreshNow().Refused(401, "unauthenticated")
		p.Again(0).SignIn().Refused(401, "invalid_credentials")
		p.Email = strings.ToUpper(next)
		p.Again(1).In()
		if hint := p.Call("GET", "/me/factors", nil).Must(200).Text("items.1.hint"); hint != "F••••t@example.test" {
			t.Errorf("codes by e-mail go to %s", hint)
		}
		others := h.Person(owner).In()
		list := others.Call("GET", "/accounts/"+others.Account(acme)+"/members?q=fresh.start", nil).Must(200)
		if emails := list.Texts("items", "email"); !slices.Equal(emails, []string{next}) {
			t.Errorf("the others find %s", list.Body)
		}
		linked(t, mailed(h, member, emailChanged, 1)[0], "/not-me")
		mailed(h, next, emailChanged, 1)

		// Somebody else's address is answered like any other, and its link is one that has expired.
		p.Confirm()
		wish(admin).Must(202)
		taken := linked(t, mailed(h, admin, confirmEmail, 1)[0], "/verify-email")
		open(h.At(0), "email-verification", taken).Refused(410, "link_expired")
		if email := p.Call("GET", "/me", nil).Must(200).Text("email"); email != next {
			t.Errorf("the address is %s", email)
		}
		wish("late@example.test").Must(202)
		late := linked(t, mailed(h, "late@example.test", confirmEmail, 1)[0], "/verify-email")
		h.Clock.Advance(24 * time.Hour)
		open(h.At(0), "email-verification", late).Refused(410, "link_expired")
	})
}

func TestOfTwoWhoTakeOneAddressAtOnceOneHasIt(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		const wanted = "wanted@example.test"
		var links []string
		for _, email := range []string{owner, admin} {
			h.Person(email).In().Confirm().Call("POST", "/me/email", map[string]any{"email": wanted}).Must(202)
			links = append(links, linked(t, mailed(h, wanted, confirmEmail, len(links)+1)[0], "/verify-email"))
		}
		signUp(h.At(0), wanted, fresh).Must(202)
		links = append(links, linked(t, mailed(h, wanted, verifyEmail, 1)[0], "/verify-email"))
		next := make(chan string, 12)
		for i := range cap(next) {
			next <- links[i%len(links)]
		}
		if n := everywhereAtOnce(t, h, cap(next), func(c *whole.Client) whole.Answer { return open(c, "email-verification", <-next) }); n != 1 {
			t.Errorf("%d have it", n)
		}
	})
}

func TestWhoeverSaysThatItWasNotThemIsRidOfIt(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		// Somebody who knows the password sets up a second factor of their own.
		thief := h.Person(member).Protected()
		secret, _ := program(thief.Confirm(), []string{"portal:read"})
		elsewhere := thief.Again(1).In()
		between := thief.Again(1)
		between.SignIn().Must(200)
		link := linked(t, mailed(h, member, factorIsOn, 1)[0], "/not-me")
		if n := everywhereAtOnce(t, h, 20, func(c *whole.Client) whole.Answer { return open(c, "not-me", link) }); n != 1 {
			t.Errorf("the link worked %d times", n)
		}
		for name, token := range map[string]string{"here": thief.Access, "elsewhere": elsewhere.Access, "before the second door": between.Partial} {
			for replica := range 2 {
				h.Eventually("whoever is signed in "+name+" is out", func() bool {
					return h.At(replica).Call("GET", "/me", token, nil).Is(401, "unauthenticated")
				})
			}
		}
		h.Eventually("their program is suspended", func() bool { return h.At(1).Call("GET", "/catalogue", secret, nil).Is(403, "api_token_suspended") })
		elsewhere.RefreshNow().Refused(401, "unauthenticated")

		// The password still leads to the second door, and nothing that they hold opens it.
		h.Clock.Advance(time.Minute)
		if in := thief.SignIn().Must(200); in.Text("status") != "second_factor_required" || len(in.Texts("factors", "id")) != 0 {
			t.Fatalf("the next sign-in answers %s", in.Body)
		}
		thief.Answer(thief.App.Next()).Refused(409, "factor_disabled")
		thief.AnswerRecovery(thief.RecoveryCodes[0]).Refused(401, "invalid_code")
		if m := mailed(h, member, signedOut, 1)[0]; !strings.Contains(m.Text, "is frozen") || !strings.Contains(m.Text, "/forgot-password") {
			t.Errorf("the mail says\n%s", m.Text)
		}

		changedByAnother(t, h)
		movedByAnother(t, h)

		p := h.Person(owner).Protected()
		late := linked(t, mailed(h, owner, factorIsOn, 1)[0], "/not-me")
		h.Clock.Advance(7 * 24 * time.Hour)
		open(h.At(0), "not-me", late).Refused(410, "link_expired")
		p.In()
	})
}

// changedByAnother: a password that somebody else has set opens nothing any more, and one that was set since does.
func changedByAnother(t *testing.T, h *whole.House) {
	t.Helper()
	thief := h.Person(admin).In().Confirm()
	thief.Call("PUT", "/me/password", map[string]any{"password": fresh}).Must(204)
	link := linked(t, mailed(h, admin, pwChanged, 1)[0], "/not-me")
	thief.Password = fresh
	open(h.At(1), "not-me", link).Must(204)
	thief.SignIn().Refused(401, "invalid_credentials")

	p := thief.Again(0)
	p.Password = "nine quiet harbours"
	reset(h.At(0), resetToken(h, admin), p.Password).Must(204)
	p.In().Confirm()
	first := linked(t, mailed(h, admin, pwChanged, 2)[0], "/not-me")
	h.Clock.Advance(time.Second)
	p.Password = "ten quiet harbours"
	p.Call("PUT", "/me/password", map[string]any{"password": p.Password}).Must(204)
	open(h.At(1), "not-me", first).Must(204) // which ends sessions, and leaves the password that was set after it
	p.In()
}

// movedByAnother: the old mailbox stops a change of address before it has happened.
func movedByAnother(t *testing.T, h *whole.House) {
	t.Helper()
	thief := h.Person("owner@blue.test").In().Confirm()
	thief.Call("POST", "/me/email", map[string]any{"email": "thief@example.test"}).Must(202)
	open(h.At(0), "not-me", linked(t, mailed(h, thief.Email, emailNotice, 1)[0], "/not-me")).Must(204)
	open(h.At(0), "email-verification", linked(t, mailed(h, "thief@example.test", confirmEmail, 1)[0], "/verify-email")).Refused(410, "link_expired")
	thief.In()
}

func TestLinksComeFromTheConfigurationAndNotFromTheRequest(t *testing.T) {
	t.Parallel()
	h := whole.Open(t, whole.SQLite(t), whole.Plan{})
	defer http.DefaultClient.CloseIdleConnections()
	for i, name := range []string{"Host", "X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Host"} {
		value := map[string]string{"Forwarded": "host=evil.test;proto=https", "X-Forwarded-Proto": "gopher"}[name]
		if value == "" {
			value = "evil.test"
		}
		email := []string{owner, admin, member, contractor, "owner@blue.test"}[i]
		post := func(path, body string) {
			q, err := http.NewRequestWithContext(t.Context(), "POST", h.At(0).Base+whole.Prefix+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			q.Header = http.Header{name: {value}, "Content-Type": {"application/json"}}
			if name == "Host" {
				q.Host = value
			}
			response, err := http.DefaultClient.Do(q)
			if err != nil || response.StatusCode != 202 {
				t.Fatalf("%s with %s: %v, %v", path, name, response, err)
			}
			_ = response.Body.Close()
		}
		post("/auth/password-reset", `{"email": "`+email+`"}`)
		stranger := strings.ToLower(name) + "@example.test"
		post("/auth/sign-up", `{"email": "`+stranger+`", "password": "`+fresh+`", "name": "New", "account_name": "New"}`)
		subject := resetLink
		if email == contractor {
			subject = "Wählen Sie ein neues Passwort"
		}
		for _, m := range []whole.Mail{mailed(h, email, subject, 1)[0], mailed(h, stranger, verifyEmail, 1)[0]} {
			if strings.Contains(m.Text, "evil") || strings.Contains(m.Text, "gopher") || !strings.Contains(m.Text, "http://localhost:0/") {
				t.Errorf("with %s the mail says\n%s", name, m.Text)
			}
		}
	}
}
