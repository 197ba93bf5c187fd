package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
)

type apiTokenRow struct {
	ID                                          id.Stay
	UserID                                      id.User
	Name, Scopes, Hint, TokenHash               string
	Epoch                                       int64
	MadeBy                                      actor.MadeBy
	CreatedAt, ExpiresAt, LastUsedAt, RevokedAt int64
}

const apiTokenColumns = "id, user_id, name, scopes, hint, token_hash, epoch, made_by, created_at, expires_at, last_used_at, revoked_at"

func (r apiTokenRow) token() session.APIToken {
	return session.APIToken{ID: r.ID, UserID: r.UserID, Name: r.Name, Scopes: strings.Fields(r.Scopes), Hint: r.Hint, Hash: r.TokenHash,
		Epoch: r.Epoch, MadeBy: r.MadeBy,
		CreatedAt: when(r.CreatedAt), Expires: when(r.ExpiresAt), LastUsedAt: when(r.LastUsedAt), RevokedAt: when(r.RevokedAt)}
}

// AddAPIToken stores a token: false where the person has as many live ones as they may.
func (s *Store) AddAPIToken(ctx context.Context, t session.APIToken, limit int) (bool, error) {
	u := s.writer(ctx).Exec(`INSERT INTO api_tokens (id, user_id, name, scopes, hint, token_hash, epoch, made_by, created_at, expires_at)
		SELECT ?, ?, ?, ?, ?, ?, CAST(? AS BIGINT), ?, CAST(? AS BIGINT), CAST(? AS BIGINT)
		WHERE (SELECT count(*) FROM api_tokens WHERE user_id = ? AND revoked_at = 0 AND expires_at > ?) < ?`,
		t.ID, t.UserID, t.Name, strings.Join(t.Scopes, " "), t.Hint, t.Hash, t.Epoch, t.MadeBy, micros(t.CreatedAt), micros(t.Expires),
		t.UserID, micros(t.CreatedAt), limit)
	return u.RowsAffected == 1, wrap("add API token", u.Error)
}

// APIToken finds a token by its hash, revoked or not.
func (s *Store) APIToken(ctx context.Context, hash string) (session.APIToken, error) {
	var rows []apiTokenRow
	if err := s.reader(ctx).Raw("SELECT "+apiTokenColumns+" FROM api_tokens WHERE token_hash = ?", hash).Scan(&rows).Error; err != nil {
		return session.APIToken{}, wrap("API token", err)
	}
	if len(rows) == 0 {
		return session.APIToken{}, fault.ErrNotFound
	}
	return rows[0].token(), nil
}

// APITokens lists a person's tokens, newest first, without those that were over before a time.
func (s *Store) APITokens(ctx context.Context, userID id.User, since time.Time) ([]session.APIToken, error) {
	var rows []apiTokenRow
	if err := s.reader(ctx).Raw("SELECT "+apiTokenColumns+` FROM api_tokens WHERE user_id = ? AND expires_at > ? AND (revoked_at = 0 OR revoked_at > ?)
		ORDER BY id DESC`, userID, micros(since), micros(since)).Scan(&rows).Error; err != nil {
		return nil, wrap("API tokens", err)
	}
	list := make([]session.APIToken, len(rows))
	for i, r := range rows {
		list[i] = r.token()
	}
	return list, nil
}

// RevokeAPIToken revokes a live token of the person, once.
func (s *Store) RevokeAPIToken(ctx context.Context, userID id.User, tokenID id.Stay, now time.Time) (bool, error) {
	var hashes []string
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.writer(ctx).Raw("UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at = 0 RETURNING token_hash",
			micros(now), tokenID, userID).Scan(&hashes).Error; err != nil || len(hashes) == 0 {
			return wrap("revoke API token", err)
		}
		return s.change(ctx, []string{bus.APIToken(hashes[0])}, func(*gorm.DB) error { return nil })
	})
	return len(hashes) == 1, err
}

// ResumeAPIToken gives a live token its owner's epoch.
func (s *Store) ResumeAPIToken(ctx context.Context, userID id.User, tokenID id.Stay, now time.Time) (session.APIToken, bool, error) {
	var rows []apiTokenRow
	err := s.writer(ctx).Raw(`UPDATE api_tokens SET epoch = (SELECT epoch FROM users WHERE id = api_tokens.user_id)
		WHERE id = ? AND user_id = ? AND revoked_at = 0 AND expires_at > ? RETURNING `+apiTokenColumns, tokenID, userID, micros(now)).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return session.APIToken{}, false, wrap("resume API token", err)
	}
	t := rows[0].token()
	return t, true, s.change(ctx, []string{bus.APIToken(t.Hash)}, func(*gorm.DB) error { return nil })
}

// TouchAPIToken notes when a token was used last.
func (s *Store) TouchAPIToken(ctx context.Context, tokenID id.Stay, now time.Time) error {
	return wrap("touch API token", s.writer(ctx).Exec("UPDATE api_tokens SET last_used_at = ? WHERE id = ? AND last_used_at < ?", micros(now), tokenID, micros(now)).Error)
}

// CountAPITokensLacking counts the live tokens of members who have no factor of an accepted type. Tokens are few, so that they are
// looked through, and not the account.
func (s *Store) CountAPITokensLacking(ctx context.Context, accountID id.Account, accepted assurance.Types, now time.Time) (int, error) {
	var n int64
	err := s.reader(ctx).Raw(`SELECT count(*) FROM api_tokens t CROSS JOIN members m
		WHERE m.account_id = ? AND m.user_id = t.user_id AND t.revoked_at = 0 AND t.expires_at > ? AND (m.factor_bits & ?) = 0`, accountID, micros(now), int64(accepted)).Scan(&n).Error
	return int(n), wrap("count API tokens", err)
}
