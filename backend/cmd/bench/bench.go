package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/pquerna/otp/totp"

	"sallyport/internal/assurance"
)

var connections = []int{1, 16, 64}

const (
	stepsAlone    = 300  // second steps at 1 connection
	stepsTogether = 4000 // and at 16
)

type bench struct {
	options
	table  *table
	worlds []*world
	floor  *floor
}

func (b *bench) close() {
	if b.floor != nil {
		b.floor.stop()
	}
	for _, w := range b.worlds {
		w.close()
	}
}

// once measures everything once.
func (b *bench) once(ctx context.Context, run int) error {
	if b.worlds == nil {
		for _, name := range []string{"SQLite", "PostgreSQL"} {
			w, err := newWorld(ctx, name)
			if err != nil {
				return err
			}
			b.worlds = append(b.worlds, w)
		}
	}
	if b.wants("reads") && b.floor == nil {
		var err error
		if b.floor, err = startFloor(); err != nil {
			return err
		}
	}
	for _, w := range b.worlds {
		if err := b.one(ctx, w, run); err != nil {
			return fmt.Errorf("%s: %w", w.name, err)
		}
	}
	if b.wants("enforcement") {
		for _, members := range b.members {
			for _, w := range b.worlds {
				if err := b.enforce(ctx, w, members); err != nil {
					return fmt.Errorf("%s, %d members: %w", w.name, members, err)
				}
			}
		}
	}
	if b.wants("replicas") {
		if err := b.replicas(ctx, b.worlds[1]); err != nil {
			return err
		}
	}
	if b.wants("lists") && run == 0 { // a quantile over many requests is no figure of one moment, and filling it takes long
		for _, w := range b.worlds {
			if err := b.lists(ctx, w); err != nil {
				return fmt.Errorf("%s, lists: %w", w.name, err)
			}
		}
	}
	if b.wants("start") {
		return b.starts(ctx)
	}
	return nil
}

const (
	readsTitle = "Authenticated reads, requests/s"
	readsFloor = "floor: Echo, token remembered"
)

func (b *bench) reads() *section {
	return b.table.section(readsTitle, "Ratios are to \"Echo, token remembered\", measured just before each. CPU is what the server's process used for one request, "+
		"without the load generator and without PostgreSQL; other work on the machine hardly moves it.",
		"1", "16", "64", "ratio at 1", "ratio at 16", "ratio at 64", "CPU at 16, µs", "CPU ratio at 16", "p99 at 16, ms")
}

const (
	signInTitle = "Password sign-in"
	signInFloor = "floor: the hash alone"
)

func (b *bench) signIns() *section {
	return b.table.section(signInTitle, "argon2id, 19 MiB, 2 passes, 1 lane. Ratios are to the hash alone, on all cores, in the same run.",
		"at 4, per s", "at 16, per s", "ratio at 4", "ratio at 16", "CPU each, ms", "p50 at 1, ms", "reads meanwhile: p99, ms")
}

// hashRate is how many passwords all cores check in a second when they do nothing else, and the CPU that one takes, in ms.
func hashRate(interval time.Duration) (rate, cpu float64, err error) {
	hash, err := argon2id.CreateHash(password, &parameters)
	if err != nil {
		return 0, 0, err
	}
	var n atomic.Int64
	var workers sync.WaitGroup
	began, used := time.Now(), cpuOf(os.Getpid())
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for time.Since(began) < interval {
				if ok, err := argon2id.ComparePasswordAndHash(password, hash); ok && err == nil {
					n.Add(1)
				}
			}
		})
	}
	workers.Wait()
	done := float64(n.Load())
	return done / time.Since(began).Seconds(), float64(cpuOf(os.Getpid())-used) / float64(time.Millisecond) / done, nil
}

// measured runs a load against a server and says how much CPU its process used for each answer.
func measured(ctx context.Context, pid int, address string, connections int, interval time.Duration, count int, act func(c *client, worker, call int) error) (l load, cpu time.Duration) {
	used := cpuOf(pid)
	l = spread(ctx, address, connections, interval, count, act)
	return l, (cpuOf(pid) - used) / time.Duration(max(l.n, 1))
}

// read measures one kind of request at each number of connections, each time after the floor.
func (b *bench) read(ctx context.Context, s *server, row string, of func(worker int) []byte) error {
	t := b.reads()
	remembered := request("GET", "/remembered", b.floor.Token, "")
	alone := request("GET", "/alone", "", "")
	for _, n := range connections {
		column := fmt.Sprint(n)
		var floorRate float64
		var floorCPU time.Duration
		for _, part := range []struct {
			row, address string
			pid          int
			of           func(worker int) []byte
		}{
			{"floor: Echo alone", b.floor.Address, b.floor.cmd.Process.Pid, func(int) []byte { return alone }},
			{readsFloor, b.floor.Address, b.floor.cmd.Process.Pid, func(int) []byte { return remembered }},
			{row, s.address, s.cmd.Process.Pid, of},
		} {
			get := func(c *client, worker, _ int) error {
				_, err := expect(c, part.of(worker), 200)
				return err
			}
			spread(ctx, part.address, n, b.interval()/10, 0, get) // to warm up
			l, cpu := measured(ctx, part.pid, part.address, n, b.interval(), 0, get)
			if err := l.check(part.row); err != nil {
				return err
			}
			t.add(part.row, column, l.rate(), 0)
			if part.row == readsFloor {
				floorRate, floorCPU = l.rate(), cpu
			}
			if part.row == row {
				t.add(row, "ratio at "+column, l.rate()/floorRate, 2)
			}
			if n != 16 {
				continue
			}
			t.add(part.row, "p99 at 16, ms", l.quantile(.99), 2)
			t.add(part.row, "CPU at 16, µs", float64(cpu)/float64(time.Microsecond), 0)
			if part.row == row {
				t.add(row, "CPU ratio at 16", float64(floorCPU)/float64(max(cpu, 1)), 2)
			}
		}
	}
	return nil
}

// one measures one database with one replica.
func (b *bench) one(ctx context.Context, w *world, run int) error {
	if !b.wants("reads") && !b.wants("sign-in") && !b.wants("second-step") && !b.wants("start") {
		return nil
	}
	crowd, err := w.people(ctx, 64, false)
	if err != nil {
		return err
	}
	accountID, err := w.account(ctx, fmt.Sprintf("SP-7%05d", run), crowd)
	if err != nil {
		return err
	}
	sessions := make([]signedIn, len(crowd))
	for i, p := range crowd {
		if sessions[i], err = w.signIn(ctx, p, assurance.Password()); err != nil {
			return err
		}
	}
	if err := w.settle(ctx); err != nil {
		return err
	}
	s, err := start(ctx, b.binary, w.dir, w.url)
	if err != nil {
		return err
	}
	defer s.stop()
	time.Sleep(2 * time.Second)
	idle, _ := s.memory()
	if b.wants("reads") {
		for _, kind := range []struct{ name, path string }{
			{"GET /me", "/api/v1/me"},
			{"GET /accounts/{id}", "/api/v1/accounts/" + string(accountID)},
			{"GET /accounts/{id}/two-factor", "/api/v1/accounts/" + string(accountID) + "/two-factor"},
		} {
			requests := make([][]byte, len(sessions))
			for i, s := range sessions {
				requests[i] = request("GET", kind.path, s.access, "")
			}
			if err := b.read(ctx, s, kind.name+", "+w.name, func(worker int) []byte { return requests[worker] }); err != nil {
				return err
			}
		}
	}
	if b.wants("sign-in") {
		if err := b.passwords(ctx, w, s, sessions); err != nil {
			return err
		}
	}
	if b.wants("second-step") {
		if err := b.steps(ctx, w, s); err != nil {
			return err
		}
	}
	if b.wants("start") {
		after, peak := s.memory()
		m := b.table.section("Memory of one replica, MB", "Resident. The load is everything above.", "idle", "after the load", "most")
		m.add(w.name, "idle", idle, 0)
		m.add(w.name, "after the load", after, 0)
		m.add(w.name, "most", peak, 0)
	}
	return nil
}

func signInRequest(p person) []byte {
	return request("POST", "/api/v1/auth/sign-in", "", fmt.Sprintf(`{"email":%q,"password":%q}`, p.email, password))
}

func (b *bench) passwords(ctx context.Context, w *world, s *server, crowd []signedIn) error {
	t := b.signIns()
	requests := make([][]byte, len(crowd))
	for i, p := range crowd {
		requests[i] = signInRequest(p.person)
	}
	sign := func(c *client, worker, _ int) error {
		_, err := expect(c, requests[worker], 200)
		return err
	}
	for _, n := range []int{1, 4, 16} {
		if n > 1 { // the hash again, just before
			rate, cpu, err := hashRate(b.interval())
			if err != nil {
				return err
			}
			t.add(signInFloor, fmt.Sprintf("at %d, per s", n), rate, 1)
			t.add(signInFloor, "CPU each, ms", cpu, 1)
		}
		l, cpu := measured(ctx, s.cmd.Process.Pid, s.address, n, b.interval(), 0, sign)
		if err := l.check("sign-in"); err != nil {
			return err
		}
		t.add(w.name, "CPU each, ms", float64(cpu)/float64(time.Millisecond), 1)
		if n == 1 {
			t.add(w.name, "p50 at 1, ms", l.quantile(.5), 1)
			continue
		}
		t.add(w.name, fmt.Sprintf("at %d, per s", n), l.rate(), 1)
		t.add(w.name, fmt.Sprintf("ratio at %d", n), l.rate()/t.last(signInFloor, fmt.Sprintf("at %d, per s", n)), 2)
	}
	// Others must not starve while passwords wait for a core.
	var reads load
	var both sync.WaitGroup
	both.Go(func() { spread(ctx, s.address, 16, b.interval(), 0, sign) })
	both.Go(func() {
		reads = spread(ctx, s.address, 4, b.interval(), 0, func(c *client, worker, _ int) error {
			_, err := expect(c, request("GET", "/api/v1/me", crowd[worker].access, ""), 200)
			return err
		})
	})
	both.Wait()
	if err := reads.check("reads beside sign-ins"); err != nil {
		return err
	}
	t.add(w.name, "reads meanwhile: p99, ms", reads.quantile(.99), 1)
	return nil
}

func (b *bench) steps(ctx context.Context, w *world, s *server) error {
	t := b.table.section("Second step, and refresh",
		"From a partial token and six digits to a session: count, match, burn, open, record; durable. Each person's own code, once.",
		"p50 at 1, ms", "p99 at 1, ms", "at 16, per s", "p99 at 16, ms", "CPU at 16, µs")
	for _, part := range []struct {
		connections, count int
	}{{1, stepsAlone}, {16, stepsTogether}} {
		people, err := w.people(ctx, part.count, true)
		if err != nil {
			return err
		}
		tokens, err := w.between(ctx, people)
		if err != nil {
			return err
		}
		if err := w.settle(ctx); err != nil {
			return err
		}
		l, cpu := measured(ctx, s.cmd.Process.Pid, s.address, part.connections, 0, part.count, func(c *client, _, call int) error {
			p := people[call]
			code, err := totp.GenerateCode(p.secret, time.Now())
			if err != nil {
				return err
			}
			_, err = expect(c, request("POST", "/api/v1/auth/second-factor", tokens[call],
				fmt.Sprintf(`{"type":"totp","factor_id":%q,"code":%q}`, p.factorID, code)), 200)
			return err
		})
		if err := l.check("second step"); err != nil {
			return err
		}
		note(t, "second step, "+w.name, part.connections, l, cpu)
	}
	for _, part := range []struct {
		connections, count int
	}{{1, stepsAlone}, {16, stepsTogether / 4}} {
		people, err := w.people(ctx, part.count, false)
		if err != nil {
			return err
		}
		sessions := make([]signedIn, len(people))
		if err := w.store.InTx(ctx, func(ctx context.Context) error {
			for i, p := range people {
				if sessions[i], err = w.signIn(ctx, p, assurance.Password()); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
		l, cpu := measured(ctx, s.cmd.Process.Pid, s.address, part.connections, 0, part.count, func(c *client, _, call int) error {
			_, err := expect(c, request("POST", "/api/v1/auth/refresh", "", fmt.Sprintf(`{"refresh_token":%q}`, sessions[call].refresh)), 200)
			return err
		})
		if err := l.check("refresh"); err != nil {
			return err
		}
		note(t, "refresh, "+w.name, part.connections, l, cpu)
	}
	return nil
}

func note(t *section, row string, connections int, l load, cpu time.Duration) {
	if connections == 1 {
		t.add(row, "p50 at 1, ms", l.quantile(.5), 2)
		t.add(row, "p99 at 1, ms", l.quantile(.99), 2)
		return
	}
	t.add(row, "at 16, per s", l.rate(), 0)
	t.add(row, "p99 at 16, ms", l.quantile(.99), 2)
	t.add(row, "CPU at 16, µs", float64(cpu)/float64(time.Microsecond), 0)
}

// starts measures five starts over a SQLite database that exists, and the binary.
func (b *bench) starts(ctx context.Context) error {
	t := b.table.section("Start, and size", "From the process's start until /readyz says 200, over a SQLite database that exists.", "start, ms", "binary, MB")
	w := b.worlds[0]
	for range 5 {
		s, err := start(ctx, b.binary, w.dir, w.url)
		if err != nil {
			return err
		}
		s.stop()
		t.add("Sallyport", "start, ms", float64(s.took)/float64(time.Millisecond), 0)
	}
	info, err := os.Stat(b.binary)
	if err != nil {
		return err
	}
	t.add("Sallyport", "binary, MB", float64(info.Size())/1e6, 1)
	return nil
}
