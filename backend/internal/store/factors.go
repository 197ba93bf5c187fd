package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/assurance"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
)

type factorRow struct {
	ID, UserID, Type, Name, Status, Secret, Hint, Replaces, PhoneID, CredentialID string
	IsDefault                                                                     bool
	LastStep                                                                      int64
	FailedInRow, Attempts                                                         int
	CreatedAt, ActivatedAt, LastUsedAt, DisabledAt                                int64
}

const factorColumns = `id, user_id, type, name, status, secret, hint, replaces, phone_id, credential_id, is_default, last_step, failed_in_row, attempts,
	created_at, activated_at, last_used_at, disabled_at`

func (r factorRow) factor() factor.Factor {
	t, _ := assurance.ParseType(r.Type)
	return factor.Factor{ID: r.ID, UserID: r.UserID, Type: t, Name: r.Name, Status: factor.Status(r.Status), Secret: r.Secret, Hint: r.Hint,
		PhoneID: r.PhoneID, CredentialID: r.CredentialID, Default: r.IsDefault, Replaces: r.Replaces, LastStep: r.LastStep, FailedInRow: r.FailedInRow, Attempts: r.Attempts,
		CreatedAt: when(r.CreatedAt), ActivatedAt: when(r.ActivatedAt), LastUsedAt: when(r.LastUsedAt), DisabledAt: when(r.DisabledAt)}
}

// AddFactor stores a factor that is being enrolled.
func (s *Store) AddFactor(ctx context.Context, f factor.Factor) error {
	return wrap("add factor", s.writer(ctx).Exec(`INSERT INTO factors (id, user_id, type, name, status, secret, hint, replaces, phone_id, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.ID, f.UserID, f.Type.String(), f.Name, f.Status, f.Secret, f.Hint, f.Replaces, f.PhoneID, micros(f.CreatedAt)).Error)
}

// Factor reads one factor of the person.
func (s *Store) Factor(ctx context.Context, userID, factorID string) (factor.Factor, error) {
	var rows []factorRow
	if err := s.reader(ctx).Raw("SELECT "+factorColumns+" FROM factors WHERE id = ? AND user_id = ?", factorID, userID).Scan(&rows).Error; err != nil {
		return factor.Factor{}, wrap("factor", err)
	}
	if len(rows) == 0 {
		return factor.Factor{}, fault.ErrNotFound
	}
	return rows[0].factor(), nil
}

// Factors lists a person's factors, oldest first.
func (s *Store) Factors(ctx context.Context, userID string) ([]factor.Factor, error) {
	var rows []factorRow
	if err := s.reader(ctx).Raw("SELECT "+factorColumns+" FROM factors WHERE user_id = ? ORDER BY id", userID).Scan(&rows).Error; err != nil {
		return nil, wrap("factors", err)
	}
	list := make([]factor.Factor, len(rows))
	for i, r := range rows {
		list[i] = r.factor()
	}
	return list, nil
}

// GuardingOwners are the other owners of the accounts that the person belongs to and that guard enrolment.
func (s *Store) GuardingOwners(ctx context.Context, userID string) ([]factor.Owner, error) {
	var owners []factor.Owner
	err := s.reader(ctx).Raw(`SELECT a.id AS account_id, a.name AS account_name, u.email, u.name, u.locale FROM members m
		JOIN accounts a ON a.id = m.account_id AND a.guarded_enrolment AND a.enforced_at <> 0
		JOIN members o ON o.account_id = a.id AND o.role = 'owner' AND o.user_id <> m.user_id
		JOIN users u ON u.id = o.user_id AND u.disabled_at = 0 WHERE m.user_id = ? ORDER BY a.id, u.id`, userID).Scan(&owners).Error
	return owners, wrap("guarding owners", err)
}

// DropAbandoned forgets enrolments that nobody has finished.
func (s *Store) DropAbandoned(ctx context.Context, userID string, before time.Time) error {
	_, err := deleteFactors(s.writer(ctx), "user_id = ? AND status <> 'active' AND created_at < ?", userID, micros(before))
	return wrap("drop abandoned factors", err)
}

// RenameFactor names a factor of the person.
func (s *Store) RenameFactor(ctx context.Context, userID, factorID, name string) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE factors SET name = ? WHERE id = ? AND user_id = ?", name, factorID, userID)
	return u.RowsAffected == 1, wrap("rename factor", u.Error)
}

// MakeDefault makes an active factor the one that is asked for first.
func (s *Store) MakeDefault(ctx context.Context, userID, factorID string) (bool, error) {
	made := false
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.lockUser(s.writer(ctx), userID); err != nil {
			return err
		}
		u := s.writer(ctx).Exec(`UPDATE factors SET is_default = (id = ?) WHERE user_id = ?
			AND EXISTS (SELECT 1 FROM factors f WHERE f.id = ? AND f.user_id = ? AND f.status = 'active')`, factorID, userID, factorID, userID)
		made = u.RowsAffected > 0
		return u.Error
	})
	return made, wrap("default factor", err)
}

// RemoveFactor removes one factor of the person.
func (s *Store) RemoveFactor(ctx context.Context, userID, factorID string) (bool, error) {
	removed := false
	err := s.change(ctx, []string{"user:" + userID}, func(db *gorm.DB) error {
		if err := s.lockUser(db, userID); err != nil {
			return wrap("remove factor", err)
		}
		n, err := deleteFactors(db, "id = ? AND user_id = ?", factorID, userID)
		if removed = n == 1; err != nil || !removed {
			return wrap("remove factor", err)
		}
		return wrap("remove factor", settle(db, userID))
	})
	return removed, err
}

// RemoveFactors removes all factors and recovery codes of the person.
func (s *Store) RemoveFactors(ctx context.Context, userID string) error {
	return s.change(ctx, []string{"user:" + userID}, func(db *gorm.DB) error {
		if err := s.lockUser(db, userID); err != nil {
			return wrap("remove factors", err)
		}
		if _, err := deleteFactors(db, "user_id = ?", userID); err != nil {
			return wrap("remove factors", err)
		}
		if err := db.Exec("DELETE FROM recovery_codes WHERE user_id = ?", userID).Error; err != nil {
			return wrap("remove factors", err)
		}
		return wrap("remove factors", settle(db, userID))
	})
}

// settle brings what is derived from a person's active factors up to date: their types on the person's row and memberships, and one default.
func settle(db *gorm.DB, userID string) error {
	var rows []factorRow
	if err := db.Raw("SELECT "+factorColumns+" FROM factors WHERE user_id = ? AND status = 'active' ORDER BY is_default DESC, id", userID).Scan(&rows).Error; err != nil {
		return err
	}
	var bits assurance.Types
	for _, r := range rows {
		bits |= assurance.Types(r.factor().Type)
	}
	if len(rows) > 0 && !rows[0].IsDefault {
		if err := db.Exec("UPDATE factors SET is_default = TRUE WHERE id = ?", rows[0].ID).Error; err != nil {
			return err
		}
	}
	if err := db.Exec("UPDATE users SET factor_bits = ? WHERE id = ?", int64(bits), userID).Error; err != nil {
		return err
	}
	return mirror(db, userID)
}

// lockUser makes changes of one person's factors take turns.
func (s *Store) lockUser(db *gorm.DB, userID string) error {
	if s.dialect != "postgres" {
		return nil // one connection writes
	}
	// Not FOR UPDATE: that would wait for whoever opens a session of this person, who may wait for a code or a factor in turn.
	return db.Exec("SELECT 1 FROM users WHERE id = ? FOR NO KEY UPDATE", userID).Error
}

// CountPendingAttempt counts a try against a factor that is being enrolled.
func (s *Store) CountPendingAttempt(ctx context.Context, factorID string, limit int) (int, bool, error) {
	var counts []int
	err := s.writer(ctx).Raw("UPDATE factors SET attempts = attempts + 1 WHERE id = ? AND attempts < ? RETURNING attempts", factorID, limit).Scan(&counts).Error
	if err != nil || len(counts) == 0 {
		return limit, false, wrap("count attempt", err)
	}
	return counts[0], true, nil
}

// VerifyPending marks the factor verified, once, with what its proof has left behind.
func (s *Store) VerifyPending(ctx context.Context, f factor.Factor) (bool, error) {
	u := s.writer(ctx).Exec(`UPDATE factors SET status = 'verified', last_step = ?, secret = ?, credential_id = ?
		WHERE id = ? AND status = 'pending' AND NOT EXISTS (SELECT 1 FROM factors o WHERE o.credential_id = ? AND o.credential_id <> '')`,
		f.LastStep, f.Secret, f.CredentialID, f.ID, f.CredentialID)
	return u.RowsAffected == 1, wrap("verify factor", u.Error)
}

// Activate makes a verified factor count, once, and removes the one that it replaces.
func (s *Store) Activate(ctx context.Context, userID, factorID, replaces string, now time.Time) (bool, error) {
	activated := false
	err := s.change(ctx, []string{"user:" + userID}, func(db *gorm.DB) error {
		if err := s.lockUser(db, userID); err != nil {
			return wrap("activate factor", err)
		}
		u := db.Exec(`UPDATE factors SET status = 'active', activated_at = ?,
			is_default = EXISTS (SELECT 1 FROM factors f WHERE f.id = ? AND f.user_id = ? AND f.is_default)
			WHERE id = ? AND user_id = ? AND status = 'verified'`, micros(now), replaces, userID, factorID, userID)
		if activated = u.RowsAffected == 1; u.Error != nil || !activated {
			return wrap("activate factor", u.Error)
		}
		if replaces != "" {
			if _, err := deleteFactors(db, "id = ? AND user_id = ?", replaces, userID); err != nil {
				return wrap("activate factor", err)
			}
		}
		return wrap("activate factor", settle(db, userID))
	})
	return activated, err
}

// TakeSlot takes one of a person's guesses. Each of the slots is free again once the window has passed since it was taken,
// so that in no window of that length more guesses than slots are made, however they are spread over replicas.
func (s *Store) TakeSlot(ctx context.Context, userID, budget string, slots int, now time.Time, window time.Duration) (int, int, bool, error) {
	var slot, left int
	ok := false
	err := s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		free := micros(now.Add(-window))
		lock := ""
		if s.dialect == "postgres" {
			lock = " FOR UPDATE SKIP LOCKED"
		}
		for _, prepared := range []bool{true, false} {
			if !prepared { // the person's first guess ever
				rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?),", slots), ",")
				args := make([]any, 0, 3*slots)
				for i := range slots {
					args = append(args, userID, budget, i)
				}
				u := db.Exec("INSERT INTO guess_slots (user_id, budget, slot) VALUES "+rows+" ON CONFLICT DO NOTHING", args...)
				if u.Error != nil || u.RowsAffected == 0 {
					return u.Error
				}
			}
			var taken []int
			if err := db.Raw(`UPDATE guess_slots SET taken_at = ? WHERE user_id = ? AND budget = ? AND slot = (
				SELECT slot FROM guess_slots WHERE user_id = ? AND budget = ? AND taken_at <= ? ORDER BY taken_at, slot LIMIT 1`+lock+`)
				RETURNING slot`, micros(now), userID, budget, userID, budget, free).Scan(&taken).Error; err != nil {
				return err
			}
			if len(taken) == 1 {
				slot, ok = taken[0], true
				break
			}
		}
		return db.Raw("SELECT count(*) FROM guess_slots WHERE user_id = ? AND budget = ? AND taken_at <= ?", userID, budget, free).Scan(&left).Error
	})
	return slot, left, ok, wrap("take guess", err)
}

// FreeSlot gives a guess back.
func (s *Store) FreeSlot(ctx context.Context, userID, budget string, slot int) error {
	return wrap("free guess", s.writer(ctx).Exec("UPDATE guess_slots SET taken_at = 0 WHERE user_id = ? AND budget = ? AND slot = ?", userID, budget, slot).Error)
}

// CountAttempt counts a try against one sign-in between the doors.
func (s *Store) CountAttempt(ctx context.Context, pendingID string, limit int) (int, bool, error) {
	var counts []int
	err := s.writer(ctx).Raw("UPDATE sign_ins SET attempts = attempts + 1 WHERE id = ? AND ended_at = 0 AND attempts < ? RETURNING attempts", pendingID, limit).Scan(&counts).Error
	if err != nil || len(counts) == 0 {
		return limit, false, wrap("count attempt", err)
	}
	return counts[0], true, nil
}

// CountFailure counts one wrong code in a row; the one that reaches the limit disables the factor.
func (s *Store) CountFailure(ctx context.Context, factorID string, limit int, now time.Time) (bool, error) {
	var counts []int
	if err := s.writer(ctx).Raw("UPDATE factors SET failed_in_row = failed_in_row + 1 WHERE id = ? RETURNING failed_in_row", factorID).Scan(&counts).Error; err != nil {
		return false, wrap("count failure", err)
	}
	if len(counts) == 0 || counts[0] < limit {
		return false, nil
	}
	u := s.writer(ctx).Exec("UPDATE factors SET disabled_at = ? WHERE id = ? AND disabled_at = 0", micros(now), factorID)
	return u.RowsAffected == 1, wrap("disable factor", u.Error)
}

// BurnStep spends a TOTP time step; steps only ever rise.
func (s *Store) BurnStep(ctx context.Context, factorID string, step int64, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec(`UPDATE factors SET last_step = ?, last_used_at = ?, failed_in_row = 0
		WHERE id = ? AND status = 'active' AND disabled_at = 0 AND last_step < ?`, step, micros(now), factorID, step)
	return u.RowsAffected == 1, wrap("burn step", u.Error)
}

// PutRecoveryCodes stores a new set instead of all that were.
func (s *Store) PutRecoveryCodes(ctx context.Context, userID string, hashes []string, now time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		if err := s.lockUser(db, userID); err != nil { // of two sets that are made at once the first goes too
			return wrap("recovery codes", err)
		}
		if err := db.Exec("DELETE FROM recovery_codes WHERE user_id = ?", userID).Error; err != nil {
			return wrap("recovery codes", err)
		}
		for _, h := range hashes {
			if err := db.Exec("INSERT INTO recovery_codes (user_id, code_hash, created_at) VALUES (?, ?, ?)", userID, h, micros(now)).Error; err != nil {
				return wrap("recovery codes", err)
			}
		}
		return nil
	})
}

// RecoveryCode says whether a code exists and is spent.
func (s *Store) RecoveryCode(ctx context.Context, userID, hash string) (used, exists bool, err error) {
	var usedAt []int64
	err = s.reader(ctx).Raw("SELECT used_at FROM recovery_codes WHERE user_id = ? AND code_hash = ?", userID, hash).Scan(&usedAt).Error
	if err != nil || len(usedAt) == 0 {
		return false, false, wrap("recovery code", err)
	}
	return usedAt[0] != 0, true, nil
}

// BurnRecoveryCode spends a recovery code, once.
func (s *Store) BurnRecoveryCode(ctx context.Context, userID, hash string, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at = 0", micros(now), userID, hash)
	return u.RowsAffected == 1, wrap("burn recovery code", u.Error)
}

// RecoveryCodeCount counts a person's recovery codes.
func (s *Store) RecoveryCodeCount(ctx context.Context, userID string) (remaining, total int, createdAt time.Time, err error) {
	var row struct {
		Remaining, Total int
		CreatedAt        int64
	}
	err = s.reader(ctx).Raw(`SELECT COALESCE(SUM(CASE WHEN used_at = 0 THEN 1 ELSE 0 END), 0) AS remaining, count(*) AS total,
		COALESCE(MAX(created_at), 0) AS created_at FROM recovery_codes WHERE user_id = ?`, userID).Scan(&row).Error
	return row.Remaining, row.Total, when(row.CreatedAt), wrap("recovery codes", err)
}
