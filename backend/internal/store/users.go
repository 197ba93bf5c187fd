package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/limit"
	"sallyport/internal/user"
)

type userRow struct {
	ID                                     id.User
	Email                                  string
	Name                                   string
	Locale                                 string
	PasswordHash                           string
	StaffRole                              string
	PasswordID                             string
	PasswordShort                          bool
	Epoch                                  int64
	FactorBits                             int64
	CreatedAt, EmailVerifiedAt, DisabledAt int64
	MailboxSpentAt                         int64
}

const userColumns = "id, email, name, locale, password_hash, password_id, password_short, epoch, staff_role, factor_bits, created_at, email_verified_at, disabled_at, mailbox_spent_at"

func (r userRow) user() user.User {
	return user.User{ID: r.ID, Email: r.Email, Name: r.Name, Locale: r.Locale, PasswordHash: r.PasswordHash, PasswordID: r.PasswordID, PasswordShort: r.PasswordShort, Epoch: r.Epoch, StaffRole: r.StaffRole,
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
func (s *Store) User(ctx context.Context, userID id.User) (user.User, error) {
	return s.user(ctx, "id", string(userID))
}

// UserByEmail finds a person by any spelling of their address. fault.ErrNotFound.
func (s *Store) UserByEmail(ctx context.Context, email string) (user.User, error) {
	return s.user(ctx, "email_key", user.EmailKey(email))
}

// AddUser stores a new person, whose password and address something has made: false if the address is taken.
func (s *Store) AddUser(ctx context.Context, u user.User, by actor.MadeBy) (bool, error) {
	r := s.writer(ctx).Exec(`INSERT INTO users (id, email, email_key, name, locale, password_hash, password_id, password_made_by, email_made_by, staff_role, created_at,
		email_verified_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (email_key) DO NOTHING`, u.ID, u.Email, user.EmailKey(u.Email), u.Name, u.Locale,
		u.PasswordHash, u.PasswordID, by, by, u.StaffRole, micros(u.CreatedAt), micros(u.VerifiedAt))
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

// SetDisabled shuts a person out, from a time on, or lets them in again (zero); false where that is so already. To shut somebody out
// moves their epoch: what they were signed in with stays over when they are let in again.
func (s *Store) SetDisabled(ctx context.Context, userID id.User, at time.Time) (bool, error) {
	changed := false
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		u := db.Exec("UPDATE users SET disabled_at = ?, epoch = epoch + CASE WHEN ? THEN 1 ELSE 0 END WHERE id = ? AND (disabled_at > 0) <> ?",
			micros(at), !at.IsZero(), userID, !at.IsZero())
		changed = u.RowsAffected == 1
		return wrap("set disabled", u.Error)
	})
	return changed, err
}

// UpdateProfile changes name and locale; empty ones stay.
func (s *Store) UpdateProfile(ctx context.Context, userID id.User, name, locale string) error {
	return wrap("update profile", s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		if err := db.Exec(`UPDATE users SET name = CASE WHEN ? <> '' THEN ? ELSE name END,
			locale = CASE WHEN ? <> '' THEN ? ELSE locale END WHERE id = ?`, name, name, locale, locale, userID).Error; err != nil {
			return err
		}
		return mirror(db, userID)
	}))
}

// MoveEpoch shuts whatever somebody could get in with as this person.
func (s *Store) MoveEpoch(ctx context.Context, userID id.User) error {
	return s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		return wrap("move epoch", db.Exec("UPDATE users SET epoch = epoch + 1 WHERE id = ?", userID).Error)
	})
}

// KeepSession gives a live session of the person the epoch that they have by now: the one that has moved it lives on. It must have
// had the epoch from before.
func (s *Store) KeepSession(ctx context.Context, userID id.User, sessionID id.Stay) error {
	return s.change(ctx, []string{bus.Session(sessionID)}, func(db *gorm.DB) error {
		return wrap("keep session", db.Exec(`UPDATE sessions SET epoch = epoch + 1 WHERE id = ? AND user_id = ? AND ended_at = 0
			AND epoch + 1 = (SELECT epoch FROM users WHERE id = ?)`, sessionID, userID, userID).Error)
	})
}

// TakeRates takes one from each rate by GCRA, in one statement. Of those that have none left it says how long to wait.
func (s *Store) TakeRates(ctx context.Context, now time.Time, rates ...limit.Rate) (time.Duration, error) {
	rates = inOrderOfKeys(rates)
	greatest := "MAX"
	if s.dialect == "postgres" {
		greatest = "GREATEST"
	}
	at := micros(now)
	rows, cases := make([]string, len(rates)), make([]string, len(rates))
	var values, tolerances []any
	for i, r := range rates {
		step := r.Every.Microseconds()
		rows[i], values = "(?, CAST(? AS BIGINT))", append(values, r.Key, at+step)
		cases[i], tolerances = "WHEN ? THEN CAST(? AS BIGINT)", append(tolerances, r.Key, at+step*int64(r.Burst))
	}
	args := slices.Concat(values, []any{at, at, at, at}, tolerances)
	var taken []string
	err := s.writer(ctx).Raw(`INSERT INTO rate_limits (key, tat) VALUES `+strings.Join(rows, ", ")+` ON CONFLICT (key) DO UPDATE
		SET tat = `+greatest+`(rate_limits.tat, ?) + (excluded.tat - ?) WHERE `+greatest+`(rate_limits.tat, ?) + (excluded.tat - ?)
		<= CASE rate_limits.key `+strings.Join(cases, " ")+` END RETURNING key`, args...).Scan(&taken).Error
	if err != nil || len(taken) == len(rates) {
		return 0, wrap("rate limit", err)
	}
	var wait time.Duration
	for _, r := range rates {
		if slices.Contains(taken, r.Key) {
			continue
		}
		var tat int64
		if err := s.writer(ctx).Raw("SELECT tat FROM rate_limits WHERE key = ?", r.Key).Scan(&tat).Error; err != nil {
			return 0, wrap("rate limit", err)
		}
		step := r.Every.Microseconds()
		wait = max(wait, time.Duration(tat+step-step*int64(r.Burst)-at)*time.Microsecond, time.Second)
	}
	return wait, nil
}

// inOrderOfKeys: rows are locked in one order, whoever takes them.
func inOrderOfKeys(rates []limit.Rate) []limit.Rate {
	return slices.SortedFunc(slices.Values(rates), func(a, b limit.Rate) int { return strings.Compare(a.Key, b.Key) })
}

// ReturnRates gives one back to each.
func (s *Store) ReturnRates(ctx context.Context, rates ...limit.Rate) error {
	if len(rates) == 0 {
		return nil
	}
	cases, keys := make([]string, len(rates)), make([]string, len(rates))
	var args []any
	for i, r := range inOrderOfKeys(rates) {
		cases[i], keys[i] = "WHEN ? THEN CAST(? AS BIGINT)", r.Key
		args = append(args, r.Key, r.Every.Microseconds())
	}
	return wrap("rate limit", s.writer(ctx).Exec("UPDATE rate_limits SET tat = tat - CASE key "+strings.Join(cases, " ")+" END WHERE key IN ?",
		append(args, keys)...).Error)
}

// NoUsers says whether nobody is there yet.
func (s *Store) NoUsers(ctx context.Context) (bool, error) {
	var n int64
	err := s.writer(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM users LIMIT 1) AS one").Scan(&n).Error
	return n == 0, wrap("users", err)
}
