package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"sallyport/internal/actor"
	"sallyport/internal/audit"
	"sallyport/internal/testkit"
)

func TestAuditVerify(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		sh, db := newShell(t, databaseURL), testkit.OpenStore(t, databaseURL)
		log := &audit.Log{Store: db, Now: time.Now}
		chain := &audit.Chain{Store: db, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		happen := func(n int) {
			t.Helper()
			for range n {
				if err := log.Append(t.Context(), actor.TheHouse(), audit.Event{Action: audit.SignInCompleted, UserID: "ann"}); err != nil {
					t.Fatal(err)
				}
			}
		}
		link := func() {
			t.Helper()
			if _, err := chain.Link(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var whole, broken verdict

		happen(5)
		link()
		happen(2)
		sh.run("audit", "verify").must("5 events are linked, and whole", "head: 5:", "not linked yet: 2")
		sh.run("audit", "verify", "--json").must().json(&whole)
		if !whole.Whole || whole.Seq != 5 || len(whole.Hash) != 64 || whole.Unlinked != 2 || whole.Bad != nil {
			t.Errorf("got %+v", whole)
		}
		head := audit.Head{Seq: whole.Seq, Hash: whole.Hash}.String()
		link()
		sh.run("audit", "verify", "--head", head).must("7 events are linked, and whole")
		sh.run("audit", "verify", "--head", "5:"+strings.Repeat("0", 64)).refuses("broken at seq 5", "not the pinned one", "last good link: 4:")
		sh.run("audit", "verify", "--head", "9:"+strings.Repeat("0", 64)).refuses("broken at seq 8", "missing")
		sh.run("audit", "verify", "--head", "nonsense").isMisused("--head", "SEQ:HASH")

		change(t, databaseURL, "UPDATE audit_events SET outcome = 'refused' WHERE seq = 3")
		sh.run("audit", "verify").refuses("broken at seq 3", "changed", "last good link: 2:", "the audit chain is broken")
		p := sh.run("audit", "verify", "--json").refuses()
		if p.json(&broken); broken.Whole || broken.Seq != 2 || broken.Bad == nil || broken.Bad.Seq != 3 {
			t.Errorf("got %+v", broken)
		}
		change(t, databaseURL, "DELETE FROM audit_events WHERE seq = 2")
		sh.run("audit", "verify").refuses("broken at seq 2", "missing")
	})
}

// TestAuditExport checks the chain as a third party would, with docs/audit.md, SHA-256 and what the command prints.
func TestAuditExport(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		sh, db := newShell(t, databaseURL), testkit.OpenStore(t, databaseURL)
		log := &audit.Log{Store: db, Now: time.Now}
		chain := &audit.Chain{Store: db, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
		for i := range 3 {
			if err := log.Append(t.Context(), actor.TheHouse(), audit.Event{Action: audit.AccountEnforced, UserID: "ann", AccountID: "acme", Address: "192.0.2.1",
				Detail: map[string]string{"wörter": "<&>", "n": strconv.Itoa(i)}}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := chain.Link(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := log.Append(t.Context(), actor.TheHouse(), audit.Event{Action: audit.SignInCompleted}); err != nil { // has no place yet
			t.Fatal(err)
		}
		var whole verdict
		sh.run("audit", "verify", "--json").must().json(&whole)
		last, seen := make([]byte, sha256.Size), 0
		for line := range strings.Lines(sh.run("audit", "export").must().out) {
			var l auditLine
			if err := json.Unmarshal([]byte(line), &l); err != nil {
				t.Fatal(err)
			}
			fields := []string{"sallyport audit 1", strconv.FormatInt(l.Seq, 10), l.ID, strconv.FormatInt(l.At, 10), l.Action, l.Outcome,
				string(l.ActorID), string(l.UserID), string(l.AccountID), string(l.SessionID), l.Address, l.UserAgent}
			for _, key := range slices.Sorted(maps.Keys(l.Detail)) {
				fields = append(fields, key, l.Detail[key])
			}
			for _, f := range fields {
				last = fmt.Appendf(last, "%d:%s,", len(f), f)
			}
			sum := sha256.Sum256(last)
			if last, seen = sum[:], seen+1; l.Form != 1 || l.Hash != hex.EncodeToString(last) || l.Seq != int64(seen) {
				t.Errorf("line %d is %s", seen, line)
			}
		}
		if seen != 3 || whole.Hash != hex.EncodeToString(last) {
			t.Errorf("%d events lead to %x, not to %s", seen, last, whole.Hash)
		}
		if rest := sh.run("audit", "export", "--after", "2").must().out; strings.Count(rest, "\n") != 1 || !strings.Contains(rest, `"seq":3,`) {
			t.Errorf("behind the second place stands %s", rest)
		}
		sh.run("audit", "export", "--after=-1").isMisused("--after")
	})
}

func TestCommandsRefuseADatabaseThatIsNotReady(t *testing.T) {
	t.Parallel()
	newShell(t, "").run("audit", "verify").refuses("there is no database at", "sallyport migrate")
	empty := filepath.Join(t.TempDir(), "empty.db")
	sh := newShell(t, "sqlite:"+empty)
	change(t, "sqlite:"+empty, "CREATE TABLE other (id TEXT)")
	sh.run("audit", "verify").refuses("older than this program", "sallyport migrate")
	sh.run("migrate").must("migrations ran")
	sh.run("audit", "verify").must("0 events are linked, and whole")
}
