package whole

import (
	"bufio"
	"context"
	"encoding/json"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Event is one server-sent event.
type Event struct {
	Name string
	Data map[string]any
	At   time.Time // when it was read, by the wall clock
}

// Stream is an open line to GET /events.
type Stream struct {
	t      testing.TB
	events chan Event
}

// Listen opens the stream and waits until the server listens too.
func (c *Client) Listen(token string) *Stream {
	c.T.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	q, err := c.request(ctx, Request{Method: "GET", Path: "/events", Token: token})
	if err != nil {
		c.T.Fatal(err)
	}
	response, err := (&http.Client{Transport: c.http.Transport}).Do(q)
	if err != nil {
		c.T.Fatal(err)
	}
	if media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); response.StatusCode != 200 || media != "text/event-stream" {
		c.T.Fatalf("GET /events answers %d %s", response.StatusCode, media)
	}
	s := &Stream{t: c.T, events: make(chan Event, 64)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.events)
		defer func() { _ = response.Body.Close() }()
		read(bufio.NewScanner(response.Body), s.events)
	}()
	c.T.Cleanup(func() {
		cancel()
		for range s.events { // make room, so that the reader sees its end
		}
		<-ended
	})
	s.Wait("ready")
	return s
}

func read(lines *bufio.Scanner, events chan<- Event) {
	var e Event
	for lines.Scan() {
		line := lines.Text()
		if name, ok := strings.CutPrefix(line, "event: "); ok {
			e.Name = name
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			_ = json.Unmarshal([]byte(data), &e.Data)
		}
		if line == "" && e.Name != "" {
			e.At = time.Now()
			events <- e
			e = Event{}
		}
	}
}

// Next is the next event, whatever it is.
func (s *Stream) Next() Event {
	s.t.Helper()
	select {
	case e, open := <-s.events:
		if !open {
			s.t.Fatal("the stream is over")
		}
		return e
	case <-time.After(patience):
		s.t.Fatal("waited in vain for an event")
	}
	return Event{}
}

// Wait reads until an event of this name comes.
func (s *Stream) Wait(name string) Event {
	s.t.Helper()
	for {
		if e := s.Next(); e.Name == name {
			return e
		}
	}
}

// End reads until the stream is over.
func (s *Stream) End() {
	s.t.Helper()
	late := time.After(patience)
	for {
		select {
		case _, open := <-s.events:
			if !open {
				return
			}
		case <-late:
			s.t.Fatal("the stream did not end")
		}
	}
}
