package session

import (
	"context"
	"slices"
	"strings"
	"time"

	"sallyport/internal/actor"
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
	ID         id.Stay
	UserID     id.User
	Name       string
	Scopes     []string // "portal:read"
	Hint       string   // its last four characters
	Hash       string
	Epoch      int64 // of its owner; it is suspended while the two differ
	MadeBy     actor.MadeBy
	CreatedAt  time.Time
	Expires    time.Time
	LastUsedAt time.Time
	RevokedAt  time.Time
}

// Live says whether the token may still be used.
func (t APIToken) Live(now time.Time) bool {
	return t.ID != "" && t.RevokedAt.IsZero() && now.Before(t.Expires)
}

// Stay is the token as where a program acts from.
func (t APIToken) Stay() actor.Stay {
	return actor.Stay{Kind: actor.Token, ID: t.ID, User: t.UserID, Epoch: t.Epoch, Scopes: t.Scopes}
}

// May says whether the token has a scope.
func (t APIToken) May(scope string) bool { return scope != "" && slices.Contains(t.Scopes, scope) }

// APITokenStore keeps API tokens; revoking one tells all replicas.
type APITokenStore interface {
	// AddAPIToken says false where the person has limit live ones. The person is held alone.
	AddAPIToken(ctx context.Context, t APIToken, limit int) (bool, error)
	APIToken(ctx context.Context, hash string) (APIToken, error) // fault.ErrNotFound
	APITokens(ctx context.Context, userID id.User, since time.Time) ([]APIToken, error)
	RevokeAPIToken(ctx context.Context, userID id.User, tokenID id.Stay, now time.Time) (bool, error)
	// ResumeAPIToken gives a live token its owner's epoch; false where there is no such token.
	ResumeAPIToken(ctx context.Context, userID id.User, tokenID id.Stay, now time.Time) (APIToken, bool, error)
	TouchAPIToken(ctx context.Context, tokenID id.Stay, now time.Time) error
}

// NewAPIToken makes a token and answers it once, in plain. life is at most a year. then is called in the transaction. ErrTooManyTokens.
func (b *Book) NewAPIToken(ctx context.Context, who actor.Actor, name string, scopes []string, life time.Duration,
	then func(ctx context.Context, t APIToken, plain string) error) error {
	secret, _, err := seal.Token(b.Random)
	if err != nil {
		return err
	}
	plain := APITokenPrefix + secret
	return b.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := b.Authority.Authorize(ctx, who, actor.MakeAPIToken, ""); err != nil {
			return err
		}
		now := b.Now()
		t := APIToken{ID: id.Stay(id.New()), UserID: who.User, Name: strings.TrimSpace(name), Scopes: slices.Sorted(slices.Values(scopes)),
			Hint: plain[len(plain)-4:], Hash: seal.TokenHash(plain), Epoch: who.Stay.Epoch, MadeBy: who.Maker(), CreatedAt: now, Expires: now.Add(life)}
		added, err := b.Store.AddAPIToken(ctx, t, maxAPITokens)
		if err != nil {
			return err
		}
		if !added {
			return ErrTooManyTokens
		}
		if err := b.Audit.Append(ctx, who, audit.Event{Action: audit.APITokenCreated, UserID: who.User, Detail: t.detail()}); err != nil {
			return err
		}
		return then(ctx, t, plain)
	})
}

func (t APIToken) detail() map[string]string {
	return map[string]string{"token_id": string(t.ID), "name": t.Name, "scopes": strings.Join(t.Scopes, " ")}
}

// APITokens lists a person's tokens, newest first; those that are over for a month.
func (b *Book) APITokens(ctx context.Context, userID id.User) ([]APIToken, error) {
	return b.Store.APITokens(ctx, userID, b.Now().AddDate(0, -1, 0))
}

// ResumeAPIToken lets a suspended token of the actor work again. fault.ErrNotFound for one that is over, or not theirs.
func (b *Book) ResumeAPIToken(ctx context.Context, who actor.Actor, tokenID id.Stay) (t APIToken, err error) {
	err = b.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := b.Authority.Authorize(ctx, who, actor.ResumeAPIToken, ""); err != nil {
			return err
		}
		var there bool
		if t, there, err = b.Store.ResumeAPIToken(ctx, who.User, tokenID, b.Now()); err != nil {
			return err
		}
		if !there {
			return fault.ErrNotFound
		}
		detail := t.detail()
		if !t.LastUsedAt.IsZero() {
			detail["last_used_at"] = t.LastUsedAt.UTC().Format(time.RFC3339)
		}
		return b.Audit.Append(ctx, who, audit.Event{Action: audit.APITokenResumed, UserID: who.User, Detail: detail})
	})
	return t, err
}

// RevokeAPIToken ends a token of the actor, at once, on every replica. fault.ErrNotFound.
func (b *Book) RevokeAPIToken(ctx context.Context, who actor.Actor, tokenID id.Stay) error {
	return b.Authority.Act(ctx, who, who.OwnPerson(), func(ctx context.Context) error {
		if _, err := b.Authority.Authorize(ctx, who, actor.RevokeAPIToken, ""); err != nil {
			return err
		}
		return b.Revoke(ctx, who, who.User, tokenID)
	})
}

// Revoke ends a token of a person, in the caller's transaction, which holds the person alone. fault.ErrNotFound.
func (b *Book) Revoke(ctx context.Context, who actor.Actor, userID id.User, tokenID id.Stay) error {
	revoked, err := b.Store.RevokeAPIToken(ctx, userID, tokenID, b.Now())
	if err != nil {
		return err
	}
	if !revoked {
		return fault.ErrNotFound
	}
	return b.Audit.Append(ctx, who, audit.Event{Action: audit.APITokenRevoked, UserID: userID, Detail: map[string]string{"token_id": string(tokenID)}})
}
