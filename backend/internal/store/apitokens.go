package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/assurance"
	"sallyport/internal/fault"
	"sallyport/internal/session"
)

type apiTokenRow struct {
	ID, UserID, Name, Scopes, Hint, TokenHash   string
	CreatedAt, ExpiresAt, LastUsedAt, RevokedAt int64
}

const apiTokenColumns = "id, user_id, name, scopes, hint, token_hash, created_at, expires_at, last_used_at, revoked_at"

func (r apiTokenRow) token() session.APIToken {
	return session.APIToken{ID: r.ID, UserID: r.UserID, Name: r.Name, Scopes: strings.Fields(r.Scopes), Hint: r.Hint, Hash: r.TokenHash,
		CreatedAt: when(r.CreatedAt), Expires: when(r.ExpiresAt), LastUsedAt: when(r.LastUsedAt), RevokedAt: when(r.RevokedAt)}
}

// AddAPIToken stores a token: false where the person has as many live ones as they may.
func (s *Store) AddAPIToken(ctx context.Context, t session.APIToken, limit int) (bool, error) {
	added := false
	err := s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		if err := s.lockUser(db, t.UserID); err != nil {
			return wrap("add API token", err)
		}
		u := db.Exec(`INSERT INTO api_tokens (id, user_id, name, scopes, hint, token_hash, created_at, expires_at) SELECT ?, ?, ?, ?, ?, ?, ?, ?
			WHERE (SELECT count(*) FROM api_tokens WHERE user_id = ? AND revoked_at = 0 AND expires_at > ?) < ?`,
			t.ID, t.UserID, t.Name, strings.Join(t.Scopes, " "), t.Hint, t.Hash, micros(t.CreatedAt), micros(t.Expires), t.UserID, micros(t.CreatedAt), limit)
		added = u.RowsAffected == 1
		return wrap("add API token", u.Error)
	})
	return added, err
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
func (s *Store) APITokens(ctx context.Context, userID string, since time.Time) ([]session.APIToken, error) {
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
func (s *Store) RevokeAPIToken(ctx context.Context, userID, tokenID string, now time.Time) (bool, error) {
	var hashes []string
	err := s.InTx(ctx, func(ctx context.Context) error {
		if err := s.writer(ctx).Raw("UPDATE api_tokens SET revoked_at = ? WHERE id = ? AND user_id = ? AND revoked_at = 0 RETURNING token_hash",
			micros(now), tokenID, userID).Scan(&hashes).Error; err != nil || len(hashes) == 0 {
			return wrap("revoke API token", err)
		}
		return s.change(ctx, []string{"api-token:" + hashes[0]}, func(*gorm.DB) error { return nil })
	})
	return len(hashes) == 1, err
}

// TouchAPIToken notes when a token was used last.
func (s *Store) TouchAPIToken(ctx context.Context, tokenID string, now time.Time) error {
	return wrap("touch API token", s.writer(ctx).Exec("UPDATE api_tokens SET last_used_at = ? WHERE id = ? AND last_used_at < ?", micros(now), tokenID, micros(now)).Error)
}

// CountAPITokensLacking counts the live tokens of members who have no factor of an accepted type. Tokens are few, so that they are
// looked through, and not the account.
func (s *Store) CountAPITokensLacking(ctx context.Context, accountID string, accepted assurance.Types, now time.Time) (int, error) {
	var n int64
	err := s.reader(ctx).Raw(`SELECT count(*) FROM api_tokens t CROSS JOIN members m
		WHERE m.account_id = ? AND m.user_id = t.user_id AND t.revoked_at = 0 AND t.expires_at > ? AND (m.factor_bits & ?) = 0`, accountID, micros(now), int64(accepted)).Scan(&n).Error
	return int(n), wrap("count API tokens", err)
}
