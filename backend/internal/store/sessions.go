package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/bus"
	"sallyport/internal/fault"
	"sallyport/internal/id"
	"sallyport/internal/session"
)

type sessionRow struct {
	ID                                id.Stay
	UserID                            id.User
	Delivery, AMR, UserAgent, Address string
	AuthTime, CreatedAt, LastUsedAt   int64
	IdleExpiresAt, ExpiresAt          int64
	Epoch, FactorAt                   int64
	OpenedWith, FactorMeans           string
	EndedAt                           int64
	EndReason                         string
}

const sessionColumns = `s.id, s.user_id, s.delivery, s.amr, s.user_agent, s.address, s.auth_time, s.created_at, s.last_used_at,
	s.idle_expires_at, s.expires_at, s.epoch, s.opened_with, s.factor_at, s.factor_means, s.ended_at, s.end_reason`

func (r sessionRow) session() session.Session {
	return session.Session{
		ID: r.ID, UserID: r.UserID, Delivery: session.Delivery(r.Delivery), Proof: assurance.ParseProof(r.AMR),
		UserAgent: r.UserAgent, Address: r.Address, AuthTime: when(r.AuthTime), CreatedAt: when(r.CreatedAt),
		LastUsedAt: when(r.LastUsedAt), IdleEnds: when(r.IdleExpiresAt), Ends: when(r.ExpiresAt),
		Epoch: r.Epoch, OpenedWith: session.ParseOpeners(r.OpenedWith), FactorAt: when(r.FactorAt), Factor: assurance.Means(r.FactorMeans),
		EndedAt: when(r.EndedAt), EndedReason: r.EndReason,
	}
}

const insertSession = `INSERT INTO sessions (id, user_id, delivery, amr, user_agent, address, auth_time, created_at, last_used_at,
	idle_expires_at, expires_at, epoch, opened_with, factor_at, factor_means) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const insertRefresh = "INSERT INTO refresh_tokens (token_hash, session_id, created_at) VALUES (?, ?, ?)"

// AddSession stores a session and the hash of its first refresh token. PostgreSQL takes both in one statement.
func (s *Store) AddSession(ctx context.Context, v session.Session, refreshHash string) error {
	row := []any{v.ID, v.UserID, v.Delivery, v.Proof.String(), v.UserAgent, v.Address, micros(v.AuthTime), micros(v.CreatedAt), micros(v.LastUsedAt),
		micros(v.IdleEnds), micros(v.Ends), v.Epoch, v.OpenedWith.String(), micros(v.FactorAt), v.Factor}
	token := []any{refreshHash, v.ID, micros(v.CreatedAt)}
	if s.dialect == "postgres" {
		return wrap("add session", s.writer(ctx).Exec("WITH opened AS ("+insertSession+") "+insertRefresh, append(row, token...)...).Error)
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		if err := s.writer(ctx).Exec(insertSession, row...).Error; err != nil {
			return wrap("add session", err)
		}
		return wrap("add session", s.writer(ctx).Exec(insertRefresh, token...).Error)
	})
}

func addRefresh(db *gorm.DB, hash string, sessionID id.Stay, now time.Time) error {
	return db.Exec(insertRefresh, hash, sessionID, micros(now)).Error
}

// Session reads one session, ended or not.
func (s *Store) Session(ctx context.Context, sessionID id.Stay) (session.Session, error) {
	var rows []sessionRow
	if err := s.reader(ctx).Raw("SELECT "+sessionColumns+" FROM sessions s WHERE s.id = ?", sessionID).Scan(&rows).Error; err != nil {
		return session.Session{}, wrap("session", err)
	}
	if len(rows) == 0 {
		return session.Session{}, fault.ErrNotFound
	}
	return rows[0].session(), nil
}

// Sessions lists a person's live sessions, newest first.
func (s *Store) Sessions(ctx context.Context, userID id.User, now time.Time, limit int, cursor string) ([]session.Session, string, error) {
	before := "~" // sorts after every id
	if cursor != "" {
		before = cursor
	}
	var rows []sessionRow
	if err := s.reader(ctx).Raw("SELECT "+sessionColumns+` FROM sessions s WHERE s.user_id = ? AND s.ended_at = 0
		AND s.epoch = (SELECT epoch FROM users WHERE id = s.user_id) AND s.expires_at > ? AND s.idle_expires_at > ? AND s.id < ? ORDER BY s.id DESC LIMIT ?`,
		userID, micros(now), micros(now), before, limit+1).Scan(&rows).Error; err != nil {
		return nil, "", wrap("sessions", err)
	}
	next := ""
	if len(rows) > limit {
		rows = rows[:limit]
		next = string(rows[limit-1].ID)
	}
	list := make([]session.Session, len(rows))
	for i, r := range rows {
		list[i] = r.session()
	}
	return list, next, nil
}

// RefreshToken reads a refresh token with its session.
func (s *Store) RefreshToken(ctx context.Context, hash string) (session.RefreshToken, error) {
	var rows []struct {
		S sessionRow `gorm:"embedded"`

		TokenHash, Successor         string
		TokenUsedAt, SuccessorUsedAt int64
	}
	err := s.reader(ctx).Raw("SELECT "+sessionColumns+`, t.token_hash, t.used_at AS token_used_at, t.successor,
		COALESCE(n.used_at, 0) AS successor_used_at
		FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id LEFT JOIN refresh_tokens n ON n.token_hash = t.successor
		WHERE t.token_hash = ?`, hash).Scan(&rows).Error
	if err != nil {
		return session.RefreshToken{}, wrap("refresh token", err)
	}
	if len(rows) == 0 {
		return session.RefreshToken{}, fault.ErrNotFound
	}
	r := rows[0]
	return session.RefreshToken{Hash: r.TokenHash, Session: r.S.session(), UsedAt: when(r.TokenUsedAt), Successor: r.Successor,
		SuccessorUsed: r.SuccessorUsedAt != 0}, nil
}

// rotateAtOnce is RotateRefresh as one statement, which SQLite does not know.
const rotateAtOnce = `WITH touched AS (UPDATE sessions SET last_used_at = ?, idle_expires_at = ? WHERE ended_at = 0
		AND id = (SELECT session_id FROM refresh_tokens WHERE token_hash = ? AND used_at = 0) RETURNING id),
	spent AS (UPDATE refresh_tokens t SET used_at = ?, successor = ? FROM touched WHERE t.token_hash = ? AND t.used_at = 0 AND t.session_id = touched.id
		RETURNING t.session_id)
	INSERT INTO refresh_tokens (token_hash, session_id, created_at) SELECT ?, session_id, CAST(? AS BIGINT) FROM spent`

// RotateRefresh spends a token for its successor.
func (s *Store) RotateRefresh(ctx context.Context, hash, successor string, now, idleEnds time.Time) (bool, error) {
	if s.dialect == "postgres" {
		u := s.writer(ctx).Exec(rotateAtOnce, micros(now), micros(idleEnds), hash, micros(now), successor, hash, successor, micros(now))
		return u.RowsAffected == 1, wrap("rotate refresh token", u.Error)
	}
	return s.rotate(ctx, hash, successor, now, idleEnds, func(db *gorm.DB, ids *[]id.Stay) error {
		return db.Raw("UPDATE refresh_tokens SET used_at = ?, successor = ? WHERE token_hash = ? AND used_at = 0 RETURNING session_id",
			micros(now), successor, hash).Scan(ids).Error
	})
}

// ReplaceSuccessor puts another successor in place of one that nobody has shown; that one is void.
func (s *Store) ReplaceSuccessor(ctx context.Context, hash, successor string, now, idleEnds time.Time) (bool, error) {
	return s.rotate(ctx, hash, successor, now, idleEnds, func(db *gorm.DB, ids *[]id.Stay) error {
		var voided []string
		if err := db.Raw(`UPDATE refresh_tokens SET used_at = ?, successor = '' WHERE used_at = 0
			AND token_hash = (SELECT successor FROM refresh_tokens WHERE token_hash = ?) RETURNING session_id`,
			micros(now), hash).Scan(&voided).Error; err != nil || len(voided) == 0 {
			return err
		}
		return db.Raw("UPDATE refresh_tokens SET successor = ? WHERE token_hash = ? RETURNING session_id", successor, hash).Scan(ids).Error
	})
}

var errSpent = errors.New("store: the refresh token is spent")

func (s *Store) rotate(ctx context.Context, hash, successor string, now, idleEnds time.Time, spend func(db *gorm.DB, sessionIDs *[]id.Stay) error) (bool, error) {
	err := s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		// The session first and its tokens after it, as in Strengthen: in another order the two wait for each other.
		// The session that everybody remembers has other times now, all of them later: nobody needs to hear of it.
		var touched, spent []id.Stay
		if err := db.Raw(`UPDATE sessions SET last_used_at = ?, idle_expires_at = ? WHERE ended_at = 0
			AND id = (SELECT session_id FROM refresh_tokens WHERE token_hash = ?) RETURNING id`,
			micros(now), micros(idleEnds), hash).Scan(&touched).Error; err != nil {
			return err
		}
		if len(touched) == 0 {
			return errSpent
		}
		if err := spend(db, &spent); err != nil {
			return err
		}
		if len(spent) == 0 {
			return errSpent
		}
		return addRefresh(db, successor, spent[0], now)
	})
	if errors.Is(err, errSpent) {
		return false, nil
	}
	return err == nil, wrap("rotate refresh token", err)
}

// Strengthen gives a live session more proof and a new refresh chain.
func (s *Store) Strengthen(ctx context.Context, v session.Session, refreshHash string, now time.Time) error {
	return s.change(ctx, []string{bus.Session(v.ID)}, func(db *gorm.DB) error {
		u := db.Exec("UPDATE sessions SET amr = ?, opened_with = ?, factor_at = ?, factor_means = ? WHERE id = ? AND ended_at = 0",
			v.Proof.String(), v.OpenedWith.String(), micros(v.FactorAt), v.Factor, v.ID)
		if u.Error != nil {
			return wrap("strengthen", u.Error)
		}
		if u.RowsAffected == 0 {
			return session.ErrEnded
		}
		if err := db.Exec("UPDATE refresh_tokens SET used_at = ? WHERE session_id = ? AND used_at = 0", micros(now), v.ID).Error; err != nil {
			return wrap("strengthen", err)
		}
		return wrap("strengthen", addRefresh(db, refreshHash, v.ID, now))
	})
}

// EndSession ends one live session of the person.
func (s *Store) EndSession(ctx context.Context, userID id.User, sessionID id.Stay, reason string, now time.Time) (bool, error) {
	ended := false
	err := s.change(ctx, []string{bus.Session(sessionID)}, func(db *gorm.DB) error {
		u := db.Exec("UPDATE sessions SET ended_at = ?, end_reason = ? WHERE id = ? AND user_id = ? AND ended_at = 0", micros(now), reason, sessionID, userID)
		ended = u.RowsAffected == 1
		return wrap("end session", u.Error)
	})
	return ended, err
}

// EndSessions ends a person's sessions but the one kept; with lacking, only those that show no second factor.
func (s *Store) EndSessions(ctx context.Context, userID id.User, keep id.Stay, lacking bool, reason string, now time.Time) (int, error) {
	var ids []id.Stay
	err := s.InTx(ctx, func(ctx context.Context) error {
		q := "UPDATE sessions SET ended_at = ?, end_reason = ? WHERE user_id = ? AND id <> ? AND ended_at = 0"
		if lacking {
			q += " AND amr NOT LIKE '%mfa%' AND amr NOT LIKE '%email%'"
		}
		if err := s.writer(ctx).Raw(q+" RETURNING id", micros(now), reason, userID, keep).Scan(&ids).Error; err != nil {
			return wrap("end sessions", err)
		}
		topics := make([]string, len(ids))
		for i, v := range ids {
			topics[i] = bus.Session(v)
		}
		return s.change(ctx, topics, func(*gorm.DB) error { return nil })
	})
	return len(ids), err
}

// endSignedOut ends one by one those sessions of a person that are over by an account's word, which speaks of all members at
// once. It is called before that word stops to reach the person: what is over must not live again.
func (s *Store) endSignedOut(ctx context.Context, accountID id.Account, userID id.User) error {
	const over = ` SET ended_at = (SELECT signed_out_at FROM accounts WHERE id = ?) WHERE user_id = ? AND ended_at = 0
		AND created_at < (SELECT signed_out_at FROM accounts WHERE id = ? AND signed_out_by <> ?)`
	args := []any{accountID, userID, accountID, userID}
	return s.InTx(ctx, func(ctx context.Context) error {
		if err := s.writer(ctx).Exec("UPDATE sign_ins"+over, args...).Error; err != nil {
			return wrap("end sign-ins", err)
		}
		var ids []id.Stay
		if err := s.writer(ctx).Raw("UPDATE sessions"+over+" RETURNING id", args...).Scan(&ids).Error; err != nil {
			return wrap("end sessions", err)
		}
		topics := make([]string, len(ids))
		for i, v := range ids {
			topics[i] = bus.Session(v)
		}
		return s.change(ctx, topics, func(*gorm.DB) error { return nil })
	})
}

// CountSessionsLacking counts the live sessions of an account's members that show less than the strength. Proofs are of a few
// kinds, however many sessions there are.
func (s *Store) CountSessionsLacking(ctx context.Context, accountID id.Account, minimum assurance.Strength, now time.Time) (int, error) {
	var rows []struct {
		AMR      string
		Sessions int
	}
	err := s.reader(ctx).Raw(`SELECT s.amr, COUNT(*) AS sessions FROM sessions s JOIN members m ON m.user_id = s.user_id WHERE m.account_id = ?
		AND s.ended_at = 0 AND s.epoch = (SELECT epoch FROM users WHERE id = s.user_id) AND s.expires_at > ? AND s.idle_expires_at > ? GROUP BY s.amr`,
		accountID, micros(now), micros(now)).Scan(&rows).Error
	lacking := 0
	for _, r := range rows {
		if !assurance.ParseProof(r.AMR).Meets(minimum) {
			lacking += r.Sessions
		}
	}
	return lacking, wrap("count sessions", err)
}

type signInRow struct {
	ID, UserID, Purpose, Delivery, FromSession, AMR string
	OpenedWith, FactorMeans                         string
	Epoch, PasswordAt, FactorAt                     int64
	Attempts                                        int
	UserAgent, Address                              string
	CreatedAt, ExpiresAt, EndedAt                   int64
}

// AddPending stores a sign-in between the doors.
func (s *Store) AddPending(ctx context.Context, p session.Pending) error {
	return wrap("add sign-in", s.writer(ctx).Exec(`INSERT INTO sign_ins (id, user_id, purpose, delivery, from_session, amr, password_at,
		user_agent, address, created_at, expires_at, epoch, opened_with, factor_at, factor_means) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		p.ID, p.UserID, p.Purpose, p.Delivery, p.FromSession, p.Proof.String(), micros(p.PasswordAt), p.UserAgent, p.Address,
		micros(p.CreatedAt), micros(p.Expires), p.Epoch, p.OpenedWith.String(), micros(p.FactorAt), p.Factor).Error)
}

// Pending reads a sign-in between the doors, ended or not.
func (s *Store) Pending(ctx context.Context, pendingID id.Stay) (session.Pending, error) {
	var rows []signInRow
	if err := s.reader(ctx).Raw(`SELECT id, user_id, purpose, delivery, from_session, amr, password_at, attempts, user_agent, address,
		created_at, expires_at, ended_at, epoch, opened_with, factor_at, factor_means FROM sign_ins WHERE id = ?`, pendingID).Scan(&rows).Error; err != nil {
		return session.Pending{}, wrap("sign-in", err)
	}
	if len(rows) == 0 {
		return session.Pending{}, fault.ErrNotFound
	}
	r := rows[0]
	return session.Pending{ID: id.Stay(r.ID), UserID: id.User(r.UserID), Purpose: actor.Purpose(r.Purpose), Delivery: session.Delivery(r.Delivery),
		FromSession: id.Stay(r.FromSession), Proof: assurance.ParseProof(r.AMR), PasswordAt: when(r.PasswordAt), Attempts: r.Attempts,
		UserAgent: r.UserAgent, Address: r.Address, CreatedAt: when(r.CreatedAt), Expires: when(r.ExpiresAt), EndedAt: when(r.EndedAt),
		Epoch: r.Epoch, OpenedWith: session.ParseOpeners(r.OpenedWith), FactorAt: when(r.FactorAt), Factor: assurance.Means(r.FactorMeans)}, nil
}

// EndPending ends a sign-in between the doors, once. One that has outlived its epoch, or its person, is over already: no session comes of it.
func (s *Store) EndPending(ctx context.Context, pendingID id.Stay, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec(`UPDATE sign_ins SET ended_at = ? WHERE id = ? AND ended_at = 0
		AND epoch = (SELECT epoch FROM users WHERE id = sign_ins.user_id AND disabled_at = 0)`, micros(now), pendingID)
	return u.RowsAffected == 1, wrap("end sign-in", u.Error)
}

// EndPendings ends all sign-ins of a person that are between the doors.
func (s *Store) EndPendings(ctx context.Context, userID id.User, now time.Time) error {
	return wrap("end sign-ins", s.writer(ctx).Exec("UPDATE sign_ins SET ended_at = ? WHERE user_id = ? AND ended_at = 0", micros(now), userID).Error)
}

// ProvePendingPassword notes that the password was proven again.
func (s *Store) ProvePendingPassword(ctx context.Context, pendingID id.Stay, now time.Time) error {
	return wrap("prove password", s.writer(ctx).Exec("UPDATE sign_ins SET password_at = ? WHERE id = ? AND ended_at = 0", micros(now), pendingID).Error)
}
