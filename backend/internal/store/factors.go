package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

type factorRow struct {
	ID                                             id.Factor
	UserID                                         id.User
	Type, Name, Status, Secret, Hint               string
	Replaces                                       id.Factor
	PhoneID, CredentialID                          string
	MadeBy                                         actor.MadeBy
	Stay                                           id.Stay
	Epoch                                          int64
	EnrolmentHash                                  string
	IsDefault                                      bool
	LastStep                                       int64
	FailedInRow, Attempts                          int
	CreatedAt, ActivatedAt, LastUsedAt, DisabledAt int64
}

const factorColumns = `id, user_id, type, name, status, secret, hint, replaces, phone_id, credential_id, is_default, last_step, failed_in_row, attempts,
	created_at, activated_at, last_used_at, disabled_at, made_by, stay, epoch, enrolment_hash`

func (r factorRow) factor() factor.Factor {
	t, _ := assurance.ParseType(r.Type)
	return factor.Factor{ID: r.ID, UserID: r.UserID, Type: t, Name: r.Name, Status: factor.Status(r.Status), Secret: r.Secret, Hint: r.Hint,
		PhoneID: r.PhoneID, CredentialID: r.CredentialID, Default: r.IsDefault, Replaces: r.Replaces, LastStep: r.LastStep, FailedInRow: r.FailedInRow, Attempts: r.Attempts,
		CreatedAt: when(r.CreatedAt), ActivatedAt: when(r.ActivatedAt), LastUsedAt: when(r.LastUsedAt), DisabledAt: when(r.DisabledAt),
		MadeBy: r.MadeBy, Stay: r.Stay, Epoch: r.Epoch, EnrolmentHash: r.EnrolmentHash}
}

// AddFactor stores a factor that is being enrolled.
func (s *Store) AddFactor(ctx context.Context, f factor.Factor) error {
	return wrap("add factor", s.writer(ctx).Exec(`INSERT INTO factors (id, user_id, type, name, status, secret, hint, replaces, phone_id, created_at,
		made_by, stay, epoch, enrolment_hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, f.ID, f.UserID, f.Type.String(), f.Name, f.Status, f.Secret,
		f.Hint, f.Replaces, f.PhoneID, micros(f.CreatedAt), f.MadeBy, f.Stay, f.Epoch, f.EnrolmentHash).Error)
}

// Factor reads one factor of the person.
func (s *Store) Factor(ctx context.Context, userID id.User, factorID id.Factor) (factor.Factor, error) {
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
func (s *Store) Factors(ctx context.Context, userID id.User) ([]factor.Factor, error) {
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
func (s *Store) GuardingOwners(ctx context.Context, userID id.User) ([]factor.Owner, error) {
	var owners []factor.Owner
	err := s.reader(ctx).Raw(`SELECT a.id AS account_id, a.name AS account_name, u.email, u.name, u.locale FROM members m
		JOIN accounts a ON a.id = m.account_id AND a.guarded_enrolment AND a.enforced_at <> 0
		JOIN members o ON o.account_id = a.id AND o.role = 'owner' AND o.user_id <> m.user_id
		JOIN users u ON u.id = o.user_id AND u.disabled_at = 0 WHERE m.user_id = ? ORDER BY a.id, u.id`, userID).Scan(&owners).Error
	return owners, wrap("guarding owners", err)
}

// DropAbandoned forgets enrolments that nobody has finished.
func (s *Store) DropAbandoned(ctx context.Context, userID id.User, before time.Time) error {
	_, err := deleteFactors(s.writer(ctx), "user_id = ? AND status <> 'active' AND created_at < ?", userID, micros(before))
	return wrap("drop abandoned factors", err)
}

// RenameFactor names a factor of the person.
func (s *Store) RenameFactor(ctx context.Context, userID id.User, factorID id.Factor, name string) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE factors SET name = ? WHERE id = ? AND user_id = ?", name, factorID, userID)
	return u.RowsAffected == 1, wrap("rename factor", u.Error)
}

// MakeDefault makes an active factor the one that is asked for first.
func (s *Store) MakeDefault(ctx context.Context, userID id.User, factorID id.Factor) (bool, error) {
	u := s.writer(ctx).Exec(`UPDATE factors SET is_default = (id = ?) WHERE user_id = ?
		AND EXISTS (SELECT 1 FROM factors f WHERE f.id = ? AND f.user_id = ? AND f.status = 'active')`, factorID, userID, factorID, userID)
	return u.RowsAffected > 0, wrap("default factor", u.Error)
}

// RemoveFactor removes one factor of the person.
func (s *Store) RemoveFactor(ctx context.Context, userID id.User, factorID id.Factor) (bool, error) {
	removed := false
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		n, err := deleteFactors(db, "id = ? AND user_id = ?", factorID, userID)
		if removed = n == 1; err != nil || !removed {
			return wrap("remove factor", err)
		}
		return wrap("remove factor", settle(db, userID))
	})
	return removed, err
}

// RemoveFactors removes all factors and recovery codes of the person.
func (s *Store) RemoveFactors(ctx context.Context, userID id.User) error {
	return s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		if _, err := deleteFactors(db, "user_id = ?", userID); err != nil {
			return wrap("remove factors", err)
		}
		if err := deleteCodes(db, "user_id = ?", userID); err != nil {
			return wrap("remove factors", err)
		}
		return wrap("remove factors", settle(db, userID))
	})
}

// settle brings what is derived from a person's active factors up to date: their types on the person's row and memberships, and one default.
func settle(db *gorm.DB, userID id.User) error {
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

// CountPendingAttempt counts a try against a factor that is being enrolled.
func (s *Store) CountPendingAttempt(ctx context.Context, factorID id.Factor, limit int) (int, bool, error) {
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
func (s *Store) Activate(ctx context.Context, userID id.User, factorID, replaces id.Factor, now time.Time) (bool, error) {
	activated := false
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		u := db.Exec(`UPDATE factors SET status = 'active', activated_at = ?,
			is_default = EXISTS (SELECT 1 FROM factors f WHERE f.id = ? AND f.user_id = ? AND f.is_default)
			WHERE id = ? AND user_id = ? AND status = 'verified'`, micros(now), replaces, userID, factorID, userID)
		if activated = u.RowsAffected == 1; u.Error != nil || !activated {
			return wrap("activate factor", u.Error)
		}
		if err := activateCodes(db, userID, factorID); err != nil {
			return wrap("activate factor", err)
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

// countAtOnce is CountGuess as one statement, which SQLite does not know.
const countAtOnce = `WITH tried AS (UPDATE sign_ins SET attempts = attempts + 1 WHERE id = ? AND ended_at = 0 AND attempts < ? RETURNING attempts),
	taken AS (UPDATE guess_slots SET taken_at = ? WHERE (? = '' OR EXISTS (SELECT 1 FROM tried)) AND user_id = ? AND budget = ? AND slot = (
		SELECT slot FROM guess_slots WHERE user_id = ? AND budget = ? AND taken_at <= ? ORDER BY taken_at, slot LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING slot)
	SELECT (SELECT attempts FROM tried) AS attempts, (SELECT slot FROM taken) AS slot, count(*) AS prepared,
		COALESCE(SUM(CASE WHEN taken_at <= ? THEN 1 ELSE 0 END), 0) AS free FROM guess_slots WHERE user_id = ? AND budget = ?`

// CountGuess takes one of a person's guesses and, of a sign-in, one of its tries. Each of the person's slots is free again once the window
// has passed since it was taken, so that in no window of that length more guesses than slots are made, however they are spread over
// replicas. A sign-in without a try left takes no guess of the person's.
func (s *Store) CountGuess(ctx context.Context, g factor.Guessing) (factor.Guessed, error) {
	if s.dialect != "postgres" {
		return s.countInSteps(ctx, g)
	}
	free := micros(g.Now.Add(-g.Window))
	for range 2 {
		var row struct {
			Attempts, Slot *int
			Prepared, Free int
		}
		err := s.write.WithContext(ctx).Raw(countAtOnce, g.SignIn, g.PerStay, micros(g.Now), g.SignIn, g.UserID, g.Budget, g.UserID, g.Budget, free,
			free, g.UserID, g.Budget).Scan(&row).Error
		if err != nil {
			return factor.Guessed{}, wrap("count guess", err)
		}
		out := factor.Guessed{Tried: g.SignIn == "" || row.Attempts != nil, Free: row.Slot != nil, Left: max(row.Free-1, 0)}
		if row.Attempts != nil {
			out.Attempts = *row.Attempts
		}
		if row.Slot != nil {
			out.Slot = *row.Slot
		}
		if row.Prepared > 0 || !out.Tried {
			return out, nil
		}
		// The person's first guess ever. The try of the sign-in that has just been counted is given back: it is counted again.
		if err := s.prepareSlots(s.write.WithContext(ctx), g); err != nil {
			return factor.Guessed{}, wrap("count guess", err)
		}
		if err := s.write.WithContext(ctx).Exec("UPDATE sign_ins SET attempts = attempts - 1 WHERE id = ?", g.SignIn).Error; err != nil {
			return factor.Guessed{}, wrap("count guess", err)
		}
	}
	return factor.Guessed{Tried: true}, nil
}

func (s *Store) prepareSlots(db *gorm.DB, g factor.Guessing) error {
	rows := strings.TrimSuffix(strings.Repeat("(?, ?, ?),", g.PerHour), ",")
	args := make([]any, 0, 3*g.PerHour)
	for i := range g.PerHour {
		args = append(args, g.UserID, g.Budget, i)
	}
	return db.Exec("INSERT INTO guess_slots (user_id, budget, slot) VALUES "+rows+" ON CONFLICT DO NOTHING", args...).Error
}

// countInSteps is CountGuess on SQLite, where one transaction writes at a time.
func (s *Store) countInSteps(ctx context.Context, g factor.Guessing) (out factor.Guessed, err error) {
	err = s.InTx(ctx, func(ctx context.Context) error {
		out = factor.Guessed{Tried: true}
		db, free := s.writer(ctx), micros(g.Now.Add(-g.Window))
		if g.SignIn != "" {
			var tried []int
			if err := db.Raw("UPDATE sign_ins SET attempts = attempts + 1 WHERE id = ? AND ended_at = 0 AND attempts < ? RETURNING attempts",
				g.SignIn, g.PerStay).Scan(&tried).Error; err != nil {
				return err
			}
			if len(tried) == 0 {
				out.Tried = false
				return nil
			}
			out.Attempts = tried[0]
		}
		if err := s.prepareSlots(db, g); err != nil {
			return err
		}
		var taken []int
		if err := db.Raw(`UPDATE guess_slots SET taken_at = ? WHERE user_id = ? AND budget = ? AND slot = (
			SELECT slot FROM guess_slots WHERE user_id = ? AND budget = ? AND taken_at <= ? ORDER BY taken_at, slot LIMIT 1) RETURNING slot`,
			micros(g.Now), g.UserID, g.Budget, g.UserID, g.Budget, free).Scan(&taken).Error; err != nil {
			return err
		}
		if len(taken) == 1 {
			out.Slot, out.Free = taken[0], true
		}
		return db.Raw("SELECT count(*) FROM guess_slots WHERE user_id = ? AND budget = ? AND taken_at <= ?", g.UserID, g.Budget, free).Scan(&out.Left).Error
	})
	return out, wrap("count guess", err)
}

// FreeSlot gives a guess back.
func (s *Store) FreeSlot(ctx context.Context, userID id.User, budget string, slot int) error {
	return wrap("free guess", s.writer(ctx).Exec(freeSlot, userID, budget, slot).Error)
}

// CountFailure counts one wrong code in a row; the one that reaches the limit disables the factor.
func (s *Store) CountFailure(ctx context.Context, factorID id.Factor, limit int, now time.Time) (bool, error) {
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

const (
	freeSlot = "UPDATE guess_slots SET taken_at = 0 WHERE user_id = ? AND budget = ? AND slot = ?"
	burnStep = `UPDATE factors SET last_step = ?, last_used_at = ?, failed_in_row = 0
		WHERE id = ? AND status = 'active' AND disabled_at = 0 AND last_step < ?`
)

// BurnStep spends a TOTP time step, which only ever rises, and gives the guess back. Where the step is spent already the caller's
// transaction is undone, and the guess with it.
func (s *Store) BurnStep(ctx context.Context, f factor.Factor, step int64, now time.Time, budget string, slot int) (bool, error) {
	guess, burn := []any{f.UserID, budget, slot}, []any{step, micros(now), f.ID, step}
	if s.dialect == "postgres" {
		u := s.writer(ctx).Exec("WITH freed AS ("+freeSlot+") "+burnStep, append(guess, burn...)...)
		return u.RowsAffected == 1, wrap("burn step", u.Error)
	}
	if err := s.writer(ctx).Exec(freeSlot, guess...).Error; err != nil {
		return false, wrap("burn step", err)
	}
	u := s.writer(ctx).Exec(burnStep, burn...)
	return u.RowsAffected == 1, wrap("burn step", u.Error)
}

// AddCodeSet stores ten recovery codes. A set that counts takes the place of all that were; one of an enrolment waits for it.
func (s *Store) AddCodeSet(ctx context.Context, set factor.CodeSet, hashes []string) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		if set.FactorID == "" {
			if err := deleteCodes(db, "user_id = ? AND active", set.UserID); err != nil {
				return wrap("add recovery codes", err)
			}
		}
		if err := db.Exec("INSERT INTO code_sets (id, user_id, factor_id, active, made_by, created_at) VALUES (?, ?, ?, ?, ?, ?)",
			set.ID, set.UserID, set.FactorID, set.FactorID == "", set.MadeBy, micros(set.CreatedAt)).Error; err != nil {
			return wrap("add recovery codes", err)
		}
		rows, args := strings.TrimSuffix(strings.Repeat("(?, ?, ?, ?),", len(hashes)), ","), make([]any, 0, 4*len(hashes))
		for _, h := range hashes {
			args = append(args, set.UserID, h, micros(set.CreatedAt), set.ID)
		}
		return wrap("add recovery codes", db.Exec("INSERT INTO recovery_codes (user_id, code_hash, created_at, set_id) VALUES "+rows, args...).Error)
	})
}

// activateCodes makes the codes of an enrolment count, where it has any: with them all others are void.
func activateCodes(db *gorm.DB, userID id.User, factorID id.Factor) error {
	var sets []string
	if err := db.Raw("UPDATE code_sets SET active = TRUE, factor_id = '' WHERE user_id = ? AND factor_id = ? RETURNING id", userID, factorID).Scan(&sets).Error; err != nil || len(sets) == 0 {
		return err
	}
	return deleteCodes(db, "user_id = ? AND active AND id NOT IN ?", userID, sets)
}

// deleteCodes removes sets of recovery codes.
func deleteCodes(db *gorm.DB, where string, args ...any) error {
	if err := db.Exec("DELETE FROM recovery_codes WHERE set_id IN (SELECT id FROM code_sets WHERE "+where+")", args...).Error; err != nil {
		return err
	}
	return db.Exec("DELETE FROM code_sets WHERE "+where, args...).Error
}

// countingSet is true of a code whose set counts.
const countingSet = "EXISTS (SELECT 1 FROM code_sets c WHERE c.id = recovery_codes.set_id AND c.active)"

// RecoveryCode finds a code of the set that counts, and says whether it is spent.
func (s *Store) RecoveryCode(ctx context.Context, userID id.User, hash string) (setID string, used, exists bool, err error) {
	var rows []struct {
		SetID  string
		UsedAt int64
	}
	err = s.reader(ctx).Raw("SELECT set_id, used_at FROM recovery_codes WHERE user_id = ? AND code_hash = ? AND "+countingSet, userID, hash).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return "", false, false, wrap("recovery code", err)
	}
	return rows[0].SetID, rows[0].UsedAt != 0, true, nil
}

// BurnRecoveryCode spends a recovery code, once.
func (s *Store) BurnRecoveryCode(ctx context.Context, userID id.User, hash string, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE recovery_codes SET used_at = ? WHERE user_id = ? AND code_hash = ? AND used_at = 0 AND "+countingSet, micros(now), userID, hash)
	return u.RowsAffected == 1, wrap("burn recovery code", u.Error)
}

// RecoveryCodeCount counts a person's recovery codes.
func (s *Store) RecoveryCodeCount(ctx context.Context, userID id.User) (remaining, total int, createdAt time.Time, err error) {
	var row struct {
		Remaining, Total int
		CreatedAt        int64
	}
	err = s.reader(ctx).Raw(`SELECT COALESCE(SUM(CASE WHEN used_at = 0 THEN 1 ELSE 0 END), 0) AS remaining, count(*) AS total,
		COALESCE(MAX(created_at), 0) AS created_at FROM recovery_codes WHERE user_id = ? AND `+countingSet, userID).Scan(&row).Error
	return row.Remaining, row.Total, when(row.CreatedAt), wrap("recovery codes", err)
}
