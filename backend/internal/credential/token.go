package credential

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/id"
	"sallyport/internal/seal"
	"sallyport/internal/user"
)

// Purpose is the one door that a link opens.
type Purpose string

// The purposes.
const (
	ToSignUp      Purpose = "sign_up"
	ToReset       Purpose = "password_reset"
	ToChangeEmail Purpose = "email_change"
	ToObject      Purpose = "not_me"
)

// doors says of each purpose how long its links live and where they lead.
var doors = map[Purpose]struct {
	life time.Duration
	path string
}{
	ToSignUp:      {24 * time.Hour, "/verify-email"},
	ToReset:       {time.Hour, "/reset-password"},
	ToChangeEmail: {24 * time.Hour, "/verify-email"},
	ToObject:      {7 * 24 * time.Hour, "/not-me"},
}

// Token is what a link bears, as it is stored.
type Token struct {
	ID        string
	Purpose   Purpose
	Hash      string
	UserID    id.User // "" of a sign-up
	Epoch     int64   // of its person
	MadeBy    actor.MadeBy
	Sealed    string // contents, for "mail-token:ID"
	CreatedAt time.Time
	Expires   time.Time
}

// contents is what a link brings about.
type contents struct {
	Email        string    `json:"email,omitempty"` // to prove; of an objection, where it was mailed to
	Name         string    `json:"name,omitempty"`
	AccountName  string    `json:"account_name,omitempty"`
	Locale       string    `json:"locale,omitempty"`
	PasswordHash string    `json:"password_hash,omitempty"`
	About        string    `json:"about,omitempty"` // what an objection is to
	FactorID     id.Factor `json:"factor_id,omitempty"`
}

// newToken makes a token and its link, and stores it unless one with this ID is there: then the link is "". u is whom it is for, nobody
// yet of a sign-up. The token bears the epoch that was read together with the address that it is mailed to: where the address changes
// meanwhile, the link is dead.
func (s *Service) newToken(ctx context.Context, tokenID string, p Purpose, u user.User, by actor.MadeBy, c contents) (Token, string, error) {
	return s.newTokenFor(ctx, tokenID, p, u, by, c, doors[p].life)
}

// newTokenFor is newToken with a life of its own.
func (s *Service) newTokenFor(ctx context.Context, tokenID string, p Purpose, u user.User, by actor.MadeBy, c contents, life time.Duration) (Token, string, error) {
	secret, hash, err := seal.Token(s.Random)
	if err != nil {
		return Token{}, "", err
	}
	t := Token{ID: tokenID, Purpose: p, Hash: hash, UserID: u.ID, Epoch: u.Epoch, MadeBy: by, CreatedAt: s.Now()}
	t.Expires = t.CreatedAt.Add(life)
	plain, err := json.Marshal(c)
	if err != nil {
		return t, "", fmt.Errorf("credential: %w", err)
	}
	if t.Sealed, err = s.Box.Seal("mail-token:"+t.ID, plain); err != nil {
		return t, "", err
	}
	added, err := s.Store.AddMailToken(ctx, t)
	if err != nil || !added {
		return t, "", err
	}
	return t, s.BaseURL + doors[p].path + "#" + secret, nil
}

// find reads a token that still opens one of these doors. ErrLinkExpired.
func (s *Service) find(ctx context.Context, token string, purposes ...Purpose) (Token, contents, error) {
	t, err := s.Store.MailToken(ctx, seal.TokenHash(token), s.Now(), purposes...)
	if notFound(err) {
		return t, contents{}, ErrLinkExpired
	}
	if err != nil {
		return t, contents{}, err
	}
	plain, err := s.Box.Unseal("mail-token:"+t.ID, t.Sealed)
	if err != nil {
		return t, contents{}, err
	}
	var c contents
	if err := json.Unmarshal(plain, &c); err != nil {
		return t, c, fmt.Errorf("credential: token %s: %w", t.ID, err)
	}
	return t, c, nil
}

// use spends a token that find has found, in the caller's transaction, which holds its person alone: ErrLinkExpired if somebody was
// faster, or the epoch has moved.
func (s *Service) use(ctx context.Context, t Token) error {
	used, err := s.Store.UseMailToken(ctx, t.Hash, s.Now(), t.Purpose)
	if err == nil && !used {
		err = ErrLinkExpired
	}
	return err
}

// owner is the person of a token. ErrLinkExpired if they are disabled by now.
func (s *Service) owner(ctx context.Context, t Token) (user.User, error) {
	u, err := s.Store.User(ctx, t.UserID)
	if err == nil && !u.DisabledAt.IsZero() || notFound(err) {
		err = ErrLinkExpired
	}
	return u, err
}

// NotMe makes the link "this was not me" of a mail about a factor, or, without one, about recovery codes.
func (s *Service) NotMe(ctx context.Context, userID id.User, factorID id.Factor) (string, error) {
	u, err := s.Store.User(ctx, userID)
	if err != nil {
		return "", err
	}
	c := contents{About: aboutRecoveryCodes}
	if factorID != "" {
		c = contents{About: aboutFactor, FactorID: factorID}
	}
	return s.objection(ctx, u, "", c)
}

// NotMeGone makes that of a mail about what cannot be taken back, such as a factor that was removed.
func (s *Service) NotMeGone(ctx context.Context, userID id.User) (string, error) {
	u, err := s.Store.User(ctx, userID)
	if err != nil {
		return "", err
	}
	return s.objection(ctx, u, "", contents{About: aboutGone})
}

// objection makes a link by which its reader disowns what something has made.
func (s *Service) objection(ctx context.Context, u user.User, by actor.MadeBy, c contents) (string, error) {
	c.Email = u.Email
	_, link, err := s.newToken(ctx, id.New(), ToObject, u, by, c)
	return link, err
}
