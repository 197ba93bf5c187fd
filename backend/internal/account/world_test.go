package account_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/authority"
	"sallyport/internal/bus"
	"sallyport/internal/enforcement"
	"sallyport/internal/id"
	"sallyport/internal/notify"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

// outbox keeps what is queued, or refuses it.
type outbox struct {
	sync.Mutex
	kept    []notify.Message
	refuses error
}

func (o *outbox) Enqueue(_ context.Context, messages ...notify.Message) error {
	o.Lock()
	defer o.Unlock()
	if o.refuses != nil {
		return o.refuses
	}
	o.kept = append(o.kept, messages...)
	return nil
}

// hasher hashes nothing: its own tests show that the real one does.
type hasher struct{}

func (hasher) Hash(_ context.Context, password string) (string, error) {
	return "hash of " + password, nil
}

// world is an account service on a database of its own.
type world struct {
	*account.Service
	t     *testing.T
	ctx   context.Context
	store *store.Store
	mail  *outbox
	clock *testkit.Clock
	log   *audit.Log
	stays sync.Map // of id.User: the session that they act from
}

// stranger comes with a link.
var stranger = actor.From(actor.Origin{Address: "192.0.2.1"})

func newWorld(t *testing.T, databaseURL string) *world {
	t.Helper()
	b := bus.New(func() time.Duration { return 0 })
	w := &world{t: t, ctx: t.Context(), store: testkit.OpenStore(t, databaseURL, b.Publish), mail: &outbox{}, clock: testkit.NewClock()}
	w.log = &audit.Log{Store: w.store, Now: w.clock.Now}
	facts := enforcement.NewFacts(w.store, b, w.clock.Now, enforcement.ProviderRule{}, assurance.All, 100)
	w.Service = &account.Service{
		Store: w.store, Authority: authority.New(w.store, facts, w.clock.Now), Notify: w.mail, Audit: w.log, Now: w.clock.Now, Random: rand.Reader, Hasher: hasher{},
		BaseURL: "https://portal.test", Brand: "Sallyport",
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) person(email string) id.User {
	w.t.Helper()
	u := user.User{ID: id.User(id.New()), Email: email, Name: "Name of " + email, Locale: "de", PasswordHash: "-", CreatedAt: w.clock.Now()}
	if added, err := w.store.AddUser(w.ctx, u, ""); err != nil || !added {
		w.t.Fatal(added, err)
	}
	return u.ID
}

// as is the person, in a session of theirs that has shown everything, and who has just confirmed that it is them.
func (w *world) as(userID id.User) actor.Actor {
	w.t.Helper()
	kept, there := w.stays.Load(userID)
	if !there {
		kept, _ = w.stays.LoadOrStore(userID, testkit.Acting(w.t, w.store, userID, w.clock.Now()).Stay)
	}
	return testkit.Confirmed(kept.(actor.Stay), w.clock.Now())
}

// account opens an account with one member of each role, and a second owner; all are found by their role's name.
func (w *world) account() (accountID id.Account, who map[string]id.User) {
	w.t.Helper()
	domain := "@" + id.New() + ".test"
	who = map[string]id.User{"owner": w.person("owner" + domain)}
	m, err := w.Create(w.ctx, w.as(who["owner"]), "Acme", nil)
	w.must(err)
	for name, role := range map[string]account.Role{
		"other owner": account.Owner, "admin": account.Admin, "other admin": account.Admin, "billing": account.Billing, "member": account.Plain,
	} {
		who[name] = w.person(string(role) + id.New() + domain)
		w.must(w.store.InsertMember(w.ctx, account.Member{AccountID: m.ID, UserID: who[name], Role: role, JoinedAt: w.clock.Now()}))
	}
	who["stranger"] = w.person("stranger" + domain)
	return m.ID, who
}

// events are the account's audit events as "action outcome reason", oldest first.
func (w *world) events(accountID id.Account) []string {
	w.t.Helper()
	found, err := w.log.Events(w.ctx, audit.Filter{AccountID: accountID, Limit: 100})
	w.must(err)
	var all []string
	for _, e := range found {
		line := e.Action + " " + e.Outcome
		if reason := e.Detail["reason"]; reason != "" {
			line += " " + reason
		}
		all = append(all, line)
	}
	slices.Reverse(all)
	return all
}

func (w *world) role(accountID id.Account, userID id.User) account.Role {
	w.t.Helper()
	m, err := w.store.Member(w.ctx, accountID, userID)
	w.must(err)
	return m.Role
}

const week = 7 * 24 * time.Hour

func ptr[T any](v T) *T { return &v }

// raw opens the database beside the store, for what no method of the store is there for.
func raw(t *testing.T, databaseURL string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func setFactors(t *testing.T, databaseURL string, userID id.User, factors assurance.Type) {
	t.Helper()
	for _, query := range []string{"UPDATE users SET factor_bits = %d WHERE id = '%s'", "UPDATE members SET factor_bits = %d WHERE user_id = '%s'"} {
		if _, err := raw(t, databaseURL).ExecContext(t.Context(), fmt.Sprintf(query, factors, userID)); err != nil {
			t.Fatal(err)
		}
	}
}

// dump is all that a table holds.
func dump(t *testing.T, databaseURL, table string) string {
	t.Helper()
	rows, err := raw(t, databaseURL).QueryContext(t.Context(), "SELECT * FROM "+table)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for rows.Next() {
		values := make([]any, len(columns))
		for i := range values {
			values[i] = new(any)
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatal(err)
		}
		for _, v := range values {
			fmt.Fprintf(&all, "%s|", *v.(*any))
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all.String()
}
