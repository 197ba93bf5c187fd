package actor_test

import (
	"slices"
	"testing"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
)

// TestWhatAConfirmationLacks walks every level, everything that can have been shown, every set of factors, and each way in which a
// confirmation is not this stay's. What is expected is written down on its own, by rank.
func TestWhatAConfirmationLacks(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	stay := actor.Stay{Kind: actor.Session, ID: "stay", Epoch: 7}
	rank := map[assurance.Means]int{"": 0, "email": 1, "sms": 2, "totp": 3, "passkey": 4, assurance.ByRecoveryCode: 5}
	strongest := func(have assurance.Types) (best int) {
		for _, name := range have.Names() {
			best = max(best, rank[assurance.Means(name)])
		}
		return best
	}
	ways := []struct {
		name   string
		good   bool
		change func(c *actor.Confirmation, s *actor.Stay)
	}{
		{"of this stay", true, func(*actor.Confirmation, *actor.Stay) {}},
		{"in its first moment", true, func(c *actor.Confirmation, _ *actor.Stay) { c.Until = noon.Add(actor.ConfirmLife) }},
		{"in its last moment", true, func(c *actor.Confirmation, _ *actor.Stay) { c.Until = noon.Add(1) }},
		{"expired", false, func(c *actor.Confirmation, _ *actor.Stay) { c.Until = noon }},
		{"expired long ago", false, func(c *actor.Confirmation, _ *actor.Stay) { c.Until = noon.AddDate(0, 0, -1) }},
		{"from the future", false, func(c *actor.Confirmation, _ *actor.Stay) { c.Until = noon.Add(actor.ConfirmLife + 1) }},
		{"of another stay", false, func(c *actor.Confirmation, _ *actor.Stay) { c.Stay = "other" }},
		{"of an earlier epoch", false, func(c *actor.Confirmation, _ *actor.Stay) { c.Epoch = 6 }},
		{"of a later epoch", false, func(c *actor.Confirmation, _ *actor.Stay) { c.Epoch = 8 }},
		{"of no stay, in none", false, func(c *actor.Confirmation, s *actor.Stay) { c.Stay, s.ID = "", "" }},
	}
	for _, way := range ways {
		for have := assurance.Types(0); have <= assurance.All; have++ {
			for means, shown := range rank {
				for _, password := range []bool{false, true} {
					c, s := actor.Confirmation{Stay: "stay", Epoch: 7, Password: password, Factor: means, Until: noon.Add(time.Minute)}, stay
					way.change(&c, &s)
					for level, want := range map[actor.Level][]string{
						actor.Unconfirmed: nil,
						actor.Password:    {"password"},
						actor.Strong:      {"password", "second_factor"},
					} {
						if have == 0 && level == actor.Strong {
							want = []string{"password"}
						}
						if way.good && password && (level == actor.Password || shown >= strongest(have)) {
							want = nil
						}
						if got := c.Lacks(level, s, have, noon); !slices.Equal(got, want) {
							t.Errorf("%s, level %q, have %v, shown password %v and %q: lacks %v, want %v", way.name, level, have.Names(), password, means, got, want)
						}
					}
				}
			}
		}
	}
	var nothing actor.Confirmation
	if got := nothing.Lacks(actor.Password, stay, 0, noon); !slices.Equal(got, []string{"password"}) {
		t.Errorf("the zero value lacks %v", got)
	}
}
