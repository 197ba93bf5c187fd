package bus

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// All is the topic by which everything may have changed: something may have gone unheard.
const All = "*"

// MaxAge is how long ago the last heartbeat heard may have been sent: the age of the oldest answer from memory.
const MaxAge = 800 * time.Millisecond

// never is longer ago than any beat.
const never = int64(-1 << 62)

// Bus carries topics within this process, and from other processes once Listen or Watch was called.
type Bus struct {
	mono func() time.Duration

	remote atomic.Bool  // Listen or Watch was called: fresh only while it hears
	heard  atomic.Int64 // when the last beat that was heard was sent, by mono, in nanoseconds
	offset atomic.Int64 // database's clock minus wall clock, in nanoseconds
	timed  chan struct{}
	once   sync.Once // closes timed

	mu       sync.RWMutex
	memories []func(topic string)
	byTopic  map[string]map[*Subscription]struct{}
	all      map[*Subscription]struct{}
}

// New makes a bus. mono is a clock that only goes forward and also counts while the machine sleeps, if it ever does.
func New(mono func() time.Duration) *Bus {
	b := &Bus{mono: mono, timed: make(chan struct{}), byTopic: map[string]map[*Subscription]struct{}{}, all: map[*Subscription]struct{}{}}
	b.heard.Store(never)
	return b
}

// Fresh says whether everything that was committed MaxAge ago or earlier has been heard.
func (b *Bus) Fresh() bool {
	return !b.remote.Load() || int64(b.mono())-b.heard.Load() < int64(MaxAge)
}

// Offset is the database's clock minus the wall clock given to Listen; 0 in one process, and until the first beat.
func (b *Bus) Offset() time.Duration { return time.Duration(b.offset.Load()) }

// Timed waits until Offset has been measured, so that no decision is made on a clock of this machine's own. In one process it
// returns at once. Its error is ctx's.
func (b *Bus) Timed(ctx context.Context) error {
	if !b.remote.Load() {
		return nil
	}
	select {
	case <-b.timed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Publish tells this process that the topics have changed: memories first, so that whoever is woken asks anew.
// It never blocks for a reader.
func (b *Bus) Publish(topics ...string) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, topic := range topics {
		for _, forget := range b.memories {
			forget(topic)
		}
	}
	for _, topic := range topics {
		readers := b.byTopic[topic]
		if topic == All {
			readers = b.all
		}
		for s := range readers {
			s.tell(topic)
		}
	}
}

// Subscription hears of its topics, and of All.
type Subscription struct {
	// C gives a topic after it has changed. Changes run together: one message may stand for many, and All for messages
	// that a slow reader had no room for. It is closed by Close.
	C <-chan string

	bus *Bus

	mu     sync.Mutex
	c      chan string
	last   string // what was put into c last
	closed bool
	topics []string
}

// room is how many topics wait for a slow reader before they become All.
const room = 16

// Subscribe begins to hear of topics. Whoever subscribes before reading the state misses no change of it.
func (b *Bus) Subscribe(topics ...string) *Subscription {
	c := make(chan string, room)
	s := &Subscription{C: c, c: c, bus: b}
	b.mu.Lock()
	b.all[s] = struct{}{}
	b.mu.Unlock()
	s.Add(topics...)
	return s
}

// Add begins to hear of further topics.
func (s *Subscription) Add(topics ...string) {
	s.bus.mu.Lock()
	defer s.bus.mu.Unlock()
	if _, open := s.bus.all[s]; !open {
		return
	}
	for _, topic := range topics {
		if topic == All || slices.Contains(s.topics, topic) {
			continue
		}
		s.topics = append(s.topics, topic)
		readers := s.bus.byTopic[topic]
		if readers == nil {
			readers = map[*Subscription]struct{}{}
			s.bus.byTopic[topic] = readers
		}
		readers[s] = struct{}{}
	}
}

// Close ends the subscription and closes C. It may be called again.
func (s *Subscription) Close() {
	s.bus.mu.Lock()
	delete(s.bus.all, s)
	for _, topic := range s.topics {
		delete(s.bus.byTopic[topic], s)
		if len(s.bus.byTopic[topic]) == 0 {
			delete(s.bus.byTopic, topic)
		}
	}
	s.topics = nil
	s.bus.mu.Unlock()

	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.c)
	}
}

// tell queues a topic. The reader takes from the front, so while anything is queued the last topic still is: it will be read
// after this change, and need not be queued again.
func (s *Subscription) tell(topic string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || (len(s.c) > 0 && (s.last == topic || s.last == All)) {
		return
	}
	if len(s.c) == cap(s.c) { // only tell fills it, and holds mu: there is room after this
		for len(s.c) > 0 {
			select {
			case <-s.c:
			default:
			}
		}
		topic = All
	}
	s.last = topic
	s.c <- topic
}
