package testkit_test

import (
	"io"
	"net"
	"testing"
	"time"

	"sallyport/internal/jobs"
	"sallyport/internal/testkit"
)

func TestMain(m *testing.M) { testkit.VerifyTestMain(m) }

func TestDatabases(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		s := testkit.OpenStore(t, url)
		if migrated, err := s.Migrated(t.Context()); err != nil || !migrated {
			t.Fatalf("migrated %v, %v", migrated, err)
		}
		if err := s.EnqueueJobs(t.Context(), jobs.Job{ID: "one", Kind: "test", CreatedAt: time.Now()}); err != nil {
			t.Fatal(err)
		}
		other := testkit.SQLite(t)
		if s.Dialect() == "postgres" {
			other = testkit.Postgres(t)
		}
		if due, _, _, err := testkit.OpenStore(t, other).JobStats(t.Context(), time.Now()); err != nil || due != 0 {
			t.Fatalf("another test's database has %d jobs, %v", due, err)
		}
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	c := testkit.NewClock()
	at := c.Now()
	if c.Advance(time.Hour) != at.Add(time.Hour) || !c.Now().Equal(at.Add(time.Hour)) {
		t.Fatal("it did not advance")
	}
	if c.Set(at); !c.Now().Equal(at) {
		t.Fatal("it was not set")
	}
}

func TestTCPProxy(t *testing.T) {
	t.Parallel()
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = echo.Close() })
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c); _ = c.Close() }()
		}
	}()
	p := testkit.TCPProxy(t, echo.Addr().String())
	dial := func() net.Conn {
		t.Helper()
		c, err := net.Dial("tcp", p.Address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	say := func(c net.Conn) { _, _ = c.Write([]byte("hello")) }
	hear := func(c net.Conn, patience time.Duration) error {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		_, err := io.ReadFull(c, make([]byte, 5))
		return err
	}

	c := dial()
	say(c)
	if err := hear(c, 10*time.Second); err != nil {
		t.Fatal(err)
	}
	p.Stall()
	say(c)
	if err := hear(c, 50*time.Millisecond); err == nil {
		t.Fatal("a stalled proxy passed something on")
	}
	p.Restore()
	if err := hear(c, 10*time.Second); err != nil {
		t.Fatalf("what was held back is lost: %v", err)
	}
	p.Cut()
	if err := hear(c, 10*time.Second); err == nil {
		t.Fatal("a cut connection lives on")
	}
	if err := hear(dial(), 10*time.Second); err == nil {
		t.Fatal("a cut proxy lets connections through")
	}
	p.Restore()
	c = dial()
	say(c)
	if err := hear(c, 10*time.Second); err != nil {
		t.Fatal(err)
	}
}
