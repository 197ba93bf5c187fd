package store_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/portal"
	"sallyport/internal/testkit"
)

func (w *world) service(accountID id.Account, name, address string, kind portal.Kind) string {
	w.t.Helper()
	h := portal.Hosting{
		ID: id.New(), AccountID: accountID, Kind: kind, Name: name, Status: "running", Region: "fra1", Address: address, CreatedAt: noon,
	}
	w.must(w.InsertService(w.ctx, h))
	return h.ID
}

func TestCatalogue(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		t.Run("it is written over what was there, in its order, by replicas that start at once", func(t *testing.T) {
			old := slices.Clone(portal.Catalogue[:2])
			old[0].Cents = 1
			w.must(w.UpsertProducts(w.ctx, old))
			var failed [2]error
			both(func() { failed[0] = w.UpsertProducts(w.ctx, portal.Catalogue) }, func() { failed[1] = w.UpsertProducts(w.ctx, portal.Catalogue) })
			w.must(errors.Join(failed[:]...))
			got, err := w.Products(w.ctx)
			w.must(err)
			if !slices.Equal(got, portal.Catalogue) {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("a product is found by its id", func(t *testing.T) {
			if p, err := w.Product(w.ctx, "vps-2"); err != nil || p != portal.Catalogue[1] {
				t.Errorf("got %+v, %v", p, err)
			}
			if _, err := w.Product(w.ctx, "vps-3"); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestServices(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme := w.account("SP-000001")
		w.service(acme, "web", "203.0.113.2", portal.VirtualServer)
		w.service(acme, "Alpha", "203.0.113.1", portal.VirtualServer)
		w.service(acme, "acme.test", "ns1.sallyport.test", portal.DNSZone)
		twin := w.service(acme, "alpha", "203.0.113.3", portal.DedicatedServer)
		w.service(w.account("SP-000002"), "blue", "203.0.113.4", portal.VirtualServer)

		names := func(kind portal.Kind, afterName, afterID string, limit int) string {
			t.Helper()
			found, err := w.Services(w.ctx, acme, kind, afterName, afterID, limit)
			w.must(err)
			var all []string
			for _, h := range found {
				all = append(all, h.Name)
			}
			return strings.Join(all, " ")
		}
		t.Run("those of the account are listed by name, page by page", func(t *testing.T) {
			if got := names("", "", "", 10); got != "acme.test Alpha alpha web" {
				t.Errorf("got %s", got)
			}
			if got := names("", "alpha", twin, 10); got != "web" {
				t.Errorf("after the twin: %s", got)
			}
		})
		t.Run("one kind alone", func(t *testing.T) {
			if got := names(portal.VirtualServer, "", "", 10); got != "Alpha web" {
				t.Errorf("got %s", got)
			}
		})
	})
}

func TestSearch(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, blue := w.account("SP-000001"), w.account("SP-000002")
		w.service(acme, "Über-Shop", "shop.acme.test", portal.WordPress)
		w.service(acme, "my web", "203.0.113.7", portal.VirtualServer)
		w.service(acme, "a_b", "100%.test", portal.Domain)
		w.service(blue, "web of blue", "web.blue.test", portal.Domain)
		w.join(acme, w.person("Weber", "x@search.test", 0), account.Plain)
		w.join(acme, w.person("Östen Åberg", "osten@search.test", 0), account.Plain)
		w.join(acme, w.person("Åke", "webmaster@search.test", 0), account.Plain)
		w.join(blue, w.person("Web Blue", "web@blue.test", 0), account.Owner)

		for q, want := range map[string]string{
			"WEB":       "Weber, Åke, my web", // by the beginning of the name, of the address, then the others
			"über":      "Über-Shop",
			"ÖSTEN Å":   "Östen Åberg",
			"113.7":     "my web",
			"a_b":       "a_b",
			"y_w":       "",
			"00%":       "a_b",
			"%":         "a_b",
			`\`:         "",
			"blue":      "",
			"' OR 1=1 ": "",
		} {
			t.Run("for "+q, func(t *testing.T) {
				hits, err := w.Search(w.ctx, acme, strings.TrimSpace(q), 20)
				w.must(err)
				var got []string
				for _, h := range hits {
					if (h.Type == portal.FoundMember) != strings.Contains(h.Subtitle, "@") || h.ID == "" {
						t.Errorf("got %+v", h)
					}
					got = append(got, h.Title)
				}
				if joined := strings.Join(got, ", "); joined != want {
					t.Errorf("got %s, want %s", joined, want)
				}
			})
		}
		t.Run("no more than asked for", func(t *testing.T) {
			if hits, err := w.Search(w.ctx, acme, "web", 2); len(hits) != 2 || err != nil {
				t.Errorf("got %+v, %v", hits, err)
			}
		})
	})
}

func TestCart(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		w.must(w.UpsertProducts(w.ctx, portal.Catalogue))
		acme, ann, ben := w.account("SP-000001"), w.person("Ann", "ann@cart.test", 0), w.person("Ben", "ben@cart.test", 0)
		w.join(acme, ann, account.Owner)
		w.join(acme, ben, account.Plain)
		add := func(userID id.User, product, quantity int) bool {
			t.Helper()
			added, err := w.AddToCart(w.ctx, portal.CartItem{
				ID: id.New(), AccountID: acme, UserID: userID, Product: portal.Catalogue[product], Quantity: quantity, CreatedAt: noon,
			})
			w.must(err)
			return added
		}
		quantities := func(userID id.User) (got []int) {
			t.Helper()
			c, err := w.Cart(w.ctx, acme, userID)
			w.must(err)
			for _, i := range c.Items {
				got = append(got, i.Quantity)
			}
			return got
		}

		t.Run("more of what is there is one item, up to a hundred", func(t *testing.T) {
			if !add(ann, 0, 1) || !add(ann, 1, 60) || !add(ann, 1, 40) || add(ann, 1, 1) || !add(ben, 1, 5) {
				t.Error("something was added, or was not")
			}
			if got := quantities(ann); !slices.Equal(got, []int{1, 100}) {
				t.Errorf("got %v", got)
			}
		})
		t.Run("what is added at once is all there", func(t *testing.T) {
			var wg sync.WaitGroup
			for range 20 {
				wg.Go(func() { add(ann, 2, 2) })
			}
			wg.Wait()
			if got := quantities(ann); !slices.Equal(got, []int{1, 100, 40}) {
				t.Errorf("got %v", got)
			}
		})
		t.Run("an item is changed and removed by its owner alone", func(t *testing.T) {
			c, err := w.Cart(w.ctx, acme, ann)
			w.must(err)
			item := c.Items[0]
			if item.Product != portal.Catalogue[0] || !item.CreatedAt.Equal(noon) || item.ID == item.Product.ID {
				t.Errorf("got %+v", item)
			}
			for _, try := range []struct {
				user id.User
				want bool
			}{{ben, false}, {ann, true}} {
				if done, err := w.SetQuantity(w.ctx, acme, try.user, item.ID, 7); done != try.want || err != nil {
					t.Errorf("set: %v, %v", done, err)
				}
				if done, err := w.RemoveFromCart(w.ctx, acme, try.user, item.ID); done != try.want || err != nil {
					t.Errorf("remove: %v, %v", done, err)
				}
			}
			if got := quantities(ann); !slices.Equal(got, []int{100, 40}) {
				t.Errorf("got %v", got)
			}
		})
		t.Run("it goes with the membership", func(t *testing.T) {
			if removed, err := w.RemoveMember(w.ctx, acme, ben); !removed || err != nil {
				t.Fatal(removed, err)
			}
			if n := w.count("SELECT COUNT(*) FROM cart_items WHERE user_id = '%s'", ben); n != 0 {
				t.Errorf("%d items are left", n)
			}
		})
	})
}

func TestTopics(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		var told []string
		s := testkit.OpenStore(t, databaseURL, func(topics ...string) { told = append(told, topics...) })
		w.must(w.UpsertProducts(w.ctx, portal.Catalogue))
		acme, ann, ben := w.account("SP-000001"), w.person("Ann", "ann@topics.test", 0), w.person("Ben", "ben@topics.test", 0)
		w.join(acme, ben, account.Owner)
		item := portal.CartItem{ID: id.New(), AccountID: acme, UserID: ann, Product: portal.Catalogue[0], Quantity: 1, CreatedAt: noon}

		for _, step := range []struct {
			change string
			run    func() error
			want   []string
		}{
			{"a new member", func() error {
				return s.InsertMember(w.ctx, account.Member{AccountID: acme, UserID: ann, Role: account.Plain, JoinedAt: noon})
			}, []string{bus.User(ann)}},
			{"a new role", func() error { _, err := s.SetRole(w.ctx, acme, ann, account.Admin); return err }, []string{bus.User(ann)}},
			{"the switch", func() error { return s.SetTwoFactorRequired(w.ctx, acme, ann, true, noon) }, []string{bus.User(ann)}},
			{"a new name", func() error { return s.RenameAccount(w.ctx, acme, "Acme") }, []string{bus.Account(acme)}},
			{"a rule", func() error { return s.SetRule(w.ctx, acme, account.Rule{EnforcedAt: time.Now()}) }, []string{bus.Account(acme)}},
			{"something in the cart", func() error { _, err := s.AddToCart(w.ctx, item); return err }, []string{"cart:" + string(acme) + ":" + string(ann)}},
			{"another quantity", func() error { _, err := s.SetQuantity(w.ctx, acme, ann, item.ID, 2); return err }, []string{"cart:" + string(acme) + ":" + string(ann)}},
			{"the end of a membership", func() error { _, err := s.RemoveMember(w.ctx, acme, ann); return err }, []string{"cart:" + string(acme) + ":" + string(ann), bus.User(ann)}},
		} {
			t.Run(step.change+" is told", func(t *testing.T) {
				told = nil
				w.must(step.run())
				slices.Sort(told)
				if !slices.Equal(told, step.want) {
					t.Errorf("told %v", told)
				}
			})
		}
	})
}
