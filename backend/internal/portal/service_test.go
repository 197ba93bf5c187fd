package portal_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/portal"
	"sallyport/internal/session"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

// world is a portal with two persons in one account, and one in another.
type world struct {
	*portal.Service
	store              *store.Store
	acme, blue         id.Account
	ann, ben, stranger actor.Actor
}

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	b := bus.New(func() time.Duration { return 0 })
	s, clock := testkit.OpenStore(t, databaseURL, b.Publish), testkit.NewClock()
	facts := enforcement.NewFacts(s, b, clock.Now, enforcement.ProviderRule{}, assurance.All, 100)
	guard := authority.New(s, facts, clock.Now)
	accounts := &account.Service{Store: s, Authority: guard, Audit: &audit.Log{Store: s, Now: clock.Now}, Now: clock.Now, Random: rand.Reader}
	w := &world{Service: &portal.Service{Store: s, Authority: guard, Now: clock.Now}, store: s}
	now := clock.Now()
	for name, who := range map[string]*actor.Actor{"ann": &w.ann, "ben": &w.ben, "stranger": &w.stranger} {
		u := user.User{ID: id.User(id.New()), Email: name + "@portal.test", Name: name, Locale: "en", PasswordHash: "-", CreatedAt: now}
		if added, err := s.AddUser(t.Context(), u, ""); err != nil || !added {
			t.Fatal(added, err)
		}
		stay := session.Session{ID: id.Stay(id.New()), UserID: u.ID, Delivery: session.Bearer, Proof: assurance.Password(), AuthTime: now, CreatedAt: now,
			LastUsedAt: now, IdleEnds: now.Add(session.IdleLife), Ends: now.Add(session.AbsoluteLife)}
		if err := s.AddSession(t.Context(), stay, id.New()); err != nil {
			t.Fatal(err)
		}
		*who = actor.Actor{Kind: actor.Person, User: u.ID, Stay: stay.Stay()}
	}
	for _, opens := range []struct {
		owner     actor.Actor
		accountID *id.Account
	}{{w.ann, &w.acme}, {w.stranger, &w.blue}} {
		m, err := accounts.Create(t.Context(), opens.owner, "Account", nil)
		if err != nil {
			t.Fatal(err)
		}
		*opens.accountID = m.ID
	}
	if err := s.InsertMember(t.Context(), account.Member{AccountID: w.acme, UserID: w.ben.User, Role: account.Plain, JoinedAt: now}); err != nil {
		t.Fatal(err)
	}
	if err := w.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

func invalid(err error, code, pointer string) bool {
	told, ok := fault.As(err)
	return ok && told.Kind == fault.Invalid && told.Code == code && len(told.Fields) == 1 && told.Fields[0].Pointer == pointer
}

func TestCart(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w, ctx := newWorld(t, databaseURL), t.Context()
		t.Run("what is put in is counted and summed", func(t *testing.T) {
			if _, err := w.Add(ctx, w.ann, w.acme, "vps-2", 1); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Add(ctx, w.ann, w.acme, "domain-com", 2); err != nil {
				t.Fatal(err)
			}
			c, err := w.Add(ctx, w.ann, w.acme, "vps-2", 2)
			if err != nil || c.Count() != 5 || c.Cents() != 3*1290+2*1490 || len(c.Items) != 2 || c.Items[0].Cents() != 3870 {
				t.Errorf("got %+v, %v", c, err)
			}
		})
		t.Run("each person has their own, in each account", func(t *testing.T) {
			c, err := w.Cart(ctx, w.ben, w.acme)
			if err != nil || len(c.Items) != 0 || c.Count() != 0 || c.Cents() != 0 {
				t.Errorf("got %+v, %v", c, err)
			}
		})
		t.Run("another's item is not there", func(t *testing.T) {
			c, err := w.Cart(ctx, w.ann, w.acme)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.SetQuantity(ctx, w.ben, w.acme, c.Items[0].ID, 1); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("set: %v", err)
			}
			if _, err := w.Remove(ctx, w.ben, w.acme, c.Items[0].ID); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("remove: %v", err)
			}
			if _, err := w.Remove(ctx, w.stranger, w.blue, c.Items[0].ID); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("remove from another account: %v", err)
			}
		})
		t.Run("a quantity is set, an item removed", func(t *testing.T) {
			c, err := w.Cart(ctx, w.ann, w.acme)
			if err != nil {
				t.Fatal(err)
			}
			if c, err = w.SetQuantity(ctx, w.ann, w.acme, c.Items[0].ID, 100); err != nil || c.Items[0].Quantity != 100 {
				t.Errorf("got %+v, %v", c, err)
			}
			if _, err := w.Add(ctx, w.ann, w.acme, "vps-2", 1); !errors.Is(err, portal.ErrCartFull) {
				t.Errorf("the 101st: %v", err)
			}
			if c, err = w.Remove(ctx, w.ann, w.acme, c.Items[0].ID); err != nil || len(c.Items) != 1 {
				t.Errorf("got %+v, %v", c, err)
			}
		})
		t.Run("refuses what there is not", func(t *testing.T) {
			if _, err := w.Add(ctx, w.ann, w.acme, "vps-3", 1); !invalid(err, "unknown_product", "/product_id") {
				t.Errorf("got %v", err)
			}
			for _, quantity := range []int{-1, 0, 101} {
				if _, err := w.Add(ctx, w.ann, w.acme, "vps-1", quantity); !invalid(err, "validation_failed", "/quantity") {
					t.Errorf("add %d: %v", quantity, err)
				}
				if _, err := w.SetQuantity(ctx, w.ann, w.acme, id.New(), quantity); !invalid(err, "validation_failed", "/quantity") {
					t.Errorf("set %d: %v", quantity, err)
				}
			}
			if _, err := w.SetQuantity(ctx, w.ann, w.acme, id.New(), 1); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestServices(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w, ctx := newWorld(t, databaseURL), t.Context()
		for n := range 7 {
			h := portal.Hosting{
				ID: id.New(), AccountID: w.acme, Kind: portal.VirtualServer, Name: fmt.Sprintf("Web %d", n/2), Status: "running", Region: "fra1",
				Address: fmt.Sprintf("203.0.113.%d", n), CreatedAt: w.Now(),
			}
			if err := w.store.InsertService(ctx, h); err != nil {
				t.Fatal(err)
			}
		}
		t.Run("pages follow each other without gap or repetition, whatever has the same name", func(t *testing.T) {
			for limit := 1; limit <= 8; limit++ {
				seen := map[string]bool{}
				page := account.Page{Limit: limit}
				for {
					items, next, err := w.Services(ctx, w.ben, w.acme, portal.VirtualServer, page)
					if err != nil {
						t.Fatal(err)
					}
					for _, h := range items {
						if seen[h.ID] {
							t.Errorf("%s came twice", h.Name)
						}
						seen[h.ID] = true
					}
					if page.Cursor = next; next == "" {
						break
					}
				}
				if len(seen) != 7 {
					t.Errorf("pages of %d: %d services", limit, len(seen))
				}
			}
		})
		t.Run("refuses a kind that there is not, and a cursor of another list", func(t *testing.T) {
			if _, _, err := w.Services(ctx, w.ben, w.acme, "castle", account.Page{}); !invalid(err, "validation_failed", "kind") {
				t.Errorf("got %v", err)
			}
			if _, _, err := w.Services(ctx, w.ben, w.acme, "", account.Page{Cursor: "WyJTUC0wMDAwMDEiXQ"}); !invalid(err, "validation_failed", "cursor") {
				t.Errorf("got %v", err)
			}
		})
		t.Run("a search finds at most twenty, and nothing for nothing", func(t *testing.T) {
			if hits, err := w.Search(ctx, w.ben, w.acme, " WEB "); err != nil || len(hits) != 7 {
				t.Errorf("got %+v, %v", hits, err)
			}
			if _, err := w.Search(ctx, w.ben, w.acme, " \t"); !invalid(err, "validation_failed", "q") {
				t.Errorf("got %v", err)
			}
		})
	})
}

// TestTenantsAreWalls: whoever is not a member is told that there is nothing, whatever they ask for.
func TestTenantsAreWalls(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w, ctx := newWorld(t, databaseURL), t.Context()
		c, err := w.Add(ctx, w.ann, w.acme, "vps-1", 1)
		if err != nil {
			t.Fatal(err)
		}
		item := c.Items[0].ID
		for name, ask := range map[string]func(accountID id.Account) error{
			"Services":    func(a id.Account) error { _, _, err := w.Services(ctx, w.stranger, a, "", account.Page{}); return err },
			"Search":      func(a id.Account) error { _, err := w.Search(ctx, w.stranger, a, "ann"); return err },
			"Cart":        func(a id.Account) error { _, err := w.Cart(ctx, w.stranger, a); return err },
			"Add":         func(a id.Account) error { _, err := w.Add(ctx, w.stranger, a, "vps-1", 1); return err },
			"SetQuantity": func(a id.Account) error { _, err := w.SetQuantity(ctx, w.stranger, a, item, 2); return err },
			"Remove":      func(a id.Account) error { _, err := w.Remove(ctx, w.stranger, a, item); return err },
		} {
			t.Run(name, func(t *testing.T) {
				for _, accountID := range []id.Account{w.acme, id.Account(id.New())} {
					if err := ask(accountID); !errors.Is(err, fault.ErrNotFound) {
						t.Errorf("got %v", err)
					}
				}
			})
		}
	})
}
