package account_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
)

const passphrase = "seven quiet harbours at dusk"

// link is the token in the newest mail.
func (w *world) link() string {
	w.t.Helper()
	w.mail.Lock()
	defer w.mail.Unlock()
	_, token, ok := strings.Cut(w.mail.kept[len(w.mail.kept)-1].Data["link"], "#")
	if !ok {
		w.t.Fatal("no link in the mail")
	}
	return token
}

func (w *world) invited(actor id.User, accountID id.Account, email string, role account.Role, required bool) (account.Invitation, string) {
	w.t.Helper()
	i, err := w.Invite(w.ctx, w.as(actor), accountID, email, role, required, nil)
	w.must(err)
	return i, w.link()
}

func TestAccept(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		newcomer := account.Newcomer{Name: " Ada Newcomer ", Password: passphrase}

		t.Run("somebody new is made with a proven address and becomes a member as invited", func(t *testing.T) {
			i, token := w.invited(who["owner"], acme, "Ada@New.test", account.Billing, true)
			door, err := w.Inspect(w.ctx, token)
			w.must(err)
			if door.AccountName != "Acme" || !strings.HasPrefix(door.Inviter, "Name of owner") || door.EmailHint != "A••••a@New.test" || door.PersonKnown ||
				door.Role != account.Billing || !door.TwoFactorRequired || !door.ExpiresAt.Equal(i.ExpiresAt) {
				t.Errorf("the door is %+v", door)
			}
			for _, c := range []struct {
				what string
				n    account.Newcomer
				at   []string
			}{
				{"nothing", account.Newcomer{}, []string{"/name", "/password"}},
				{"no name", account.Newcomer{Name: " \t", Password: passphrase}, []string{"/name"}},
				{"a short password", account.Newcomer{Name: "Ada", Password: "seven quiet"}, []string{"/password"}},
				{"a password with the name in it", account.Newcomer{Name: "Newcomer", Password: passphrase + " newcomer"}, []string{"/password"}},
				{"a password with the address in it", account.Newcomer{Name: "A", Password: passphrase + " ada@new.test"}, []string{"/password"}},
			} {
				var at []string
				_, err := w.Accept(w.ctx, stranger, token, c.n)
				if e, told := fault.As(err); told && e.Kind == fault.Invalid {
					for _, f := range e.Fields {
						at = append(at, f.Pointer)
					}
				}
				if !slices.Equal(at, c.at) {
					t.Errorf("%s: %v", c.what, err)
				}
			}
			w.clock.Advance(time.Hour)
			joined, err := w.Accept(w.ctx, stranger, token, newcomer)
			w.must(err)
			u, err := w.store.UserByEmail(w.ctx, "ada@new.test")
			w.must(err)
			if joined.Email != "Ada@New.test" || joined.Known || u.Name != "Ada Newcomer" || u.Locale != "de" || !u.VerifiedAt.Equal(w.clock.Now()) ||
				u.PasswordHash != "hash of "+passphrase {
				t.Errorf("joined %+v as %+v", joined, u)
			}
			m, err := w.store.Member(w.ctx, acme, u.ID)
			w.must(err)
			if m.Role != account.Billing || !m.TwoFactorRequired || !m.RequiredAt.Equal(w.clock.Now()) || !m.JoinedAt.Equal(w.clock.Now()) {
				t.Errorf("the member is %+v", m)
			}
			if got := w.events(acme); !slices.Equal(got[len(got)-2:], []string{"invitation.accepted ok", "member.joined ok"}) {
				t.Errorf("recorded: %v", got)
			}
			if stored := dump(t, databaseURL, "audit_events"); strings.Contains(stored, passphrase) || strings.Contains(stored, token) {
				t.Error("a secret is in the record")
			}
		})
		t.Run("of somebody known nothing changes but that they belong", func(t *testing.T) {
			known := w.person("known@known.test")
			before, err := w.store.User(w.ctx, known)
			w.must(err)
			_, token := w.invited(who["owner"], acme, "KNOWN@known.test", account.Plain, false)
			if door, err := w.Inspect(w.ctx, token); err != nil || !door.PersonKnown || door.TwoFactorRequired {
				t.Errorf("the door is %+v, %v", door, err)
			}
			joined, err := w.Accept(w.ctx, stranger, token, account.Newcomer{Name: "Somebody Else", Password: "x", Locale: "en"})
			w.must(err)
			after, err := w.store.User(w.ctx, known)
			w.must(err)
			if !joined.Known || joined.Email != "known@known.test" || after != before || w.role(acme, known) != account.Plain {
				t.Errorf("joined %+v: %+v, before %+v", joined, after, before)
			}
		})
		t.Run("an account that enforces says so at the door", func(t *testing.T) {
			w.must(w.store.SetRule(w.ctx, acme, account.Rule{EnforcedAt: w.clock.Now(), EnforcedBy: who["owner"], Minimum: assurance.Any}))
			setFactors(t, databaseURL, who["owner"], assurance.TOTP)
			_, token := w.invited(who["owner"], acme, "late@new.test", account.Plain, false)
			if door, err := w.Inspect(w.ctx, token); err != nil || !door.TwoFactorRequired {
				t.Errorf("the door is %+v, %v", door, err)
			}
		})
		t.Run("a member in another spelling of their address joins no second time", func(t *testing.T) {
			_, token := w.invited(who["owner"], acme, "moves@new.test", account.Admin, false)
			query := "UPDATE users SET email = 'moves@new.test', email_key = 'moves@new.test' WHERE id = '" + string(who["member"]) + "'"
			if _, err := raw(t, databaseURL).ExecContext(t.Context(), query); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Accept(w.ctx, stranger, token, account.Newcomer{}); !errors.Is(err, account.ErrAlreadyMember) || w.role(acme, who["member"]) != account.Plain {
				t.Errorf("got %v, a %s", err, w.role(acme, who["member"]))
			}
		})
		t.Run("a link that is over, revoked, replaced or unknown opens nothing", func(t *testing.T) {
			shut := func(what, token string) {
				t.Helper()
				if _, err := w.Inspect(w.ctx, token); !errors.Is(err, account.ErrLinkExpired) {
					t.Errorf("%s: inspecting says %v", what, err)
				}
				if _, err := w.Accept(w.ctx, stranger, token, newcomer); !errors.Is(err, account.ErrLinkExpired) {
					t.Errorf("%s: accepting says %v", what, err)
				}
			}
			shut("nonsense", "x")
			_, used := w.invited(who["owner"], acme, "used@new.test", account.Plain, false)
			_, err := w.Accept(w.ctx, stranger, used, newcomer)
			w.must(err)
			shut("used", used)
			i, revoked := w.invited(who["owner"], acme, "revoked@new.test", account.Plain, false)
			w.must(w.Revoke(w.ctx, w.as(who["owner"]), acme, i.ID))
			shut("revoked", revoked)
			i, replaced := w.invited(who["owner"], acme, "replaced@new.test", account.Plain, false)
			_, err = w.Resend(w.ctx, w.as(who["owner"]), acme, i.ID)
			w.must(err)
			shut("replaced", replaced)
			again := w.link()
			w.clock.Advance(week)
			shut("over", again)
		})
		t.Run("twenty hands at one link make one person", func(t *testing.T) {
			_, token := w.invited(who["owner"], acme, "race@new.test", account.Plain, false)
			var group sync.WaitGroup
			answers := make(chan error, 20)
			for range cap(answers) {
				group.Go(func() {
					_, err := w.Accept(w.ctx, stranger, token, newcomer)
					answers <- err
				})
			}
			group.Wait()
			close(answers)
			accepted := 0
			for err := range answers {
				if err == nil {
					accepted++
				} else if !errors.Is(err, account.ErrLinkExpired) {
					t.Errorf("got %v", err)
				}
			}
			if accepted != 1 {
				t.Errorf("accepted %d times", accepted)
			}
		})
	})
}

func TestResend(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		i, first := w.invited(who["owner"], acme, "again@new.test", account.Plain, false)
		boss, _ := w.invited(who["owner"], acme, "boss@new.test", account.Owner, false)
		blue, err := w.Create(w.ctx, w.as(who["stranger"]), "Blue", nil)
		w.must(err)

		for _, c := range []struct {
			what       string
			actor      string
			account    id.Account
			invitation string
			want       error
		}{
			{"a member", "member", acme, i.ID, fault.ErrAdminOnly},
			{"a billing contact", "billing", acme, i.ID, fault.ErrAdminOnly},
			{"an admin, to a future owner", "admin", acme, boss.ID, fault.ErrOwnerOnly},
			{"a stranger", "stranger", acme, i.ID, fault.ErrNotFound},
			{"an owner of another account, by way of their own", "stranger", blue.ID, i.ID, fault.ErrNotFound},
			{"of what never was", "owner", acme, string(who["owner"]), fault.ErrNotFound},
		} {
			if _, err := w.Resend(w.ctx, w.as(who[c.actor]), c.account, c.invitation); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", c.what, err)
			}
		}
		w.clock.Advance(6 * 24 * time.Hour)
		sent := len(w.mail.kept)
		again, err := w.Resend(w.ctx, w.as(who["admin"]), acme, i.ID)
		w.must(err)
		if second := w.link(); second == first || len(w.mail.kept) != sent+1 || w.mail.kept[sent].ID == w.mail.kept[0].ID {
			t.Error("the mail is not another one with another link")
		}
		if again.ID != i.ID || again.InvitedBy != who["admin"] || !again.ExpiresAt.Equal(w.clock.Now().Add(week)) {
			t.Errorf("got %+v", again)
		}
		w.clock.Advance(time.Minute - time.Microsecond)
		_, err = w.Resend(w.ctx, w.as(who["owner"]), acme, i.ID)
		if e, told := fault.As(err); !told || !errors.Is(err, fault.ErrRateLimited) || e.RetryAfter != time.Microsecond {
			t.Errorf("within a minute: %v", err)
		}
		w.clock.Advance(time.Microsecond)
		_, err = w.Resend(w.ctx, w.as(who["owner"]), acme, i.ID)
		w.must(err)
		w.must(w.Revoke(w.ctx, w.as(who["owner"]), acme, i.ID))
		w.clock.Advance(time.Hour)
		if _, err := w.Resend(w.ctx, w.as(who["owner"]), acme, i.ID); !errors.Is(err, fault.ErrNotFound) {
			t.Errorf("a revoked one: %v", err)
		}
		want := []string{"invitation.resent refused admin_only", "invitation.resent refused admin_only", "invitation.resent refused owner_only", "invitation.resent ok"}
		if got := w.events(acme); !slices.Equal(got[3:7], want) {
			t.Errorf("recorded: %v", got)
		}
	})
}

// Whoever is shut out has left no other door open behind them.
func TestInvitationsGoWithTheirInviter(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		opens := func(token string) bool {
			_, err := w.Inspect(w.ctx, token)
			if err != nil && !errors.Is(err, account.ErrLinkExpired) {
				t.Fatal(err)
			}
			return err == nil
		}
		_, owners := w.invited(who["other owner"], acme, "future.owner@new.test", account.Owner, false)
		_, members := w.invited(who["other owner"], acme, "future.member@new.test", account.Plain, false)
		_, others := w.invited(who["owner"], acme, "other@new.test", account.Owner, false)
		_, admins := w.invited(who["admin"], acme, "of.admin@new.test", account.Plain, false)

		_, err := w.UpdateMember(w.ctx, w.as(who["owner"]), acme, who["other owner"], account.Patch{Role: ptr(account.Admin)})
		w.must(err)
		if opens(owners) || !opens(members) || !opens(others) {
			t.Errorf("an owner who has become an admin: owners %v, members %v, of others %v", opens(owners), opens(members), opens(others))
		}
		_, err = w.UpdateMember(w.ctx, w.as(who["owner"]), acme, who["other owner"], account.Patch{Role: ptr(account.Plain)})
		w.must(err)
		if opens(members) || !opens(admins) {
			t.Error("an admin who has become a member still invites")
		}
		w.must(w.RemoveMember(w.ctx, w.as(who["owner"]), acme, who["admin"]))
		if opens(admins) || !opens(others) {
			t.Error("an admin who was removed still invites")
		}
	})
}
