package bus

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	channel     = "sallyport" // where package store notifies
	every       = 200 * time.Millisecond
	patience    = 2 * time.Second // for one step of the conversation: a stopped server must not hold us for ever
	firstPause  = 50 * time.Millisecond
	longPause   = time.Second
	clockJump   = 250 * time.Millisecond // a difference beyond this is believed at once, a smaller one is averaged
	slowestTrip = 500 * time.Millisecond // a slower answer says too little about the clock
)

// Listen makes the bus hear what other replicas commit to the PostgreSQL at databaseURL, until ctx ends. From its return on
// the bus is fresh only while it hears; after ctx it never is again. stopped closes once the connection is given back. wall
// is the clock that Offset compares with the database's. The error speaks of databaseURL alone, without repeating it.
func (b *Bus) Listen(ctx context.Context, databaseURL string, wall func() time.Time) (stopped <-chan struct{}, err error) {
	config, err := pgx.ParseConfig(databaseURL)
	if err != nil {
		return nil, fmt.Errorf("bus: the database URL cannot be read")
	}
	config.ConnectTimeout = patience
	config.RuntimeParams["application_name"] = "sallyport bus"
	b.remote.Store(true)
	done := make(chan struct{})
	go func() {
		defer close(done)
		pause := firstPause
		for ctx.Err() == nil {
			e := &ear{bus: b, wall: wall}
			e.listen(ctx, config.Copy())
			b.heard.Store(never)
			if e.heard {
				pause = firstPause
			}
			wait(ctx, pause)
			pause = min(2*pause, longPause)
		}
	}()
	return done, nil
}

// ear is one connection that listens.
type ear struct {
	bus   *Bus
	wall  func() time.Time
	own   string // the channel on which it hears itself
	beat  uint64
	sent  time.Duration // when the beat was sent, by mono
	heard bool          // a beat, ever
	timed bool          // the clock was looked at, ever
}

// listen returns when the connection is lost or ctx has ended.
func (e *ear) listen(ctx context.Context, config *pgx.ConnConfig) {
	// Whatever was dialled ends with this function, also what the driver dials to cancel a query on a connection that it gave up.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	dial := config.DialFunc
	config.DialFunc = func(c context.Context, network, address string) (net.Conn, error) {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		conn, err := dial(c, network, address)
		if err == nil {
			context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	config.OnNotification = e.notified

	conn, err := connect(ctx, config)
	if err != nil {
		return
	}
	defer func() {
		_ = step(context.WithoutCancel(ctx), conn.Close) // politely, where it still can be
		cancel()
		<-conn.PgConn().CleanupDone()
	}()
	e.own = channel + "_" + strconv.FormatUint(uint64(conn.PgConn().PID()), 10)
	if step(ctx, func(ctx context.Context) error {
		return conn.PgConn().Exec(ctx, "LISTEN "+channel+"; LISTEN "+e.own).Close()
	}) != nil {
		return
	}
	// From here on nothing is missed; before, anything may have been.
	e.bus.Publish(All)
	for ctx.Err() == nil {
		if e.send(ctx, conn) != nil || e.hear(ctx, conn.PgConn()) != nil {
			return
		}
	}
}

func connect(ctx context.Context, config *pgx.ConnConfig) (conn *pgx.Conn, err error) {
	err = step(ctx, func(ctx context.Context) error {
		conn, err = pgx.ConnectConfig(ctx, config)
		return err
	})
	return conn, err
}

// send sends one beat and looks at the database's clock.
func (e *ear) send(ctx context.Context, conn *pgx.Conn) error {
	e.beat++
	e.sent = e.bus.mono()
	var micros int64
	if err := step(ctx, func(ctx context.Context) error {
		return conn.QueryRow(ctx, "SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS BIGINT) FROM pg_notify($1, $2)",
			e.own, strconv.FormatUint(e.beat, 10)).Scan(&micros)
	}); err != nil {
		return err
	}
	trip := e.bus.mono() - e.sent
	if trip > slowestTrip && e.timed {
		return nil
	}
	sample := time.UnixMicro(micros).Sub(e.wall().Add(-trip / 2))
	known := e.bus.Offset()
	if d := sample - known; d.Abs() < clockJump && e.timed {
		sample = known + d/8
	}
	e.timed = true
	e.bus.offset.Store(int64(sample))
	e.bus.once.Do(func() { close(e.bus.timed) })
	return nil
}

// hear listens until the next beat is due.
func (e *ear) hear(ctx context.Context, conn *pgconn.PgConn) error {
	for {
		left := e.sent + every - e.bus.mono()
		if left <= 0 {
			return nil
		}
		until, cancel := context.WithTimeout(ctx, left)
		err := conn.WaitForNotification(until)
		cancel()
		if err != nil && (ctx.Err() != nil || conn.IsClosed()) {
			return err
		}
	}
}

// notified is called for each notification, in the order of their commits.
func (e *ear) notified(_ *pgconn.PgConn, n *pgconn.Notification) {
	switch n.Channel {
	case channel:
		e.bus.Publish(n.Payload)
	case e.own:
		if n.Payload == strconv.FormatUint(e.beat, 10) {
			e.heard = true
			e.bus.heard.Store(int64(e.sent))
		}
	}
}

func step(ctx context.Context, f func(ctx context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return f(ctx)
}

func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
