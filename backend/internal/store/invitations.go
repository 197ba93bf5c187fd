package store

import (
	"context"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

// open is true of an invitation that can still be accepted; it takes the time.
const open = `i.accepted_at = 0 AND i.revoked_at = 0 AND i.expires_at > ?`

// invitationColumns leave the token's hash out: nobody reads one back.
const invitationColumns = `i.id, i.account_id, i.email, i.role, i.two_factor_required, i.locale, i.invited_by, i.created_at, i.expires_at, i.resent_at`

type invitationRow struct {
	ID                             string
	AccountID                      id.Account
	Email, Role                    string
	TwoFactorRequired              bool
	Locale                         string
	InvitedBy                      id.User
	CreatedAt, ExpiresAt, ResentAt int64
}

func (r invitationRow) invitation() account.Invitation {
	return account.Invitation{
		ID: r.ID, AccountID: r.AccountID, Email: r.Email, Role: account.Role(r.Role), TwoFactorRequired: r.TwoFactorRequired,
		Locale: r.Locale, InvitedBy: r.InvitedBy, CreatedAt: when(r.CreatedAt), ExpiresAt: when(r.ExpiresAt), ResentAt: when(r.ResentAt),
	}
}

// InsertInvitation opens a door for one address.
func (s *Store) InsertInvitation(ctx context.Context, i account.Invitation) error {
	return wrap("insert invitation", s.writer(ctx).Exec(
		`INSERT INTO invitations (id, account_id, email, email_key, role, two_factor_required, locale, token_hash, invited_by, created_at, expires_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.ID, i.AccountID, i.Email, user.EmailKey(i.Email), string(i.Role), i.TwoFactorRequired, i.Locale, i.TokenHash, i.InvitedBy,
		micros(i.CreatedAt), micros(i.ExpiresAt)).Error)
}

// HasInvitation says whether the address has an open invitation.
func (s *Store) HasInvitation(ctx context.Context, accountID id.Account, email string, now time.Time) (bool, error) {
	var n int64
	err := s.reader(ctx).Raw(`SELECT COUNT(*) FROM invitations i WHERE i.account_id = ? AND i.email_key = ? AND `+open,
		accountID, user.EmailKey(email), micros(now)).Scan(&n).Error
	return n > 0, wrap("has invitation", err)
}

// Invitations is a page of the open invitations, by address, after the given one.
func (s *Store) Invitations(ctx context.Context, accountID id.Account, now time.Time, afterEmail, afterID string, limit int) ([]account.Invitation, error) {
	var rows []invitationRow
	err := s.reader(ctx).Raw(`SELECT `+invitationColumns+` FROM invitations i
		WHERE i.account_id = ? AND (i.email_key, i.id) > (?, ?) AND `+open+`
		ORDER BY i.email_key, i.id LIMIT ?`, accountID, afterEmail, afterID, micros(now), limit).Scan(&rows).Error
	if err != nil {
		return nil, wrap("invitations", err)
	}
	found := make([]account.Invitation, len(rows))
	for n, r := range rows {
		found[n] = r.invitation()
	}
	return found, nil
}

// Invitation is an open invitation of the account, or fault.ErrNotFound.
func (s *Store) Invitation(ctx context.Context, accountID id.Account, invitationID string, now time.Time) (account.Invitation, error) {
	return s.invitation(ctx, `i.account_id = ? AND i.id = ?`, accountID, invitationID, micros(now))
}

// InvitationByToken is the open invitation whose token has this hash, or fault.ErrNotFound.
func (s *Store) InvitationByToken(ctx context.Context, tokenHash string, now time.Time) (account.Invitation, error) {
	return s.invitation(ctx, `i.token_hash = ?`, tokenHash, micros(now))
}

func (s *Store) invitation(ctx context.Context, where string, args ...any) (account.Invitation, error) {
	var rows []invitationRow
	if err := s.reader(ctx).Raw(`SELECT `+invitationColumns+` FROM invitations i WHERE `+where+` AND `+open, args...).Scan(&rows).Error; err != nil {
		return account.Invitation{}, wrap("invitation", err)
	}
	if len(rows) == 0 {
		return account.Invitation{}, fault.ErrNotFound
	}
	return rows[0].invitation(), nil
}

// RenewInvitation gives an open invitation another token, expiry and inviter; false if it is not open.
func (s *Store) RenewInvitation(ctx context.Context, i account.Invitation, now time.Time) (bool, error) {
	r := s.writer(ctx).Exec(`UPDATE invitations AS i SET token_hash = ?, expires_at = ?, resent_at = ?, invited_by = ?, locale = ?
		WHERE i.id = ? AND i.account_id = ? AND `+open,
		i.TokenHash, micros(i.ExpiresAt), micros(i.ResentAt), i.InvitedBy, i.Locale, i.ID, i.AccountID, micros(now))
	return r.RowsAffected == 1, wrap("renew invitation", r.Error)
}

// AcceptInvitation spends the open invitation whose token has this hash; false if there is none.
func (s *Store) AcceptInvitation(ctx context.Context, tokenHash string, now time.Time) (bool, error) {
	r := s.writer(ctx).Exec(`UPDATE invitations AS i SET accepted_at = ? WHERE i.token_hash = ? AND `+open, micros(now), tokenHash, micros(now))
	return r.RowsAffected == 1, wrap("accept invitation", r.Error)
}

// RevokeInvitationsBy shuts the open invitations that a member has sent to such roles, and names them.
func (s *Store) RevokeInvitationsBy(ctx context.Context, accountID id.Account, userID id.User, roles []account.Role, now time.Time) ([]string, error) {
	names := make([]string, len(roles))
	for n, r := range roles {
		names[n] = string(r)
	}
	var revoked []string
	err := s.writer(ctx).Raw(`UPDATE invitations AS i SET revoked_at = ? WHERE i.account_id = ? AND i.invited_by = ? AND i.role IN ? AND `+open+`
		RETURNING id`, micros(now), accountID, userID, names, micros(now)).Scan(&revoked).Error
	return revoked, wrap("revoke invitations by", err)
}

// RevokeInvitation shuts an open invitation of the account; false if there is none.
func (s *Store) RevokeInvitation(ctx context.Context, accountID id.Account, invitationID string, now time.Time) (bool, error) {
	r := s.writer(ctx).Exec(`UPDATE invitations AS i SET revoked_at = ? WHERE i.id = ? AND i.account_id = ? AND `+open,
		micros(now), invitationID, accountID, micros(now))
	return r.RowsAffected == 1, wrap("revoke invitation", r.Error)
}

// Recipients is a page of those who are told what the account decides: members who can sign in and have no factor of an accepted
// type (of none: all of them), then addresses with an open invitation that are no member's. Whether an invited address belongs to
// somebody who has a factor is not asked: the account would learn it. Nobody appears twice. The page begins after cursor, which
// the page before answered; "" is the first page, and the answer "" the last. Memory is one page's, whatever the account's size.
func (s *Store) Recipients(ctx context.Context, accountID id.Account, accepted assurance.Types, cursor string, limit int, now time.Time) ([]account.Recipient, string, error) {
	part, after, _ := strings.Cut(cursor, ":")
	var rows []struct {
		Part, ID            string
		UserID              id.User
		Email, Name, Locale string
	}
	var parts []string
	var args []any
	if part != "invited" {
		parts = append(parts, `SELECT * FROM (SELECT 'member' AS part, m.user_id AS id, m.user_id, u.email, u.name, u.locale
			FROM members m JOIN users u ON u.id = m.user_id
			WHERE m.account_id = ? AND m.user_id > ? AND u.disabled_at = 0 AND (m.factor_bits & ?) = 0 ORDER BY m.user_id LIMIT ?) AS joined`)
		args = append(args, accountID, after, int64(accepted), limit)
		after = ""
	}
	parts = append(parts, `SELECT * FROM (SELECT 'invited' AS part, i.id, '' AS user_id, i.email, '' AS name, i.locale
		FROM invitations i WHERE i.account_id = ? AND i.id > ? AND `+open+` AND NOT `+ofMember+`
		ORDER BY i.id LIMIT ?) AS invited`)
	args = append(args, accountID, after, micros(now), limit, limit)
	err := s.reader(ctx).Raw(strings.Join(parts, " UNION ALL ")+` ORDER BY part DESC, id LIMIT ?`, args...).Scan(&rows).Error
	if err != nil {
		return nil, "", wrap("recipients", err)
	}
	found := make([]account.Recipient, len(rows))
	for i, r := range rows {
		found[i] = account.Recipient{UserID: r.UserID, Email: r.Email, Name: r.Name, Locale: r.Locale}
	}
	if len(rows) < limit {
		return found, "", nil
	}
	last := rows[len(rows)-1]
	return found, last.Part + ":" + last.ID, nil
}

// ofMember is true of an invitation i whose address is a member's by now.
const ofMember = `EXISTS (SELECT 1 FROM users u JOIN members m ON m.user_id = u.id WHERE u.email_key = i.email_key AND m.account_id = i.account_id)`

// CountUntold says how many of those whom CountMembers counts Recipients leaves out: members who cannot sign in, and open
// invitations of members.
func (s *Store) CountUntold(ctx context.Context, accountID id.Account, accepted assurance.Types, now time.Time) (int, error) {
	var n int
	err := s.reader(ctx).Raw(`SELECT (SELECT COUNT(*) FROM users u CROSS JOIN members m
			WHERE u.disabled_at > 0 AND m.account_id = ? AND m.user_id = u.id AND (m.factor_bits & ?) = 0)
		+ (SELECT COUNT(*) FROM invitations i WHERE i.account_id = ? AND `+open+` AND `+ofMember+`)`,
		accountID, int64(accepted), accountID, micros(now)).Scan(&n).Error // SQLite takes what is joined by CROSS JOIN in this order
	return n, wrap("count untold", err)
}
