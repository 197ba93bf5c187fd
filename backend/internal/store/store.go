package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"sallyport/internal/bus"
	"sallyport/internal/fault"
)

// Store is one database, SQLite or PostgreSQL. Its methods behave the same on both.
type Store struct {
	write, read *gorm.DB // one and the same on PostgreSQL
	pools       []*sql.DB
	dialect     string
	tell        func(topics ...string)
}

// Channel is the PostgreSQL notification channel on which replicas tell each other what has changed.
const Channel = "sallyport"

// Open connects. databaseURL is "postgres://…" or "sqlite:PATH"; tell hears, after each commit, the topics that it changed.
func Open(ctx context.Context, databaseURL string, tell func(topics ...string)) (*Store, error) {
	s := &Store{tell: tell}
	config := &gorm.Config{
		SkipDefaultTransaction: true, // a method is one statement, or says InTx
		// GORM's own cache of prepared statements waits for a connection while it keeps all others from preparing: with every
		// connection in a transaction that prepares, nobody ever goes on. pgx keeps one for each connection instead.
		PrepareStmt: false,
		Logger: logger.New(discard{}, logger.Config{
			LogLevel: logger.Silent, ParameterizedQueries: true, // never a value in a log
		}),
	}
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		s.dialect = "sqlite"
		// One connection writes, many read: nobody of this process ever finds the database locked. For what an operator's command writes
		// at once, such as a hundred thousand members, a server waits. synchronous=FULL: a spent code stays spent.
		var err error
		if s.write, err = s.open(sqlite.Open(sqliteDSN(path, false)), config, 1); err != nil {
			return nil, err
		}
		if s.read, err = s.open(sqlite.Open(sqliteDSN(path, true)), config, 8); err != nil {
			return nil, err
		}
		return s, nil
	}
	u, err := url.Parse(databaseURL)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return nil, fmt.Errorf("store: the database URL must begin with postgres:// or sqlite:") // the value may hold a password
	}
	s.dialect = "postgres"
	if s.write, err = s.open(postgres.Open(databaseURL), config, 20); err != nil {
		return nil, err
	}
	s.read = s.write
	return s, nil
}

func sqliteDSN(path string, read bool) string {
	dsn := "file:" + filepath.ToSlash(path) + "?_pragma=busy_timeout(30000)&_pragma=journal_mode(WAL)&_pragma=synchronous(2)&_pragma=foreign_keys(1)"
	if read {
		return dsn + "&_pragma=query_only(1)"
	}
	return dsn + "&_txlock=immediate"
}

func (s *Store) open(d gorm.Dialector, config *gorm.Config, connections int) (*gorm.DB, error) {
	db, err := gorm.Open(d, config)
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	pool, err := db.DB()
	if err != nil {
		return nil, fmt.Errorf("store: open: %w", err)
	}
	pool.SetMaxOpenConns(connections)
	pool.SetMaxIdleConns(connections)
	s.pools = append(s.pools, pool)
	return db, nil
}

// Close gives the connections back.
func (s *Store) Close() error {
	for _, p := range s.pools {
		_ = p.Close()
	}
	return nil
}

// Ping asks the database for a sign of life.
func (s *Store) Ping(ctx context.Context) error { return s.pools[0].PingContext(ctx) }

// Dialect is "sqlite" or "postgres".
func (s *Store) Dialect() string { return s.dialect }

// Now reads the database's clock, in UTC.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	q := "SELECT CAST(unixepoch('subsec') * 1000000 AS INTEGER)"
	if s.dialect == "postgres" {
		q = "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT)"
	}
	var at int64
	err := s.reader(ctx).Raw(q).Scan(&at).Error
	return when(at), wrap("now", err)
}

type transaction struct {
	db     *gorm.DB
	topics []string
}

// mostTopics is how many topics one commit tells of by name; beyond that it says that everything may have changed.
const mostTopics = 1000

func (t *transaction) changes(topics []string) {
	if len(t.topics)+len(topics) > mostTopics {
		t.topics = []string{bus.All}
		return
	}
	t.topics = append(t.topics, topics...)
}

type transactionKey struct{}

// InTx runs f in one transaction: every store method that is given f's context belongs to it. What f changed is told to all
// replicas by the commit itself, or not at all. A call within a transaction joins it. Where two transactions have waited for each
// other, PostgreSQL ends one of them: f is then run once more, from its beginning.
func (s *Store) InTx(ctx context.Context, f func(ctx context.Context) error) error {
	if _, ok := ctx.Value(transactionKey{}).(*transaction); ok {
		return f(ctx)
	}
	err := s.transact(ctx, f)
	if crossed(err) {
		err = s.transact(ctx, f)
	}
	return err
}

func (s *Store) transact(ctx context.Context, f func(ctx context.Context) error) error {
	var t *transaction
	err := s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		t = &transaction{db: db}
		if err := f(context.WithValue(ctx, transactionKey{}, t)); err != nil {
			return err
		}
		if s.dialect != "postgres" || len(t.topics) == 0 {
			return nil
		}
		slices.Sort(t.topics)
		t.topics = slices.Compact(t.topics)
		return db.Exec("SELECT pg_notify(?, topic) FROM unnest(CAST(? AS TEXT[])) AS topic", Channel, textArray(t.topics)).Error
	})
	if err != nil {
		if _, told := fault.As(err); told {
			return err
		}
		return wrap("transaction", err)
	}
	if len(t.topics) > 0 {
		s.tell(t.topics...)
	}
	return nil
}

// change runs one statement or more that others must hear of.
func (s *Store) change(ctx context.Context, topics []string, f func(db *gorm.DB) error) error {
	return s.changeWith(ctx, topics, func(_ context.Context, db *gorm.DB) error { return f(db) })
}

// changeWith is change for what also calls other methods, which belong to the transaction by the context that f is given.
func (s *Store) changeWith(ctx context.Context, topics []string, f func(ctx context.Context, db *gorm.DB) error) error {
	return s.InTx(ctx, func(ctx context.Context) error {
		t := ctx.Value(transactionKey{}).(*transaction)
		t.changes(topics)
		return f(ctx, t.db.WithContext(ctx))
	})
}

// writer is the open transaction, or the pool that may write.
func (s *Store) writer(ctx context.Context) *gorm.DB {
	if t, ok := ctx.Value(transactionKey{}).(*transaction); ok {
		return t.db.WithContext(ctx)
	}
	return s.write.WithContext(ctx)
}

// reader is the open transaction, or the pool that reads.
func (s *Store) reader(ctx context.Context) *gorm.DB {
	if t, ok := ctx.Value(transactionKey{}).(*transaction); ok {
		return t.db.WithContext(ctx)
	}
	return s.read.WithContext(ctx)
}

func wrap(what string, err error) error {
	if err == nil {
		return nil
	}
	_, told := fault.As(err)
	if err = fmt.Errorf("store: %s: %w", what, err); !told && lost(err) {
		return unavailable(err)
	}
	return err
}

// micros and when translate between time.Time and the column: microseconds since 1970 UTC, 0 for "never".
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func when(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

// among is the condition that a column is one of a list, which is one parameter however long it is: the statement stays the
// same, and is prepared once.
func (s *Store) among() string {
	if s.dialect == "postgres" {
		return "= ANY (CAST(? AS TEXT[]))"
	}
	return "IN (SELECT value FROM json_each(?))"
}

// listOf is the parameter of among.
func listOf[T ~string](s *Store, values []T) string {
	if s.dialect == "postgres" {
		return textArray(values)
	}
	raw, _ := json.Marshal(values) // strings always encode
	return string(raw)
}

// table is a parameter, a JSON list of objects, as the table r of the columns given: "id TEXT, at BIGINT". A statement over it stays
// the same for any number of rows.
func (s *Store) table(columns string) string {
	if s.dialect == "postgres" {
		return "json_to_recordset(CAST(? AS JSON)) AS r (" + columns + ")"
	}
	var fields []string
	for _, column := range strings.Split(columns, ", ") {
		name, _, _ := strings.Cut(column, " ")
		fields = append(fields, "o ->> '"+name+"' AS "+name)
	}
	// Materialized, an object is written out once and not for each of its fields.
	return "(WITH l AS MATERIALIZED (SELECT value AS o FROM json_each(?)) SELECT " + strings.Join(fields, ", ") + " FROM l) AS r"
}

// textArray is a PostgreSQL array literal.
func textArray[T ~string](values []T) string {
	quoted := make([]string, len(values))
	for i, v := range values {
		quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(string(v)) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}

type discard struct{}

func (discard) Printf(string, ...any) {}
