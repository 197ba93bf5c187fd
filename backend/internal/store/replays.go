package store

import (
	"context"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/replay"
)

var _ replay.Store = (*Store)(nil)

// ClaimReplay notes a request that is under way, unless another one has the key. One that was given up, or has run out, is taken over.
func (s *Store) ClaimReplay(ctx context.Context, r replay.Row, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec(`INSERT INTO replays (key_hash, user_id, step, fingerprint, lease_until, ends_at) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (key_hash) DO UPDATE SET step = excluded.step, fingerprint = excluded.fingerprint, answer = '', lease_until = excluded.lease_until,
			ends_at = excluded.ends_at
		WHERE replays.ends_at <= ? OR (replays.answer = '' AND replays.lease_until <= ?)
			OR replays.epoch <> (SELECT epoch FROM users WHERE id = replays.user_id) AND replays.answer <> ''`,
		r.KeyHash, r.UserID, r.Step, r.Fingerprint, micros(r.LeaseUntil), micros(r.Ends), micros(now), micros(now))
	return u.RowsAffected == 1, wrap("claim replay", u.Error)
}

// Replay finds a request by its key. An answer of another epoch is none any more.
func (s *Store) Replay(ctx context.Context, keyHash string, now time.Time) (replay.Row, error) {
	var rows []struct {
		UserID                    id.User
		Epoch                     int64
		Step, Fingerprint, Answer string
		LeaseUntil, EndsAt        int64
	}
	err := s.reader(ctx).Raw(`SELECT r.user_id, r.epoch, r.step, r.fingerprint, r.answer, r.lease_until, r.ends_at FROM replays r JOIN users u ON u.id = r.user_id
		WHERE r.key_hash = ? AND r.ends_at > ? AND (r.answer = '' OR r.epoch = u.epoch) AND u.disabled_at = 0`, keyHash, micros(now)).Scan(&rows).Error
	if err != nil {
		return replay.Row{}, wrap("replay", err)
	}
	if len(rows) == 0 {
		return replay.Row{}, fault.ErrNotFound
	}
	r := rows[0]
	return replay.Row{KeyHash: keyHash, UserID: r.UserID, Epoch: r.Epoch, Step: r.Step, Fingerprint: r.Fingerprint, Answer: r.Answer,
		LeaseUntil: when(r.LeaseUntil), Ends: when(r.EndsAt)}, nil
}

// KeepReplay stores an answer.
func (s *Store) KeepReplay(ctx context.Context, keyHash, answer string, epoch int64) error {
	return wrap("keep replay", s.writer(ctx).Exec("UPDATE replays SET answer = ?, epoch = ? WHERE key_hash = ?", answer, epoch, keyHash).Error)
}

// DropReplay forgets a request that is under way.
func (s *Store) DropReplay(ctx context.Context, keyHash string) error {
	return wrap("drop replay", s.writer(ctx).Exec("DELETE FROM replays WHERE key_hash = ? AND answer = ''", keyHash).Error)
}

// DropReplays forgets the answers of one step of a person's enrolments.
func (s *Store) DropReplays(ctx context.Context, userID id.User, step string) error {
	return wrap("drop replays", s.writer(ctx).Exec("DELETE FROM replays WHERE user_id = ? AND step = ? AND answer <> ''", userID, step).Error)
}
