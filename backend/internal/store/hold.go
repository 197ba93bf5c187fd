package store

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/authority"
)

var _ authority.Store = (*Store)(nil)

// lockClass puts persons and accounts into key spaces of their own, and into one order for all transactions.
type lockClass byte

const (
	everybodyLock lockClass = iota
	personLock
	accountLock
)

type heldLock struct {
	class lockClass
	key   int64
	alone bool
}

// lockKey is the key of an advisory lock. Two things of one key only wait for each other without need.
func lockKey(class lockClass, name string) int64 {
	sum := sha256.Sum256([]byte{byte(class)})
	if class != everybodyLock {
		sum = sha256.Sum256(append([]byte{byte(class), 0}, name...))
	}
	return int64(binary.BigEndian.Uint64(sum[:8]))
}

// locks are the holds in the one order that keeps transactions from waiting for each other in a circle: everybody, then persons, then
// accounts, by key. Of what is named twice the stronger mode counts.
func locks(alone, shared actor.Holds) []heldLock {
	all := []heldLock{{everybodyLock, lockKey(everybodyLock, ""), alone.Everybody}}
	add := func(h actor.Holds, alone bool) {
		for _, userID := range h.Persons {
			all = append(all, heldLock{personLock, lockKey(personLock, string(userID)), alone})
		}
		for _, accountID := range h.Accounts {
			all = append(all, heldLock{accountLock, lockKey(accountLock, string(accountID)), alone})
		}
	}
	add(alone, true)
	add(shared, false)
	slices.SortFunc(all, func(a, b heldLock) int {
		switch {
		case a.class != b.class:
			return int(a.class) - int(b.class)
		case a.key != b.key && a.key < b.key:
			return -1
		case a.key != b.key:
			return 1
		case a.alone == b.alone:
			return 0
		case a.alone:
			return -1
		default:
			return 1
		}
	})
	return slices.CompactFunc(all, func(a, b heldLock) bool { return a.class == b.class && a.key == b.key })
}

// Hold takes the holds of a transaction, as its first statement. On PostgreSQL they are advisory locks that end with the transaction:
// a row lock for sharing would write a row version for each act. On SQLite a transaction that may write is the only one anyway.
func (s *Store) Hold(ctx context.Context, alone, shared actor.Holds) error {
	if s.dialect != "postgres" {
		return nil
	}
	all := locks(alone, shared)
	keys, modes := make([]string, len(all)), make([]string, len(all))
	for i, l := range all {
		keys[i], modes[i] = strconv.FormatInt(l.key, 10), strconv.FormatBool(l.alone)
	}
	return wrap("hold", s.writer(ctx).Exec(`SELECT CASE WHEN alone THEN pg_advisory_xact_lock(key)::text ELSE pg_advisory_xact_lock_shared(key)::text END
		FROM unnest(CAST(? AS BIGINT[]), CAST(? AS BOOLEAN[])) AS l (key, alone)`,
		"{"+strings.Join(keys, ",")+"}", "{"+strings.Join(modes, ",")+"}").Error)
}

// LockKeys are the keys of the advisory locks that these holds take on PostgreSQL, in their order, and before them the one that every
// transaction takes. A test that wants two transactions to meet takes them first.
func LockKeys(h actor.Holds) []int64 {
	all := locks(h, actor.Holds{})
	keys := make([]int64, len(all))
	for i, l := range all {
		keys[i] = l.key
	}
	return keys
}

// lives is the part of a query that says of a stay whether it lives; each takes the stay's identifier and the time, twice.
var lives = map[actor.StayKind]string{
	actor.Session: `SELECT s.user_id, s.epoch, s.amr, s.created_at FROM sessions s
		WHERE s.id = ? AND s.ended_at = 0 AND s.expires_at > ? AND s.idle_expires_at > ?`,
	actor.SignIn: `SELECT s.user_id, s.epoch, s.amr, s.created_at FROM sign_ins s
		WHERE s.id = ? AND s.ended_at = 0 AND s.expires_at > ? AND (s.from_session = '' OR EXISTS (SELECT 1 FROM sessions f
			WHERE f.id = s.from_session AND f.ended_at = 0 AND f.epoch = s.epoch AND f.idle_expires_at > ?))`,
	actor.Token: `SELECT s.user_id, s.epoch, '' AS amr, s.created_at FROM api_tokens s
		WHERE s.id = ? AND s.revoked_at = 0 AND s.expires_at > ? AND CAST(? AS BIGINT) > 0`,
}

// ReadActor reads who acts in one statement: the person, where they belong and which rules hold there, and the stay.
func (s *Store) ReadActor(ctx context.Context, stay actor.Stay, now time.Time) (authority.Read, error) {
	var rows []struct {
		U userRow    `gorm:"embedded;embeddedPrefix:u_"`
		A accountRow `gorm:"embedded"`

		StayEpoch                     int64
		StayAMR                       *string
		StayCreatedAt                 int64
		MemberTwoFactor               bool
		MemberRequiredAt, MemberSince int64
	}
	err := s.reader(ctx).Raw(`SELECT `+prefixed("u", userColumns)+`, COALESCE(l.epoch, 0) AS stay_epoch, l.amr AS stay_amr,
		COALESCE(l.created_at, 0) AS stay_created_at, m.role, COALESCE(m.two_factor_required, FALSE) AS member_two_factor,
		COALESCE(m.required_at, 0) AS member_required_at, COALESCE(m.created_at, 0) AS member_since, `+nullableAccountColumns+`
		FROM users u LEFT JOIN (`+lives[stay.Kind]+`) AS l ON l.user_id = u.id
		LEFT JOIN members m ON m.user_id = u.id LEFT JOIN accounts a ON a.id = m.account_id WHERE u.id = ? ORDER BY m.account_id`,
		stay.ID, micros(now), micros(now), stay.User).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return authority.Read{}, wrap("read actor", err)
	}
	first := rows[0]
	read := authority.Read{User: first.U.user()}
	if first.StayAMR != nil {
		read.Stay = authority.Life{Epoch: first.StayEpoch, Proof: assurance.ParseProof(*first.StayAMR), CreatedAt: when(first.StayCreatedAt), Live: true}
	}
	for _, r := range rows {
		if r.A.ID == "" {
			continue
		}
		a := r.A.account()
		read.Accounts = append(read.Accounts, a)
		read.Belongs = append(read.Belongs, account.Belonging{AccountID: a.ID, Role: account.Role(r.A.Role), TwoFactorRequired: r.MemberTwoFactor,
			RequiredAt: when(r.MemberRequiredAt), JoinedAt: when(r.MemberSince)})
	}
	return read, nil
}

// nullableAccountColumns are accountColumns of an account that may not be there.
var nullableAccountColumns = func() string {
	numbers := map[string]bool{"created_at": true, "enforced_at": true, "grace_until": true, "signed_out_at": true, "incident_at": true}
	var out []string
	for _, column := range strings.Split(accountColumns, ",") {
		column = strings.TrimSpace(column)
		name := strings.TrimPrefix(column, "a.")
		empty := "''"
		switch {
		case numbers[name]:
			empty = "0"
		case name == "guarded_enrolment" || name == "api_tokens_paused":
			empty = "FALSE"
		}
		out = append(out, "COALESCE("+column+", "+empty+") AS "+name)
	}
	return strings.Join(out, ", ")
}()

// prefixed are columns of a table, each under a name that begins with it.
func prefixed(table, columns string) string {
	var out []string
	for _, column := range strings.Split(columns, ",") {
		column = strings.TrimSpace(column)
		out = append(out, table+"."+column+" AS "+table+"_"+column)
	}
	return strings.Join(out, ", ")
}
