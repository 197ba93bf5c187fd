package store

import (
	"context"

	"sallyport/internal/session"
)

// Keyset reads a sealed keyset; "" where none is.
func (s *Store) Keyset(ctx context.Context, name string) (string, error) {
	var sealed string
	err := s.writer(ctx).Raw("SELECT sealed FROM keysets WHERE name = ?", name).Scan(&sealed).Error
	return sealed, wrap("keyset", err)
}

// PutKeyset stores a keyset where none is yet, and answers the one that is stored afterwards.
func (s *Store) PutKeyset(ctx context.Context, name, sealed string) (string, error) {
	err := s.writer(ctx).Exec("INSERT INTO keysets (name, sealed, updated_at) VALUES (?, ?, 0) ON CONFLICT (name) DO NOTHING", name, sealed).Error
	if err != nil {
		return "", wrap("put keyset", err)
	}
	return s.Keyset(ctx, name)
}

type signingKeyRow struct {
	Kid       string
	Purpose   string
	Sealed    string
	CreatedAt int64
	RetiresAt int64
}

// SigningKeys lists the keys, newest first; retired ones are left out once they have retired.
func (s *Store) SigningKeys(ctx context.Context) ([]session.SealedKey, error) {
	var rows []signingKeyRow
	if err := s.writer(ctx).Raw("SELECT kid, purpose, sealed, created_at, retires_at FROM signing_keys ORDER BY created_at DESC, kid").Scan(&rows).Error; err != nil {
		return nil, wrap("signing keys", err)
	}
	keys := make([]session.SealedKey, len(rows))
	for i, r := range rows {
		keys[i] = session.SealedKey{ID: r.Kid, Purpose: session.KeyPurpose(r.Purpose), Sealed: r.Sealed, CreatedAt: when(r.CreatedAt), RetiresAt: when(r.RetiresAt)}
	}
	return keys, nil
}

// AddFirstSigningKey stores a key where there is none for its purpose; replicas that start at once agree on one.
func (s *Store) AddFirstSigningKey(ctx context.Context, k session.SealedKey) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		if s.dialect == "postgres" {
			if err := s.writer(ctx).Exec("LOCK TABLE signing_keys IN EXCLUSIVE MODE").Error; err != nil {
				return wrap("add signing key", err)
			}
		}
		return wrap("add signing key", s.writer(ctx).Exec(
			`INSERT INTO signing_keys (kid, purpose, sealed, created_at, retires_at) SELECT ?, ?, ?, CAST(? AS BIGINT), CAST(? AS BIGINT)
			WHERE NOT EXISTS (SELECT 1 FROM signing_keys WHERE purpose = ?)`, k.ID, string(k.Purpose), k.Sealed, micros(k.CreatedAt), micros(k.RetiresAt), string(k.Purpose)).Error)
	})
}
