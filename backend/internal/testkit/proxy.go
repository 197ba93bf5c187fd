package testkit

import (
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Proxy forwards TCP connections until it is told to fail.
type Proxy struct {
	// Address is "127.0.0.1:PORT".
	Address string

	network, target string
	listener        net.Listener
	look            func() tap // nil: nobody looks at what is forwarded

	mu      sync.Mutex
	moved   *sync.Cond
	stalled bool
	cut     bool
	open    map[net.Conn]struct{}
	running sync.WaitGroup
}

// TCPProxy stands before target until the test ends: "host:port", "unix:/path", or a PostgreSQL URL.
func TCPProxy(t testing.TB, target string) *Proxy { t.Helper(); return proxy(t, target, nil) }

// tap looks at one connection. It sees bytes before the other side does, and cannot change them.
type tap struct {
	up, down func(b []byte) // from the client, and from the server
	ended    func()
}

func proxy(t testing.TB, target string, look func() tap) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Address: l.Addr().String(), network: "tcp", target: target, listener: l, look: look, open: map[net.Conn]struct{}{}}
	p.moved = sync.NewCond(&p.mu)
	if path, unix := strings.CutPrefix(target, "unix:"); unix {
		p.network, p.target = "unix", path
	} else if u, err := url.Parse(target); err == nil && u.Scheme == "postgres" {
		p.target = u.Host
		if dir := u.Query().Get("host"); strings.HasPrefix(dir, "/") {
			p.network, p.target = "unix", dir+"/.s.PGSQL.5432"
		}
	}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.Cut()
		p.running.Wait()
	})
	return p
}

// URL is databaseURL, reached through the proxy.
func (p *Proxy) URL(databaseURL string) string {
	u, _ := url.Parse(databaseURL)
	q := u.Query()
	q.Del("host")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = p.Address, q.Encode()
	return u.String()
}

// Stall keeps connections open, accepts new ones, and passes nothing on.
func (p *Proxy) Stall() { p.set(true, false) }

// Cut ends all connections and turns new ones away.
func (p *Proxy) Cut() { p.set(false, true) }

// Restore forwards again, also what was held back by Stall.
func (p *Proxy) Restore() { p.set(false, false) }

func (p *Proxy) set(stalled, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stalled, p.cut = stalled, cut
	if cut {
		for c := range p.open {
			_ = c.Close()
		}
	}
	p.moved.Broadcast()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.serve(client) })
	}
}

// keep says whether the connection may live, and remembers it for Cut.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut {
		_ = c.Close()
		return false
	}
	p.open[c] = struct{}{}
	return true
}

func (p *Proxy) close(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.open, c)
	_ = c.Close()
}

func (p *Proxy) serve(client net.Conn) {
	if !p.keep(client) {
		return
	}
	defer p.close(client)
	server, err := net.Dial(p.network, p.target)
	if err != nil || !p.keep(server) {
		return
	}
	defer p.close(server)
	eye := tap{up: func([]byte) {}, down: func([]byte) {}, ended: func() {}}
	if p.look != nil {
		eye = p.look()
	}
	defer eye.ended()
	var both sync.WaitGroup
	both.Go(func() { p.forward(client, server, eye.up) })
	both.Go(func() { p.forward(server, client, eye.down) })
	both.Wait()
}

func (p *Proxy) forward(from, to net.Conn, look func(b []byte)) {
	defer p.close(from)
	defer p.close(to)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		for p.stalled {
			p.moved.Wait()
		}
		p.mu.Unlock()
		look(buffer[:n])
		if _, wrong := to.Write(buffer[:n]); err != nil || wrong != nil {
			return
		}
	}
}
