package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/user"
)

type userRow struct {
	ID, Email, Name, Locale, PasswordHash, StaffRole string
	PasswordShort                                    bool
	FactorBits                                       int64
	CreatedAt, EmailVerifiedAt, DisabledAt           int64
	MailboxSpentAt                                   int64
}

const userColumns = "id, email, name, locale, password_hash, password_short, staff_role, factor_bits, created_at, email_verified_at, disabled_at, mailbox_spent_at"

func (r userRow) user() user.User {
	return user.User{ID: r.ID, Email: r.Email, Name: r.Name, Locale: r.Locale, PasswordHash: r.PasswordHash, PasswordShort: r.PasswordShort, StaffRole: r.StaffRole,
		Factors: assurance.Types(r.FactorBits), CreatedAt: when(r.CreatedAt), VerifiedAt: when(r.EmailVerifiedAt), DisabledAt: when(r.DisabledAt),
		MailboxSpentAt: when(r.MailboxSpentAt)}
}

func (s *Store) user(ctx context.Context, column, value string) (user.User, error) {
	var rows []userRow
	if err := s.reader(ctx).Raw("SELECT "+userColumns+" FROM users WHERE "+column+" = ?", value).Scan(&rows).Error; err != nil {
		return user.User{}, wrap("user", err)
	}
	if len(rows) == 0 {
		return user.User{}, fault.ErrNotFound
	}
	return rows[0].user(), nil
}

// User reads a person. fault.ErrNotFound.
func (s *Store) User(ctx context.Context, userID string) (user.User, error) {
	return s.user(ctx, "id", userID)
}

// UserByEmail finds a person by any spelling of their address. fault.ErrNotFound.
func (s *Store) UserByEmail(ctx context.Context, email string) (user.User, error) {
	return s.user(ctx, "email_key", user.EmailKey(email))
}

// AddUser stores a new person: false if the address is taken.
func (s *Store) AddUser(ctx context.Context, u user.User) (bool, error) {
	r := s.writer(ctx).Exec(`INSERT INTO users (id, email, email_key, name, locale, password_hash, staff_role, created_at, email_verified_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email_key) DO NOTHING`, u.ID, u.Email, user.EmailKey(u.Email), u.Name, u.Locale,
		u.PasswordHash, u.StaffRole, micros(u.CreatedAt), micros(u.VerifiedAt))
	return r.RowsAffected == 1, wrap("add user", r.Error)
}

// People is a page of all persons, by address (as user.EmailKey spells it), whose name or address contains query; "": all.
func (s *Store) People(ctx context.Context, query string, disabled bool, after string, limit int) ([]user.User, error) {
	q, args := "SELECT "+userColumns+" FROM users u WHERE u.email_key > ?", []any{after}
	if disabled {
		q += " AND u.disabled_at > 0"
	}
	if query = strings.TrimSpace(query); query != "" {
		found := needleOf(query).in("lower(u.name)", "u.email_key")
		q, args = q+" AND ("+found.sql+")", append(args, found.args...)
	}
	var rows []userRow
	err := s.reader(ctx).Raw(q+" ORDER BY u.email_key LIMIT ?", append(args, limit)...).Scan(&rows).Error
	found := make([]user.User, len(rows))
	for i, r := range rows {
		found[i] = r.user()
	}
	return found, wrap("people", err)
}

// SetDisabled shuts a person out, from a time on, or lets them in again (zero); false where that is so already.
func (s *Store) SetDisabled(ctx context.Context, userID string, at time.Time) (bool, error) {
	changed := false
	err := s.change(ctx, []string{"user:" + userID}, func(db *gorm.DB) error {
		u := db.Exec("UPDATE users SET disabled_at = ? WHERE id = ? AND (disabled_at > 0) <> ?", micros(at), userID, !at.IsZero())
		changed = u.RowsAffected == 1
		return wrap("set disabled", u.Error)
	})
	return changed, err
}

// UpdateProfile changes name and locale; empty ones stay.
func (s *Store) UpdateProfile(ctx context.Context, userID, name, locale string) error {
	return wrap("update profile", s.change(ctx, []string{"user:" + userID}, func(db *gorm.DB) error {
		if err := db.Exec(`UPDATE users SET name = CASE WHEN ? <> '' THEN ? ELSE name END,
			locale = CASE WHEN ? <> '' THEN ? ELSE locale END WHERE id = ?`, name, name, locale, locale, userID).Error; err != nil {
			return err
		}
		return mirror(db, userID)
	}))
}

// TakeRate takes one from the rate limit of a key by GCRA, in one statement: one every interval, burst at once. When there is
// none it says how long to wait.
func (s *Store) TakeRate(ctx context.Context, key string, now time.Time, interval time.Duration, burst int) (bool, time.Duration, error) {
	at, step := micros(now), interval.Microseconds()
	tolerance := step * int64(burst)
	greatest := "MAX"
	if s.dialect == "postgres" {
		greatest = "GREATEST"
	}
	var tats []int64
	err := s.writer(ctx).Raw(`INSERT INTO rate_limits (key, tat) VALUES (?, ?) ON CONFLICT (key) DO UPDATE
		SET tat = `+greatest+`(rate_limits.tat, ?) + ? WHERE `+greatest+`(rate_limits.tat, ?) + ? <= ? RETURNING tat`,
		key, at+step, at, step, at, step, at+tolerance).Scan(&tats).Error
	if err != nil {
		return false, 0, wrap("rate limit", err)
	}
	if len(tats) == 1 {
		return true, 0, nil
	}
	var tat int64
	if err := s.writer(ctx).Raw("SELECT tat FROM rate_limits WHERE key = ?", key).Scan(&tat).Error; err != nil {
		return false, 0, wrap("rate limit", err)
	}
	return false, max(time.Duration(tat+step-tolerance-at)*time.Microsecond, time.Second), nil
}

// ReturnRate gives one back.
func (s *Store) ReturnRate(ctx context.Context, key string, interval time.Duration) error {
	return wrap("rate limit", s.writer(ctx).Exec("UPDATE rate_limits SET tat = tat - ? WHERE key = ?", interval.Microseconds(), key).Error)
}

// NoUsers says whether nobody is there yet.
func (s *Store) NoUsers(ctx context.Context) (bool, error) {
	var n int64
	err := s.writer(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1) AS one").Scan(&n).Error
	return n == 0, wrap("users", err)
}
