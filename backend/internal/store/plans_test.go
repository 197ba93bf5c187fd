package store_test

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"sallyport/internal/account"
	"sallyport/internal/assurance"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

// The size at which plans are looked at: enough that what all have is not rare.
const (
	bigAccount = 5_000
	bigRecord  = 15_000
)

// big fills a database: an account with many members, another with as many, and a record of both. One member in fifty has a
// name with "quill" in it, one alone is called Zacharias.
func (w *world) big() (accountID id.Account) {
	w.t.Helper()
	acme, other := w.account("SP-000001"), w.account("SP-000002")
	numbers := func(n int) string {
		return fmt.Sprintf("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d)", n)
	}
	w.exec(`INSERT INTO users (id, email, email_key, name, password_hash, factor_bits, created_at) %s
		SELECT 'user-' || i, 'a' || i || '@size.test', 'a' || i || '@size.test',
			CASE WHEN i = 78 THEN 'Zacharias' WHEN i %% 50 = 0 THEN 'Tranquillo ' || i ELSE 'Member ' || i END, '-', CASE WHEN i %% 3 = 0 THEN 0 ELSE 1 END, 1 FROM n`,
		numbers(2*bigAccount))
	w.exec(`INSERT INTO members (account_id, user_id, role, created_at, email_key, name_key, factor_bits)
		SELECT CASE WHEN CAST(substr(id, 6) AS INTEGER) %% 2 = 0 THEN '%s' ELSE '%s' END, id, 'member', 1, email_key, lower(name), factor_bits FROM users`, acme, other)
	w.exec(`INSERT INTO audit_events (id, at, action, actor_id, user_id, account_id, detail) %s
		SELECT 'event-' || i, CAST(1000000 AS BIGINT) * i, CASE WHEN i %% 1000 = 0 THEN 'account.enforced' WHEN i %% 7 = 0 THEN 'member.joined' ELSE 'evidence.exported' END,
			'user-' || (i %% 900), 'user-' || (i %% 700), CASE WHEN i %% 3 = 0 THEN '' WHEN i %% 3 = 1 THEN '%s' ELSE '%s' END, '{}' FROM n`,
		numbers(bigRecord), acme, other)
	if w.Dialect() == "postgres" {
		w.exec("VACUUM ANALYZE")
	}
	return acme
}

// plan is how the database answers a statement, in its own words. PostgreSQL is told to rather not read whole tables: at this
// size that is sometimes cheaper than an index, and where it still does there is none.
func (w *world) plan(statement string, args []any) string {
	w.t.Helper()
	tx, err := w.raw.BeginTx(w.ctx, nil)
	w.must(err)
	defer func() { _ = tx.Rollback() }()
	explain := "EXPLAIN QUERY PLAN "
	if w.Dialect() == "postgres" {
		explain = "EXPLAIN "
		_, err := tx.ExecContext(w.ctx, "SET LOCAL enable_seqscan = off")
		w.must(err)
	}
	rows, err := tx.QueryContext(w.ctx, explain+statement, args...)
	w.must(err)
	defer func() { _ = rows.Close() }()
	var lines []string
	for rows.Next() {
		var line string
		if w.Dialect() == "postgres" {
			w.must(rows.Scan(&line))
		} else {
			var a, b, c int
			w.must(rows.Scan(&a, &b, &c, &line))
		}
		lines = append(lines, line)
	}
	w.must(rows.Err())
	return strings.Join(lines, "\n")
}

// reads is what a plan reads from its beginning to its end: a table of those that grow by no index, or by one that is made for
// the question.
var reads = regexp.MustCompile(`Seq Scan on (members|users|audit_events|factors|sessions|invitations)|SCAN (m|u|e|members|users|audit_events)( |$)|AUTOMATIC`)

func TestWhatGrowsIsReadByIndex(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme := w.big()
		var statements []string
		var plans []string
		w.must(w.Hear(func(statement string, args []any) {
			statements, plans = append(statements, statement), append(plans, w.plan(statement, args))
		}))
		lacking := account.Filter{TwoFactor: account.Missing, Accepted: assurance.Any.Accepts()}
		having := account.Filter{TwoFactor: account.Active, Accepted: assurance.NoEmail.Accepts()}
		members := func(f account.Filter, q, after string) func() error {
			f.Query = q
			return func() error { _, err := w.Members(w.ctx, acme, f, after, 51); return err }
		}
		search := func(q string) func() error {
			return func() error { _, err := w.Search(w.ctx, acme, q, 20); return err }
		}
		events := func(f audit.Filter) func() error {
			f.AccountID, f.Limit = acme, 51
			return func() error { _, err := w.AuditEvents(w.ctx, f); return err }
		}
		at := func(i int) time.Time { return time.Unix(int64(i), 0) }
		// SQLite then reads whom the index of trigrams has found one by one; PostgreSQL has more ways.
		trigrams := map[string][]string{"sqlite": {"VIRTUAL TABLE INDEX", "(account_id=? AND user_id=?)"}, "postgres": {"members_by_trigrams"}}[w.Dialect()]
		nobody, by := trigrams[:1], func(index string) []string { return []string{index} }

		for _, row := range []struct {
			what  string
			ask   func() error
			index []string // which must be in it
		}{
			{"members", members(account.Filter{}, "", ""), by("members_by_email")},
			{"members, a later page", members(account.Filter{}, "", "a7"), by("members_by_email")},
			{"members who lack a second factor", members(lacking, "", ""), by("members_by_factors")},
			{"members who have one, a later page", members(having, "", "a7"), by("members_by_factors")},
			{"members whose name is rare", members(account.Filter{}, "Zacharias", ""), trigrams},
			{"members whose name is in the middle of another", members(account.Filter{}, "QUILL", ""), trigrams},
			{"members by an address", members(account.Filter{}, "a4714@", ""), trigrams},
			{"members by letters that nobody has", members(account.Filter{}, "xqz", ""), nobody},
			{"members by what all have", members(account.Filter{}, "size.test", ""), by("members_by_email")},
			{"members by two letters", members(account.Filter{}, "me", ""), by("members_by_email")},
			{"members by name who lack a second factor", members(lacking, "quill", ""), trigrams},
			{"search for a rare name", search("zacharias"), trigrams},
			{"search in the middle of names", search("quill"), trigrams},
			{"search for what all have", search("size"), by("members_by_name")},
			{"search for the beginning of all names", search("member"), by("members_by_name")},
			{"search for the beginning of addresses", search("a4"), by("members_by_email")},
			{"search for two letters", search("me"), by("members_by_name")},
			{"events", events(audit.Filter{}), by("audit_events_by_account")},
			{"events, a later page", events(audit.Filter{Before: audit.Position{At: at(500), ID: "event-500"}}), by("audit_events_by_account")},
			{"events of a time", events(audit.Filter{From: at(100), To: at(900)}), by("audit_events_by_account")},
			{"events by what they begin with", events(audit.Filter{Action: "account."}), by("audit_events_by_account_action")},
			{"events by what they begin with, of a time", events(audit.Filter{Action: "member.", From: at(100), To: at(50_000)}), by("audit_events_by_account_action")},
			{"events of somebody", events(audit.Filter{ActorID: "user-4"}), by("audit_events_by_account_actor")},
			{"events about somebody", events(audit.Filter{UserID: "user-4"}), by("audit_events_by_account_user")},
			{"rare events of somebody", events(audit.Filter{ActorID: "user-100", Action: "account."}), by("audit_events_by_account_act")},
			{"events of somebody about somebody", events(audit.Filter{ActorID: "user-4", UserID: "user-4"}), by("audit_events_by_account_")},
			{"how many lack one", func() error { _, err := w.CountMembers(w.ctx, acme, assurance.Any.Accepts(), noon); return err }, by("members_counted")},
			{"whom to tell", func() error {
				_, _, err := w.Recipients(w.ctx, acme, assurance.Any.Accepts(), "member:user-5", 500, noon)
				return err
			}, by("members")},
			{"how many are not told", func() error { _, err := w.CountUntold(w.ctx, acme, assurance.Any.Accepts(), noon); return err }, by("users_disabled")},
			{"whom to remind", func() error {
				_, _, err := w.RecipientsMissing(w.ctx, acme, assurance.Any.Accepts(), "user-5", 500)
				return err
			}, by("members")},
			{"whose API tokens would stop", func() error {
				_, err := w.CountAPITokensLacking(w.ctx, acme, assurance.Any.Accepts(), noon)
				return err
			}, map[string][]string{"sqlite": {"SCAN t", "(account_id=? AND user_id=?)"}, "postgres": {"api_tokens", "members"}}[w.Dialect()]},
			{"a report's page", func() error { _, err := w.ReportMembers(w.ctx, acme, "user-5", 500); return err }, by("members")},
			{"a report's last uses", func() error { _, err := w.LastProven(w.ctx, []id.User{"user-5", "user-6"}, noon); return err }, by("audit_events_by_user")},
		} {
			t.Run(row.what, func(t *testing.T) {
				statements, plans = nil, nil
				w.must(row.ask())
				all := strings.Join(plans, "\n\n")
				found := reads.FindString(all)
				for _, index := range row.index {
					if !strings.Contains(all, index) {
						found += " without " + index
					}
				}
				if found != "" {
					t.Errorf("%s:\n%s\n%s", found, strings.Join(statements, "\n"), all)
				}
			})
		}
	})
}

// Whoever may not make the extension has the same answers, and has the index later, once somebody has made it.
func TestARoleThatMayMakeNoExtensionMigratesAllTheSame(t *testing.T) {
	t.Parallel()
	databaseURL := testkit.Postgres(t)
	admin := newWorld(t, databaseURL)
	role, name := "plain_"+strings.ReplaceAll(id.New(), "-", ""), "bare_"+strings.ReplaceAll(id.New(), "-", "")
	admin.exec("CREATE ROLE %s LOGIN", role)
	admin.exec("CREATE DATABASE %s TEMPLATE template0", name)
	t.Cleanup(func() {
		for _, q := range []string{"DROP DATABASE " + name + " WITH (FORCE)", "DROP ROLE " + role} {
			if _, err := admin.raw.ExecContext(context.Background(), q); err != nil {
				t.Error(err)
			}
		}
	})
	u, err := url.Parse(databaseURL)
	admin.must(err)
	u.Path = "/" + name
	testkit.Execute(t, u.String(), "GRANT CREATE ON SCHEMA public TO "+role)
	privileged := u.String()
	asRole := u.Query()
	asRole.Set("user", role)
	u.RawQuery = asRole.Encode()
	s, err := store.Open(t.Context(), u.String(), func(...string) {})
	admin.must(err)
	t.Cleanup(func() { _ = s.Close() })
	migrate := func() {
		t.Helper()
		if _, err := s.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	migrate()
	w := newWorld(t, privileged)
	w.join(w.account("SP-000001"), w.person("Öztürk", "b@role.test", 0), account.Plain)
	indexes := func() int { return w.count("SELECT COUNT(*) FROM pg_indexes WHERE indexname = 'members_by_trigrams'") }
	found := func() string {
		accountID := id.Account("")
		w.must(w.raw.QueryRowContext(w.ctx, "SELECT id FROM accounts").Scan(&accountID))
		hits, err := s.Search(t.Context(), accountID, "ztür", 5)
		w.must(err)
		if len(hits) != 1 {
			return ""
		}
		return hits[0].Title
	}
	if n := indexes(); n != 0 || found() != "Öztürk" {
		t.Errorf("%d indexes, and %q is found", n, found())
	}
	testkit.Execute(t, privileged, "CREATE SCHEMA elsewhere")
	testkit.Execute(t, privileged, "CREATE EXTENSION pg_trgm SCHEMA elsewhere")
	testkit.Execute(t, privileged, "GRANT USAGE ON SCHEMA elsewhere TO "+role)
	migrate()
	if n := indexes(); n != 1 || found() != "Öztürk" {
		t.Errorf("with the extension: %d indexes, and %q is found", n, found())
	}
}
