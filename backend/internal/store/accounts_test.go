package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// world is a database with what accounts need around them.
type world struct {
	*store.Store
	t   *testing.T
	ctx context.Context
	raw *sql.DB
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	driver, dsn := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	w := &world{Store: testkit.OpenStore(t, databaseURL), t: t, ctx: t.Context()}
	var err error
	if w.raw, err = sql.Open(driver, dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.raw.Close() })
	return w
}

// exec runs what no method of the store is there for.
func (w *world) exec(format string, args ...any) {
	w.t.Helper()
	if _, err := w.raw.ExecContext(w.ctx, fmt.Sprintf(format, args...)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) count(format string, args ...any) int {
	w.t.Helper()
	var n int
	if err := w.raw.QueryRowContext(w.ctx, fmt.Sprintf(format, args...)).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(name, email string, factors assurance.Type) id.User {
	w.t.Helper()
	u := user.User{ID: id.User(id.New()), Email: email, Name: name, Locale: "en", PasswordHash: "-", CreatedAt: noon}
	if added, err := w.AddUser(w.ctx, u, ""); err != nil || !added {
		w.t.Fatalf("add %s: %v %v", email, added, err)
	}
	w.exec("UPDATE users SET factor_bits = %d WHERE id = '%s'", factors, u.ID)
	return u.ID
}

func (w *world) account(number string) id.Account {
	w.t.Helper()
	a := account.Account{ID: id.Account(id.New()), Number: number, Name: "Account " + number, CreatedAt: noon}
	if free, err := w.InsertAccount(w.ctx, a); err != nil || !free {
		w.t.Fatalf("insert account %s: %v %v", number, free, err)
	}
	return a.ID
}

func (w *world) join(accountID id.Account, userID id.User, role account.Role) {
	w.t.Helper()
	w.must(w.InsertMember(w.ctx, account.Member{AccountID: accountID, UserID: userID, Role: role, JoinedAt: noon}))
}

func (w *world) invite(accountID id.Account, email string, by id.User, expires time.Time) string {
	w.t.Helper()
	i := account.Invitation{
		ID: id.New(), AccountID: accountID, Email: email, Role: account.Plain, Locale: "de", TokenHash: id.New(), InvitedBy: by,
		CreatedAt: noon, ExpiresAt: expires,
	}
	w.must(w.InsertInvitation(w.ctx, i))
	return i.ID
}

func TestAccounts(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		ann, ben := w.person("Ann", "ann@accounts.test", 0), w.person("Ben", "ben@accounts.test", 0)
		second, first := w.account("SP-000002"), w.account("SP-000001")
		w.join(first, ann, account.Owner)
		w.join(second, ann, account.Billing)
		w.join(second, ben, account.Owner)

		t.Run("a number is taken once", func(t *testing.T) {
			free, err := w.InsertAccount(w.ctx, account.Account{ID: id.Account(id.New()), Number: "SP-000001", Name: "Another", CreatedAt: noon})
			if free || err != nil {
				t.Errorf("got %v, %v", free, err)
			}
		})
		t.Run("a person sees their accounts by number and no others", func(t *testing.T) {
			all, err := w.Memberships(w.ctx, ann, "", 10)
			w.must(err)
			if len(all) != 2 || all[0].ID != first || all[0].Role != account.Owner || all[1].Role != account.Billing || !all[0].CreatedAt.Equal(noon) {
				t.Errorf("got %+v", all)
			}
			rest, err := w.Memberships(w.ctx, ann, "SP-000001", 10)
			w.must(err)
			if len(rest) != 1 || rest[0].ID != second {
				t.Errorf("after the first: %+v", rest)
			}
		})
		t.Run("belongings carry the switch of the one person", func(t *testing.T) {
			w.must(w.SetTwoFactorRequired(w.ctx, second, ann, true, noon))
			w.must(w.SetTwoFactorRequired(w.ctx, second, ann, true, noon.Add(time.Hour))) // ticked already
			got, err := w.MembershipsOf(w.ctx, ann)
			w.must(err)
			want := account.Belonging{AccountID: second, Role: account.Billing, TwoFactorRequired: true, RequiredAt: noon, JoinedAt: noon}
			if len(got) != 2 || !slices.Contains(got, want) {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("a rule is written and lifted, and nothing that was signed out comes back", func(t *testing.T) {
			r := account.Rule{
				EnforcementID: id.New(), EnforcedAt: noon, EnforcedBy: ann, GraceUntil: noon.Add(time.Hour), Minimum: assurance.NoEmail,
				SignedOutAt: noon, SignedOutBy: ann,
			}
			w.must(w.SetRule(w.ctx, first, r))
			a, err := w.AccountRule(w.ctx, first)
			w.must(err)
			if a.Rule != r || !a.Rule.Enforced() || a.Number != "SP-000001" {
				t.Errorf("got %+v", a)
			}
			w.must(w.SetRule(w.ctx, first, account.Rule{}))
			a, err = w.AccountRule(w.ctx, first)
			w.must(err)
			if want := (account.Rule{Minimum: assurance.Any, SignedOutAt: noon, SignedOutBy: ann}); a.Rule != want {
				t.Errorf("lifted: %+v", a.Rule)
			}
			if err := w.SetRule(w.ctx, id.Account(id.New()), r); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("no such account: %v", err)
			}
			if _, err := w.AccountRule(w.ctx, id.Account(id.New())); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("no such account: %v", err)
			}
		})
	})
}

func TestWhatAnImportHasMadeSaysSo(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		w.person("Ann", "ann@made.test", 0)
		us := []user.User{{ID: id.User(id.New()), Email: "ANN@made.test", Name: "Ann", Locale: "en", CreatedAt: noon},
			{ID: id.User(id.New()), Email: "ben@made.test", Name: "Ben", Locale: "en", CreatedAt: noon}}
		if n, err := w.AddUsers(w.ctx, us, actor.MadeByImport); n != 1 || err != nil {
			t.Errorf("got %d, %v", n, err)
		}
		if n := w.count("SELECT COUNT(*) FROM users WHERE email = 'ben@made.test' AND email_made_by = 'import' AND password_made_by = 'import' AND password_id = ''"); n != 1 {
			t.Errorf("%d such persons", n)
		}
	})
}

func TestCounts(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, other := w.account("SP-000001"), w.account("SP-000002")
		owner := w.person("Owner", "owner@counts.test", assurance.TOTP)
		mail, sms := w.person("Mail", "mail@counts.test", assurance.Email), w.person("Sms", "sms@counts.test", assurance.SMS|assurance.Email)
		none, gone := w.person("None", "none@counts.test", 0), w.person("Gone", "gone@counts.test", assurance.Passkey)
		w.join(acme, owner, account.Owner)
		for _, m := range []id.User{mail, sms, none, gone} {
			w.join(acme, m, account.Plain)
		}
		w.join(other, none, account.Owner)
		w.exec("UPDATE users SET disabled_at = 1 WHERE id = '%s'", gone)
		w.invite(acme, "new@counts.test", owner, noon.Add(time.Hour))
		w.invite(acme, "Mail@Counts.test", owner, noon.Add(time.Hour)) // joined meanwhile, by another way
		w.invite(acme, "late@counts.test", owner, noon)
		revoked := w.invite(acme, "revoked@counts.test", owner, noon.Add(time.Hour))
		if done, err := w.RevokeInvitation(w.ctx, acme, revoked, noon); !done || err != nil {
			t.Fatal(done, err)
		}

		for strength, compliant := range map[assurance.Strength]int{
			assurance.Any: 4, assurance.NoEmail: 3, assurance.NoEmailNoSMS: 2, assurance.PhishingResistant: 1,
		} {
			t.Run("members are counted against the strength "+string(strength), func(t *testing.T) {
				got, err := w.CountMembers(w.ctx, acme, strength.Accepts(), noon)
				w.must(err)
				if want := (account.Counts{Total: 5, Compliant: compliant, Missing: 5 - compliant, Invitations: 2}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				missing, err := w.MembersMissing(w.ctx, acme, strength.Accepts(), 50)
				w.must(err)
				if len(missing) != 5-compliant {
					t.Errorf("missing: %+v", missing)
				}
			})
		}
		t.Run("an account that is not there counts nobody", func(t *testing.T) {
			got, err := w.CountMembers(w.ctx, id.Account(id.New()), assurance.Any.Accepts(), noon)
			if got != (account.Counts{}) || err != nil {
				t.Errorf("got %+v, %v", got, err)
			}
		})
		t.Run("recipients are all who can sign in or come in and lack what is accepted, each once, whatever the page", func(t *testing.T) {
			for accepted, want := range map[assurance.Types][]string{
				0:                                     {"mail@counts.test", "new@counts.test", "none@counts.test", "owner@counts.test", "sms@counts.test"},
				assurance.Any.Accepts():               {"new@counts.test", "none@counts.test"},
				assurance.NoEmail.Accepts():           {"mail@counts.test", "new@counts.test", "none@counts.test"},
				assurance.PhishingResistant.Accepts(): {"mail@counts.test", "new@counts.test", "none@counts.test", "owner@counts.test", "sms@counts.test"},
			} {
				for limit := 1; limit <= 6; limit++ {
					var got []string
					cursor := ""
					for {
						page, next, err := w.Recipients(w.ctx, acme, accepted, cursor, limit, noon)
						w.must(err)
						if len(page) > limit {
							t.Fatalf("a page of %d", len(page))
						}
						for _, r := range page {
							if invited := r.Email == "new@counts.test"; invited != (r.UserID == "") || invited != (r.Locale == "de") || invited != (r.Name == "") {
								t.Errorf("got %+v", r)
							}
							got = append(got, r.Email)
						}
						if cursor = next; cursor == "" {
							break
						}
					}
					slices.Sort(got)
					if !slices.Equal(got, want) {
						t.Errorf("of those who lack %v, in pages of %d: %v", accepted.Names(), limit, got)
					}
				}
				counts, err := w.CountMembers(w.ctx, acme, accepted, noon)
				w.must(err)
				untold, err := w.CountUntold(w.ctx, acme, accepted, noon)
				w.must(err)
				if n := counts.Missing + counts.Invitations - untold; n != len(want) {
					t.Errorf("of those who lack %v, %d are counted", accepted.Names(), n)
				}
			}
		})
	})
}

// both runs two functions at once and waits for them.
func both(f, g func()) {
	var wg sync.WaitGroup
	ready := make(chan struct{})
	for _, run := range []func(){f, g} {
		wg.Go(func() { <-ready; run() })
	}
	close(ready)
	wg.Wait()
}

func TestLastOwner(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		ann, ben := w.person("Ann", "ann@last.test", 0), w.person("Ben", "ben@last.test", 0)
		held := func(accountID id.Account, userID id.User, f func(ctx context.Context) (bool, error)) (done bool, err error) {
			err = w.InTx(w.ctx, func(ctx context.Context) error {
				if err := w.Hold(ctx, actor.Membership(userID, accountID), actor.Holds{}); err != nil {
					return err
				}
				done, err = f(ctx)
				return err
			})
			return done, err
		}
		demote := func(accountID id.Account, userID id.User) (bool, error) {
			return held(accountID, userID, func(ctx context.Context) (bool, error) { return w.SetRole(ctx, accountID, userID, account.Admin) })
		}
		remove := func(accountID id.Account, userID id.User) (bool, error) {
			return held(accountID, userID, func(ctx context.Context) (bool, error) { return w.RemoveMember(ctx, accountID, userID) })
		}

		for name, ways := range map[string][2]func(id.Account, id.User) (bool, error){
			"demote each other":             {demote, demote},
			"remove each other":             {remove, remove},
			"demote and remove one another": {demote, remove},
		} {
			t.Run("two owners who "+name+" at once leave one", func(t *testing.T) {
				for range 25 {
					a := w.account("SP-" + id.New())
					w.join(a, ann, account.Owner)
					w.join(a, ben, account.Owner)
					var done [2]bool
					var failed [2]error
					both(func() { done[0], failed[0] = ways[0](a, ben) }, func() { done[1], failed[1] = ways[1](a, ann) })
					w.must(errors.Join(failed[:]...))
					if owners := w.count("SELECT COUNT(*) FROM members WHERE account_id = '%s' AND role = 'owner'", a); owners != 1 || done[0] == done[1] {
						t.Fatalf("%d owners are left; done: %v", owners, done)
					}
				}
			})
		}
		t.Run("an owner who cannot sign in is nobody to leave an account to", func(t *testing.T) {
			a, shut := w.account("SP-"+id.New()), w.person("Shut", "shut@last.test", 0)
			w.join(a, ann, account.Owner)
			w.join(a, shut, account.Owner)
			w.exec("UPDATE users SET disabled_at = 1 WHERE id = '%s'", shut)
			if done, err := demote(a, ann); done || err != nil {
				t.Errorf("demoted: %v, %v", done, err)
			}
			if done, err := remove(a, shut); !done || err != nil {
				t.Errorf("the other was kept: %v, %v", done, err)
			}
		})
	})
}

func TestMembers(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme := w.account("SP-000001")
		for _, m := range []struct {
			name, email string
			factors     assurance.Type
		}{
			{"Ann Öztürk", "b@members.test", assurance.TOTP},
			{"JÜRGEN", "A@members.test", assurance.Email},
			{"100% Carl_1", "c\\d@members.test", 0},
			{"Dora", "dora@elsewhere.test", assurance.TOTP | assurance.Email},
		} {
			w.join(acme, w.person(m.name, m.email, m.factors), account.Plain)
		}
		w.join(w.account("SP-000002"), w.person("Ann of Blue", "ann@blue.test", 0), account.Owner)

		list := func(f account.Filter, after string, limit int) string {
			t.Helper()
			found, err := w.Members(w.ctx, acme, f, after, limit)
			w.must(err)
			var emails []string
			for _, m := range found {
				emails = append(emails, m.Email)
			}
			return strings.Join(emails, " ")
		}
		t.Run("they are listed by address, page by page", func(t *testing.T) {
			if got := list(account.Filter{}, "", 2); got != "A@members.test b@members.test" {
				t.Errorf("got %s", got)
			}
			if got := list(account.Filter{}, "b@members.test", 2); got != "c\\d@members.test dora@elsewhere.test" {
				t.Errorf("got %s", got)
			}
		})
		for f, want := range map[account.Filter]string{
			{TwoFactor: account.Missing, Accepted: assurance.Any.Accepts()}:     "c\\d@members.test",
			{TwoFactor: account.Missing, Accepted: assurance.NoEmail.Accepts()}: "A@members.test c\\d@members.test",
			{TwoFactor: account.Active, Accepted: assurance.NoEmail.Accepts()}:  "b@members.test dora@elsewhere.test",
			{Query: "ELSEWHERE"}: "dora@elsewhere.test",
			{Query: "öztürk"}:    "b@members.test",
			{Query: "ÖZTÜRK"}:    "b@members.test",
			{Query: "ztür"}:      "b@members.test",
			{Query: "jürgen"}:    "A@members.test",
			{Query: "00%"}:       "c\\d@members.test",
			{Query: "l_1"}:       "c\\d@members.test",
			{Query: `\`}:         "c\\d@members.test",
			{Query: "%"}:         "c\\d@members.test",
			{Query: "n_Ö"}:       "",
			{Query: "'; --"}:     "",
		} {
			t.Run(fmt.Sprintf("%s members who match %q under %v", f.TwoFactor, f.Query, f.Accepted), func(t *testing.T) {
				if got := list(f, "", 10); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			})
		}
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, blue, owner := w.account("SP-000001"), w.account("SP-000002"), w.person("Owner", "owner@invitations.test", 0)
		w.join(acme, owner, account.Owner)
		b := w.invite(acme, "b@invitations.test", owner, noon.Add(time.Hour))
		a := w.invite(acme, "A@invitations.test", owner, noon.Add(time.Hour))
		w.invite(acme, "late@invitations.test", owner, noon)
		w.invite(blue, "blue@invitations.test", owner, noon.Add(time.Hour))

		t.Run("open ones are listed by address", func(t *testing.T) {
			first, err := w.Invitations(w.ctx, acme, noon, "", "", 1)
			w.must(err)
			rest, err := w.Invitations(w.ctx, acme, noon, "a@invitations.test", a, 10)
			w.must(err)
			if len(first) != 1 || first[0].ID != a || len(rest) != 1 || rest[0].ID != b || rest[0].TokenHash != "" {
				t.Errorf("got %+v and %+v", first, rest)
			}
		})
		t.Run("an address is found in any spelling, while its invitation is open", func(t *testing.T) {
			for email, want := range map[string]bool{"B@INVITATIONS.test": true, "late@invitations.test": false, "blue@invitations.test": false} {
				if got, err := w.HasInvitation(w.ctx, acme, email, noon); got != want || err != nil {
					t.Errorf("%s: %v, %v", email, got, err)
				}
			}
			for email, want := range map[string]bool{"OWNER@invitations.test": true, "b@invitations.test": false} {
				if got, err := w.HasMember(w.ctx, acme, email); got != want || err != nil {
					t.Errorf("%s: %v, %v", email, got, err)
				}
			}
		})
		t.Run("one is revoked once, and only by its account", func(t *testing.T) {
			for _, try := range []struct {
				account id.Account
				want    bool
			}{{blue, false}, {acme, true}, {acme, false}} {
				if got, err := w.RevokeInvitation(w.ctx, try.account, a, noon); got != try.want || err != nil {
					t.Errorf("got %v, %v; want %v", got, err, try.want)
				}
			}
		})
	})
}
