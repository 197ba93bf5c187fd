package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

const accountColumns = `a.id, a.number, a.name, a.created_at, a.enforcement_id, a.enforced_at, a.enforced_by, a.grace_until,
	a.minimum_strength, a.signed_out_at, a.signed_out_by, a.api_tokens, a.guarded_enrolment, a.incident_at, a.incident_by, a.incident_before,
	a.api_tokens_paused`

type accountRow struct {
	ID               id.Account
	Number           string
	Name             string
	CreatedAt        int64
	EnforcementID    string
	EnforcedAt       int64
	EnforcedBy       id.User
	GraceUntil       int64
	MinimumStrength  string
	SignedOutAt      int64
	SignedOutBy      id.User
	APITokens        string
	GuardedEnrolment bool
	IncidentAt       int64
	IncidentBy       id.User
	IncidentBefore   string
	APITokensPaused  bool
	Role             string // of the member who asks, where one does
}

func (r accountRow) account() account.Account {
	return account.Account{
		ID: r.ID, Number: r.Number, Name: r.Name, CreatedAt: when(r.CreatedAt),
		Rule: account.Rule{
			EnforcementID: r.EnforcementID, EnforcedAt: when(r.EnforcedAt), EnforcedBy: r.EnforcedBy, GraceUntil: when(r.GraceUntil),
			Minimum: assurance.Strength(r.MinimumStrength), SignedOutAt: when(r.SignedOutAt), SignedOutBy: r.SignedOutBy,
			KeepAPITokens: r.APITokens == "keep", Guarded: r.GuardedEnrolment,
			IncidentAt: when(r.IncidentAt), IncidentBy: r.IncidentBy, IncidentBefore: r.IncidentBefore, APITokensPaused: r.APITokensPaused,
		},
	}
}

func (r accountRow) membership() account.Membership {
	return account.Membership{Account: r.account(), Role: account.Role(r.Role)}
}

// InsertAccount opens an account; false if its number is taken.
func (s *Store) InsertAccount(ctx context.Context, a account.Account) (bool, error) {
	r := s.writer(ctx).Exec(`INSERT INTO accounts (id, number, name, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (number) DO NOTHING`,
		a.ID, a.Number, a.Name, micros(a.CreatedAt))
	return r.RowsAffected == 1, wrap("insert account", r.Error)
}

// RenameAccount gives it another name.
func (s *Store) RenameAccount(ctx context.Context, accountID id.Account, name string) error {
	return wrap("rename account", s.change(ctx, []string{bus.Account(accountID)}, func(db *gorm.DB) error {
		return db.Exec(`UPDATE accounts SET name = ? WHERE id = ?`, name, accountID).Error
	}))
}

// AccountRule reads an account and the rule that it sets, whoever asks.
func (s *Store) AccountRule(ctx context.Context, accountID id.Account) (account.Account, error) {
	var rows []accountRow
	if err := s.reader(ctx).Raw(`SELECT `+accountColumns+` FROM accounts a WHERE a.id = ?`, accountID).Scan(&rows).Error; err != nil {
		return account.Account{}, wrap("account rule", err)
	}
	if len(rows) == 0 {
		return account.Account{}, fault.ErrNotFound
	}
	return rows[0].account(), nil
}

// SetRule writes the rule: one row, however many members it binds. What was signed out stays signed out: a rule that says
// nothing of it, or something earlier, leaves it as it is.
func (s *Store) SetRule(ctx context.Context, accountID id.Account, r account.Rule) error {
	if r.Minimum == "" {
		r.Minimum = assurance.Any
	}
	return s.changeWith(ctx, []string{bus.Account(accountID)}, func(ctx context.Context, db *gorm.DB) error {
		if r.SignedOutBy != "" {
			if err := s.endSignedOut(ctx, accountID, r.SignedOutBy); err != nil {
				return err
			}
		}
		out, tokens := micros(r.SignedOutAt), "block"
		if r.KeepAPITokens {
			tokens = "keep"
		}
		done := db.Exec(`UPDATE accounts SET enforcement_id = ?, enforced_at = ?, enforced_by = ?, grace_until = ?, minimum_strength = ?,
			api_tokens = ?, guarded_enrolment = ?, incident_at = ?, incident_by = ?, incident_before = ?, api_tokens_paused = ?,
			signed_out_by = CASE WHEN signed_out_at < ? THEN ? ELSE signed_out_by END,
			signed_out_at = CASE WHEN signed_out_at < ? THEN ? ELSE signed_out_at END
			WHERE id = ?`,
			r.EnforcementID, micros(r.EnforcedAt), r.EnforcedBy, micros(r.GraceUntil), string(r.Minimum),
			tokens, r.Guarded, micros(r.IncidentAt), r.IncidentBy, r.IncidentBefore, r.APITokensPaused,
			out, r.SignedOutBy, out, out, accountID)
		if done.Error == nil && done.RowsAffected == 0 {
			return fault.ErrNotFound
		}
		return wrap("set rule", done.Error)
	})
}

// Memberships is a page of the accounts that a person belongs to, by number, after the given one.
func (s *Store) Memberships(ctx context.Context, userID id.User, after string, limit int) ([]account.Membership, error) {
	var rows []accountRow
	err := s.reader(ctx).Raw(`SELECT `+accountColumns+`, m.role FROM members m JOIN accounts a ON a.id = m.account_id
		WHERE m.user_id = ? AND a.number > ? ORDER BY a.number LIMIT ?`, userID, after, limit).Scan(&rows).Error
	if err != nil {
		return nil, wrap("memberships", err)
	}
	found := make([]account.Membership, len(rows))
	for i, r := range rows {
		found[i] = r.membership()
	}
	return found, nil
}

// MembershipsOf is all that a person's accounts mean for their standing; the accounts' rules are read on their own.
func (s *Store) MembershipsOf(ctx context.Context, userID id.User) ([]account.Belonging, error) {
	var rows []struct {
		AccountID            id.Account
		Role                 string
		TwoFactorRequired    bool
		RequiredAt, JoinedAt int64
	}
	err := s.reader(ctx).Raw(`SELECT account_id, role, two_factor_required, required_at, created_at AS joined_at FROM members WHERE user_id = ? ORDER BY account_id`,
		userID).Scan(&rows).Error
	if err != nil {
		return nil, wrap("memberships of", err)
	}
	found := make([]account.Belonging, len(rows))
	for i, r := range rows {
		found[i] = account.Belonging{
			AccountID: r.AccountID, Role: account.Role(r.Role), TwoFactorRequired: r.TwoFactorRequired, RequiredAt: when(r.RequiredAt), JoinedAt: when(r.JoinedAt),
		}
	}
	return found, nil
}

// AccountsOf are the accounts that a person belongs to.
func (s *Store) AccountsOf(ctx context.Context, userID id.User) ([]id.Account, error) {
	var ids []id.Account
	err := s.reader(ctx).Raw("SELECT account_id FROM members WHERE user_id = ? ORDER BY account_id", userID).Scan(&ids).Error
	return ids, wrap("accounts of", err)
}

// CountMembers says how many members have a second factor of an accepted type, and how many invitations are open. Each set of
// types is counted in the narrowest index there is: some ten milliseconds for a hundred thousand.
func (s *Store) CountMembers(ctx context.Context, accountID id.Account, accepted assurance.Types, now time.Time) (account.Counts, error) {
	var rows []struct {
		FactorBits int64
		Members    int
	}
	var c account.Counts
	var sets []string // numbers of our own: as parameters each would be a string to PostgreSQL
	for set := assurance.Types(0); set <= assurance.All; set++ {
		sets = append(sets, fmt.Sprintf("(%d)", set))
	}
	if err := s.reader(ctx).Raw(`WITH sets (bits) AS (VALUES `+strings.Join(sets, ",")+`) SELECT bits AS factor_bits,
		(SELECT COUNT(*) FROM members WHERE account_id = ? AND factor_bits = bits) AS members FROM sets`, accountID).Scan(&rows).Error; err != nil {
		return c, wrap("count members", err)
	}
	for _, r := range rows {
		c.Total += r.Members
		if assurance.Types(r.FactorBits)&accepted != 0 {
			c.Compliant += r.Members
		}
	}
	c.Missing = c.Total - c.Compliant
	err := s.reader(ctx).Raw(`SELECT COUNT(*) FROM invitations i WHERE i.account_id = ? AND i.accepted_at = 0 AND i.revoked_at = 0 AND i.expires_at > ?`,
		accountID, micros(now)).Scan(&c.Invitations).Error
	return c, wrap("count members", err)
}

// Accounts is a page of all accounts, by number, whose number begins with query or whose name contains it; "": all.
func (s *Store) Accounts(ctx context.Context, query, after string, limit int) ([]account.Listed, error) {
	var rows []struct {
		A               accountRow `gorm:"embedded"`
		Members, Owners int
		Owner           string
	}
	err := s.reader(ctx).Raw(`SELECT `+accountColumns+`, (SELECT count(*) FROM members m WHERE m.account_id = a.id) AS members,
		(SELECT count(*) FROM members m WHERE m.account_id = a.id AND m.role = 'owner') AS owners,
		(SELECT COALESCE(MIN(u.email), '') FROM members m JOIN users u ON u.id = m.user_id WHERE m.account_id = a.id AND m.role = 'owner') AS owner
		FROM accounts a WHERE a.number > ? AND (upper(a.number) LIKE upper(?) ESCAPE '\' OR lower(a.name) LIKE lower(?) ESCAPE '\') ORDER BY a.number LIMIT ?`,
		after, literal(query)+"%", "%"+literal(query)+"%", limit).Scan(&rows).Error
	found := make([]account.Listed, len(rows))
	for i, r := range rows {
		found[i] = account.Listed{Account: r.A.account(), Members: r.Members, Owners: r.Owners, Owner: r.Owner}
	}
	return found, wrap("accounts", err)
}

// AccountByNumber finds an account by its number, in capitals or not; fault.ErrNotFound.
func (s *Store) AccountByNumber(ctx context.Context, number string) (account.Account, error) {
	var rows []accountRow
	if err := s.reader(ctx).Raw(`SELECT `+accountColumns+` FROM accounts a WHERE a.number = ?`, strings.ToUpper(strings.TrimSpace(number))).Scan(&rows).Error; err != nil {
		return account.Account{}, wrap("account", err)
	}
	if len(rows) == 0 {
		return account.Account{}, fault.ErrNotFound
	}
	return rows[0].account(), nil
}
