package testkit

import (
	"testing"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/id"
	"sallyport/internal/session"
	"sallyport/internal/store"
)

// Acting is a person who acts from a new session of theirs that has shown everything, and who has just confirmed that it is them.
func Acting(t testing.TB, s *store.Store, userID id.User, now time.Time) actor.Actor {
	t.Helper()
	u, err := s.User(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	v := session.Session{ID: id.Stay(id.New()), UserID: userID, Epoch: u.Epoch, Delivery: session.Bearer,
		Proof: assurance.Password().And("mfa", "otp", "hwk"), AuthTime: now, CreatedAt: now, LastUsedAt: now,
		IdleEnds: now.AddDate(1, 0, 0), Ends: now.AddDate(1, 0, 0)}
	if err := s.AddSession(t.Context(), v, id.New()); err != nil {
		t.Fatal(err)
	}
	return Confirmed(v.Stay(), now)
}

// Confirmed is the person of a stay, who has just shown there all that a confirmation can ask for.
func Confirmed(stay actor.Stay, now time.Time) actor.Actor {
	return actor.Actor{Kind: actor.Person, User: stay.User, Stay: stay, Shown: actor.Confirmation{
		Stay: stay.ID, Epoch: stay.Epoch, Password: true, Factor: assurance.ByRecoveryCode, Until: now.Add(actor.ConfirmLife),
	}}
}
