package account_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/jobs"
	"sallyport/internal/session"
	"sallyport/internal/testkit"
)

func arrivals(people ...account.Arrival) iter.Seq2[account.Arrival, error] {
	return func(yield func(account.Arrival, error) bool) {
		for i, a := range people {
			if a.Line = i + 2; !yield(a, nil) {
				return
			}
		}
	}
}

// many are n people whom nobody knows, and then an error where there is one.
func many(n int, domain string, then error) iter.Seq2[account.Arrival, error] {
	return func(yield func(account.Arrival, error) bool) {
		for i := range n {
			if !yield(account.Arrival{Line: i + 2, Email: "p" + strconv.Itoa(i) + "@" + domain, Name: "One of many", Role: account.Plain, Locale: "en"}, nil) {
				return
			}
		}
		if then != nil {
			yield(account.Arrival{}, then)
		}
	}
}

// stale knows nobody when it is asked for the first time: as if they had signed up just after.
type stale struct {
	account.Store
	asked int
}

func (s *stale) Known(ctx context.Context, accountID id.Account, keys []string) (map[string]account.Known, error) {
	if s.asked++; s.asked == 1 {
		return map[string]account.Known{}, nil
	}
	return s.Store.Known(ctx, accountID, keys)
}

func TestImportMembers(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		operator := actor.AsOperator("a merger")
		how := account.Import{Way: "import"}
		emailOf := func(name string) string {
			m, err := w.store.User(w.ctx, who[name])
			w.must(err)
			return m.Email
		}
		ann := account.Arrival{Email: "Ann@import.test", Name: "Ann", Role: account.Billing, Locale: "de", TwoFactorRequired: true}
		stranger := account.Arrival{Email: emailOf("stranger"), Name: "Another name", Role: account.Admin, Locale: "en"}
		demoted := account.Arrival{Email: emailOf("owner"), Name: "x", Role: account.Plain, Locale: "en"}

		t.Run("operators alone", func(t *testing.T) {
			if _, err := w.ImportMembers(w.ctx, w.as(who["owner"]), acme, arrivals(ann), how); !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("a dry run counts and writes nothing", func(t *testing.T) {
			dry := how
			dry.DryRun = true
			done, err := w.ImportMembers(w.ctx, operator, acme, arrivals(ann, stranger, demoted), dry)
			if err != nil || done != (account.Imported{People: 3, Created: 1, Joined: 2, Kept: 1, Differ: 1}) {
				t.Errorf("got %+v, %v", done, err)
			}
			if _, err := w.store.UserByEmail(w.ctx, ann.Email); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
		t.Run("who is not known is made, who is known joins as they are, members stay", func(t *testing.T) {
			began := w.clock.Now()
			done, err := w.ImportMembers(w.ctx, operator, acme, arrivals(ann, stranger, demoted), how)
			if err != nil || done != (account.Imported{People: 3, Created: 1, Joined: 2, Kept: 1, Differ: 1}) {
				t.Fatalf("got %+v, %v", done, err)
			}
			u, err := w.store.UserByEmail(w.ctx, "ann@IMPORT.test")
			w.must(err)
			m, err := w.store.Member(w.ctx, acme, u.ID)
			w.must(err)
			if u.PasswordHash != "" || u.Email != "Ann@import.test" || m.Name != "Ann" || m.Role != account.Billing || m.Locale != "de" || !m.TwoFactorRequired ||
				!m.RequiredAt.Equal(began) || !m.JoinedAt.Equal(began) {
				t.Errorf("got %+v, %+v", u, m)
			}
			m, err = w.store.Member(w.ctx, acme, who["stranger"])
			w.must(err)
			if m.Name != "Name of "+stranger.Email || m.Role != account.Admin {
				t.Errorf("got %+v", m)
			}
			if role := w.role(acme, who["owner"]); role != account.Owner {
				t.Errorf("the owner is %s", role)
			}
			// The list finds them: what lies beside the membership is there.
			if found, err := w.store.Members(w.ctx, acme, account.Filter{Query: "ann@"}, "", 5); err != nil || len(found) != 1 {
				t.Errorf("found %+v, %v", found, err)
			}
		})
		t.Run("again changes nothing, and nothing is recorded", func(t *testing.T) {
			before := len(w.events(acme))
			done, err := w.ImportMembers(w.ctx, operator, acme, arrivals(ann, stranger), how)
			if err != nil || done != (account.Imported{People: 2, Kept: 2}) || len(w.events(acme)) != before {
				t.Errorf("got %+v, %v, %d events", done, err, len(w.events(acme))-before)
			}
		})
		t.Run("the record names who has come, and why, and who did it", func(t *testing.T) {
			found, err := w.log.Events(w.ctx, audit.Filter{AccountID: acme, Action: audit.MemberJoined, Limit: 10})
			w.must(err)
			if len(found) != 2 {
				t.Fatalf("got %+v", found)
			}
			for _, e := range found {
				if e.ActorID != audit.Operator || e.Detail["by"] != "import" || e.Detail["reason"] != "a merger" || e.Detail["joined_at"] == "" || e.Detail["email"] == "" {
					t.Errorf("got %+v", e)
				}
			}
		})
		t.Run("with update members get what the file says, but for the last owner", func(t *testing.T) {
			update := how
			update.Update = true
			ann.Role, ann.TwoFactorRequired = account.Plain, false
			done, err := w.ImportMembers(w.ctx, operator, acme, arrivals(ann, demoted), update)
			if err != nil || done.Changed != 2 || w.role(acme, who["owner"]) != account.Plain {
				t.Errorf("got %+v, %v", done, err)
			}
			last := demoted
			last.Email = emailOf("other owner")
			var bad account.BadLine
			_, err = w.ImportMembers(w.ctx, operator, acme, arrivals(account.Arrival{Email: "eve@import.test", Name: "Eve", Role: account.Plain, Locale: "en"}, last), update)
			if !errors.Is(err, account.ErrLastOwner) || !errors.As(err, &bad) || bad.Line != 3 || bad.Column != "role" {
				t.Errorf("got %v", err)
			}
			if _, err := w.store.UserByEmail(w.ctx, "eve@import.test"); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("of an import that failed somebody is left: %v", err)
			}
		})
		t.Run("pages follow each other, and an error at the end leaves nothing of them", func(t *testing.T) {
			other, err := w.Create(w.ctx, w.as(who["owner"]), "Many", nil)
			w.must(err)
			broken := errors.New("the file ends here")
			if _, err := w.ImportMembers(w.ctx, operator, other.ID, many(2345, "many.test", broken), how); !errors.Is(err, broken) {
				t.Fatalf("got %v", err)
			}
			if c, err := w.store.CountMembers(w.ctx, other.ID, 0, w.clock.Now()); err != nil || c.Total != 1 || len(w.events(other.ID)) != 1 {
				t.Errorf("got %+v, %v", c, err)
			}
			detail := how
			detail.Detail = map[string]string{"file": "many.csv", "sha256": "00"}
			detail.Invite, detail.Welcome = true, func(accountID id.Account, now time.Time) (jobs.Job, error) {
				return jobs.Job{ID: "welcome " + string(accountID), Kind: "test", Payload: "{}", CreatedAt: now}, nil
			}
			done, err := w.ImportMembers(w.ctx, operator, other.ID, many(2345, "many.test", nil), detail)
			if err != nil || done.Created != 2345 || done.Joined != 2345 {
				t.Fatalf("got %+v, %v", done, err)
			}
			if c, err := w.store.CountMembers(w.ctx, other.ID, 0, w.clock.Now()); err != nil || c.Total != 2346 {
				t.Errorf("got %+v, %v", c, err)
			}
			found, err := w.log.Events(w.ctx, audit.Filter{AccountID: other.ID, Action: audit.AccountMembersImported, Limit: 10})
			w.must(err)
			if len(found) != 1 || found[0].Detail["people"] != "2345" || found[0].Detail["joined"] != "2345" || found[0].Detail["file"] != "many.csv" || found[0].Detail["created"] != "" {
				t.Errorf("got %+v", found)
			}
			due, _, _, err := w.store.JobStats(w.ctx, w.clock.Now())
			if err != nil || due != 1 {
				t.Errorf("%d jobs, %v", due, err)
			}
			// Many who are known join another account: every replica forgets everything, at once.
			third, err := w.Create(w.ctx, w.as(who["owner"]), "Third", nil)
			w.must(err)
			if done, err = w.ImportMembers(w.ctx, operator, third.ID, many(2345, "many.test", nil), how); err != nil || done.Created != 0 || done.Joined != 2345 {
				t.Errorf("got %+v, %v", done, err)
			}
		})
		t.Run("whoever signs up meanwhile is that person", func(t *testing.T) {
			id := w.person("early@import.test")
			s := *w.Service
			s.Store = &stale{Store: w.store}
			done, err := s.ImportMembers(w.ctx, operator, acme, arrivals(account.Arrival{Email: "early@import.test", Name: "Early", Role: account.Plain, Locale: "en"},
				account.Arrival{Email: "late@import.test", Name: "Late", Role: account.Plain, Locale: "en"}), how)
			if err != nil || done.Created != 1 || done.Joined != 2 || w.role(acme, id) != account.Plain {
				t.Errorf("got %+v, %v", done, err)
			}
		})
		t.Run("an account that is not there", func(t *testing.T) {
			if _, err := w.ImportMembers(w.ctx, operator, "nowhere", arrivals(ann), how); !errors.Is(err, fault.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestAnOperatorStandsWhereAnOwnerDoes(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, who := w.account()
		operator := actor.AsOperator("ticket 1")
		_, err := w.Rename(w.ctx, operator, acme, "Acme Two")
		w.must(err)
		role := account.Plain
		_, err = w.UpdateMember(w.ctx, operator, acme, who["owner"], account.Patch{Role: &role})
		w.must(err)
		if _, err := w.UpdateMember(w.ctx, operator, acme, who["other owner"], account.Patch{Role: &role}); !errors.Is(err, account.ErrLastOwner) {
			t.Errorf("got %v", err)
		}
		if err := w.RemoveMember(w.ctx, operator, acme, who["other owner"]); !errors.Is(err, account.ErrLastOwner) {
			t.Errorf("got %v", err)
		}
		w.must(w.RemoveMember(w.ctx, operator, acme, who["admin"]))
		found, err := w.log.Events(w.ctx, audit.Filter{AccountID: acme, Limit: 10})
		w.must(err)
		var said []string
		for _, e := range slices.Backward(found) {
			if e.Action != audit.AccountCreated {
				said = append(said, fmt.Sprint(e.Action, " ", e.Outcome, " ", e.ActorID, " ", e.Detail["reason"]))
			}
		}
		want := []string{"account.renamed ok operator ticket 1", "member.role_changed ok operator ticket 1", "member.role_changed refused operator last_owner",
			"member.removed refused operator last_owner", "member.removed ok operator ticket 1"}
		if !slices.Equal(said, want) {
			t.Errorf("got %q", said)
		}
		// The name of the operator alone opens nothing: there is no such person.
		if _, err := w.Rename(w.ctx, actor.Actor{Kind: actor.Person, User: audit.Operator}, acme, "Mine"); !errors.Is(err, session.ErrEnded) {
			t.Errorf("got %v", err)
		}
		ann := w.as(who["owner"])
		for _, err := range []error{
			second(w.Numbered(w.ctx, ann, "SP-100001")), second(w.OwnersOf(w.ctx, ann, acme)), second(w.CreateFor(w.ctx, ann, who["stranger"], "Theirs")),
			third(w.Directory(w.ctx, ann, "", account.Page{})), third(w.ListOf(w.ctx, ann, who["stranger"], account.Page{})),
			w.Authority.Act(w.ctx, ann, ann.OwnPerson(), func(ctx context.Context) error { return w.TakeBackInvitations(ctx, ann, ann.User) }),
		} {
			if !errors.Is(err, fault.ErrForbidden) {
				t.Errorf("got %v", err)
			}
		}
		m, err := w.CreateFor(w.ctx, operator, who["stranger"], "Theirs")
		w.must(err)
		if events, err := w.log.Events(w.ctx, audit.Filter{AccountID: m.ID, Limit: 10}); err != nil || len(events) != 1 || events[0].ActorID != audit.Operator {
			t.Errorf("got %+v, %v", events, err)
		}
		if theirs, _, err := w.ListOf(w.ctx, operator, who["stranger"], account.Page{}); err != nil || len(theirs) != 1 || theirs[0] != m {
			t.Errorf("got %+v, %v", theirs, err)
		}
	})
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }
