package store

import (
	"context"
	"errors"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/actor"
	"sallyport/internal/bus"
	"sallyport/internal/credential"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

var _ credential.Store = (*Store)(nil)

type mailTokenRow struct {
	ID, Purpose, TokenHash string
	UserID                 id.User
	Epoch                  int64
	MadeBy                 actor.MadeBy
	Sealed                 string
	CreatedAt, ExpiresAt   int64
}

const (
	mailTokenColumns = "id, purpose, token_hash, user_id, epoch, made_by, sealed, created_at, expires_at"
	// A link is good while its epoch is its person's. A sign-up has no person yet; and "this was not me" is good for what has moved it.
	openMailToken = "token_hash = ? AND purpose IN ? AND used_at = 0 AND void_at = 0 AND expires_at > ? AND (user_id = '' OR purpose = '" +
		string(credential.ToObject) + "' OR epoch = (SELECT u.epoch FROM users u WHERE u.id = mail_tokens.user_id))"
)

// neverHadPassword is true of a person, u, who has no password and has never had one: a voided one leaves its identifier, or its time,
// behind.
const neverHadPassword = "u.password_hash = '' AND u.password_id = '' AND u.password_changed_at = 0"

func mailTokenOf(rows []mailTokenRow) (credential.Token, error) {
	if len(rows) == 0 {
		return credential.Token{}, fault.ErrNotFound
	}
	r := rows[0]
	return credential.Token{ID: r.ID, Purpose: credential.Purpose(r.Purpose), Hash: r.TokenHash, UserID: r.UserID, Epoch: r.Epoch, MadeBy: r.MadeBy, Sealed: r.Sealed,
		CreatedAt: when(r.CreatedAt), Expires: when(r.ExpiresAt)}, nil
}

// AddMailToken stores a link's token: false if one with this ID is there already.
func (s *Store) AddMailToken(ctx context.Context, t credential.Token) (bool, error) {
	r := s.writer(ctx).Exec("INSERT INTO mail_tokens ("+mailTokenColumns+") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
		t.ID, string(t.Purpose), t.Hash, t.UserID, t.Epoch, t.MadeBy, t.Sealed, micros(t.CreatedAt), micros(t.Expires))
	return r.RowsAffected == 1, wrap("add mail token", r.Error)
}

// MailToken finds a token that still opens one of these doors.
func (s *Store) MailToken(ctx context.Context, hash string, now time.Time, purposes ...credential.Purpose) (credential.Token, error) {
	var rows []mailTokenRow
	if err := s.reader(ctx).Raw("SELECT "+mailTokenColumns+" FROM mail_tokens WHERE "+openMailToken, hash, names(purposes), micros(now)).Scan(&rows).Error; err != nil {
		return credential.Token{}, wrap("mail token", err)
	}
	return mailTokenOf(rows)
}

// UseMailToken spends a token, once, at one of these doors.
func (s *Store) UseMailToken(ctx context.Context, hash string, now time.Time, purposes ...credential.Purpose) (bool, error) {
	r := s.writer(ctx).Exec("UPDATE mail_tokens SET used_at = ? WHERE "+openMailToken, micros(now), hash, names(purposes), micros(now))
	return r.RowsAffected == 1, wrap("use mail token", r.Error)
}

// VoidMailTokens voids a person's unused tokens for these doors, but for one ("": none).
func (s *Store) VoidMailTokens(ctx context.Context, userID id.User, but string, now time.Time, purposes ...credential.Purpose) error {
	return wrap("void mail tokens", s.writer(ctx).Exec(`UPDATE mail_tokens SET void_at = ? WHERE user_id = ? AND id <> ? AND purpose IN ?
		AND used_at = 0 AND void_at = 0`, micros(now), userID, but, names(purposes)).Error)
}

// Unwelcomed is a page of the account's members, by their identifiers, who have never had a password and hold no link to set one
// that is still good.
func (s *Store) Unwelcomed(ctx context.Context, accountID id.Account, after string, now time.Time, limit int) ([]user.User, error) {
	var rows []userRow
	err := s.reader(ctx).Raw("SELECT "+userColumns+` FROM users WHERE id IN (SELECT m.user_id FROM members m JOIN users u ON u.id = m.user_id
		WHERE m.account_id = ? AND m.user_id > ? AND `+neverHadPassword+` AND u.disabled_at = 0 AND NOT EXISTS (SELECT 1 FROM mail_tokens t
			WHERE t.user_id = u.id AND t.epoch = u.epoch AND t.purpose = ? AND t.used_at = 0 AND t.void_at = 0 AND t.expires_at > ?)
		ORDER BY m.user_id LIMIT ?) ORDER BY id`, accountID, after, string(credential.ToReset), micros(now), limit).Scan(&rows).Error
	found := make([]user.User, len(rows))
	for i, r := range rows {
		found[i] = r.user()
	}
	return found, wrap("unwelcomed", err)
}

func names(purposes []credential.Purpose) []string {
	out := make([]string, len(purposes))
	for i, p := range purposes {
		out[i] = string(p)
	}
	return out
}

// SetPassword gives a person another password, and moves their epoch.
func (s *Store) SetPassword(ctx context.Context, userID id.User, p credential.Password, now time.Time) error {
	return s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		return wrap("set password", db.Exec(`UPDATE users SET password_hash = ?, password_short = ?, password_id = ?, password_made_by = ?,
			password_changed_at = ?, epoch = epoch + 1 WHERE id = ?`, p.Hash, p.Short, p.ID, p.MadeBy, micros(now), userID).Error)
	})
}

// VoidPassword leaves a person without a password, and moves their epoch, unless it was changed after a time. An empty hash is no
// password's.
func (s *Store) VoidPassword(ctx context.Context, userID id.User, since time.Time) (bool, error) {
	voided := false
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		u := db.Exec("UPDATE users SET password_hash = '', password_short = FALSE, epoch = epoch + 1 WHERE id = ? AND password_changed_at <= ?", userID, micros(since))
		voided = u.RowsAffected == 1
		return wrap("void password", u.Error)
	})
	return voided, err
}

// HasPasskey says whether the person has a passkey that opens.
func (s *Store) HasPasskey(ctx context.Context, userID id.User) (bool, error) {
	var n int64
	err := s.reader(ctx).Raw("SELECT count(*) FROM factors WHERE user_id = ? AND type = 'passkey' AND status = 'active' AND disabled_at = 0", userID).Scan(&n).Error
	return n > 0, wrap("passkey", err)
}

// ChangeEmail gives a person another address, which is proven, and with it their e-mail factor and their memberships, and moves their
// epoch: false if somebody has it, or the person is disabled.
func (s *Store) ChangeEmail(ctx context.Context, userID id.User, email string, by actor.MadeBy, now time.Time) (bool, error) {
	changed := false
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		u := db.Exec(`UPDATE users SET email = ?, email_key = ?, email_verified_at = ?, email_made_by = ?, epoch = epoch + 1 WHERE id = ? AND disabled_at = 0
			AND NOT EXISTS (SELECT 1 FROM users o WHERE o.email_key = ? AND o.id <> ?)`,
			email, user.EmailKey(email), micros(now), by, userID, user.EmailKey(email), userID)
		if unique(u.Error) { // somebody was faster by a moment; nothing of this transaction is left
			return credential.ErrLinkExpired
		}
		if changed = u.RowsAffected == 1; u.Error != nil || !changed {
			return wrap("change address", u.Error)
		}
		if err := db.Exec("UPDATE factors SET hint = ? WHERE user_id = ? AND type = 'email'", user.EmailHint(email), userID).Error; err != nil {
			return wrap("change address", err)
		}
		return wrap("change address", mirror(db, userID))
	})
	return changed, err
}

// unique says whether a statement failed because there is such a row already.
func unique(err error) bool {
	var coded interface{ SQLState() string } // of PostgreSQL
	if errors.As(err, &coded) {
		return coded.SQLState() == "23505"
	}
	return err != nil && strings.Contains(err.Error(), "UNIQUE constraint failed")
}

// SpendMailbox notes that the person's mailbox is about to reset the password. It is called before SetPassword: of somebody who has never
// had one nothing is noted, since a first password is no reset.
func (s *Store) SpendMailbox(ctx context.Context, userID id.User, now time.Time) error {
	return s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		return wrap("spend mailbox", db.Exec("UPDATE users AS u SET mailbox_spent_at = ? WHERE u.id = ? AND NOT ("+neverHadPassword+")", micros(now), userID).Error)
	})
}

// ClearMailbox notes that the person has signed in since without it.
func (s *Store) ClearMailbox(ctx context.Context, userID id.User) error {
	var cleared []string
	if err := s.writer(ctx).Raw("UPDATE users SET mailbox_spent_at = 0 WHERE id = ? AND mailbox_spent_at <> 0 RETURNING id", userID).Scan(&cleared).Error; err != nil || len(cleared) == 0 {
		return wrap("clear mailbox", err)
	}
	return s.change(ctx, []string{bus.User(userID)}, func(*gorm.DB) error { return nil })
}

// FreezeFactor disables an active factor of the person and takes the sets of recovery codes that came with it or after it, once.
func (s *Store) FreezeFactor(ctx context.Context, userID id.User, factorID id.Factor, now time.Time) (bool, error) {
	var since []int64
	err := s.change(ctx, []string{bus.User(userID)}, func(db *gorm.DB) error {
		if err := db.Raw("UPDATE factors SET disabled_at = ? WHERE id = ? AND user_id = ? AND status = 'active' AND disabled_at = 0 RETURNING created_at",
			micros(now), factorID, userID).Scan(&since).Error; err != nil || len(since) == 0 {
			return wrap("freeze factor", err)
		}
		return wrap("freeze factor", deleteCodes(db, "user_id = ? AND created_at >= ?", userID, since[0]))
	})
	return len(since) == 1, err
}

// RemoveRecoveryCodes takes all recovery codes of the person.
func (s *Store) RemoveRecoveryCodes(ctx context.Context, userID id.User) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		return wrap("remove recovery codes", deleteCodes(s.writer(ctx), "user_id = ?", userID))
	})
}
