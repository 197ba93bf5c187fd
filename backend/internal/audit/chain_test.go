package audit_test

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/id"
	"sallyport/internal/store"
	"sallyport/internal/testkit"
)

// record is a chain on a database of its own, and a way to do to it what nobody should.
type record struct {
	t     *testing.T
	ctx   context.Context
	store *store.Store
	log   *audit.Log
	chain *audit.Chain
	raw   *sql.DB
	pg    bool
}

func newRecord(t *testing.T, databaseURL string) *record {
	t.Helper()
	r := &record{t: t, ctx: t.Context(), store: testkit.OpenStore(t, databaseURL)}
	clock := testkit.NewClock()
	now := func() time.Time { return clock.Advance(time.Millisecond) }
	r.log = &audit.Log{Store: r.store, Now: now}
	r.chain = &audit.Chain{Store: r.store, Now: now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	driver, dsn := "pgx", databaseURL
	if path, ok := strings.CutPrefix(databaseURL, "sqlite:"); ok {
		driver, dsn = "sqlite", "file:"+path+"?_pragma=busy_timeout(5000)"
	}
	r.pg = driver == "pgx"
	var err error
	if r.raw, err = sql.Open(driver, dsn); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.raw.Close() })
	return r
}

func (r *record) exec(format string, args ...any) {
	r.t.Helper()
	if _, err := r.raw.ExecContext(r.ctx, fmt.Sprintf(format, args...)); err != nil {
		r.t.Fatal(err)
	}
}

// happen appends n events.
func (r *record) happen(ctx context.Context, n int) {
	r.t.Helper()
	for i := range n {
		if err := r.log.Append(ctx, actor.TheHouse(), audit.Event{Action: audit.MemberRoleChanged, ActorID: "ann", UserID: id.User(fmt.Sprint("user ", i)), AccountID: "acme",
			Address: "192.0.2.1", Detail: map[string]string{"from": "member", "to": "<admin> \u2028 \"é\""}}); err != nil {
			r.t.Fatal(err)
		}
	}
}

func (r *record) link(want int) {
	r.t.Helper()
	if n, err := r.chain.Link(r.ctx); err != nil || n != want {
		r.t.Fatalf("linked %d events, %v; want %d", n, err, want)
	}
}

func (r *record) verify(pinned audit.Head) audit.Verdict {
	r.t.Helper()
	v, err := r.chain.Verify(r.ctx, pinned, nil)
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

// whole verifies a chain that should be whole, and gives its head.
func (r *record) whole(seq int64) audit.Head {
	r.t.Helper()
	v := r.verify(audit.Head{})
	if v.Bad != nil || v.Head.Seq != seq || v.Unlinked != 0 {
		r.t.Fatalf("got %+v, %+v; want %d links", v, v.Bad, seq)
	}
	return v.Head
}

func TestChain(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		r := newRecord(t, databaseURL)
		t.Run("no event is a whole chain", func(t *testing.T) { r.whole(0) })
		t.Run("what has just happened is not linked yet, and that is said", func(t *testing.T) {
			r.happen(r.ctx, 3)
			if v := r.verify(audit.Head{}); v.Bad != nil || v.Head.Seq != 0 || v.Unlinked != 3 {
				t.Errorf("got %+v", v)
			}
		})
		t.Run("the linker gives each event the next place", func(t *testing.T) {
			r.link(3)
			r.link(0)
			r.happen(r.ctx, 2)
			r.link(2)
			r.whole(5)
		})
		t.Run("more than a batch is linked at once", func(t *testing.T) {
			r.happen(r.ctx, 1100)
			r.link(1100)
			r.whole(1105)
		})
		t.Run("the chain is what the document says that it is", func(t *testing.T) {
			links, err := r.store.Links(r.ctx, 0, "", 2)
			if err != nil || len(links) != 2 {
				t.Fatal(links, err)
			}
			before := make([]byte, 32)
			for i, l := range links {
				var form strings.Builder
				for _, field := range []string{"sallyport audit 1", fmt.Sprint(i + 1), l.ID, fmt.Sprint(l.At.UnixMicro()), "member.role_changed", "ok", "ann",
					fmt.Sprint("user ", i), "acme", "", "192.0.2.1", "", "from", "member", "to", "<admin> \u2028 \"é\""} {
					fmt.Fprintf(&form, "%d:%s,", len(field), field)
				}
				sum := sha256.Sum256(append(before, form.String()...))
				before = sum[:]
				if l.Hash != hex.EncodeToString(before) {
					t.Errorf("link %d: %s, want %x", i+1, l.Hash, before)
				}
			}
		})
		t.Run("a chain has begun once", func(t *testing.T) {
			if err := r.chain.Begin(r.ctx); err != nil {
				t.Fatal(err)
			}
			_, first, err := r.store.ChainHead(r.ctx)
			if err != nil || first.IsZero() {
				t.Fatal(first, err)
			}
			if err := r.chain.Begin(r.ctx); err != nil {
				t.Fatal(err)
			}
			if _, again, err := r.store.ChainHead(r.ctx); err != nil || !again.Equal(first) {
				t.Errorf("it began at %s, and then at %s, %v", first, again, err)
			}
		})
		t.Run("a pinned head is passed through", func(t *testing.T) {
			head := r.whole(1105)
			r.happen(r.ctx, 1)
			r.link(1)
			if v := r.verify(head); v.Bad != nil || v.Head.Seq != 1106 {
				t.Errorf("got %+v %+v", v, v.Bad)
			}
		})
	})
}

func TestChainLinksByArrival(t *testing.T) {
	t.Parallel()
	r := newRecord(t, testkit.Postgres(t))
	// The first event is written, and committed after the second has its place.
	written, commit := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		done <- r.store.InTx(r.ctx, func(ctx context.Context) error {
			err := r.log.Append(ctx, actor.TheHouse(), audit.Event{Action: audit.SignInCompleted, UserID: "late"})
			close(written)
			<-commit
			return err
		})
	}()
	<-written
	r.happen(r.ctx, 1)
	r.link(1)
	close(commit)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	r.link(1)
	r.whole(2)
	links, err := r.store.Links(r.ctx, 0, "", 10)
	if err != nil || len(links) != 2 || links[1].UserID != "late" || links[1].ID > links[0].ID {
		t.Errorf("got %+v, %v", links, err)
	}
}

func TestOneLinksAtATime(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		r := newRecord(t, databaseURL)
		other := newRecord(t, databaseURL)
		const events = 300
		written := make(chan struct{})
		go func() {
			defer close(written)
			r.happen(r.ctx, events)
		}()
		linked := make(chan int, 2)
		for _, linker := range []*record{r, other} {
			go func() {
				n := 0
				for {
					end := false
					select {
					case <-written:
						end = true
					default:
					}
					done, err := linker.chain.Link(linker.ctx)
					if err != nil {
						t.Error(err)
					}
					if n += done; end && done == 0 {
						linked <- n
						return
					}
				}
			}()
		}
		total := <-linked + <-linked
		last, err := r.chain.Link(r.ctx) // whoever came second to the last batch went away
		if err != nil || total+last != events {
			t.Errorf("%d and %d events were linked, of %d: %v", total, last, events, err)
		}
		r.whole(events)
	})
}

func TestChainFindsWhatIsMissingAtTheEnd(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		r := newRecord(t, databaseURL)
		r.happen(r.ctx, 10)
		r.link(10)
		pinned := r.whole(10)
		r.exec("DELETE FROM audit_events WHERE seq > 7")
		if v := r.verify(audit.Head{}); v.Bad == nil || v.Bad.Seq != 8 || v.Head.Seq != 7 {
			t.Errorf("the head remembers: %+v %+v", v, v.Bad)
		}
		r.exec("UPDATE audit_chain SET seq = 7, hash = (SELECT hash FROM audit_events WHERE seq = 7)")
		r.whole(7) // nothing in the database knows any more
		if v := r.verify(pinned); v.Bad == nil || v.Bad.Seq != 8 {
			t.Errorf("the pinned head knows: %+v %+v", v, v.Bad)
		}
		r.happen(r.ctx, 5)
		r.link(5)
		r.whole(12)
		if v := r.verify(pinned); v.Bad == nil || v.Bad.Seq != 10 {
			t.Errorf("whatever was put there instead: %+v %+v", v, v.Bad)
		}
	})
}

func TestHeads(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("0a", 32)
	h, err := audit.ParseHead(" 17:" + hash + "\n")
	if err != nil || h != (audit.Head{Seq: 17, Hash: hash}) || h.String() != "17:"+hash {
		t.Errorf("got %+v, %v", h, err)
	}
	for _, s := range []string{"", "17", "17:", "0:" + hash, "-1:" + hash, "17:" + hash[1:], "17:" + strings.ToUpper(hash), "x:" + hash} {
		if _, err := audit.ParseHead(s); err == nil {
			t.Errorf("%q is taken for a head", s)
		}
	}
}

// tamper is one thing that nobody should do, and the first place at which it shows.
type tamper struct {
	name string
	sql  []string
	bad  int64
}

const links = 24

var columns = []string{"id", "at", "action", "outcome", "actor_id", "user_id", "account_id", "session_id", "address", "user_agent", "detail", "seq", "form", "hash"}

func drawTamper(t *rapid.T) tamper {
	seq := rapid.Int64Range(1, links).Draw(t, "seq")
	other := rapid.Int64Range(1, links).Filter(func(n int64) bool { return n != seq }).Draw(t, "other")
	switch rapid.IntRange(0, 5).Draw(t, "kind") {
	case 0: // one column of one event
		column := rapid.SampledFrom(columns).Draw(t, "column")
		switch column {
		case "at":
			return tamper{"change at", []string{fmt.Sprintf("UPDATE audit_events SET at = at + 1 WHERE seq = %d", seq)}, seq}
		case "form":
			return tamper{"change form", []string{fmt.Sprintf("UPDATE audit_events SET form = form + 1 WHERE seq = %d", seq)}, seq}
		case "seq": // to behind the last: its place is empty
			return tamper{"change seq", []string{fmt.Sprintf("UPDATE audit_events SET seq = %d WHERE seq = %d", links+5, seq)}, seq}
		case "detail":
			detail := rapid.SampledFrom([]string{`{}`, `{"from":"member","to":"owner"}`, `{"from":"member", "to":"x"}`, `no JSON`, `null`, `{"a":1}`}).Draw(t, "detail")
			return tamper{"change detail", []string{fmt.Sprintf("UPDATE audit_events SET detail = '%s' WHERE seq = %d", detail, seq)}, seq}
		default:
			return tamper{"change " + column, []string{fmt.Sprintf("UPDATE audit_events SET %s = %s || 'x' WHERE seq = %d", column, column, seq)}, seq}
		}
	case 1:
		return tamper{"take out", []string{fmt.Sprintf("DELETE FROM audit_events WHERE seq = %d", seq)}, seq}
	case 2:
		return tamper{"unlink", []string{fmt.Sprintf("UPDATE audit_events SET seq = 0, hash = '' WHERE seq = %d", seq)}, seq}
	case 3:
		return tamper{"swap", []string{
			fmt.Sprintf("UPDATE audit_events SET seq = -1 WHERE seq = %d", seq),
			fmt.Sprintf("UPDATE audit_events SET seq = %d WHERE seq = %d", seq, other),
			fmt.Sprintf("UPDATE audit_events SET seq = %d WHERE seq = -1", other)}, min(seq, other)}
	case 4:
		return tamper{"take out and close the gap", []string{
			fmt.Sprintf("DELETE FROM audit_events WHERE seq = %d", seq),
			fmt.Sprintf("UPDATE audit_events SET seq = -seq WHERE seq > %d", seq),
			"UPDATE audit_events SET seq = -seq - 1 WHERE seq < 0",
			fmt.Sprintf("UPDATE audit_chain SET seq = %d, hash = (SELECT hash FROM audit_events WHERE seq = %d)", links-1, links-1)}, seq}
	default:
		return tamper{"put in", []string{
			fmt.Sprintf("UPDATE audit_events SET seq = -seq WHERE seq >= %d", seq),
			"UPDATE audit_events SET seq = -seq + 1 WHERE seq < 0",
			fmt.Sprintf(`INSERT INTO audit_events (id, at, action, seq, form, hash) SELECT 'forged', at, action, %d, form, hash
				FROM audit_events WHERE seq = %d`, seq, other+btoi(other >= seq)),
			fmt.Sprintf("UPDATE audit_chain SET seq = %d", links+1)}, seq}
	}
}

func btoi(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// TestChainFindsAnySingleTampering is the promise: whatever is changed, taken out, moved or put in, the first bad place is named.
func TestChainFindsAnySingleTampering(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		r := newRecord(t, databaseURL)
		r.happen(r.ctx, links)
		r.link(links)
		pinned := r.whole(links)
		seen := map[string]bool{}
		r.exec("CREATE TABLE audit_saved AS SELECT * FROM audit_events")
		rapid.Check(t, func(rt *rapid.T) {
			x := drawTamper(rt)
			seen[x.name] = true
			for _, q := range x.sql {
				r.exec("%s", q)
			}
			v := r.verify(pinned)
			if v.Bad == nil || v.Bad.Seq != x.bad || v.Head.Seq != x.bad-1 {
				rt.Errorf("%s: good to %d, bad %+v; want bad at %d", x.name, v.Head.Seq, v.Bad, x.bad)
			}
			r.exec("DELETE FROM audit_events")
			r.exec("INSERT INTO audit_events SELECT * FROM audit_saved")
			r.exec("UPDATE audit_chain SET seq = %d, hash = '%s'", pinned.Seq, pinned.Hash)
		})
		r.whole(links)
		for _, name := range []string{"take out", "unlink", "swap", "take out and close the gap", "put in"} {
			if !seen[name] {
				t.Errorf("nobody tried: %s", name)
			}
		}
	})
}
