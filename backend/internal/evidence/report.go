package evidence

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/enforcement"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

var errFuture = fault.InvalidField("at", "This day has not begun yet.")

// columns of the report. Programs read them by name: add at the end, never rename.
var columns = []string{"person", "email", "role", "methods", "since", "last_used", "required_by", "minimum_strength", "binds_at", "meets_rule",
	"member_since", "account", "as_of", "not_known"}

// report is one report while it is written.
type report struct {
	s        *Service
	who      actor.Actor
	account  account.Membership
	at       time.Time // the moment that it speaks of
	past     bool      // a day that is over
	rule     account.Rule
	provider enforcement.ProviderRule
	unknown  []topic // of everybody
	began    time.Time
	sheet    *Sheet
}

// Report says of each member who had which second factor, and whether they met the rule: now, for the zero day, or at the end
// of a day (UTC) that is over, worked out backwards from now by what the record says of every change since. Members who have
// left since then come last. Whoever may not see it is told at once, and the document ends where its reader may see it no longer. That
// it was asked for is an event too. fault.ErrAdminOnly; a person confirms it.
func (s *Service) Report(ctx context.Context, who actor.Actor, accountID id.Account, day time.Time) (name string, write func(ctx context.Context, w io.Writer) error, err error) {
	m, err := s.Authority.Look(ctx, who, actor.ExportRecord, accountID)
	if err != nil {
		return "", nil, err
	}
	r := &report{s: s, who: who, account: m, at: s.Now().UTC(), rule: m.Rule, provider: s.Provider}
	if !day.IsZero() {
		end := day.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1)
		switch {
		case end.AddDate(0, 0, -1).After(r.at):
			return "", nil, errFuture
		case end.Before(r.at):
			r.at, r.past = end, true
		}
	}
	if err := r.prepare(ctx); err != nil {
		return "", nil, err
	}
	named := r.at
	if r.past {
		named = r.at.Add(-time.Microsecond)
	}
	date := named.Format(time.DateOnly)
	return "second-factor-" + m.Number + "-" + date + ".csv", r.write,
		s.note(ctx, who, accountID, map[string]string{"document": "two-factor/report.csv", "day": date})
}

// prepare finds the rules of that moment, and what nobody can know of it.
func (r *report) prepare(ctx context.Context) (err error) {
	if _, r.began, err = r.s.Store.ChainHead(ctx); err != nil || !r.past {
		return err
	}
	var told bool
	var events []audit.Event
	for _, action := range ruling {
		more, err := r.since(ctx, r.account.ID, action)
		if err != nil {
			return err
		}
		events = append(events, more...)
	}
	slices.SortStableFunc(events, func(a, b audit.Event) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	if r.rule, told = undoRule(r.rule, events); !told {
		r.unknown = append(r.unknown, aboutRule)
	}
	if events, err = r.since(ctx, audit.Provider, audit.ProviderRuleChanged); err != nil {
		return err
	}
	if r.provider, told = undoProvider(r.provider, events); !told {
		r.unknown = append(r.unknown, aboutProvider)
	}
	if r.began.IsZero() || r.at.Before(r.began) {
		r.unknown = append(r.unknown, aboutMethods, aboutSince)
	}
	return nil
}

// since are the account's events of an action from that moment on, oldest first.
func (r *report) since(ctx context.Context, accountID id.Account, action string) ([]audit.Event, error) {
	var all []audit.Event
	err := r.s.walk(ctx, audit.Filter{AccountID: accountID, Action: action, From: r.at}, func(page []audit.Event) error {
		all = append(all, page...)
		return nil
	})
	slices.Reverse(all)
	return all, err
}

func (r *report) write(ctx context.Context, w io.Writer) error {
	r.sheet = NewSheet(w, append(slices.Clone(columns), r.note())...)
	after := ""
	for {
		page, err := r.s.Store.ReportMembers(ctx, r.account.ID, after, batch)
		if err != nil {
			return err
		}
		if err := r.s.still(ctx, r.who, r.account.ID); err != nil {
			return err
		}
		if err := r.members(ctx, page); err != nil {
			return err
		}
		if len(page) < batch {
			break
		}
		after = string(page[len(page)-1].UserID)
	}
	if r.past {
		for _, action := range []string{audit.MemberRemoved, audit.MemberLeft} {
			err := r.s.walk(ctx, audit.Filter{AccountID: r.account.ID, Action: action, From: r.at}, func(page []audit.Event) error {
				if err := r.s.still(ctx, r.who, r.account.ID); err != nil {
					return err
				}
				return r.departed(ctx, page)
			})
			if err != nil {
				return err
			}
		}
	}
	return r.sheet.Close()
}

// note is the name of the last column, which is empty: what a reader must know, where no program stumbles over it.
func (r *report) note() string {
	if r.began.IsZero() {
		return "note: the record does not tell of past days yet"
	}
	return "note: past days are worked out from the record, which tells who had which method since " + r.began.UTC().Format(time.RFC3339) +
		" and nothing of days before; not_known names what it does not tell of a line; names and e-mail addresses are those of today, or of leaving"
}

// members writes those who belong to the account now, if they did then.
func (r *report) members(ctx context.Context, page []Member) error {
	if len(page) == 0 {
		return nil
	}
	if r.past {
		events, err := r.about(ctx, page)
		if err != nil {
			return err
		}
		for i, m := range page {
			page[i] = m.undo(events[m.UserID])
			page[i].Gone = page[i].Gone || !page[i].JoinedAt.Before(r.at)
		}
	}
	return r.lines(ctx, page)
}

// departed writes those who have left since, and are no members now.
func (r *report) departed(ctx context.Context, left []audit.Event) error {
	page := make([]Member, 0, len(left))
	goings := map[string]id.User{}
	for _, e := range left {
		page = append(page, Member{UserID: e.UserID, Gone: true})
		goings[e.ID] = e.UserID
	}
	events, err := r.about(ctx, page)
	if err != nil {
		return err
	}
	known, err := r.s.Store.KnownAs(ctx, r.account.ID, ids(page))
	if err != nil {
		return err
	}
	for i := range page {
		m := &page[i]
		theirs := events[m.UserID]
		// Whoever went more than once has one line, for the first time; a member has theirs above.
		first := slices.IndexFunc(theirs, func(e audit.Event) bool { return e.Action == audit.MemberRemoved || e.Action == audit.MemberLeft })
		who := slices.IndexFunc(known, func(k Someone) bool { return k.ID == m.UserID })
		if first < 0 || goings[theirs[first].ID] != m.UserID || who < 0 || known[who].Member {
			continue
		}
		delete(goings, theirs[first].ID)
		*m = m.undo(theirs)
		m.Name, m.Email = known[who].Name, known[who].Email
	}
	return r.lines(ctx, page)
}

func ids(page []Member) []id.User {
	out := make([]id.User, len(page))
	for i, m := range page {
		out[i] = m.UserID
	}
	return out
}

// about are the events of these persons since that moment, by person, oldest first.
func (r *report) about(ctx context.Context, page []Member) (map[id.User][]audit.Event, error) {
	events, err := r.s.Store.EventsAbout(ctx, r.account.ID, ids(page), about, r.at)
	by := map[id.User][]audit.Event{}
	for _, e := range events {
		by[e.UserID] = append(by[e.UserID], e)
	}
	return by, err
}

// lines writes those of the page who were members.
func (r *report) lines(ctx context.Context, page []Member) error {
	page = slices.DeleteFunc(page, func(m Member) bool { return m.Gone })
	if r.past && len(page) > 0 {
		proven, err := r.s.Store.LastProven(ctx, ids(page), r.at)
		if err != nil {
			return err
		}
		for i := range page {
			page[i].LastUsed = proven[page[i].UserID]
		}
	}
	for _, m := range page {
		if err := r.line(m); err != nil {
			return err
		}
	}
	return nil
}

func (r *report) line(m Member) error {
	for _, t := range r.unknown {
		m.unknown(t, true)
	}
	lacks := func(topics ...topic) bool {
		return slices.ContainsFunc(topics, func(t topic) bool { return slices.Contains(m.Unknown, t) })
	}
	show := func(value string, topics ...topic) string {
		if lacks(topics...) {
			return ""
		}
		return value
	}
	rules := r.rules(m)
	meets, minimum, binds := meets(rules, m.Methods, r.at)
	if lacks(aboutMethods, aboutRequired, aboutRule, aboutProvider) {
		meets = "unknown"
	}
	unknown := make([]string, len(m.Unknown))
	for i, t := range m.Unknown {
		unknown[i] = string(t)
	}
	slices.Sort(unknown)
	used := ""
	if !m.LastUsed.IsZero() {
		used = m.LastUsed.UTC().Format(time.DateOnly) // that it is in use, not when somebody comes and goes
	}
	return r.sheet.Row(m.Name, m.Email, show(string(m.Role), aboutRole), show(strings.Join(m.Methods.Names(), " "), aboutMethods),
		show(Moment(m.Since), aboutSince, aboutMethods), used,
		show(sources(rules), aboutRequired, aboutRule, aboutProvider), show(minimum, aboutRequired, aboutRule, aboutProvider),
		show(Moment(binds), aboutRule), meets, Moment(m.JoinedAt), r.account.Number, Moment(r.at), strings.Join(unknown, " "), "")
}

// rules are those that this account knows of the person: its own, its switch for them, the provider's. What other accounts ask
// of them is not its business.
func (r *report) rules(m Member) []enforcement.Rule {
	var rules []enforcement.Rule
	if r.provider.Required {
		rules = append(rules, enforcement.Rule{By: enforcement.ByProvider, Minimum: r.provider.Minimum})
	}
	if r.rule.Enforced() {
		rules = append(rules, enforcement.Rule{By: enforcement.ByAccount, AccountID: r.account.ID, Minimum: r.rule.Minimum, BindsAt: r.rule.GraceUntil})
	}
	if m.Required {
		rules = append(rules, enforcement.Rule{By: enforcement.ByMember, AccountID: r.account.ID, Minimum: assurance.Any})
	}
	return rules
}

func sources(rules []enforcement.Rule) string {
	words := make([]string, len(rules))
	for i, r := range rules {
		words[i] = string(r.By)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

// meets asks the standing.
func meets(rules []enforcement.Rule, has assurance.Types, at time.Time) (word, minimum string, binds time.Time) {
	if len(rules) == 0 {
		return "not_required", "", time.Time{}
	}
	strictest := assurance.Any
	for _, r := range rules {
		strictest = assurance.Strictest(strictest, r.Minimum)
		if r.BindsAt.After(binds) && r.BindsAt.After(at) {
			binds = r.BindsAt
		}
	}
	switch s := enforcement.Best(rules, has, at); {
	case s.State == enforcement.Grace:
		return "grace", string(strictest), s.GraceUntil
	case s.Due():
		return "no", string(strictest), binds
	default:
		return "yes", string(strictest), binds
	}
}
