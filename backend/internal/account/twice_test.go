package account_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/fault"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

// twice runs each transaction to its end, undoes it, and runs it once more: as after a deadlock.
type twice struct{ account.Authority }

var errCrossed = errors.New("two transactions have waited for each other")

func (a twice) Act(ctx context.Context, who actor.Actor, alone actor.Holds, f func(ctx context.Context) error) error {
	err := a.Authority.Act(ctx, who, alone, func(ctx context.Context) error {
		if err := f(ctx); err != nil {
			return err
		}
		return errCrossed
	})
	if !errors.Is(err, errCrossed) {
		return err
	}
	return a.Authority.Act(ctx, who, alone, f)
}

func TestWhatIsRepeatedIsDoneOnce(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		w.Authority = twice{w.Authority}
		ann := w.person("ann@twice.test")
		m, err := w.Create(w.ctx, w.as(ann), "Acme", nil)
		w.must(err)
		_, err = w.Rename(w.ctx, w.as(ann), m.ID, "Acme Ltd")
		w.must(err)
		_, token := w.invited(ann, m.ID, "new@twice.test", account.Plain, true)
		joined, err := w.Accept(w.ctx, stranger, token, account.Newcomer{Name: "New", Password: passphrase})
		if err != nil || joined.Known {
			t.Errorf("joined %+v, %v", joined, err)
		}
		u, err := w.store.UserByEmail(w.ctx, "new@twice.test")
		w.must(err)
		seen, err := w.UpdateMember(w.ctx, w.as(ann), m.ID, u.ID, account.Patch{Role: ptr(account.Admin), TwoFactorRequired: ptr(false)})
		if err != nil || seen.Role != account.Admin || seen.TwoFactorRequired {
			t.Errorf("got %+v, %v", seen, err)
		}
		w.must(w.RemoveMember(w.ctx, w.as(u.ID), m.ID, u.ID))
		detail := map[string]string{"file": "people.csv"}
		done, err := w.ImportMembers(w.ctx, actor.AsOperator("a merger"), m.ID, many(3, "twice.test", nil), account.Import{Way: "import", Detail: detail})
		if err != nil || done != (account.Imported{People: 3, Created: 3, Joined: 3}) || len(detail) != 1 {
			t.Errorf("got %+v, %v, %v", done, err, detail)
		}
		want := []string{"account.created ok", "account.renamed ok", "invitation.created ok", "invitation.accepted ok", "member.joined ok",
			"member.two_factor_released ok", "member.role_changed ok", "member.left ok", "member.joined ok a merger", "member.joined ok a merger",
			"member.joined ok a merger", "account.members_imported ok a merger"}
		if got := w.events(m.ID); !slices.Equal(got, want) {
			t.Errorf("recorded: %q", got)
		}
	})
}

// blind does not see who has an address when it is asked for the first time: as if they had taken it just after.
type blind struct {
	account.Store
	asked int
}

func (b *blind) UserByEmail(ctx context.Context, email string) (user.User, error) {
	if b.asked++; b.asked == 1 {
		return user.User{}, fault.ErrNotFound
	}
	return b.Store.UserByEmail(ctx, email)
}

func TestWhoeverTakesTheAddressMeanwhileJoins(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		_, token := w.invited(who["owner"], acme, "quick@join.test", account.Billing, false)
		quick := w.person("quick@join.test")
		s := *w.Service
		s.Store = &blind{Store: w.store}
		joined, err := s.Accept(w.ctx, stranger, token, account.Newcomer{Name: "Somebody Else", Password: passphrase})
		if err != nil || !joined.Known || w.role(acme, quick) != account.Billing {
			t.Errorf("joined %+v, %v", joined, err)
		}
		if u, err := w.store.User(w.ctx, quick); err != nil || u.Name != "Name of quick@join.test" || u.PasswordHash != "-" {
			t.Errorf("got %+v, %v", u, err)
		}
	})
}
