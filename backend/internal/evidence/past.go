package evidence

import (
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
)

// Member is what the report says of a person.
type Member struct {
	UserID      id.User
	Name, Email string
	Role        account.Role
	Required    bool // the switch of this one person
	Methods     assurance.Types
	Since       time.Time // since when without a gap
	LastUsed    time.Time
	JoinedAt    time.Time

	Gone    bool    // not a member at that time
	Unknown []topic // what the record does not tell of that time
}

// topic is something that a past day can be asked about.
type topic string

const (
	aboutMethods  topic = "methods"
	aboutSince    topic = "since"
	aboutRole     topic = "role"
	aboutRequired topic = "two_factor_required"
	aboutRule     topic = "account_rule"
	aboutProvider topic = "provider_rule"
)

func (m *Member) unknown(t topic, is bool) {
	m.Unknown = slices.DeleteFunc(m.Unknown, func(u topic) bool { return u == t })
	if is {
		m.Unknown = append(m.Unknown, t)
	}
}

// about are the actions that say what a member was before.
var about = []string{audit.MemberJoined, audit.MemberRemoved, audit.MemberLeft, audit.MemberRoleChanged, audit.MemberRequired, audit.MemberReleased,
	audit.FactorActivated, audit.FactorRemoved, audit.FactorAllRemoved, audit.FactorReset}

// undo is the member as they were before the events, which are in their order: each says what it has changed, so the last is
// taken back first. What an event of an older build does not say is unknown before it.
func (m Member) undo(events []audit.Event) Member {
	m.Unknown = slices.Clone(m.Unknown)
	for _, e := range slices.Backward(events) {
		switch e.Action {
		case audit.MemberJoined:
			m.Gone = true
		case audit.MemberRemoved, audit.MemberLeft:
			m.back(e.Detail)
		case audit.MemberRoleChanged:
			m.Role = account.Role(e.Detail["from"])
			m.unknown(aboutRole, false)
		case audit.MemberRequired, audit.MemberReleased:
			m.Required = e.Action == audit.MemberReleased
			m.unknown(aboutRequired, false)
		default:
			m.protected(e.Detail, "methods_before", "since_before")
		}
	}
	return m
}

// back makes somebody who has left a member again.
func (m *Member) back(left map[string]string) {
	m.Gone = false
	m.Role = account.Role(left["role"])
	required, told := left["two_factor_required"]
	m.Required = required == "true"
	m.unknown(aboutRequired, !told)
	m.JoinedAt = moment(left["joined_at"])
	m.protected(left, "methods", "since")
}

func (m *Member) protected(detail map[string]string, methods, since string) {
	names, told := detail[methods]
	m.Methods = 0
	for _, name := range strings.Fields(names) {
		if t, ok := assurance.ParseType(name); ok {
			m.Methods |= assurance.Types(t)
		}
	}
	m.Since = moment(detail[since])
	m.unknown(aboutMethods, !told)
	m.unknown(aboutSince, m.Since.IsZero() && m.Methods != 0)
}

func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// ruling are the actions that change the account's rule.
var ruling = []string{audit.AccountEnforced, audit.AccountEnforcementLifted, audit.IncidentStarted, audit.IncidentEnded}

// undoRule is the account's rule before the events, which are in their order. false: the record does not tell.
func undoRule(r account.Rule, events []audit.Event) (account.Rule, bool) {
	for _, e := range events { // the first says what was before all of them
		if !slices.Contains(ruling, e.Action) || e.Outcome != audit.OK {
			continue
		}
		enforced, told := e.Detail["enforced_before"]
		if enforced != "true" {
			return account.Rule{Minimum: assurance.Any}, told
		}
		// Since when it was enforced does not matter here, only that it was.
		return account.Rule{EnforcedAt: e.At, GraceUntil: moment(e.Detail["grace_until_before"]), Minimum: assurance.Strength(e.Detail["minimum_strength_before"])}, true
	}
	return r, true
}

// undoProvider is the provider's rule before the events, which are in their order. false: the record does not tell.
func undoProvider(r enforcement.ProviderRule, events []audit.Event) (enforcement.ProviderRule, bool) {
	for _, e := range events {
		if e.Action == audit.ProviderRuleChanged {
			required, told := e.Detail["required_before"]
			return enforcement.ProviderRule{Required: required == "true", Minimum: assurance.Strength(e.Detail["minimum_strength_before"])}, told
		}
	}
	return r, true
}
