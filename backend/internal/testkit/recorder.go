package testkit

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Statement is one that a PostgreSQL has executed, as its client sent it.
type Statement struct {
	Text       string // its white space made one blank each
	Tag        string // what the server says that it did, such as "UPDATE 1"; "" where it failed
	Connection int
}

// Control says whether it only begins or ends a transaction.
func (s Statement) Control() bool {
	did, _, _ := strings.Cut(s.Tag, " ")
	return slices.Contains([]string{"BEGIN", "START", "COMMIT", "ROLLBACK"}, did)
}

// Statements are in the order of their ends; those of one transaction stand together.
type Statements []Statement

// Work is without what only begins or ends a transaction.
func (s Statements) Work() Statements {
	return slices.DeleteFunc(slices.Clone(s), Statement.Control)
}

// String is a numbered list.
func (s Statements) String() string {
	var b strings.Builder
	for i, one := range s {
		fmt.Fprintf(&b, "%3d. on %d: %s [%s]\n", i+1, one.Connection, one.Text, one.Tag)
	}
	return b.String()
}

// AtMost fails the test, and shows the list, where there are more: all counts BEGIN and COMMIT too, work does not.
func (s Statements) AtMost(t testing.TB, what string, all, work int) {
	t.Helper()
	if len(s) > all || len(s.Work()) > work {
		t.Errorf("%s takes %d statements, %d without BEGIN and COMMIT; at most %d and %d are right:\n%s", what, len(s), len(s.Work()), all, work, s)
	}
}

// Least is the run with the fewest statements, the first of them where there are several.
func Least(runs ...Statements) Statements {
	return slices.MinFunc(runs, func(a, b Statements) int { return len(a) - len(b) })
}

// The loops of a server, by what their statements begin with. A transaction with one of them in it is not a request's. One that
// is missing here makes a count too high, which a test shows; it never makes one too low.
var background = []string{
	claim,                    // jobs.Runner: claim
	"UPDATE jobs SET",        // jobs.Runner: hold, advance, postpone, bury
	"DELETE FROM jobs USING", // jobs.Runner: finish
	"SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE seq = 0 LIMIT 1)",         // audit.Chain: is there anything to link
	"SELECT seq, hash FROM audit_chain WHERE id = 1 FOR UPDATE",                       // audit.Chain: link
	"DELETE FROM sign_ins WHERE expires_at <",                                         // the sweep, and so on
	"DELETE FROM refresh_tokens WHERE session_id IN (SELECT id FROM sessions WHERE (", //
	"DELETE FROM sessions WHERE (",
	"DELETE FROM mail_tokens WHERE expires_at <",
	"DELETE FROM rate_limits WHERE tat <",
	"DELETE FROM sms_messages WHERE created_at <",
}

const (
	claim = "UPDATE jobs SET attempts = attempts + 1" // a runner takes jobs
	ear   = "sallyport bus"                           // how the connection that listens, and beats, calls itself
)

// Recorder stands before a PostgreSQL, forwards what passes untouched, and records what the server executes: simple queries,
// and executions of prepared statements. What is only parsed or described is not recorded, nor is an empty query, such as the
// ping with which a pool wakes a connection: the server executes nothing there. It believes the server's answers and not the
// client's questions, so that what is dropped behind an error is not recorded either.
type Recorder struct {
	*Proxy

	databaseURL string

	mu       sync.Mutex
	moved    *sync.Cond
	wires    map[*wire]struct{}
	dialled  int
	epoch    int // one more with each Reset
	counting bool
	unread   string // why the record is not whole
	done     Statements
}

// RecordSQL stands before the database until the test ends. Give URL(databaseURL) to each server whose statements count.
func RecordSQL(t testing.TB, databaseURL string) *Recorder {
	t.Helper()
	r := &Recorder{databaseURL: databaseURL, wires: map[*wire]struct{}{}}
	r.moved = sync.NewCond(&r.mu)
	r.Proxy = proxy(t, databaseURL, r.look)
	return r
}

// Reset forgets. What is under way then is not recorded: a transaction belongs to the time when its first statement was sent.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.epoch++
	r.done = nil
}

// Statements are those of all transactions that have begun since the last Reset and are over by now, whole, but for those of
// the server's own loops. A statement outside a transaction is one of its own. Whoever has an answer to a request finds all of
// its statements here: each was recorded before the server that answers could read that it was done.
func (r *Recorder) Statements() Statements {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.done)
}

// Count is what f makes the servers behind the recorder execute. No job is in hand when f begins, and none is begun until f is
// over: what a job does is not the request's, and nothing in a statement tells the two apart.
func (r *Recorder) Count(t testing.TB, f func()) Statements {
	t.Helper()
	r.hold(true)
	defer r.hold(false)
	if err := r.quiet(); err != nil {
		t.Fatal(err)
	}
	r.Reset()
	f()
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.unread != "" {
		t.Fatalf("statements went by unseen: %s", r.unread)
	}
	return slices.Clone(r.done)
}

func (r *Recorder) hold(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.counting = on
	r.moved.Broadcast()
}

// quiet waits until no job is in hand. The runners cannot take more meanwhile.
func (r *Recorder) quiet() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, r.databaseURL) // its own way to the database, past the record
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	again := time.NewTicker(3 * time.Millisecond)
	defer again.Stop()
	for {
		var held int
		if claiming := r.claiming(); !claiming { // asked first: afterwards a job shows as held
			if err := conn.QueryRow(ctx, "SELECT count(*) FROM jobs WHERE lease_until > 0 AND dead_at = 0").Scan(&held); err != nil || held == 0 {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited in vain for %d jobs to come to an end", held)
		case <-again.C:
		}
	}
}

// claiming says whether a runner's claim is on its way or uncommitted; one that is held back is not.
func (r *Recorder) claiming() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for w := range r.wires {
		if slices.ContainsFunc(w.asked, func(a asked) bool { return a.claims() }) || w.claims {
			return true
		}
	}
	return false
}

// wire is one connection.
type wire struct {
	r          *Recorder
	number     int
	background bool // the bus's
	asked      []asked
	skipping   bool              // the server drops what comes, up to the next Sync
	prepared   map[string]string // texts, by the statement's name
	portals    map[string]string // texts, by the portal's name
	begun      map[string]bool   // portals that have given rows, and have more

	// The transaction that is open.
	statements Statements
	epoch      int
	loops      bool // it is a loop's
	claims     bool
}

// asked is a message that the server has not answered yet.
type asked struct {
	kind       byte
	name, text string // the name is the statement's, or a portal's
	epoch      int
}

func (a asked) claims() bool {
	return strings.HasPrefix(a.text, claim) && (a.kind == 'B' || a.kind == 'E' || a.kind == 'Q')
}

func (r *Recorder) look() tap {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dialled++
	w := &wire{r: r, number: r.dialled, prepared: map[string]string{}, portals: map[string]string{}, begun: map[string]bool{}}
	r.wires[w] = struct{}{}
	up, down := &cutter{untyped: true}, &cutter{}
	return tap{
		up: func(b []byte) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for ms := up.cut(b); len(ms) > 0; ms = up.cut(nil) {
				for _, m := range ms {
					if m.kind == 0 {
						w.begins(m.body, up, down)
					} else {
						w.asks(m)
					}
				}
			}
			r.note(up)
		},
		down: func(b []byte) {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, m := range down.cut(b) {
				w.answers(m)
			}
			r.note(down)
		},
		ended: func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			delete(r.wires, w)
			w.over()
		},
	}
}

// note remembers that a connection cannot be read.
func (r *Recorder) note(c *cutter) {
	if c.refused != "" {
		r.unread = c.refused
	}
}

// begins reads one of the messages that have no type yet.
func (w *wire) begins(body []byte, up, down *cutter) {
	switch code := binary.BigEndian.Uint32(body); code {
	case 80877103, 80877104: // may we encrypt? The answer is one byte, and the same question comes again, or the next one.
		down.letters++
	case 80877102: // cancel a query: nothing follows
	default:
		up.untyped = false
		parameters := bytes.Split(body[4:], []byte{0})
		for i := 0; i+1 < len(parameters); i += 2 {
			if string(parameters[i]) == "application_name" && string(parameters[i+1]) == ear {
				w.background = true
			}
		}
	}
}

// asks notes what the client asks, before the server sees it.
func (w *wire) asks(m message) {
	a := asked{kind: m.kind}
	switch m.kind {
	case 'Q':
		a.text = plain(m.word())
	case 'P':
		a.name, a.text = m.word(), plain(m.word())
	case 'B':
		a.name, a.text = m.word(), w.known('P', w.prepared, m.word())
	case 'E':
		a.name = m.word()
		a.text = w.known('B', w.portals, a.name)
	case 'C', 'D':
		a.name = string(m.body[:1])
		m.body = m.body[1:]
		a.name += m.word()
	case 'S', 'F':
	default: // nothing that is answered, but by an error
		return
	}
	// A runner waits here. Its message has not reached the server, and it holds no row.
	for a.claims() && w.r.counting {
		w.r.moved.Wait()
	}
	if a.epoch = w.r.epoch; w.skipping && m.kind != 'S' {
		return
	}
	w.skipping = false
	w.asked = append(w.asked, a)
}

// known is the text behind a name: of what is on its way, or else of what the server has accepted.
func (w *wire) known(kind byte, accepted map[string]string, name string) string {
	for _, a := range slices.Backward(w.asked) {
		if a.kind == kind && a.name == name {
			return a.text
		}
	}
	return accepted[name]
}

// answers reads what the server says, before the client sees it.
func (w *wire) answers(m message) {
	var a asked
	if len(w.asked) > 0 {
		a = w.asked[0]
	}
	switch m.kind {
	case '1':
		w.prepared[a.name] = a.text
		w.next()
	case '2':
		w.portals[a.name] = a.text
		delete(w.begun, a.name)
		w.next()
	case '3':
		if name, statement := strings.CutPrefix(a.name, "S"); statement {
			delete(w.prepared, name)
		}
		w.next()
	case 'T', 'n': // the answer to Describe; a simple query's has one too
		if a.kind == 'D' {
			w.next()
		}
	case 'C', 's': // done; or rows for now, of a statement that the client goes on with, which stays one
		if a.kind != 'E' { // a simple query may hold several statements: each has its own answer
			w.executed(a, m.word())
			return
		}
		if !w.begun[a.name] {
			w.executed(a, m.word())
		}
		w.begun[a.name] = m.kind == 's'
		w.next()
	case 'I': // an empty text
		if a.kind == 'E' {
			w.next()
		}
	case 'E':
		w.failed(a)
	case 'Z':
		if a.kind == 'Q' || a.kind == 'S' || a.kind == 'F' {
			w.next()
		}
		if m.body[0] == 'I' {
			w.over()
		}
	}
}

func (w *wire) next() {
	if len(w.asked) > 0 {
		w.asked = w.asked[1:]
	}
}

func (w *wire) executed(a asked, tag string) {
	if len(w.statements) == 0 {
		w.epoch = a.epoch
	}
	w.statements = append(w.statements, Statement{Text: a.text, Tag: tag, Connection: w.number})
	w.claims = w.claims || a.claims()
	w.loops = w.loops || slices.ContainsFunc(background, func(begins string) bool { return strings.HasPrefix(a.text, begins) })
}

// failed drops what the server drops: everything up to the next Sync, which may not have come yet.
func (w *wire) failed(a asked) {
	if a.kind == 'Q' || a.kind == 'E' {
		w.executed(a, "")
	}
	if a.kind == 0 || a.kind == 'Q' || a.kind == 'F' {
		return // these end by themselves
	}
	sync := slices.IndexFunc(w.asked, func(a asked) bool { return a.kind == 'S' })
	if w.skipping = sync < 0; w.skipping {
		sync = len(w.asked)
	}
	w.asked = w.asked[sync:]
}

// over ends the transaction, which may have been one statement's own.
func (w *wire) over() {
	if w.epoch == w.r.epoch && !w.loops && !w.background {
		w.r.done = append(w.r.done, w.statements...)
	}
	w.statements, w.loops, w.claims = nil, false, false
}

func plain(text string) string { return strings.Join(strings.Fields(text), " ") }

// message is one of the protocol's; kind 0: one of those at the beginning, which have none.
type message struct {
	kind byte
	body []byte
}

// word takes a string off the body.
func (m *message) word() string {
	word, rest, _ := bytes.Cut(m.body, []byte{0})
	m.body = rest
	return string(word)
}

// cutter cuts one direction of a connection into messages, wherever the network has cut it.
type cutter struct {
	untyped bool // still at the beginning
	letters int  // single bytes that come first
	refused string
	rest    []byte
}

func (c *cutter) cut(b []byte) (ms []message) {
	c.rest = append(c.rest, b...)
	for c.refused == "" && len(c.rest) > 0 {
		if c.letters > 0 {
			if c.rest[0] != 'N' {
				c.refused = "the connection is encrypted"
			}
			c.letters, c.rest = c.letters-1, c.rest[1:]
			continue
		}
		head := 5
		if c.untyped {
			head = 4
		}
		if len(c.rest) < head {
			break
		}
		size := head - 4 + int(binary.BigEndian.Uint32(c.rest[head-4:]))
		if size < head {
			c.refused = "the connection does not speak PostgreSQL's protocol"
			break
		}
		if len(c.rest) < size {
			break
		}
		m := message{body: slices.Clone(c.rest[head:size])}
		if !c.untyped {
			m.kind = c.rest[0]
		}
		ms, c.rest = append(ms, m), c.rest[size:]
		if c.untyped {
			break
		}
	}
	return ms
}
