package store

import (
	"context"
	"time"
)

// Sweep forgets what has run out: sign-ins between the doors after a day, sessions and their refresh tokens a month after
// their end (until then a reused refresh token is still recognised as one), links in mails a day after they have expired, answers that
// were kept for a retry, rate limits that are full again, and a week after it what became of a text message, which no cap counts any more.
func (s *Store) Sweep(ctx context.Context, now time.Time) error {
	month := micros(now.AddDate(0, -1, 0))
	const over = "(ended_at > 0 AND ended_at < ?) OR expires_at < ? OR idle_expires_at < ?"
	for _, q := range []struct {
		sql  string
		args []any
	}{
		{"DELETE FROM sign_ins WHERE expires_at < ?", []any{micros(now.AddDate(0, 0, -1))}},
		{"DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE " + over + ")", []any{month, month, month}},
		{"DELETE FROM sessions WHERE (" + over + ") AND NOT EXISTS (SELECT 1 FROM refresh_tokens t WHERE t.session_id = sessions.id)", []any{month, month, month}},
		{"DELETE FROM mail_tokens WHERE expires_at < ?", []any{micros(now.AddDate(0, 0, -1))}},
		{"DELETE FROM replays WHERE ends_at < ?", []any{micros(now)}},
		{"DELETE FROM rate_limits WHERE tat < ?", []any{micros(now)}},
		{"DELETE FROM sms_messages WHERE created_at < ?", []any{micros(now.AddDate(0, 0, -7))}},
	} {
		if err := s.writer(ctx).Exec(q.sql, q.args...).Error; err != nil {
			return wrap("sweep", err)
		}
	}
	return nil
}
