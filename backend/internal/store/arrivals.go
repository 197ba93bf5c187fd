package store

import (
	"context"
	"encoding/json"

	"gorm.io/gorm"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

// Known finds those who have one of these addresses, as user.EmailKey spells it, and says what they are in the account.
func (s *Store) Known(ctx context.Context, accountID id.Account, emailKeys []string) (map[string]account.Known, error) {
	var rows []struct {
		ID                       id.User
		Email                    string
		EmailKey                 string
		Name                     string
		Locale                   string
		FactorBits, FactorsSince int64
		Role                     string
		TwoFactorRequired        bool
		JoinedAt                 int64
	}
	err := s.reader(ctx).Raw(`SELECT u.id, u.email, u.email_key, u.name, u.locale, u.factor_bits, `+factorsSince+`, COALESCE(m.role, '') AS role,
		COALESCE(m.two_factor_required, FALSE) AS two_factor_required, COALESCE(m.created_at, 0) AS joined_at
		FROM users u LEFT JOIN members m ON m.account_id = ? AND m.user_id = u.id WHERE u.email_key `+s.among(), accountID, listOf(s, emailKeys)).Scan(&rows).Error
	known := make(map[string]account.Known, len(rows))
	for _, r := range rows {
		known[r.EmailKey] = account.Known{IsMember: r.Role != "", Member: account.Member{AccountID: accountID, UserID: r.ID, Name: r.Name, Email: r.Email,
			Locale: r.Locale, Role: account.Role(r.Role), TwoFactorRequired: r.TwoFactorRequired, JoinedAt: when(r.JoinedAt),
			Factors: assurance.Types(r.FactorBits), FactorsSince: when(r.FactorsSince)}}
	}
	return known, wrap("known", err)
}

// AddUsers stores new persons without a password, whom something has made, in one statement, but those whose address is taken, and says
// how many that were.
func (s *Store) AddUsers(ctx context.Context, us []user.User, by actor.MadeBy) (int, error) {
	type row struct {
		ID        string `json:"id"`
		Email     string `json:"email"`
		EmailKey  string `json:"email_key"`
		Name      string `json:"name"`
		Locale    string `json:"locale"`
		CreatedAt int64  `json:"created_at"`
	}
	rows := make([]row, len(us))
	for i, u := range us {
		rows[i] = row{string(u.ID), u.Email, user.EmailKey(u.Email), u.Name, u.Locale, micros(u.CreatedAt)}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return 0, wrap("add users", err)
	}
	r := s.writer(ctx).Exec(`INSERT INTO users (id, email, email_key, name, locale, password_hash, password_made_by, email_made_by, created_at)
		SELECT id, email, email_key, name, locale, '', CAST(? AS TEXT), CAST(? AS TEXT), created_at
		FROM `+s.table("id TEXT, email TEXT, email_key TEXT, name TEXT, locale TEXT, created_at BIGINT")+`
		WHERE TRUE ON CONFLICT (email_key) DO NOTHING`, by, by, string(list))
	return int(r.RowsAffected), wrap("add users", r.Error)
}

// AddMembers lets many persons belong to their accounts, in one statement. told are those of them of whom somebody may remember
// that they do not.
func (s *Store) AddMembers(ctx context.Context, ms []account.Member, told []id.User) error {
	type row struct {
		AccountID  id.Account `json:"account_id"`
		UserID     id.User    `json:"user_id"`
		Role       string     `json:"role"`
		Required   bool       `json:"required"`
		RequiredAt int64      `json:"required_at"`
		CreatedAt  int64      `json:"created_at"`
	}
	rows := make([]row, len(ms))
	for i, m := range ms {
		rows[i] = row{m.AccountID, m.UserID, string(m.Role), m.TwoFactorRequired, micros(m.RequiredAt), micros(m.JoinedAt)}
	}
	list, err := json.Marshal(rows)
	if err != nil {
		return wrap("add members", err)
	}
	topics := make([]string, len(told))
	for i, userID := range told {
		topics[i] = bus.User(userID)
	}
	return wrap("add members", s.change(ctx, topics, func(db *gorm.DB) error {
		return db.Exec(`INSERT INTO members (account_id, user_id, role, two_factor_required, required_at, created_at, name_key, email_key, factor_bits)
			SELECT r.account_id, r.user_id, r.role, r.required, r.required_at, r.created_at, lower(u.name), u.email_key, u.factor_bits FROM `+
			s.table("account_id TEXT, user_id TEXT, role TEXT, required BOOLEAN, required_at BIGINT, created_at BIGINT")+` JOIN users u ON u.id = r.user_id`, string(list)).Error
	}))
}
