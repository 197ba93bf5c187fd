package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// client speaks just enough HTTP/1.1 over one kept connection to cost little beside the server.
type client struct {
	address string
	c       net.Conn
	r       *bufio.Reader
	body    []byte
}

func newClient(address string) *client {
	return &client{address: strings.TrimPrefix(address, "http://")}
}

func (c *client) close() {
	if c.c != nil {
		_ = c.c.Close()
	}
	c.c = nil
}

// request is a whole request as bytes, made once and sent often.
func request(method, path, token, body string, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: bench\r\n", method, path)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	for _, header := range headers {
		b.WriteString(header + "\r\n")
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.WriteString(body)
	return b.Bytes()
}

// do sends a request and reads the answer. The body is good until the next call.
func (c *client) do(request []byte) (status int, body []byte, err error) {
	if c.c == nil {
		if c.c, err = net.DialTimeout("tcp", c.address, 5*time.Second); err != nil {
			return 0, nil, err
		}
		c.r = bufio.NewReaderSize(c.c, 16<<10)
	}
	_ = c.c.SetDeadline(time.Now().Add(60 * time.Second))
	if _, err = c.c.Write(request); err == nil {
		status, err = c.read()
	}
	if err != nil {
		c.close()
	}
	return status, c.body, err
}

var errAnswer = errors.New("this is no HTTP answer")

func (c *client) read() (status int, err error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 {
		return 0, errAnswer
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, errAnswer
	}
	length, chunked := 0, false
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, errAnswer
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	c.body = c.body[:0]
	if chunked {
		return status, c.chunks()
	}
	return status, c.take(length)
}

func (c *client) take(n int) error {
	at := len(c.body)
	c.body = slices.Grow(c.body, n)[:at+n]
	_, err := io.ReadFull(c.r, c.body[at:])
	return err
}

func (c *client) chunks() error {
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 32)
		if err != nil {
			return errAnswer
		}
		if err := c.take(int(n)); err != nil {
			return err
		}
		if _, err := c.r.Discard(2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// load is what a measurement has seen.
type load struct {
	n, failed int
	took      time.Duration
	latencies []time.Duration // sorted
	complaint string          // about the first failure
}

func (l load) rate() float64 { return float64(l.n) / l.took.Seconds() }

func (l *load) sort() { slices.Sort(l.latencies) }

// quantile in milliseconds.
func (l load) quantile(q float64) float64 {
	if len(l.latencies) == 0 {
		return 0
	}
	return float64(l.latencies[int(q*float64(len(l.latencies)-1))]) / float64(time.Millisecond)
}

func (l load) check(what string) error {
	if l.n == 0 || l.failed > 0 {
		return fmt.Errorf("%s: %d answers, %d of them wrong; the first: %s", what, l.n+l.failed, l.failed, l.complaint)
	}
	return nil
}

// spread calls act over some connections: each worker has one of its own, and is given its number and how often it was called.
// It ends after the interval, or, with count > 0, after so many calls in all.
func spread(ctx context.Context, address string, connections int, interval time.Duration, count int, act func(c *client, worker, call int) error) load {
	var mu sync.Mutex
	var all load
	var taken atomic.Int64
	var workers sync.WaitGroup
	began := time.Now()
	for worker := range connections {
		workers.Go(func() {
			c := newClient(address)
			defer c.close()
			var own load
			for ctx.Err() == nil {
				call := int(taken.Add(1)) - 1
				if count > 0 && call >= count || count == 0 && time.Since(began) >= interval {
					break
				}
				start := time.Now()
				if err := act(c, worker, call); err != nil {
					if own.failed++; own.complaint == "" {
						own.complaint = err.Error()
					}
					continue
				}
				own.n++
				own.latencies = append(own.latencies, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all.n, all.failed, all.latencies = all.n+own.n, all.failed+own.failed, append(all.latencies, own.latencies...)
			if all.complaint == "" {
				all.complaint = own.complaint
			}
		})
	}
	workers.Wait()
	all.took = time.Since(began)
	all.sort()
	return all
}

// expect sends a request and wants this status.
func expect(c *client, r []byte, want int) ([]byte, error) {
	status, body, err := c.do(r)
	if err != nil {
		return nil, err
	}
	if status != want {
		return nil, fmt.Errorf("status %d: %s", status, body)
	}
	return body, nil
}
