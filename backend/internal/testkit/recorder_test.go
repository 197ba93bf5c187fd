package testkit_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"sallyport/internal/testkit"
)

// dial connects through the recorder.
func dial(t *testing.T, databaseURL, as string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["application_name"] = as
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// run executes each text, as a simple query where there are no arguments.
func run(t *testing.T, conn *pgx.Conn, text string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), text, args...); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
}

func recorded(t *testing.T, what string, got testkit.Statements, want ...string) {
	t.Helper()
	texts := []string{}
	for _, s := range got {
		texts = append(texts, s.Text)
	}
	if !slices.Equal(texts, want) {
		t.Errorf("%s: recorded are\n%sand not\n%s", what, got, strings.Join(want, "\n"))
	}
}

func TestARecorderKnowsWhatAServerExecutes(t *testing.T) {
	t.Parallel()
	databaseURL := testkit.Postgres(t)
	r := testkit.RecordSQL(t, databaseURL)
	one, two := dial(t, r.URL(databaseURL), "test"), dial(t, r.URL(databaseURL), "test")

	// One name, another text on each connection; to prepare is not to execute.
	for conn, text := range map[*pgx.Conn]string{one: "SELECT  1 +\n $1::int", two: "SELECT 2 + $1::int"} {
		if _, err := conn.PgConn().Prepare(t.Context(), "same", text, nil); err != nil {
			t.Fatal(err)
		}
	}
	recorded(t, "prepared", r.Statements())
	execute := func(conn *pgx.Conn) {
		t.Helper()
		if answer := conn.PgConn().ExecPrepared(t.Context(), "same", [][]byte{[]byte("1")}, nil, nil).Read(); answer.Err != nil {
			t.Fatal(answer.Err)
		}
	}
	execute(one)
	execute(two)
	execute(one)
	recorded(t, "executed", r.Statements(), "SELECT 1 + $1::int", "SELECT 2 + $1::int", "SELECT 1 + $1::int")
	r.Reset()
	recorded(t, "forgotten", r.Statements())
	execute(two) // its text went by before Reset
	recorded(t, "after Reset", r.Statements(), "SELECT 2 + $1::int")

	// A transaction is recorded when it is over, where it began, and as one.
	r.Reset()
	run(t, one, "begin")
	run(t, one, "SELECT 3 + $1::int", 1)
	run(t, two, "SELECT 4")
	recorded(t, "while it is open", r.Statements(), "SELECT 4")
	run(t, one, "commit")
	recorded(t, "committed", r.Statements(), "SELECT 4", "begin", "SELECT 3 + $1::int", "commit")
	recorded(t, "its work", r.Statements().Work(), "SELECT 4", "SELECT 3 + $1::int")
	run(t, one, "begin")
	r.Reset()
	run(t, one, "rollback")
	recorded(t, "begun before Reset", r.Statements())

	// Two statements in one message are two, an empty one is none.
	run(t, one, "SELECT 5; SELECT 6")
	if err := one.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorded(t, "one message", r.Statements(), "SELECT 5; SELECT 6", "SELECT 5; SELECT 6")
}

func TestARecorderKnowsWhatAServerDropsBehindAnError(t *testing.T) {
	t.Parallel()
	databaseURL := testkit.Postgres(t)
	r := testkit.RecordSQL(t, databaseURL)
	conn := dial(t, r.URL(databaseURL), "test")
	const failing = "SELECT 1 / (n - n) FROM generate_series(1, 2) AS n" // once it runs: the planner does not see it
	p := conn.PgConn().StartPipeline(t.Context())
	p.SendQueryParams("SELECT 1", nil, nil, nil, nil)
	p.SendQueryParams(failing, nil, nil, nil, nil)
	p.SendQueryParams("SELECT 2", nil, nil, nil, nil)
	_ = p.Sync()
	p.SendQueryParams("SELECT nonsense", nil, nil, nil, nil)
	p.SendQueryParams("SELECT 3", nil, nil, nil, nil)
	_ = p.Sync()
	p.SendQueryParams("SELECT 4", nil, nil, nil, nil)
	_ = p.Sync()
	if err := p.Close(); err == nil {
		t.Fatal("nothing failed")
	}
	recorded(t, "a pipeline", r.Statements(), "SELECT 1", failing, "SELECT 4")

	// The client has read of the error, and sends more before it says Sync: that is dropped as well.
	r.Reset()
	p = conn.PgConn().StartPipeline(t.Context())
	p.SendQueryParams("SELECT nonsense", nil, nil, nil, nil)
	p.SendFlushRequest()
	if err := p.Flush(); err != nil {
		t.Fatal(err)
	}
	if _, err := p.GetResults(); err == nil {
		t.Fatal("nothing failed")
	}
	p.SendQueryParams("SELECT 5", nil, nil, nil, nil)
	_ = p.Sync()
	p.SendQueryParams("SELECT 6", nil, nil, nil, nil)
	_ = p.Sync()
	_ = p.Close()
	recorded(t, "a pipeline in two parts", r.Statements(), "SELECT 6")
}

func TestARecorderLeavesOutWhatAServerDoesByItself(t *testing.T) {
	t.Parallel()
	databaseURL := testkit.Postgres(t)
	r := testkit.RecordSQL(t, databaseURL)
	request, loop, bus := dial(t, r.URL(databaseURL), "test"), dial(t, r.URL(databaseURL), "test"), dial(t, r.URL(databaseURL), "sallyport bus")
	const claim = "UPDATE jobs SET attempts = attempts + 1, lease_until = $1 WHERE dead_at = 0"
	run(t, loop, claim, 0) // so that the text is prepared, and only its name goes by below

	claimed := make(chan struct{})
	counted := r.Count(t, func() {
		run(t, bus, "LISTEN something")
		run(t, loop, "begin")
		run(t, loop, "SELECT seq, hash FROM audit_chain WHERE id = 1 FOR UPDATE SKIP LOCKED")
		run(t, loop, "UPDATE audit_chain SET seq = 0 WHERE id = $1", 1)
		run(t, loop, "commit")
		run(t, request, "UPDATE audit_chain SET seq = 0 WHERE id = $1", 1)
		go func() {
			defer close(claimed)
			_, _ = loop.Exec(t.Context(), claim, 0)
		}()
		select {
		case <-claimed:
			t.Error("jobs are begun while statements are counted")
		case <-time.After(50 * time.Millisecond):
		}
	})
	recorded(t, "beside its loops", counted, "UPDATE audit_chain SET seq = 0 WHERE id = $1")
	<-claimed // and are begun afterwards
}
