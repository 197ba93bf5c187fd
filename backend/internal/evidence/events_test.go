package evidence_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/evidence"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
)

func TestEvents(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		office := func() actor.Actor {
			owner := w.as(w.owner)
			owner.Origin.Address = "192.0.2.1"
			return owner
		}

		t.Run("only owners and admins see them, and strangers learn nothing", func(t *testing.T) {
			for _, who := range []struct {
				userID id.User
				want   error
			}{{w.member, fault.ErrAdminOnly}, {w.person("stranger", "stranger@blue.test"), fault.ErrNotFound}} {
				_, _, err := w.proof.Events(w.ctx, w.as(who.userID), w.account.ID, evidence.Query{}, account.Page{})
				_, _, exported := w.proof.Export(w.ctx, w.as(who.userID), w.account.ID, "csv", evidence.Query{})
				_, _, reported := w.proof.Report(w.ctx, w.as(who.userID), w.account.ID, w.today())
				for _, err := range []error{err, exported, reported} {
					if !errors.Is(err, who.want) {
						t.Errorf("got %v, want %v", err, who.want)
					}
				}
			}
		})
		t.Run("a member's factor is told with its kind, and not where they are or how they call it", func(t *testing.T) {
			w.gains(w.member, assurance.TOTP)
			got := w.entries(evidence.Query{Action: "factor."})
			if len(got) != 1 {
				t.Fatalf("got %+v", got)
			}
			e := got[0]
			if e.Action != audit.FactorActivated || e.ActorID != w.member || e.User == nil || e.User.Name != "member" || e.User.Email != "member@acme.test" ||
				!e.User.Member || e.Detail["type"] != "totp" || e.Detail["methods"] != "totp" || e.Detail["methods_before"] != "" {
				t.Errorf("got %+v", e)
			}
			if all := fmt.Sprintf("%+v", e); e.Address != "" || e.SessionID != "" || e.UserAgent != "" || strings.Contains(all, "private name") {
				t.Errorf("it tells too much: %s", all)
			}
		})
		t.Run("where members sign in is not the account's business", func(t *testing.T) {
			w.must(w.log.Append(w.ctx, office(), audit.Event{Action: audit.SignInCompleted, ActorID: w.member, UserID: w.member, Detail: map[string]string{"amr": "mfa otp pwd"}}))
			if got := w.entries(evidence.Query{User: w.member, Action: "sign_in."}); len(got) != 0 {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("what an admin does here bears the address", func(t *testing.T) {
			role := account.Billing
			_, err := w.accounts.UpdateMember(w.ctx, office(), w.account.ID, w.member, account.Patch{Role: &role})
			w.must(err)
			got := w.entries(evidence.Query{Action: "member.role"})
			if len(got) != 1 || got[0].Address != "192.0.2.1" || got[0].Actor.Name != "owner" || got[0].Actor.Kind != evidence.Person {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("events have their place once they are linked", func(t *testing.T) {
			if got := w.entries(evidence.Query{Action: "account.created"}); len(got) != 1 || got[0].Seq != 0 {
				t.Fatalf("got %+v", got)
			}
			_, err := w.chain.Link(w.ctx)
			w.must(err)
			if got := w.entries(evidence.Query{Action: "account.created"}); len(got) != 1 || got[0].Seq < 1 || len(got[0].Hash) != 64 {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("an export is an event, and not in itself", func(t *testing.T) {
			before := len(w.entries(evidence.Query{Action: "evidence."}))
			if after := len(w.entries(evidence.Query{Action: "evidence."})); before == 0 || after != before+1 {
				t.Errorf("%d, then %d", before, after)
			}
		})
		t.Run("filters narrow it, together too", func(t *testing.T) {
			w.days(1)
			from := w.clock.Now()
			w.enforceable()
			w.must(w.accounts.RemoveMember(w.ctx, office(), w.account.ID, w.member))
			for _, c := range []struct {
				q    evidence.Query
				want string
			}{
				{evidence.Query{From: from}, "factor.activated member.removed"},
				{evidence.Query{From: from, User: w.member}, "member.removed"},
				{evidence.Query{From: from, Actor: w.owner, Action: "factor."}, "factor.activated"},
				{evidence.Query{From: from, Action: "member"}, "member.removed"},
				{evidence.Query{To: from, User: w.member, Action: "member."}, "member.joined member.role_changed"},
				{evidence.Query{Action: "nonsense."}, ""},
				{evidence.Query{User: "nobody"}, ""},
			} {
				if got := actions(w.entries(c.q)); got != c.want {
					t.Errorf("%+v: %q, want %q", c.q, got, c.want)
				}
			}
		})
		t.Run("what happens to them afterwards is not the account's business any more", func(t *testing.T) {
			w.must(w.disables(w.member))
			if got := actions(w.entries(evidence.Query{User: w.member, Action: "factor."})); got != "factor.activated" {
				t.Errorf("got %q", got)
			}
		})
		t.Run("who has left keeps the name that they had, even if nothing else is left of them", func(t *testing.T) {
			w.must(w.store.UpdateProfile(w.ctx, w.member, "A new life", ""))
			for _, gone := range []bool{false, true} {
				if gone {
					forget(t, databaseURL, w.member)
				}
				got := w.entries(evidence.Query{Action: "member.removed"})
				if len(got) != 1 || got[0].User.Name != "member" || got[0].User.Email != "member@acme.test" || got[0].User.Member {
					t.Errorf("got %+v", got[0].User)
				}
			}
		})
		t.Run("pages lead back to the first event, and none comes twice", func(t *testing.T) {
			until := w.clock.Advance(time.Millisecond) // before the event that it was exported
			all := w.entries(evidence.Query{})
			var paged []evidence.Entry
			page := account.Page{Limit: 2}
			for {
				found, next, err := w.proof.Events(w.ctx, w.as(w.owner), w.account.ID, evidence.Query{To: until}, page)
				w.must(err)
				paged = append(paged, found...)
				if page.Cursor = next; next == "" {
					break
				}
			}
			if len(paged) != len(all) {
				t.Fatalf("%d in pages, %d at once", len(paged), len(all))
			}
			for i, e := range paged {
				if e.ID != all[len(all)-1-i].ID {
					t.Errorf("at %d: %s %s", i, e.Action, all[len(all)-1-i].Action)
				}
			}
			if _, _, err := w.proof.Events(w.ctx, w.as(w.owner), w.account.ID, evidence.Query{}, account.Page{Cursor: "WyJ4IiwieSJd"}); err == nil {
				t.Error("a foreign cursor is taken")
			}
		})
		t.Run("other accounts see nothing of it", func(t *testing.T) {
			other, err := w.accounts.Create(w.ctx, w.as(w.owner), "Blue", nil)
			w.must(err)
			found, _, err := w.proof.Events(w.ctx, w.as(w.owner), other.ID, evidence.Query{}, account.Page{})
			w.must(err)
			if actions(found) != "account.created" {
				t.Errorf("got %s", actions(found))
			}
		})
		t.Run("an operator's doing is an operator's", func(t *testing.T) {
			w.must(w.log.Append(w.ctx, actor.AsOperator(""), audit.Event{Action: audit.AccountEnforced, AccountID: w.account.ID}))
			got := w.entries(evidence.Query{Actor: audit.Operator})
			if len(got) != 1 || got[0].Actor.Kind != evidence.Operator || got[0].User != nil {
				t.Errorf("got %+v", got)
			}
		})
		t.Run("a document is confirmed when it is asked for, and ends where its reader may see it no longer", func(t *testing.T) {
			reader := w.person("reader", "reader@acme.test")
			w.join(reader, account.Admin)
			unsure := w.as(reader)
			unsure.Shown = actor.Confirmation{}
			_, _, exported := w.proof.Export(w.ctx, unsure, w.account.ID, "csv", evidence.Query{})
			_, _, reported := w.proof.Report(w.ctx, unsure, w.account.ID, w.today())
			if !errors.Is(exported, authority.ErrConfirmation) || !errors.Is(reported, authority.ErrConfirmation) {
				t.Errorf("got %v, %v", exported, reported)
			}
			_, export, err := w.proof.Export(w.ctx, w.as(reader), w.account.ID, "csv", evidence.Query{})
			w.must(err)
			_, report, err := w.proof.Report(w.ctx, w.as(reader), w.account.ID, time.Time{})
			w.must(err)
			each := func(evidence.Entry) error { return nil }
			w.clock.Advance(time.Hour) // a document may take its time
			if err := errors.Join(export(w.ctx, each), report(w.ctx, io.Discard)); err != nil {
				t.Errorf("got %v", err)
			}
			role := account.Plain
			_, err = w.accounts.UpdateMember(w.ctx, w.as(w.owner), w.account.ID, reader, account.Patch{Role: &role})
			w.must(err)
			for _, err := range []error{export(w.ctx, each), report(w.ctx, io.Discard)} {
				if !errors.Is(err, fault.ErrAdminOnly) {
					t.Errorf("got %v", err)
				}
			}
		})
	})
}

// enforceable gives the owner a factor, so that they may enforce.
func (w *world) enforceable() {
	w.t.Helper()
	w.gains(w.owner, assurance.TOTP)
}
