package store_test

import (
	"context"
	"errors"
	"maps"
	"testing"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/testkit"
)

func TestAuditEvents(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		now := noon
		log := &audit.Log{Store: w.Store, Now: func() time.Time { return now }}
		ann := actor.Actor{Kind: actor.Person, User: "ann", Stay: actor.Stay{Kind: actor.Session, ID: "session"},
			Origin: actor.Origin{Address: "2001:db8::1", UserAgent: "browser\x00\xff"}}

		t.Run("what happened is kept with where it came from", func(t *testing.T) {
			w.must(log.Append(w.ctx, ann, audit.Event{
				Action: audit.MemberRoleChanged, UserID: "ben", AccountID: "acme", Detail: map[string]string{"to": "ad\x00min"},
			}))
			got, err := log.Events(w.ctx, audit.Filter{AccountID: "acme", Limit: 10})
			w.must(err)
			if len(got) != 1 {
				t.Fatalf("got %+v", got)
			}
			e := got[0]
			if e.ID == "" || !e.At.Equal(noon) || e.Action != "member.role_changed" || e.Outcome != audit.OK || e.ActorID != "ann" || e.UserID != "ben" ||
				e.SessionID != "session" || e.Address != "2001:db8::1" || e.UserAgent != "browser" || !maps.Equal(e.Detail, map[string]string{"to": "admin"}) {
				t.Errorf("got %+v", e)
			}
		})
		t.Run("what was rolled back has not happened", func(t *testing.T) {
			sorry := errors.New("sorry")
			err := w.InTx(w.ctx, func(ctx context.Context) error {
				w.must(log.Append(ctx, ann, audit.Event{Action: audit.MemberRemoved, AccountID: "rolled-back"}))
				return sorry
			})
			if !errors.Is(err, sorry) {
				t.Errorf("got %v", err)
			}
			if got, err := log.Events(w.ctx, audit.Filter{AccountID: "rolled-back", Limit: 10}); len(got) != 0 || err != nil {
				t.Errorf("got %+v, %v", got, err)
			}
		})
		t.Run("pages go back in time", func(t *testing.T) {
			for _, user := range []id.User{"one", "two", "three"} {
				now = now.Add(time.Second)
				w.must(log.Append(w.ctx, actor.From(actor.Origin{}), audit.Event{Action: audit.SignInRefused, Outcome: audit.Refused, AccountID: "paged", UserID: user}))
			}
			first, err := log.Events(w.ctx, audit.Filter{AccountID: "paged", Limit: 2})
			w.must(err)
			if len(first) != 2 || first[0].UserID != "three" || first[1].UserID != "two" || first[0].Outcome != audit.Refused {
				t.Fatalf("got %+v", first)
			}
			rest, err := log.Events(w.ctx, audit.Filter{AccountID: "paged", UserID: "one", Before: first[1].Position(), Limit: 2})
			w.must(err)
			if len(rest) != 1 || rest[0].UserID != "one" {
				t.Errorf("got %+v", rest)
			}
		})
	})
}
