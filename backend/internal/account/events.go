package account

import (
	"strconv"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/id"
)

// Joined is the event of somebody who has become a member, in whatever way: "invitation", "import", "founding". What the record
// says of who comes and who goes is enough to write the account's report of any past day (package evidence), and to name
// people who have left by the name that they had.
func Joined(actorID id.User, m Member, way string) audit.Event {
	detail := m.facts()
	detail["by"] = way
	return audit.Event{Action: audit.MemberJoined, ActorID: actorID, UserID: m.UserID, AccountID: m.AccountID, Detail: detail}
}

// facts are what the record keeps of a member who comes or goes.
func (m Member) facts() map[string]string {
	facts := map[string]string{
		"name": m.Name, "email": m.Email, "role": string(m.Role), "two_factor_required": strconv.FormatBool(m.TwoFactorRequired),
		"methods": strings.Join(m.Factors.Names(), " "), "joined_at": m.JoinedAt.UTC().Format(time.RFC3339Nano),
	}
	if !m.FactorsSince.IsZero() {
		facts["since"] = m.FactorsSince.UTC().Format(time.RFC3339Nano)
	}
	return facts
}
