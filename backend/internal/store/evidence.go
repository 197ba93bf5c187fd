package store

import (
	"context"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/evidence"
	"sallyport/internal/id"
)

var _ evidence.Store = (*Store)(nil)

// KnownAs are these persons as the account knows them: its members by their names of today, whoever has left by those that
// the record of their leaving bears. Of whoever has left without such a record, and of anybody else, it is the name alone.
func (s *Store) KnownAs(ctx context.Context, accountID id.Account, userIDs []id.User) ([]evidence.Someone, error) {
	var rows []struct {
		ID     id.User
		Name   string
		Email  string
		Member bool
	}
	if err := s.reader(ctx).Raw(`SELECT u.id, u.name, u.email, EXISTS (SELECT 1 FROM members m WHERE m.account_id = ? AND m.user_id = u.id) AS member
		FROM users u WHERE u.id `+s.among(), accountID, listOf(s, userIDs)).Scan(&rows).Error; err != nil {
		return nil, wrap("known as", err)
	}
	known := map[id.User]evidence.Someone{}
	for _, r := range rows {
		known[r.ID] = evidence.Someone{Kind: evidence.Person, ID: r.ID, Name: r.Name, Member: r.Member}
		if r.Member {
			known[r.ID] = evidence.Someone{Kind: evidence.Person, ID: r.ID, Name: r.Name, Email: r.Email, Member: true}
		}
	}
	var others []id.User
	for _, userID := range userIDs {
		if !known[userID].Member {
			others = append(others, userID)
		}
	}
	comings := []string{audit.MemberJoined, audit.MemberRemoved, audit.MemberLeft}
	events, err := s.EventsAbout(ctx, accountID, others, comings, time.Time{})
	if err != nil {
		return nil, err
	}
	for _, e := range events { // the last one stays
		if name, told := e.Detail["name"]; told {
			known[e.UserID] = evidence.Someone{Kind: evidence.Person, ID: e.UserID, Name: name, Email: e.Detail["email"]}
		}
	}
	found := make([]evidence.Someone, 0, len(known))
	for _, k := range known {
		found = append(found, k)
	}
	return found, nil
}

// EventsAbout are what happened to these persons in the account from a moment on, oldest first, where it went well.
func (s *Store) EventsAbout(ctx context.Context, accountID id.Account, userIDs []id.User, actions []string, from time.Time) ([]audit.Event, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	var rows []auditRow
	err := s.reader(ctx).Raw("SELECT "+eventColumns+`, seq, hash FROM audit_events WHERE account_id = ? AND account_id <> '' AND user_id `+s.among()+`
		AND at >= ? AND action `+s.among()+` AND outcome = 'ok' ORDER BY at, id`, accountID, listOf(s, userIDs), micros(from), listOf(s, actions)).Scan(&rows).Error
	events := make([]audit.Event, len(rows))
	for i, r := range rows {
		events[i] = r.event()
	}
	return events, wrap("events about", err)
}

// ReportMembers is a page of the account's members, by their identifiers, after the given one.
func (s *Store) ReportMembers(ctx context.Context, accountID id.Account, after string, limit int) ([]evidence.Member, error) {
	var rows []struct {
		M          memberRow `gorm:"embedded"`
		LastUsedAt int64
	}
	err := s.reader(ctx).Raw(`SELECT `+memberColumns+`, `+factorsSince+`,
		(SELECT COALESCE(MAX(f.last_used_at), 0) FROM factors f WHERE f.user_id = u.id AND f.status = 'active') AS last_used_at
		FROM members m JOIN users u ON u.id = m.user_id WHERE m.account_id = ? AND m.user_id > ? ORDER BY m.user_id LIMIT ?`,
		accountID, after, limit).Scan(&rows).Error
	found := make([]evidence.Member, len(rows))
	for i, r := range rows {
		m := r.M.member()
		found[i] = evidence.Member{UserID: m.UserID, Name: m.Name, Email: m.Email, Role: m.Role, Required: m.TwoFactorRequired,
			Methods: m.Factors, Since: m.FactorsSince, LastUsed: when(r.LastUsedAt), JoinedAt: m.JoinedAt}
	}
	return found, wrap("report members", err)
}

// LastProven is when each of these persons last showed a second factor, at sign-in or to confirm something, before a moment.
func (s *Store) LastProven(ctx context.Context, userIDs []id.User, before time.Time) (map[id.User]time.Time, error) {
	var rows []struct {
		UserID id.User
		At     int64
	}
	err := s.reader(ctx).Raw(`SELECT user_id, MAX(at) AS at FROM audit_events WHERE user_id `+s.among()+` AND at < ? AND outcome = 'ok' AND (
			(action = ? AND (detail LIKE '%mfa%' OR detail LIKE '%email%')) OR (action = ? AND detail LIKE '%second_factor%')
		) GROUP BY user_id`, listOf(s, userIDs), micros(before), audit.SignInCompleted, audit.SignInConfirmed).Scan(&rows).Error
	proven := make(map[id.User]time.Time, len(rows))
	for _, r := range rows {
		proven[r.UserID] = when(r.At)
	}
	return proven, wrap("last proven", err)
}
