package account_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/notify"
	"sallyport/internal/seal"
	"sallyport/internal/testkit"
)

func TestInvite(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		invite := func(actor, email string, role account.Role) error {
			_, err := w.Invite(w.ctx, w.as(who[actor]), acme, email, role, false, nil)
			return err
		}

		t.Run("the link is in the mail, and only its token's hash in the database", func(t *testing.T) {
			i, err := w.Invite(w.ctx, w.as(who["admin"]), acme, "New@Invite.test", account.Billing, true, nil)
			w.must(err)
			if i.Email != "New@Invite.test" || !i.ExpiresAt.Equal(w.clock.Now().Add(week)) || !i.TwoFactorRequired {
				t.Errorf("got %+v", i)
			}
			if len(w.mail.kept) != 1 {
				t.Fatalf("mail: %+v", w.mail.kept)
			}
			m := w.mail.kept[0]
			if m.To != "New@Invite.test" || m.Channel != notify.Email || m.Template != notify.Invitation || m.Locale != "de" || m.ID != i.ID ||
				m.Data["account_name"] != "Acme" || !strings.HasPrefix(m.Data["inviter"], "Name of admin") || m.Data["two_factor"] == "" {
				t.Errorf("mail: %+v", m)
			}
			token, ok := strings.CutPrefix(m.Data["link"], "https://portal.test/invitation#")
			if raw, err := base64.RawURLEncoding.DecodeString(token); !ok || err != nil || len(raw) != 32 {
				t.Errorf("the link is %s", m.Data["link"])
			}
			if stored := dump(t, databaseURL, "invitations"); strings.Contains(stored, token) || !strings.Contains(stored, seal.TokenHash(token)) {
				t.Errorf("stored: %s", stored)
			}
			if stored := dump(t, databaseURL, "audit_events"); strings.Contains(stored, token) || !strings.Contains(stored, "invitation.created") {
				t.Errorf("recorded: %s", stored)
			}
		})
		for _, c := range []struct {
			what, actor, email string
			role               account.Role
			want               error
		}{
			{"an owner invites an owner", "owner", "owner@invite.test", account.Owner, nil},
			{"an admin invites no owner", "admin", "boss@invite.test", account.Owner, fault.ErrOwnerOnly},
			{"a billing contact invites nobody", "billing", "x@invite.test", account.Plain, fault.ErrAdminOnly},
			{"a member invites nobody", "member", "x@invite.test", account.Plain, fault.ErrAdminOnly},
			{"an address with an open invitation, in another spelling", "owner", "nEW@invite.TEST", account.Plain, account.ErrAlreadyInvited},
		} {
			t.Run(c.what, func(t *testing.T) {
				if err := invite(c.actor, c.email, c.role); !errors.Is(err, c.want) {
					t.Errorf("got %v, want %v", err, c.want)
				}
			})
		}
		t.Run("a member is not invited", func(t *testing.T) {
			m, err := w.store.Member(w.ctx, acme, who["member"])
			w.must(err)
			if err := invite("owner", strings.ToUpper(m.Email), account.Plain); !errors.Is(err, account.ErrAlreadyMember) {
				t.Errorf("got %v", err)
			}
		})
		for _, email := range []string{"", "@", "a@", "@b", "a b@c", "a@b@c", "a@b\r\nBcc: c@d", "a\x00@b", `"a"@b`, "a@" + strings.Repeat("b", 253), strings.Repeat("ﷺ", 60) + "@b", "\xff@b"} {
			t.Run(fmt.Sprintf("refuses the address %q", email), func(t *testing.T) {
				if err := invite("owner", email, account.Plain); !invalid(err, "/email") {
					t.Errorf("got %v", err)
				}
			})
		}
		t.Run("refuses a role that there is not", func(t *testing.T) {
			if err := invite("owner", "x@invite.test", "god"); !invalid(err, "/role") {
				t.Errorf("got %v", err)
			}
		})
		t.Run("without its mail there is no invitation", func(t *testing.T) {
			sorry := errors.New("the queue is shut")
			w.mail.refuses = sorry
			if err := invite("owner", "lost@invite.test", account.Plain); !errors.Is(err, sorry) {
				t.Errorf("got %v", err)
			}
			w.mail.refuses = nil
			w.must(invite("owner", "lost@invite.test", account.Plain))
		})
		t.Run("what is to be kept of the answer is kept with it, or there is none", func(t *testing.T) {
			full := errors.New("the shelf is full")
			_, err := w.Invite(w.ctx, w.as(who["owner"]), acme, "kept@invite.test", account.Plain, false, func(context.Context, account.Invitation) error { return full })
			if !errors.Is(err, full) {
				t.Errorf("got %v", err)
			}
			var kept account.Invitation
			i, err := w.Invite(w.ctx, w.as(who["owner"]), acme, "kept@invite.test", account.Plain, false, func(_ context.Context, i account.Invitation) error {
				kept = i
				return nil
			})
			if err != nil || kept != i {
				t.Errorf("got %+v, %v", kept, err)
			}
		})
		t.Run("an account that enforces says so in the mail", func(t *testing.T) {
			w.must(w.store.SetRule(w.ctx, acme, account.Rule{EnforcedAt: w.clock.Now()}))
			setFactors(t, databaseURL, who["owner"], assurance.TOTP)
			w.must(invite("owner", "enforced@invite.test", account.Plain))
			if m := w.mail.kept[len(w.mail.kept)-1]; m.Data["two_factor"] == "" {
				t.Errorf("mail: %+v", m)
			}
		})
	})
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		open := map[string]string{}
		for _, name := range []string{"c", "a", "b"} {
			i, err := w.Invite(w.ctx, w.as(who["owner"]), acme, name+"@open.test", account.Plain, false, nil)
			w.must(err)
			open[name] = i.ID
		}
		list := func(page account.Page) (got []string, next string) {
			t.Helper()
			items, next, err := w.Invitations(w.ctx, w.as(who["admin"]), acme, page)
			w.must(err)
			for _, i := range items {
				got = append(got, i.Email[:1])
			}
			return got, next
		}
		t.Run("owners and admins list the open ones by address", func(t *testing.T) {
			first, next := list(account.Page{Limit: 2})
			rest, end := list(account.Page{Limit: 2, Cursor: next})
			if !slices.Equal(first, []string{"a", "b"}) || !slices.Equal(rest, []string{"c"}) || end != "" {
				t.Errorf("got %v, %v", first, rest)
			}
			for _, actor := range []string{"billing", "member"} {
				if _, _, err := w.Invitations(w.ctx, w.as(who[actor]), acme, account.Page{}); !errors.Is(err, fault.ErrAdminOnly) {
					t.Errorf("%s: %v", actor, err)
				}
			}
		})
		t.Run("a revoked one is shut, once, and the address may be invited again", func(t *testing.T) {
			if err := w.Revoke(w.ctx, w.as(who["member"]), acme, open["b"]); !errors.Is(err, fault.ErrAdminOnly) {
				t.Errorf("a member: %v", err)
			}
			w.must(w.Revoke(w.ctx, w.as(who["admin"]), acme, open["b"]))
			if err := w.Revoke(w.ctx, w.as(who["admin"]), acme, open["b"]); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("again: %v", err)
			}
			if got, _ := list(account.Page{}); !slices.Equal(got, []string{"a", "c"}) {
				t.Errorf("got %v", got)
			}
			if _, err := w.Invite(w.ctx, w.as(who["owner"]), acme, "b@open.test", account.Plain, false, nil); err != nil {
				t.Errorf("got %v", err)
			}
		})
		t.Run("after a week they are over", func(t *testing.T) {
			w.clock.Advance(week - time.Microsecond)
			if got, _ := list(account.Page{}); len(got) != 3 {
				t.Errorf("just before: %v", got)
			}
			w.clock.Advance(time.Microsecond)
			if got, _ := list(account.Page{}); len(got) != 0 {
				t.Errorf("got %v", got)
			}
			if err := w.Revoke(w.ctx, w.as(who["owner"]), acme, open["a"]); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("revoke: %v", err)
			}
			if _, err := w.Invite(w.ctx, w.as(who["owner"]), acme, "a@open.test", account.Plain, false, nil); err != nil {
				t.Errorf("again: %v", err)
			}
		})
	})
}
