package testkit

import (
	"io"
	"net"
	"sync"
	"testing"
)

// Hole is a server that takes every connection and never says a word.
type Hole struct {
	// Address is "127.0.0.1:PORT".
	Address string

	mu          sync.Mutex
	held, ended int
}

// BlackHole swallows until the test ends.
func BlackHole(t testing.TB) *Hole {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &Hole{Address: l.Addr().String()}
	var open sync.WaitGroup
	open.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			h.count(1, 0)
			open.Go(func() {
				_, _ = io.Copy(io.Discard, c) // until the other side has had enough
				h.count(-1, 1)
				_ = c.Close()
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); open.Wait() })
	return h
}

func (h *Hole) count(held, ended int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.held, h.ended = h.held+held, h.ended+ended
}

// Held is how many connections wait in it.
func (h *Hole) Held() int { h.mu.Lock(); defer h.mu.Unlock(); return h.held }

// Ended is how many connections have given up waiting.
func (h *Hole) Ended() int { h.mu.Lock(); defer h.mu.Unlock(); return h.ended }
