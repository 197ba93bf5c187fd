package store

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

const eventColumns = "id, at, action, outcome, actor_id, user_id, account_id, session_id, address, user_agent, detail"

type auditRow struct {
	ID, Action, Outcome string
	At                  int64
	ActorID, UserID     id.User
	AccountID           id.Account
	SessionID           id.Stay
	Address, UserAgent  string
	Detail              string
	Seq                 int64
	Hash                string
}

func (r auditRow) event() audit.Event {
	// What somebody has changed is shown as it is by `sallyport audit verify`, and without its detail by everything else.
	detail, _ := audit.DecodeDetail(r.Detail)
	return audit.Event{
		ID: r.ID, At: when(r.At), Action: r.Action, Outcome: r.Outcome, ActorID: r.ActorID, UserID: r.UserID, AccountID: r.AccountID,
		SessionID: r.SessionID, Address: r.Address, UserAgent: r.UserAgent, Detail: detail, Seq: r.Seq, Hash: r.Hash,
	}
}

// AppendAuditEvent writes one event. Whoever is disabled does nothing more: fault.ErrUnauthorized, and with it goes the transaction of
// what they did. A replica that has not heard of it yet would let them in for a moment; this is where everything that is done
// meets the database anyway.
func (s *Store) AppendAuditEvent(ctx context.Context, e audit.Event) error {
	actor := e.ActorID
	if e.Outcome == audit.Refused {
		actor = "" // nothing was done
	}
	u := s.writer(ctx).Exec("INSERT INTO audit_events ("+eventColumns+`) SELECT ?, CAST(? AS BIGINT), ?, ?, ?, ?, ?, ?, ?, ?, ?
		WHERE NOT EXISTS (SELECT 1 FROM users WHERE id = ? AND disabled_at > 0)`,
		e.ID, micros(e.At), e.Action, e.Outcome, e.ActorID, e.UserID, e.AccountID, e.SessionID, e.Address, e.UserAgent,
		audit.EncodeDetail(e.Detail), actor)
	if u.Error == nil && u.RowsAffected == 0 {
		return fault.ErrUnauthorized
	}
	return wrap("append audit event", u.Error)
}

// AppendAuditEvents writes many events in one statement.
func (s *Store) AppendAuditEvents(ctx context.Context, es []audit.Event) error {
	type row struct {
		ID        string     `json:"id"`
		At        int64      `json:"at"`
		Action    string     `json:"action"`
		Outcome   string     `json:"outcome"`
		ActorID   id.User    `json:"actor_id"`
		UserID    id.User    `json:"user_id"`
		AccountID id.Account `json:"account_id"`
		SessionID id.Stay    `json:"session_id"`
		Address   string     `json:"address"`
		UserAgent string     `json:"user_agent"`
		Detail    string     `json:"detail"`
	}
	rows := make([]row, len(es))
	for i, e := range es {
		rows[i] = row{e.ID, micros(e.At), e.Action, e.Outcome, e.ActorID, e.UserID, e.AccountID, e.SessionID, e.Address, e.UserAgent, audit.EncodeDetail(e.Detail)}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return wrap("append audit events", err)
	}
	return wrap("append audit events", s.writer(ctx).Exec("INSERT INTO audit_events ("+eventColumns+") SELECT "+eventColumns+" FROM "+
		s.table("id TEXT, at BIGINT, action TEXT, outcome TEXT, actor_id TEXT, user_id TEXT, account_id TEXT, session_id TEXT, address TEXT, user_agent TEXT, detail TEXT"),
		string(list)).Error)
}

// AuditEvents reads a page of events, newest first.
func (s *Store) AuditEvents(ctx context.Context, f audit.Filter) ([]audit.Event, error) {
	// The conditions are built, not written as "? = '' OR …", so that each shape of the question finds its index.
	where, args := "1 = 1", []any{}
	and := func(condition string, values ...any) {
		where, args = where+" AND "+condition, append(args, values...)
	}
	if f.AccountID != "" {
		and("account_id = ? AND account_id <> ''", f.AccountID) // the second part says that the indexes of accounts will do
	}
	if f.ActorID != "" {
		and("actor_id = ?", f.ActorID)
	}
	if f.UserID != "" {
		and("user_id = ?", f.UserID)
	}
	if !f.From.IsZero() {
		and("at >= ?", micros(f.From))
	}
	if !f.To.IsZero() {
		and("at < ?", micros(f.To))
	}
	if f.Before.ID != "" {
		and("(at, id) < (?, ?)", micros(f.Before.At), f.Before.ID)
	}
	actions := []string{""}
	switch {
	case f.Action != "" && f.AccountID == "":
		and("action LIKE ? ESCAPE '\\'", literal(f.Action)+"%")
	case f.Action != "", f.ActorID != "" && f.AccountID != "":
		var err error
		if actions, err = s.actions(ctx, f.AccountID, f.Action); err != nil || len(actions) == 0 {
			return nil, err
		}
	}
	// Each action has its newest events at hand, of an actor too, wherever they lie among a million of others.
	var parts []string
	var all []any
	for _, action := range actions {
		part := "SELECT " + eventColumns + ", seq, hash FROM audit_events WHERE " + where
		all = append(all, args...)
		if action != "" {
			part, all = part+" AND action = ?", append(all, action)
		}
		parts, all = append(parts, "SELECT * FROM ("+part+" ORDER BY at DESC, id DESC LIMIT ?) AS one"), append(all, f.Limit)
	}
	var rows []auditRow
	err := s.reader(ctx).Raw(strings.Join(parts, " UNION ALL ")+" ORDER BY at DESC, id DESC LIMIT ?", append(all, f.Limit)...).Scan(&rows).Error
	events := make([]audit.Event, len(rows))
	for i, r := range rows {
		events[i] = r.event()
	}
	return events, wrap("audit events", err)
}

// actions are those that the account's events know and that begin so. The next one is found by the index, however many events
// the one before has. Which begin so is asked here: databases differ in how they sort a dot.
func (s *Store) actions(ctx context.Context, accountID id.Account, prefix string) ([]string, error) {
	const ours = "e.account_id = ? AND e.account_id <> ''"
	var known []string
	err := s.reader(ctx).Raw(`WITH RECURSIVE known (action) AS (
			SELECT MIN(e.action) FROM audit_events e WHERE `+ours+`
			UNION ALL
			SELECT (SELECT MIN(e.action) FROM audit_events e WHERE `+ours+` AND e.action > known.action) FROM known WHERE known.action IS NOT NULL
		) SELECT action FROM known WHERE action IS NOT NULL`, accountID, accountID).Scan(&known).Error
	return slices.DeleteFunc(known, func(action string) bool { return !strings.HasPrefix(action, prefix) }), wrap("actions", err)
}
