package account_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		ann := w.person("ann@create.test")
		t.Run("whoever opens an account owns it", func(t *testing.T) {
			m, err := w.Create(w.ctx, w.as(ann), "  Acme Labs ", nil)
			w.must(err)
			got, err := w.Get(w.ctx, w.as(ann), m.ID)
			w.must(err)
			if got != m || got.Role != account.Owner || got.Name != "Acme Labs" || got.Rule.Enforced() || len(got.Number) != len("SP-204816") {
				t.Errorf("created %+v, got %+v", m, got)
			}
			if events := w.events(m.ID); !slices.Equal(events, []string{"account.created ok"}) {
				t.Errorf("events: %v", events)
			}
		})
		t.Run("a number that is taken is drawn again", func(t *testing.T) {
			s := *w.Service
			draw := []byte{0, 3, 32, 16}         // 204816
			beyond := []byte{255, 255, 255, 255} // above the last whole million
			s.Random = io.MultiReader(bytes.NewReader(draw), bytes.NewReader(beyond), bytes.NewReader(draw), bytes.NewReader([]byte{0, 0, 0, 7}))
			for _, want := range []string{"SP-204816", "SP-000007"} {
				if m, err := s.Create(w.ctx, w.as(ann), "Acme", nil); err != nil || m.Number != want {
					t.Errorf("got %s, %v; want %s", m.Number, err, want)
				}
			}
			if _, err := s.Create(w.ctx, w.as(ann), "Acme", nil); !errors.Is(err, io.EOF) {
				t.Errorf("without randomness: %v", err)
			}
		})
		t.Run("without what is to be kept of the answer there is no account", func(t *testing.T) {
			full := errors.New("the shelf is full")
			if _, err := w.Create(w.ctx, w.as(ann), "Shelf", func(context.Context, account.Membership) error { return full }); !errors.Is(err, full) {
				t.Errorf("got %v", err)
			}
			all, _, err := w.List(w.ctx, w.as(ann), account.Page{})
			if err != nil || slices.ContainsFunc(all, func(m account.Membership) bool { return m.Name == "Shelf" }) {
				t.Errorf("got %+v, %v", all, err)
			}
		})
		for _, name := range []string{"", " \t", "a\nb", "a\x7fb", strings.Repeat("ä", 101), "\xff"} {
			t.Run("refuses the name "+name, func(t *testing.T) {
				if _, err := w.Create(w.ctx, w.as(ann), name, nil); !invalid(err, "/name") {
					t.Errorf("got %v", err)
				}
			})
		}
	})
}

func TestList(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		ann := w.person("ann@list.test")
		var numbers []string
		for range 5 {
			m, err := w.Create(w.ctx, w.as(ann), "Acme", nil)
			w.must(err)
			numbers = append(numbers, m.Number)
		}
		_, _ = w.account()
		slices.Sort(numbers)

		t.Run("pages follow each other without gap or repetition, and the last says so", func(t *testing.T) {
			for limit := 1; limit <= 6; limit++ {
				var got []string
				page := account.Page{Limit: limit}
				for {
					items, next, err := w.List(w.ctx, w.as(ann), page)
					w.must(err)
					for _, m := range items {
						got = append(got, m.Number)
					}
					if len(items) > limit || (next != "" && len(items) != limit) {
						t.Fatalf("a page of %d for %d", len(items), limit)
					}
					if page.Cursor = next; next == "" {
						break
					}
				}
				if !slices.Equal(got, numbers) {
					t.Errorf("pages of %d: %v, want %v", limit, got, numbers)
				}
			}
		})
		encode := func(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }
		for _, cursor := range []string{"x", "!", encode(`[]`), encode(`["a","b"]`), encode(`{"a":1}`), encode(`[1]`), encode("[\"\\u0000\"]"), encode("[\"\xff\"]"), encode(`["a"]`) + "=", "null", encode("null")} {
			t.Run("refuses the cursor "+cursor, func(t *testing.T) {
				if _, _, err := w.List(w.ctx, w.as(ann), account.Page{Cursor: cursor}); !invalid(err, "cursor") {
					t.Errorf("got %v", err)
				}
			})
		}
		for _, limit := range []int{-1, 201} {
			t.Run("refuses a page that is too long or no page", func(t *testing.T) {
				if _, _, err := w.List(w.ctx, w.as(ann), account.Page{Limit: limit}); !invalid(err, "limit") {
					t.Errorf("got %v", err)
				}
			})
		}
	})
}

func TestRename(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		for actor, want := range map[string]error{
			"owner": nil, "admin": nil, "billing": fault.ErrAdminOnly, "member": fault.ErrAdminOnly, "stranger": fault.ErrNotFound,
		} {
			t.Run("by "+actor, func(t *testing.T) {
				before, err := w.Get(w.ctx, w.as(who["owner"]), acme)
				w.must(err)
				m, err := w.Rename(w.ctx, w.as(who[actor]), acme, "Acme of "+actor)
				if !errors.Is(err, want) {
					t.Fatalf("got %v, want %v", err, want)
				}
				after, err := w.Get(w.ctx, w.as(who["owner"]), acme)
				w.must(err)
				if want == nil && (after.Name != "Acme of "+actor || m.Name != after.Name) || want != nil && after.Name != before.Name {
					t.Errorf("now it is called %q", after.Name)
				}
			})
		}
	})
}

// TestTenantsAreWalls: whoever is not a member is told that there is nothing, whatever they ask for.
func TestTenantsAreWalls(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		blue, whoBlue := w.account()
		i, err := w.Invite(w.ctx, w.as(who["owner"]), acme, "new@walls.test", account.Plain, false, nil)
		w.must(err)
		before := w.events(acme)

		for name, ask := range map[string]func(who actor.Actor, accountID id.Account) error{
			"Get":    func(a actor.Actor, acc id.Account) error { _, err := w.Get(w.ctx, a, acc); return err },
			"Rename": func(a actor.Actor, acc id.Account) error { _, err := w.Rename(w.ctx, a, acc, "Mine"); return err },
			"Members": func(a actor.Actor, acc id.Account) error {
				_, _, err := w.Members(w.ctx, a, acc, account.Filter{}, account.Page{})
				return err
			},
			"Missing": func(a actor.Actor, acc id.Account) error {
				_, _, err := w.Members(w.ctx, a, acc, account.Filter{TwoFactor: account.Missing}, account.Page{})
				return err
			},
			"UpdateMember": func(a actor.Actor, acc id.Account) error {
				_, err := w.UpdateMember(w.ctx, a, acc, who["member"], account.Patch{Role: ptr(account.Admin)})
				return err
			},
			"UpdateMember of oneself": func(a actor.Actor, acc id.Account) error {
				_, err := w.UpdateMember(w.ctx, a, acc, a.User, account.Patch{Role: ptr(account.Owner)})
				return err
			},
			"RemoveMember":            func(a actor.Actor, acc id.Account) error { return w.RemoveMember(w.ctx, a, acc, who["member"]) },
			"RemoveMember of oneself": func(a actor.Actor, acc id.Account) error { return w.RemoveMember(w.ctx, a, acc, a.User) },
			"Invitations": func(a actor.Actor, acc id.Account) error {
				_, _, err := w.Invitations(w.ctx, a, acc, account.Page{})
				return err
			},
			"Invite": func(a actor.Actor, acc id.Account) error {
				_, err := w.Invite(w.ctx, a, acc, "mole@walls.test", account.Plain, false, nil)
				return err
			},
			"Revoke": func(a actor.Actor, acc id.Account) error { return w.Revoke(w.ctx, a, acc, i.ID) },
		} {
			t.Run(name, func(t *testing.T) {
				for _, other := range []actor.Actor{w.as(who["stranger"]), w.as(whoBlue["owner"])} {
					if err := ask(other, acme); !errors.Is(err, fault.ErrNotFound) {
						t.Errorf("got %v", err)
					}
					if err := ask(other, id.Account(id.New())); !errors.Is(err, fault.ErrNotFound) {
						t.Errorf("where nothing is: %v", err)
					}
				}
			})
		}
		t.Run("what is in another account is not there", func(t *testing.T) {
			owner := whoBlue["owner"]
			if _, err := w.UpdateMember(w.ctx, w.as(owner), blue, who["member"], account.Patch{Role: ptr(account.Admin)}); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
			if err := w.RemoveMember(w.ctx, w.as(owner), blue, who["member"]); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
			if err := w.Revoke(w.ctx, w.as(owner), blue, i.ID); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("and nothing has changed", func(t *testing.T) {
			if after := w.events(acme); !slices.Equal(after, before) || w.role(acme, who["member"]) != account.Plain {
				t.Errorf("events: %v", after)
			}
		})
	})
}

func invalid(err error, pointer string) bool {
	told, ok := fault.As(err)
	return ok && told.Kind == fault.Invalid && len(told.Fields) == 1 && told.Fields[0].Pointer == pointer
}
