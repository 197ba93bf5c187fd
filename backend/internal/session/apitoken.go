package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"sallyport/internal/audit"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/seal"
)

// APITokenPrefix begins every API token, so that people and secret scanners know one when they see it.
const APITokenPrefix = "spat_"

const maxAPITokens = 50

// What is told about API tokens.
var (
	ErrTooManyTokens = fault.New(fault.Conflict, "too_many_tokens", "You have as many API tokens as one person can have. Revoke one first.")
	ErrScope         = fault.New(fault.Forbidden, "insufficient_scope", "This API token may not do this.")
)

// APIToken lets a program act for a person, as far as its scopes go.
type APIToken struct {
	ID, UserID string
	Name       string
	Scopes     []string // "portal:read"
	Hint       string   // its last four characters
	Hash       string
	CreatedAt  time.Time
	Expires    time.Time
	LastUsedAt time.Time
	RevokedAt  time.Time
}

// Live says whether the token may still be used.
func (t APIToken) Live(now time.Time) bool {
	return t.ID != "" && t.RevokedAt.IsZero() && now.Before(t.Expires)
}

// May says whether the token has a scope.
func (t APIToken) May(scope string) bool { return scope != "" && slices.Contains(t.Scopes, scope) }

// APITokenStore keeps API tokens; revoking one tells all replicas.
type APITokenStore interface {
	// AddAPIToken says false where the person has limit live ones.
	AddAPIToken(ctx context.Context, t APIToken, limit int) (bool, error)
	APIToken(ctx context.Context, hash string) (APIToken, error) // fault.ErrNotFound
	APITokens(ctx context.Context, userID string, since time.Time) ([]APIToken, error)
	RevokeAPIToken(ctx context.Context, userID, tokenID string, now time.Time) (bool, error)
	TouchAPIToken(ctx context.Context, tokenID string, now time.Time) error
}

// NewAPIToken makes a token and answers it once, in plain. life is at most a year. ErrTooManyTokens.
func (b *Book) NewAPIToken(ctx context.Context, userID, name string, scopes []string, life time.Duration) (APIToken, string, error) {
	secret, _, err := seal.Token(b.Random)
	if err != nil {
		return APIToken{}, "", err
	}
	plain := APITokenPrefix + secret
	now := b.Now()
	t := APIToken{ID: id.New(), UserID: userID, Name: strings.TrimSpace(name), Scopes: slices.Sorted(slices.Values(scopes)), Hint: plain[len(plain)-4:],
		Hash: seal.TokenHash(plain), CreatedAt: now, Expires: now.Add(life)}
	err = b.Store.InTx(ctx, func(ctx context.Context) error {
		added, err := b.Store.AddAPIToken(ctx, t, maxAPITokens)
		if err != nil {
			return err
		}
		if !added {
			return ErrTooManyTokens
		}
		return b.Audit.Append(ctx, audit.Event{Action: audit.APITokenCreated, ActorID: userID, UserID: userID,
			Detail: map[string]string{"token_id": t.ID, "name": t.Name, "scopes": strings.Join(t.Scopes, " ")}})
	})
	return t, plain, err
}

// APITokens lists a person's tokens, newest first; those that are over for a month.
func (b *Book) APITokens(ctx context.Context, userID string) ([]APIToken, error) {
	return b.Store.APITokens(ctx, userID, b.Now().AddDate(0, -1, 0))
}

// RevokeAPIToken ends a token, at once, on every replica. fault.ErrNotFound.
func (b *Book) RevokeAPIToken(ctx context.Context, userID, tokenID string) error {
	return b.Store.InTx(ctx, func(ctx context.Context) error {
		revoked, err := b.Store.RevokeAPIToken(ctx, userID, tokenID, b.Now())
		if err != nil {
			return err
		}
		if !revoked {
			return fault.ErrNotFound
		}
		return b.Audit.Append(ctx, audit.Event{Action: audit.APITokenRevoked, ActorID: userID, UserID: userID, Detail: map[string]string{"token_id": tokenID}})
	})
}
