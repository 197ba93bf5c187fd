package account_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/authority"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
)

func TestUpdateMember(t *testing.T) {
	t.Parallel()
	role := func(r account.Role) account.Patch { return account.Patch{Role: &r} }
	required := func(b bool) account.Patch { return account.Patch{TwoFactorRequired: &b} }
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		for _, c := range []struct {
			what          string
			actor, target string
			patch         account.Patch
			want          error
		}{
			{"an owner makes an owner", "owner", "member", role(account.Owner), nil},
			{"an owner unmakes another", "owner", "other owner", role(account.Plain), nil},
			{"an owner steps down while there is another", "owner", "owner", role(account.Plain), nil},
			{"an owner asks an owner for a second factor", "owner", "other owner", required(true), nil},
			{"an owner asks themselves for a second factor", "owner", "owner", required(true), nil},
			{"an admin makes an admin", "admin", "member", role(account.Admin), nil},
			{"an admin unmakes an admin", "admin", "other admin", role(account.Billing), nil},
			{"an admin steps down", "admin", "admin", role(account.Plain), nil},
			{"an admin makes no owner", "admin", "member", role(account.Owner), fault.ErrOwnerOnly},
			{"an admin does not make themselves an owner", "admin", "admin", role(account.Owner), fault.ErrOwnerOnly},
			{"an admin does not unmake an owner", "admin", "owner", role(account.Plain), fault.ErrOwnerOnly},
			{"an admin does not touch an owner's role", "admin", "owner", role(account.Owner), fault.ErrOwnerOnly},
			{"an admin asks a member for a second factor", "admin", "member", required(true), nil},
			{"an admin asks an admin for a second factor", "admin", "other admin", required(true), nil},
			{"an admin does not ask an owner for a second factor", "admin", "owner", required(true), fault.ErrOwnerOnly},
			{"a billing contact changes nobody", "billing", "member", required(true), fault.ErrAdminOnly},
			{"a member changes nobody", "member", "billing", role(account.Plain), fault.ErrAdminOnly},
			{"a member does not change themselves", "member", "member", role(account.Admin), fault.ErrAdminOnly},
			{"nobody changes a stranger", "owner", "stranger", role(account.Admin), fault.ErrNotFound},
			{"nobody changes the switch of a stranger", "admin", "stranger", required(true), fault.ErrNotFound},
		} {
			t.Run(c.what, func(t *testing.T) {
				acme, who := w.account()
				before, _ := w.store.Member(w.ctx, acme, who[c.target])
				seen, err := w.UpdateMember(w.ctx, w.as(who[c.actor]), acme, who[c.target], c.patch)
				if !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
				after, _ := w.store.Member(w.ctx, acme, who[c.target])
				if c.want != nil {
					if after != before {
						t.Errorf("refused, and yet: %+v", after)
					}
					return
				}
				if c.patch.Role != nil && (after.Role != *c.patch.Role || seen.Role != after.Role) {
					t.Errorf("the role is %s, the answer %+v", after.Role, seen)
				}
				if c.patch.TwoFactorRequired != nil && (!after.TwoFactorRequired || !seen.TwoFactorRequired || !after.RequiredAt.Equal(w.clock.Now())) {
					t.Errorf("got %+v, the answer %+v", after, seen)
				}
			})
		}
		t.Run("refuses a role that there is not", func(t *testing.T) {
			acme, who := w.account()
			if _, err := w.UpdateMember(w.ctx, w.as(who["owner"]), acme, who["member"], role("god")); !invalid(err, "/role") {
				t.Errorf("got %v", err)
			}
		})
		t.Run("an admin does not release themselves; another admin does", func(t *testing.T) {
			acme, who := w.account()
			setFactors(t, databaseURL, who["admin"], assurance.TOTP) // else they were held at the second door
			for _, try := range []struct {
				actor string
				patch account.Patch
				want  error
			}{
				{"owner", required(true), nil}, {"admin", required(false), fault.ErrOwnerOnly}, {"admin", required(true), nil}, {"other admin", required(false), nil},
			} {
				if _, err := w.UpdateMember(w.ctx, w.as(who[try.actor]), acme, who["admin"], try.patch); !errors.Is(err, try.want) {
					t.Errorf("%s: %v, want %v", try.actor, err, try.want)
				}
			}
		})
		t.Run("both at once, or neither", func(t *testing.T) {
			acme, who := w.account()
			w.must(w.RemoveMember(w.ctx, w.as(who["owner"]), acme, who["other owner"]))
			p := account.Patch{Role: ptr(account.Admin), TwoFactorRequired: ptr(true)}
			if _, err := w.UpdateMember(w.ctx, w.as(who["owner"]), acme, who["owner"], p); !errors.Is(err, account.ErrLastOwner) {
				t.Fatalf("got %v", err)
			}
			if m, err := w.store.Member(w.ctx, acme, who["owner"]); err != nil || m.TwoFactorRequired || m.Role != account.Owner {
				t.Errorf("got %+v, %v", m, err)
			}
			if _, err := w.UpdateMember(w.ctx, w.as(who["owner"]), acme, who["member"], p); err != nil {
				t.Errorf("got %v", err)
			}
		})
		t.Run("every change is recorded once, and every refusal; what changes nothing is not", func(t *testing.T) {
			acme, who := w.account()
			for _, try := range []struct {
				actor string
				patch account.Patch
			}{
				{"owner", role(account.Billing)}, {"owner", role(account.Billing)}, {"admin", required(true)}, {"owner", required(true)},
				{"admin", required(false)}, {"admin", role(account.Owner)}, {"billing", required(true)}, {"stranger", role(account.Owner)},
			} {
				_, _ = w.UpdateMember(w.ctx, w.as(who[try.actor]), acme, who["member"], try.patch)
			}
			want := []string{
				"account.created ok", "member.role_changed ok", "member.two_factor_required ok", "member.two_factor_released ok",
				"member.role_changed refused owner_only", "member.two_factor_required refused admin_only",
			}
			if got := w.events(acme); !slices.Equal(got, want) {
				t.Errorf("got %v", got)
			}
		})
	})
}

func TestRemoveMember(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		for _, c := range []struct {
			what          string
			actor, target string
			want          error
		}{
			{"an owner removes an owner", "owner", "other owner", nil},
			{"an owner leaves while there is another", "owner", "owner", nil},
			{"an admin removes a member", "admin", "member", nil},
			{"an admin removes an admin", "admin", "other admin", nil},
			{"an admin does not remove an owner", "admin", "owner", fault.ErrOwnerOnly},
			{"a billing contact removes nobody", "billing", "member", fault.ErrAdminOnly},
			{"a member removes nobody", "member", "billing", fault.ErrAdminOnly},
			{"a member does not find out who is a member by removing", "member", "stranger", fault.ErrAdminOnly},
			{"a member leaves", "member", "member", nil},
			{"nobody removes a stranger", "owner", "stranger", fault.ErrNotFound},
		} {
			t.Run(c.what, func(t *testing.T) {
				acme, who := w.account()
				if err := w.RemoveMember(w.ctx, w.as(who[c.actor]), acme, who[c.target]); !errors.Is(err, c.want) {
					t.Fatalf("got %v, want %v", err, c.want)
				}
				_, err := w.Get(w.ctx, w.as(who[c.target]), acme)
				if gone := errors.Is(err, fault.ErrNotFound); gone != (c.want == nil || c.target == "stranger") {
					t.Errorf("afterwards: %v", err)
				}
			})
		}
		t.Run("the last owner neither leaves nor is removed", func(t *testing.T) {
			acme, who := w.account()
			w.must(w.RemoveMember(w.ctx, w.as(who["other owner"]), acme, who["other owner"]))
			if err := w.RemoveMember(w.ctx, w.as(who["owner"]), acme, who["owner"]); !errors.Is(err, account.ErrLastOwner) {
				t.Errorf("got %v", err)
			}
			if got, want := w.events(acme), []string{"account.created ok", "member.left ok", "member.left refused last_owner"}; !slices.Equal(got, want) {
				t.Errorf("got %v", got)
			}
		})
		t.Run("owners who unmake each other at once leave one", func(t *testing.T) {
			for range 15 {
				acme, who := w.account()
				a, b := w.as(who["owner"]), w.as(who["other owner"])
				var wg sync.WaitGroup
				var failed [2]error
				ready := make(chan struct{})
				wg.Go(func() {
					<-ready
					_, failed[0] = w.UpdateMember(w.ctx, a, acme, b.User, account.Patch{Role: ptr(account.Plain)})
				})
				wg.Go(func() { <-ready; failed[1] = w.RemoveMember(w.ctx, b, acme, a.User) })
				close(ready)
				wg.Wait()
				// Whoever came second is no owner any more, or no member.
				if (failed[0] == nil) == (failed[1] == nil) {
					t.Fatalf("got %v", failed)
				}
				for _, err := range failed {
					if told, ok := fault.As(err); err != nil && (!ok || (told.Kind != fault.Forbidden && told.Kind != fault.NotFound)) {
						t.Fatalf("got %v", err)
					}
				}
				counted, err := w.owners(w.ctx, acme)
				w.must(err)
				if counted != 1 {
					t.Fatalf("%d owners are left", counted)
				}
			}
		})
	})
}

// What opens more, or shuts somebody out, is confirmed; what asks more of somebody is not. A refusal for want of it is no event.
func TestWhatIsConfirmed(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		unsure := func(userID id.User) actor.Actor {
			a := w.as(userID)
			a.Shown = actor.Confirmation{}
			return a
		}
		to := func(role account.Role) account.Patch { return account.Patch{Role: &role} }
		switched := func(on bool) account.Patch { return account.Patch{TwoFactorRequired: &on} }
		acme, who := w.account()
		i, err := w.Invite(w.ctx, w.as(who["owner"]), acme, "new@confirmed.test", account.Plain, false, nil)
		w.must(err)
		_, err = w.UpdateMember(w.ctx, w.as(who["owner"]), acme, who["billing"], switched(true))
		w.must(err)
		before, sent := w.events(acme), len(w.mail.kept)
		owner := unsure(who["owner"])
		update := func(target string, p account.Patch) error {
			_, err := w.UpdateMember(w.ctx, owner, acme, who[target], p)
			return err
		}
		w.clock.Advance(time.Hour)
		for what, err := range map[string]error{
			"an invitation":           second(w.Invite(w.ctx, owner, acme, "x@confirmed.test", account.Plain, false, nil)),
			"an invitation again":     second(w.Resend(w.ctx, owner, acme, i.ID)),
			"another owner":           update("member", to(account.Owner)),
			"an owner less":           update("other owner", to(account.Plain)),
			"a higher role":           update("member", to(account.Billing)),
			"a member released":       update("billing", switched(false)),
			"a higher role, and less": update("billing", account.Patch{Role: ptr(account.Admin), TwoFactorRequired: ptr(true)}),
			"an owner removed":        w.RemoveMember(w.ctx, owner, acme, who["other owner"]),
			"a member removed":        w.RemoveMember(w.ctx, owner, acme, who["member"]),
			"leaving":                 w.RemoveMember(w.ctx, unsure(who["member"]), acme, who["member"]),
		} {
			if !errors.Is(err, authority.ErrConfirmation) {
				t.Errorf("%s: %v", what, err)
			}
		}
		if after := w.events(acme); !slices.Equal(after, before) || len(w.mail.kept) != sent {
			t.Errorf("recorded: %v; %d mails", after, len(w.mail.kept)-sent)
		}
		for what, err := range map[string]error{
			"a lower role":             update("admin", to(account.Plain)),
			"a second factor asked of": update("member", switched(true)),
			"nothing":                  update("member", account.Patch{Role: ptr(account.Plain)}),
			"a name":                   second(w.Rename(w.ctx, owner, acme, "Acme Ltd")),
			"an invitation taken back": w.Revoke(w.ctx, owner, acme, i.ID),
		} {
			if err != nil {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

func (w *world) owners(ctx context.Context, accountID id.Account) (int, error) {
	all, err := w.store.Members(ctx, accountID, account.Filter{}, "", 100)
	n := 0
	for _, m := range all {
		if m.Role == account.Owner {
			n++
		}
	}
	return n, err
}

func TestMembers(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		setFactors(t, databaseURL, who["admin"], assurance.TOTP)
		setFactors(t, databaseURL, who["billing"], assurance.Email)
		viewers := func(name string) actor.Actor {
			if name == "operator" { // whom no rule holds at the second door
				return actor.AsOperator("")
			}
			return w.as(who[name])
		}
		state := func(viewer string, f account.Filter) map[string]string {
			t.Helper()
			items, next, err := w.Members(w.ctx, viewers(viewer), acme, f, account.Page{})
			w.must(err)
			got := map[string]string{}
			for _, m := range items {
				for name, userID := range who {
					if userID == m.UserID {
						got[name] = "hidden"
						if m.TwoFactor != nil && m.TwoFactor.Active {
							got[name] = "active"
						} else if m.TwoFactor != nil {
							got[name] = "missing"
						}
					}
				}
				if m.Email == "" || m.Name == "" || m.Factors != 0 || next != "" {
					t.Errorf("got %+v", m)
				}
			}
			return got
		}
		t.Run("owners and admins see the second factor of all, others their own", func(t *testing.T) {
			for _, viewer := range []string{"owner", "admin"} {
				if got := state(viewer, account.Filter{}); len(got) != 6 || got["admin"] != "active" || got["billing"] != "active" || got["member"] != "missing" {
					t.Errorf("%s sees %v", viewer, got)
				}
			}
			if got := state("billing", account.Filter{}); len(got) != 6 || got["billing"] != "active" || got["admin"] != "hidden" || got["member"] != "hidden" {
				t.Errorf("billing sees %v", got)
			}
		})
		t.Run("others do not find it out by filtering", func(t *testing.T) {
			for _, filter := range []account.TwoFactorFilter{account.Missing, account.Active} {
				if _, _, err := w.Members(w.ctx, w.as(who["member"]), acme, account.Filter{TwoFactor: filter}, account.Page{}); !errors.Is(err, fault.ErrAdminOnly) {
					t.Errorf("got %v", err)
				}
			}
		})
		t.Run("it is measured against the rule while there is one", func(t *testing.T) {
			for _, c := range []struct {
				rule   account.Rule
				active int
			}{
				{account.Rule{Minimum: assurance.NoEmail}, 2}, // not enforced: whatever they have counts
				{account.Rule{Minimum: assurance.NoEmail, EnforcedAt: w.clock.Now()}, 1},
				{account.Rule{Minimum: assurance.PhishingResistant, EnforcedAt: w.clock.Now()}, 0},
			} {
				w.must(w.store.SetRule(w.ctx, acme, c.rule))
				active, missing := state("operator", account.Filter{TwoFactor: account.Active}), state("operator", account.Filter{TwoFactor: account.Missing})
				if len(active) != c.active || len(missing) != 6-c.active {
					t.Errorf("%s: %v, %v", c.rule.Minimum, active, missing)
				}
				for name, s := range active {
					if s != "active" {
						t.Errorf("%s: %s", name, s)
					}
				}
			}
			w.must(w.store.SetRule(w.ctx, acme, account.Rule{}))
		})
		t.Run("pages follow each other by address", func(t *testing.T) {
			var all []string
			page := account.Page{Limit: 4}
			for {
				items, next, err := w.Members(w.ctx, w.as(who["member"]), acme, account.Filter{Query: ".TEST"}, page)
				w.must(err)
				for _, m := range items {
					all = append(all, m.Email)
				}
				if page.Cursor = next; next == "" {
					break
				}
			}
			if len(all) != 6 || !slices.IsSorted(all) {
				t.Errorf("got %v", all)
			}
		})
	})
}
