package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

const memberColumns = `m.account_id, m.user_id, u.name, u.email, u.locale, m.role, m.two_factor_required, m.required_at, m.factor_bits,
	m.created_at AS joined_at`

type memberRow struct {
	AccountID                        id.Account
	UserID                           id.User
	Name, Email, Locale, Role        string
	TwoFactorRequired                bool
	RequiredAt, FactorBits, JoinedAt int64
	FactorsSince                     int64
}

// factorsSince is when the oldest active factor of a user u was activated.
const factorsSince = `(SELECT COALESCE(MIN(f.activated_at), 0) FROM factors f WHERE f.user_id = u.id AND f.status = 'active') AS factors_since`

func (r memberRow) member() account.Member {
	return account.Member{
		AccountID: r.AccountID, UserID: r.UserID, Name: r.Name, Email: r.Email, Locale: r.Locale, Role: account.Role(r.Role),
		TwoFactorRequired: r.TwoFactorRequired, RequiredAt: when(r.RequiredAt), Factors: assurance.Types(r.FactorBits), JoinedAt: when(r.JoinedAt),
		FactorsSince: when(r.FactorsSince),
	}
}

func members(rows []memberRow) []account.Member {
	found := make([]account.Member, len(rows))
	for i, r := range rows {
		found[i] = r.member()
	}
	return found
}

// InsertMember lets a person belong to an account.
func (s *Store) InsertMember(ctx context.Context, m account.Member) error {
	return wrap("insert member", s.change(ctx, []string{bus.User(m.UserID)}, func(db *gorm.DB) error {
		err := db.Exec(`INSERT INTO members (account_id, user_id, role, two_factor_required, required_at, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
			m.AccountID, m.UserID, string(m.Role), m.TwoFactorRequired, micros(m.RequiredAt), micros(m.JoinedAt)).Error
		if err != nil {
			return err
		}
		return mirror(db, m.UserID)
	}))
}

// mirror brings what lies beside a person's memberships in step with the person: their name, address and types of active
// factors.
func mirror(db *gorm.DB, userID id.User) error {
	return db.Exec(`UPDATE members SET name_key = lower(u.name), email_key = u.email_key, factor_bits = u.factor_bits FROM users u
		WHERE u.id = members.user_id AND members.user_id = ?`, userID).Error
}

// Member is one member of the account, or fault.ErrNotFound.
func (s *Store) Member(ctx context.Context, accountID id.Account, userID id.User) (account.Member, error) {
	var rows []memberRow
	err := s.reader(ctx).Raw(`SELECT `+memberColumns+`, `+factorsSince+` FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = ? AND m.user_id = ?`, accountID, userID).Scan(&rows).Error
	if err != nil {
		return account.Member{}, wrap("member", err)
	}
	if len(rows) == 0 {
		return account.Member{}, fault.ErrNotFound
	}
	return rows[0].member(), nil
}

// Members is a page of the account's members, by address, after the given one (as user.EmailKey spells it). Whom to show is
// found in one index alone, whichever part of them is asked for; the rest is read of the page.
func (s *Store) Members(ctx context.Context, accountID id.Account, f account.Filter, after string, limit int) ([]account.Member, error) {
	page, err := s.memberPage(ctx, accountID, f, after, limit)
	if err != nil || page.sql == "" {
		return nil, wrap("members", err)
	}
	var rows []memberRow
	err = s.reader(ctx).Raw(`SELECT `+memberColumns+` FROM (`+page.sql+`) AS page CROSS JOIN members m CROSS JOIN users u
		WHERE m.account_id = ? AND m.user_id = page.user_id AND u.id = m.user_id ORDER BY page.email_key LIMIT ?`,
		append(page.args, accountID, limit)...).Scan(&rows).Error // SQLite takes what is joined by CROSS JOIN in this order
	return members(rows), wrap("members", err)
}

// memberPage says how to find the user_id and email_key of those on the page; "" where there is nobody.
func (s *Store) memberPage(ctx context.Context, accountID id.Account, f account.Filter, after string, limit int) (condition, error) {
	first := func(where condition, found ...condition) condition {
		c := allOf(append(found, condition{"m.email_key > ?", []any{after}})...)
		return condition{`SELECT m.user_id, m.email_key FROM ` + where.sql + ` AND ` + c.sql + ` ORDER BY m.email_key LIMIT ?`, slices.Concat(where.args, c.args, []any{limit})}
	}
	all, q := everybody(accountID), strings.TrimSpace(f.Query)
	var wanted []int64
	if f.TwoFactor != "" {
		wanted = sets(f.Accepted, f.TwoFactor == account.Active)
	}
	switch {
	case q != "":
		n := needleOf(q)
		userIDs, rare, err := s.rare(ctx, accountID, n)
		if err != nil || rare && len(userIDs) == 0 {
			return condition{}, err
		}
		if rare {
			all = s.these(accountID, userIDs)
		}
		found := []condition{n.within()}
		if f.TwoFactor != "" {
			found = append(found, condition{"m.factor_bits IN ?", []any{wanted}})
		}
		return first(all, found...), nil
	case f.TwoFactor != "":
		// Each set of types is a stretch of members_by_factors, in the order of the list.
		var parts []string
		var page condition
		for _, set := range wanted {
			part := first(all, condition{"m.factor_bits = ?", []any{set}})
			parts, page.args = append(parts, "SELECT * FROM ("+part.sql+") AS one"), append(page.args, part.args...)
		}
		page.sql = strings.Join(parts, " UNION ALL ")
		return page, nil
	}
	return first(all), nil
}

// sets are all sets of types that have, or lack, one of those accepted.
func sets(accepted assurance.Types, have bool) []int64 {
	var out []int64
	for t := assurance.Types(0); t <= assurance.All; t++ {
		if (t&accepted != 0) == have {
			out = append(out, int64(t))
		}
	}
	return out
}

// MembersMissing is the first members, by address, who have no second factor of an accepted type.
func (s *Store) MembersMissing(ctx context.Context, accountID id.Account, accepted assurance.Types, limit int) ([]account.Member, error) {
	return s.Members(ctx, accountID, account.Filter{TwoFactor: account.Missing, Accepted: accepted}, "", limit)
}

// stillOwned is true while somebody else owns the account who can sign in. The caller's transaction holds the account alone: only
// then can nobody else step down between this and the write.
const stillOwned = `EXISTS (SELECT 1 FROM members o JOIN users p ON p.id = o.user_id
	WHERE o.account_id = members.account_id AND o.role = 'owner' AND o.user_id <> members.user_id AND p.disabled_at = 0)`

// SetRole gives a member another role; false where that would leave the account without an owner.
func (s *Store) SetRole(ctx context.Context, accountID id.Account, userID id.User, role account.Role) (bool, error) {
	var changed bool
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		query := `UPDATE members SET role = ? WHERE account_id = ? AND user_id = ?`
		if role != account.Owner {
			query += ` AND (role <> 'owner' OR ` + stillOwned + `)`
		}
		r := db.Exec(query, string(role), accountID, userID)
		changed = r.RowsAffected == 1
		return r.Error
	})
	return changed, wrap("set role", err)
}

// RemoveMember ends a membership, and the cart with it; false where that would leave the account without an owner.
func (s *Store) RemoveMember(ctx context.Context, accountID id.Account, userID id.User) (bool, error) {
	var removed bool
	err := s.changeWith(ctx, []string{bus.User(userID), "cart:" + string(accountID) + ":" + string(userID)}, func(ctx context.Context, db *gorm.DB) error {
		if err := s.endSignedOut(ctx, accountID, userID); err != nil {
			return err
		}
		r := db.Exec(`DELETE FROM members WHERE account_id = ? AND user_id = ? AND (role <> 'owner' OR `+stillOwned+`)`, accountID, userID)
		if removed = r.RowsAffected == 1; !removed {
			return r.Error
		}
		return db.Exec(`DELETE FROM cart_items WHERE account_id = ? AND user_id = ?`, accountID, userID).Error
	})
	return removed, wrap("remove member", err)
}

// SetTwoFactorRequired ticks or unticks the switch of one person. Ticking it again leaves the time at which it was ticked.
func (s *Store) SetTwoFactorRequired(ctx context.Context, accountID id.Account, userID id.User, required bool, now time.Time) error {
	at := int64(0)
	if required {
		at = micros(now)
	}
	return wrap("set two factor required", s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		return db.Exec(`UPDATE members SET two_factor_required = ?, required_at = ? WHERE account_id = ? AND user_id = ? AND two_factor_required <> ?`,
			required, at, accountID, userID, required).Error
	}))
}

// HasMember says whether the address belongs to a member.
func (s *Store) HasMember(ctx context.Context, accountID id.Account, email string) (bool, error) {
	var n int64
	err := s.reader(ctx).Raw(`SELECT COUNT(*) FROM users u JOIN members m ON m.user_id = u.id WHERE u.email_key = ? AND m.account_id = ?`,
		user.EmailKey(email), accountID).Scan(&n).Error
	return n > 0, wrap("has member", err)
}

// RecipientsMissing is a page of the members who can sign in and have no factor of an accepted type. It begins after cursor,
// which the page before answered; "" is the first page, and the answer "" the last.
func (s *Store) RecipientsMissing(ctx context.Context, accountID id.Account, accepted assurance.Types, cursor string, limit int) ([]account.Recipient, string, error) {
	found, err := s.recipients(ctx, `m.account_id = ? AND m.user_id > ? AND u.disabled_at = 0 AND (m.factor_bits & ?) = 0 ORDER BY m.user_id LIMIT ?`,
		accountID, cursor, int64(accepted), limit)
	if err != nil || len(found) < limit {
		return found, "", err
	}
	return found, string(found[limit-1].UserID), nil
}

// Owners are the owners of the account who can sign in.
func (s *Store) Owners(ctx context.Context, accountID id.Account) ([]account.Recipient, error) {
	return s.recipients(ctx, `m.account_id = ? AND m.role = 'owner' AND u.disabled_at = 0 ORDER BY m.user_id`, accountID)
}

func (s *Store) recipients(ctx context.Context, where string, args ...any) ([]account.Recipient, error) {
	var rows []struct {
		UserID              id.User
		Email, Name, Locale string
	}
	if err := s.reader(ctx).Raw(`SELECT m.user_id, u.email, u.name, u.locale FROM members m JOIN users u ON u.id = m.user_id WHERE `+where, args...).Scan(&rows).Error; err != nil {
		return nil, wrap("recipients", err)
	}
	found := make([]account.Recipient, len(rows))
	for i, r := range rows {
		found[i] = account.Recipient{UserID: r.UserID, Email: r.Email, Name: r.Name, Locale: r.Locale}
	}
	return found, nil
}
