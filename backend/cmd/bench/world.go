package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	_ "github.com/jackc/pgx/v5/stdlib"

	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/seal"
	"sallyport/internal/session"
	"sallyport/internal/signin"
	"sallyport/internal/store"
	"sallyport/internal/testkit/pgcluster"
)

const password = "sallyport-bench-1"

// parameters are those of package user: what a sign-in costs at least.
var parameters = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// world is one database, filled by hand: this program knows its root key and makes sessions and tokens as the house would.
type world struct {
	name   string // "SQLite" or "PostgreSQL"
	dir    string
	url    string
	store  *store.Store
	sql    *sql.DB
	box    *seal.Box
	tokens *session.Tokens
	book   *session.Book
	hash   string // of password
	stopPG func()
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// newWorld makes an empty, migrated database. PostgreSQL waits for the disk at each commit, as it does in earnest; SQLite does
// so anyway.
func newWorld(ctx context.Context, name string) (_ *world, err error) {
	w := &world{name: name}
	defer func() {
		if err != nil {
			w.close()
		}
	}()
	if w.dir, err = os.MkdirTemp("", "spb"); err != nil {
		return w, err
	}
	driver, source := "sqlite", ""
	if name == "PostgreSQL" {
		if w.url, w.stopPG, err = pgcluster.Start("", "fsync=on", "synchronous_commit=on", "full_page_writes=on"); err != nil {
			return w, err
		}
		driver, source = "pgx", w.url
	} else {
		path := filepath.Join(w.dir, "sallyport.db")
		w.url, source = "sqlite:"+path, "file:"+path+"?_pragma=busy_timeout(10000)&_txlock=immediate"
	}
	if w.store, err = store.Open(ctx, w.url, func(...string) {}); err != nil {
		return w, err
	}
	if _, err = w.store.Migrate(ctx); err != nil {
		return w, err
	}
	if w.sql, err = sql.Open(driver, source); err != nil {
		return w, err
	}
	key, err := base64.StdEncoding.DecodeString(rootKey)
	if err != nil {
		return w, err
	}
	if w.box, err = seal.Open(ctx, w.store, key); err != nil {
		return w, err
	}
	if w.tokens, err = session.OpenTokens(ctx, w.store, w.box, "sallyport", now); err != nil {
		return w, err
	}
	w.book = &session.Book{Store: w.store, Audit: &audit.Log{Store: w.store, Now: now}, Now: now, Random: rand.Reader}
	w.hash, err = argon2id.CreateHash(password, &parameters)
	return w, err
}

func (w *world) close() {
	if w.sql != nil {
		_ = w.sql.Close()
	}
	if w.store != nil {
		_ = w.store.Close()
	}
	if w.stopPG != nil {
		w.stopPG()
	}
	if w.dir != "" {
		_ = os.RemoveAll(w.dir)
	}
}

// person is one user.
type person struct {
	id       id.User
	email    string
	factorID id.Factor
	secret   string // base32; "" without a factor
}

// insert writes rows, many in one statement. Values are our own: none needs quoting.
func (w *world) insert(ctx context.Context, into string, rows []string) error {
	tx, err := w.sql.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	for len(rows) > 0 {
		n := min(len(rows), 500)
		if _, err := tx.ExecContext(ctx, "INSERT INTO "+into+" VALUES "+strings.Join(rows[:n], ",")); err != nil {
			return fmt.Errorf("%s: %w", strings.Fields(into)[0], err)
		}
		rows = rows[n:]
	}
	return tx.Commit()
}

// Four hundred people have different names.
var (
	firstNames = strings.Fields("Anna Ben Clara Dora Emil Frida Gustav Hanna Ida Jürgen Karl Lena Max Nora Otto Paula Quentin Rosa Simon Tina")
	lastNames  = strings.Fields("Weber Müller Schmidt Öztürk Åberg Novak Rossi Garcia Smith Jones Kowalski Petrov Nguyen Tanaka Okafor Haddad Silva Larsen Dubois Kelly")
)

// people makes users; with factors each has an authenticator app, and has guessed before, as anybody has who signs in twice.
func (w *world) people(ctx context.Context, n int, factors bool) ([]person, error) {
	people := make([]person, n)
	users, apps, slots := make([]string, n), []string{}, []string{}
	at, bits := now().UnixMicro(), 0
	if factors {
		bits = int(assurance.TOTP)
	}
	for i := range people {
		p := person{id: id.User(id.New())}
		p.email = string(p.id) + "@bench.test"
		name := firstNames[i%len(firstNames)] + " " + lastNames[i/len(firstNames)%len(lastNames)]
		users[i] = fmt.Sprintf("('%s','%s','%s','%s','%s',%d,%d,%d)", p.id, p.email, p.email, name, w.hash, bits, at, at)
		if factors {
			var raw [20]byte
			_, _ = rand.Read(raw[:]) // never fails
			p.factorID, p.secret = id.Factor(id.New()), base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(raw[:])
			sealed, err := w.box.Seal("factor:"+string(p.factorID), []byte(p.secret))
			if err != nil {
				return nil, err
			}
			apps = append(apps, fmt.Sprintf("('%s','%s','totp','App','active','%s',TRUE,%d,%d)", p.factorID, p.id, sealed, at, at))
			for slot := range 10 {
				slots = append(slots, fmt.Sprintf("('%s','code',%d)", p.id, slot))
			}
		}
		people[i] = p
	}
	return people, errors.Join(
		w.insert(ctx, "users (id, email, email_key, name, password_hash, factor_bits, email_verified_at, created_at)", users),
		w.insert(ctx, "factors (id, user_id, type, name, status, secret, is_default, created_at, activated_at)", apps),
		w.insert(ctx, "guess_slots (user_id, budget, slot)", slots))
}

// account makes an account whose first member owns it.
func (w *world) account(ctx context.Context, number string, members []person) (id.Account, error) {
	accountID, at := id.Account(id.New()), now().UnixMicro()
	rows := make([]string, len(members))
	for i, m := range members {
		role := "member"
		if i == 0 {
			role = "owner"
		}
		rows[i] = fmt.Sprintf("('%s','%s','%s',%d)", accountID, m.id, role, at)
	}
	err := errors.Join(
		w.insert(ctx, "accounts (id, number, name, created_at)", []string{fmt.Sprintf("('%s','%s','Bench %s',%d)", accountID, number, number, at)}),
		w.insert(ctx, "members (account_id, user_id, role, created_at)", rows))
	if err != nil {
		return "", err
	}
	// What the store keeps beside a membership (store.mirror).
	_, err = w.sql.ExecContext(ctx, `UPDATE members SET name_key = lower(u.name), email_key = u.email_key, factor_bits = u.factor_bits
		FROM users u WHERE u.id = members.user_id AND members.account_id = $1`, accountID)
	return accountID, err
}

// signedIn is a live session.
type signedIn struct {
	person
	stay            actor.Stay
	access, refresh string
}

// signIn opens a session as the house would after the steps that proof tells of.
func (w *world) signIn(ctx context.Context, p person, proof assurance.Proof) (signedIn, error) {
	s, refresh, err := w.book.Open(ctx, actor.From(actor.Origin{}), session.Session{UserID: p.id, Delivery: session.Bearer, Proof: proof, AuthTime: now()})
	if err != nil {
		return signedIn{}, err
	}
	access, _, err := w.tokens.Access(s)
	return signedIn{person: p, stay: s.Stay(), access: access, refresh: refresh}, err
}

// confirmed is an owner who has just shown password and authenticator app again.
func confirmed(owner signedIn) actor.Actor {
	return actor.Actor{Kind: actor.Person, User: owner.id, Stay: owner.stay, Shown: actor.Confirmation{
		Stay: owner.stay.ID, Epoch: owner.stay.Epoch, Password: true, Factor: assurance.TOTP.Means(), Until: now().Add(actor.ConfirmLife),
	}}
}

// rule is the request by which an owner enforces or lifts the rule, with the token of a fresh confirmation.
func (w *world) rule(path string, owner signedIn, enforced bool, number string) ([]byte, error) {
	token, err := signin.SealConfirmation(w.box, confirmed(owner).Shown)
	return request("PUT", path, owner.access, fmt.Sprintf(`{"enforced":%t,"account_number":%q}`, enforced, number), "Sallyport-Confirmation: "+token), err
}

// between gives each person a partial token, as after the right password.
func (w *world) between(ctx context.Context, people []person) ([]string, error) {
	tokens := make([]string, len(people))
	err := w.store.InTx(ctx, func(ctx context.Context) error {
		for i, p := range people {
			pending, err := w.book.Begin(ctx, actor.From(actor.Origin{}), session.Pending{UserID: p.id, Purpose: actor.ForSecondFactor, Delivery: session.Bearer,
				Proof: assurance.Password(), PasswordAt: now()})
			if err != nil {
				return err
			}
			if tokens[i], _, err = w.tokens.Partial(pending); err != nil {
				return err
			}
		}
		return nil
	})
	return tokens, err
}

func (w *world) settle(ctx context.Context) error {
	q := "PRAGMA wal_checkpoint(TRUNCATE)"
	if w.name == "PostgreSQL" {
		q = "VACUUM ANALYZE"
	}
	_, err := w.sql.ExecContext(ctx, q)
	return err
}
