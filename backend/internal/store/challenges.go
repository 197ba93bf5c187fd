package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/factor"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

type challengeRow struct {
	ID                                              string
	UserID                                          id.User
	FactorID                                        id.Factor
	PhoneID                                         string
	Purpose                                         string
	Context                                         id.Stay
	Epoch                                           int64
	Type                                            string
	CodeHash                                        string
	Data                                            string
	SentTo                                          string
	Attempts                                        int
	CreatedAt, ResendAt, ExpiresAt, SpentAt, VoidAt int64
}

const challengeColumns = `id, user_id, factor_id, phone_id, purpose, context, type, code_hash, data, sent_to, attempts, created_at, resend_at,
	expires_at, spent_at, void_at, epoch`

func (r challengeRow) challenge() factor.Challenge {
	t, _ := assurance.ParseType(r.Type)
	return factor.Challenge{ID: r.ID, UserID: r.UserID, FactorID: r.FactorID, PhoneID: r.PhoneID, Purpose: factor.Purpose(r.Purpose),
		Context: r.Context, Type: t, CodeHash: r.CodeHash, Data: r.Data, SentTo: r.SentTo, Attempts: r.Attempts, CreatedAt: when(r.CreatedAt),
		ResendAt: when(r.ResendAt), Expires: when(r.ExpiresAt), SpentAt: when(r.SpentAt), VoidAt: when(r.VoidAt), Epoch: r.Epoch}
}

func (s *Store) challenge(ctx context.Context, where string, args ...any) (factor.Challenge, error) {
	var rows []challengeRow
	if err := s.reader(ctx).Raw("SELECT "+challengeColumns+" FROM challenges WHERE "+where, args...).Scan(&rows).Error; err != nil {
		return factor.Challenge{}, wrap("challenge", err)
	}
	if len(rows) == 0 {
		return factor.Challenge{}, fault.ErrNotFound
	}
	return rows[0].challenge(), nil
}

// AddChallenge stores a challenge; the unspent ones for the same purpose, context, factor and number are void.
func (s *Store) AddChallenge(ctx context.Context, c factor.Challenge) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		where, args := alike(c)
		if err := db.Exec("UPDATE challenges SET void_at = ? WHERE spent_at = 0 AND void_at = 0 AND "+where, append([]any{micros(c.CreatedAt)}, args...)...).Error; err != nil {
			return wrap("add challenge", err)
		}
		return wrap("add challenge", db.Exec(`INSERT INTO challenges (id, user_id, factor_id, phone_id, purpose, context, type, code_hash, data,
			sent_to, created_at, resend_at, expires_at, epoch) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.ID, c.UserID, c.FactorID, c.PhoneID,
			string(c.Purpose), c.Context, c.Type.String(), c.CodeHash, c.Data, c.SentTo, micros(c.CreatedAt), micros(c.ResendAt), micros(c.Expires), c.Epoch).Error)
	})
}

// Challenge reads one challenge of the person.
func (s *Store) Challenge(ctx context.Context, userID id.User, challengeID string) (factor.Challenge, error) {
	return s.challenge(ctx, "id = ? AND user_id = ?", challengeID, userID)
}

// alike is what a challenge is one of: those of a factor, or else of a number.
func alike(c factor.Challenge) (where string, args []any) {
	where, args = "user_id = ? AND purpose = ? AND context = ? AND factor_id = ?", []any{c.UserID, string(c.Purpose), c.Context, c.FactorID}
	if c.FactorID == "" && c.PhoneID != "" { // mobile or backup: the newest code of a factor is the one that counts
		where, args = where+" AND phone_id = ?", append(args, c.PhoneID)
	}
	return where, args
}

// LastChallenge reads the newest challenge of its like.
func (s *Store) LastChallenge(ctx context.Context, c factor.Challenge) (factor.Challenge, error) {
	where, args := alike(c)
	return s.challenge(ctx, where+" ORDER BY id DESC LIMIT 1", args...)
}

// Answered says whether a challenge for this purpose was spent in this stay, in this epoch.
func (s *Store) Answered(ctx context.Context, userID id.User, p factor.Purpose, stay id.Stay, epoch int64) (bool, error) {
	var n int64
	err := s.writer(ctx).Raw("SELECT count(*) FROM challenges WHERE user_id = ? AND purpose = ? AND context = ? AND epoch = ? AND spent_at > 0", userID, string(p), stay, epoch).Scan(&n).Error
	return n > 0, wrap("answered", err)
}

// CountSent counts the unspent codes that were sent to where c goes: in all, and in c's own purpose and context.
func (s *Store) CountSent(ctx context.Context, c factor.Challenge, since time.Time) (all, here int, resendAt time.Time, err error) {
	var row struct {
		Sent, Here int
		ResendAt   int64
	}
	column, value := "factor_id", string(c.FactorID)
	if c.FactorID == "" && c.PhoneID != "" {
		column, value = "phone_id", c.PhoneID
	}
	err = s.writer(ctx).Raw(`SELECT count(*) AS sent, COALESCE(SUM(CASE WHEN purpose = ? AND context = ? THEN 1 ELSE 0 END), 0) AS here,
		COALESCE(MAX(CASE WHEN purpose = ? AND context = ? THEN resend_at ELSE 0 END), 0) AS resend_at
		FROM challenges WHERE user_id = ? AND `+column+` = ? AND created_at > ? AND resend_at > 0 AND spent_at = 0`,
		string(c.Purpose), c.Context, string(c.Purpose), c.Context, c.UserID, value, micros(since)).Scan(&row).Error
	return row.Sent, row.Here, when(row.ResendAt), wrap("count sent", err)
}

// CountChallengeAttempt counts a try against one challenge.
func (s *Store) CountChallengeAttempt(ctx context.Context, challengeID string, limit int) (int, bool, error) {
	var counts []int
	err := s.writer(ctx).Raw("UPDATE challenges SET attempts = attempts + 1 WHERE id = ? AND attempts < ? RETURNING attempts", challengeID, limit).Scan(&counts).Error
	if err != nil || len(counts) == 0 {
		return limit, false, wrap("count attempt", err)
	}
	return counts[0], true, nil
}

// SpendChallenge spends it, once.
func (s *Store) SpendChallenge(ctx context.Context, challengeID string, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE challenges SET spent_at = ? WHERE id = ? AND spent_at = 0 AND void_at = 0", micros(now), challengeID)
	return u.RowsAffected == 1, wrap("spend challenge", u.Error)
}

// UseFactor notes that an active factor has proven its person; an empty secret stays as it is.
func (s *Store) UseFactor(ctx context.Context, factorID id.Factor, secret string, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec(`UPDATE factors SET last_used_at = ?, failed_in_row = 0, secret = CASE WHEN ? <> '' THEN ? ELSE secret END
		WHERE id = ? AND status = 'active' AND disabled_at = 0`, micros(now), secret, secret, factorID)
	return u.RowsAffected == 1, wrap("use factor", u.Error)
}

type phoneRow struct {
	ID                             string
	UserID                         id.User
	Kind, Number, NumberHash, Hint string
	MadeBy, VerifiedIn             string
	CreatedAt, VerifiedAt          int64
}

func (r phoneRow) phone() factor.Phone {
	return factor.Phone{ID: r.ID, UserID: r.UserID, Kind: factor.PhoneKind(r.Kind), Number: r.Number, NumberHash: r.NumberHash, Hint: r.Hint,
		CreatedAt: when(r.CreatedAt), VerifiedAt: when(r.VerifiedAt),
		MadeBy: actor.MadeBy(r.MadeBy), VerifiedIn: id.Stay(r.VerifiedIn)}
}

// AddPhone stores a number; unverified ones of the same kind that nothing uses go.
func (s *Store) AddPhone(ctx context.Context, p factor.Phone) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		if err := db.Exec("DELETE FROM phones WHERE user_id = ? AND kind = ? AND verified_at = 0 AND NOT EXISTS (SELECT 1 FROM factors f WHERE f.phone_id = phones.id)",
			p.UserID, string(p.Kind)).Error; err != nil {
			return wrap("add phone", err)
		}
		return wrap("add phone", db.Exec("INSERT INTO phones (id, user_id, kind, number, number_hash, hint, created_at, made_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			p.ID, p.UserID, string(p.Kind), p.Number, p.NumberHash, p.Hint, micros(p.CreatedAt), p.MadeBy).Error)
	})
}

// Phone reads one number of the person.
func (s *Store) Phone(ctx context.Context, userID id.User, phoneID string) (factor.Phone, error) {
	found, err := s.phones(ctx, "user_id = ? AND id = ?", userID, phoneID)
	if err != nil || len(found) == 0 {
		if err == nil {
			err = fault.ErrNotFound
		}
		return factor.Phone{}, err
	}
	return found[0], nil
}

// Phones lists a person's numbers, oldest first.
func (s *Store) Phones(ctx context.Context, userID id.User) ([]factor.Phone, error) {
	return s.phones(ctx, "user_id = ? ORDER BY id", userID)
}

func (s *Store) phones(ctx context.Context, where string, args ...any) ([]factor.Phone, error) {
	var rows []phoneRow
	if err := s.reader(ctx).Raw("SELECT id, user_id, kind, number, number_hash, hint, created_at, verified_at, made_by, verified_in FROM phones WHERE "+where, args...).Scan(&rows).Error; err != nil {
		return nil, wrap("phones", err)
	}
	list := make([]factor.Phone, len(rows))
	for i, r := range rows {
		list[i] = r.phone()
	}
	return list, nil
}

// VerifyPhone makes a number count; others of its kind that no factor uses go.
func (s *Store) VerifyPhone(ctx context.Context, p factor.Phone, now time.Time) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		if err := db.Exec("UPDATE phones SET verified_at = ?, verified_in = ? WHERE id = ? AND verified_at = 0", micros(now), p.VerifiedIn, p.ID).Error; err != nil {
			return wrap("verify phone", err)
		}
		return wrap("verify phone", db.Exec(`DELETE FROM phones WHERE user_id = ? AND kind = ? AND id <> ?
			AND NOT EXISTS (SELECT 1 FROM factors f WHERE f.phone_id = phones.id)`, p.UserID, string(p.Kind), p.ID).Error)
	})
}

// RemovePhone forgets a number that no factor uses.
func (s *Store) RemovePhone(ctx context.Context, userID id.User, phoneID string) (bool, error) {
	u := s.writer(ctx).Exec("DELETE FROM phones WHERE id = ? AND user_id = ? AND NOT EXISTS (SELECT 1 FROM factors f WHERE f.phone_id = phones.id AND f.status = 'active')",
		phoneID, userID)
	return u.RowsAffected == 1, wrap("remove phone", u.Error)
}

// deleteFactors removes factors, and says how many. A number that one of them used goes with it only where nobody has verified it,
// or where another of its kind was verified since and has taken its place: else it is its person's.
func deleteFactors(db *gorm.DB, where string, args ...any) (int, error) {
	var gone []struct {
		ID      id.Factor
		PhoneID string
	}
	if err := db.Raw("DELETE FROM factors WHERE "+where+" RETURNING id, phone_id", args...).Scan(&gone).Error; err != nil {
		return 0, err
	}
	for _, f := range gone {
		if err := deleteCodes(db, "factor_id = ?", f.ID); err != nil { // of an enrolment
			return 0, err
		}
		if f.PhoneID == "" {
			continue
		}
		if err := db.Exec(`DELETE FROM phones WHERE id = ? AND NOT EXISTS (SELECT 1 FROM factors f WHERE f.phone_id = phones.id)
			AND (verified_at = 0 OR EXISTS (SELECT 1 FROM phones p WHERE p.user_id = phones.user_id AND p.kind = phones.kind AND p.verified_at > phones.verified_at))`,
			f.PhoneID).Error; err != nil {
			return 0, err
		}
	}
	return len(gone), nil
}
