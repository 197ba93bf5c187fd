package testkit

import (
	"sync"
	"time"
)

// Clock is a clock that stands still until it is told otherwise. Several goroutines may use it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock is a clock that shows a Monday morning.
func NewClock() *Clock { return &Clock{now: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)} }

// Now is the time that it shows.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves it, back too, and gives the new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Set sets it.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}
