package store

import (
	"context"
	"encoding/json"

	"sallyport/internal/audit"
)

type auditRow struct {
	ID, Action, Outcome                                       string
	At                                                        int64
	ActorID, UserID, AccountID, SessionID, Address, UserAgent string
	Detail                                                    string
}

// AppendAuditEvent writes one event.
func (s *Store) AppendAuditEvent(ctx context.Context, e audit.Event) error {
	detail := []byte("{}")
	if len(e.Detail) > 0 {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return wrap("append audit event", err)
		}
	}
	return wrap("append audit event", s.writer(ctx).Exec(
		`INSERT INTO audit_events (id, at, action, outcome, actor_id, user_id, account_id, session_id, address, user_agent, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, micros(e.At), e.Action, e.Outcome, e.ActorID, e.UserID, e.AccountID, e.SessionID, e.Address, e.UserAgent, string(detail)).Error)
}

// AuditEvents reads a page of events, newest first.
func (s *Store) AuditEvents(ctx context.Context, f audit.Filter) ([]audit.Event, error) {
	// The conditions are built, not written as "? = '' OR …", so that each shape of the question finds its index.
	query, args := `SELECT id, at, action, outcome, actor_id, user_id, account_id, session_id, address, user_agent, detail FROM audit_events WHERE 1 = 1`, []any{}
	if f.AccountID != "" {
		query, args = query+` AND account_id = ?`, append(args, f.AccountID)
	}
	if f.UserID != "" {
		query, args = query+` AND user_id = ?`, append(args, f.UserID)
	}
	if f.Before != "" {
		query, args = query+` AND id < ?`, append(args, f.Before)
	}
	var rows []auditRow
	if err := s.reader(ctx).Raw(query+` ORDER BY id DESC LIMIT ?`, append(args, f.Limit)...).Scan(&rows).Error; err != nil {
		return nil, wrap("audit events", err)
	}
	events := make([]audit.Event, len(rows))
	for i, r := range rows {
		events[i] = audit.Event{
			ID: r.ID, At: when(r.At), Action: r.Action, Outcome: r.Outcome, ActorID: r.ActorID, UserID: r.UserID,
			AccountID: r.AccountID, SessionID: r.SessionID, Address: r.Address, UserAgent: r.UserAgent,
		}
		if err := json.Unmarshal([]byte(r.Detail), &events[i].Detail); err != nil {
			return nil, wrap("audit events", err)
		}
	}
	return events, nil
}
