package bus

import (
	"context"
	"hash/maphash"
	"strings"
	"sync"
	"time"
)

// shards spread the keys of a memory, so that cores seldom meet at a lock.
const shards = 64

// Memory keeps what load gave for each key until it changes.
type Memory[K ~string, V any] struct {
	bus    *Bus
	prefix string
	load   func(ctx context.Context, key K) (V, error)
	seed   maphash.Seed
	shards []shard[K, V]
	limit  int // of one shard
}

type shard[K ~string, V any] struct {
	mu     sync.RWMutex
	values map[K]V
	loads  map[K]*loading[V] // those whose value may be kept: a change takes them out
	_      [64]byte          // neighbours do not share a cache line
}

// loading is one call of load that several may wait for.
type loading[V any] struct {
	done      chan struct{}
	value     V
	err       error
	abandoned bool // the one who loaded gave up: nobody else's affair
}

// Remember makes a memory of at most limit values. A change of the topic prefix+key drops the key, All drops every key; beyond
// limit an arbitrary key makes room. load sees the deadline of the context that asks and none of its values: an open
// transaction in there must not lead to remembering what is not committed.
func Remember[K ~string, V any](b *Bus, prefix string, limit int, load func(ctx context.Context, key K) (V, error)) *Memory[K, V] {
	n := max(1, min(shards, limit))
	m := &Memory[K, V]{bus: b, prefix: prefix, load: load, seed: maphash.MakeSeed(), shards: make([]shard[K, V], n), limit: max(1, limit/n)}
	for i := range m.shards {
		m.shards[i].values, m.shards[i].loads = map[K]V{}, map[K]*loading[V]{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.memories = append(b.memories, m.changed)
	return m
}

func (m *Memory[K, V]) shard(key K) *shard[K, V] {
	return &m.shards[maphash.String(m.seed, string(key))%uint64(len(m.shards))]
}

// Get gives the value of key: from memory while the bus is fresh, else from load. Its errors are load's, and ctx's own.
// Several who ask at once while it is fresh share one call of load.
func (m *Memory[K, V]) Get(ctx context.Context, key K) (V, error) {
	// First fresh, then the value: what was heard by the first moment has been dropped by the second. The other order
	// could read an old value, be fresh again just after, and pass it on.
	if !m.bus.Fresh() {
		return m.load(bare{ctx}, key)
	}
	s := m.shard(key)
	s.mu.RLock()
	value, ok := s.values[key]
	s.mu.RUnlock()
	if ok {
		return value, nil
	}
	return m.miss(ctx, s, key)
}

func (m *Memory[K, V]) miss(ctx context.Context, s *shard[K, V], key K) (V, error) {
	for {
		s.mu.Lock()
		if value, ok := s.values[key]; ok {
			s.mu.Unlock()
			return value, nil
		}
		l, others := s.loads[key]
		if !others {
			l = &loading[V]{done: make(chan struct{})}
			s.loads[key] = l
		}
		s.mu.Unlock()
		if !others {
			m.lead(ctx, s, key, l)
			return l.value, l.err
		}
		select {
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		case <-l.done:
			if !l.abandoned {
				return l.value, l.err
			}
		}
		if !m.bus.Fresh() { // as above: each turn of the loop reads memory anew
			return m.load(bare{ctx}, key)
		}
	}
}

// lead loads for all who wait, and keeps the value unless it changed meanwhile.
func (m *Memory[K, V]) lead(ctx context.Context, s *shard[K, V], key K, l *loading[V]) {
	l.abandoned = true // should load panic, the others try for themselves
	defer func() {
		s.mu.Lock()
		if s.loads[key] == l {
			delete(s.loads, key)
			if l.err == nil && !l.abandoned && m.bus.Fresh() {
				s.keep(key, l.value, m.limit)
			}
		}
		s.mu.Unlock()
		close(l.done)
	}()
	l.value, l.err = m.load(bare{ctx}, key)
	l.abandoned = l.err != nil && ctx.Err() != nil
}

func (s *shard[K, V]) keep(key K, value V, limit int) {
	if _, known := s.values[key]; !known && len(s.values) >= limit {
		for other := range s.values { // Go begins anywhere
			delete(s.values, other)
			break
		}
	}
	s.values[key] = value
}

// Drop forgets a key, and keeps nothing that is being loaded for it.
func (m *Memory[K, V]) Drop(key K) {
	s := m.shard(key)
	s.mu.Lock()
	delete(s.values, key)
	delete(s.loads, key)
	s.mu.Unlock()
}

// Len is how many values are kept.
func (m *Memory[K, V]) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.RLock()
		n += len(s.values)
		s.mu.RUnlock()
	}
	return n
}

func (m *Memory[K, V]) changed(topic string) {
	if topic == All {
		for i := range m.shards {
			s := &m.shards[i]
			s.mu.Lock()
			clear(s.values)
			clear(s.loads)
			s.mu.Unlock()
		}
		return
	}
	if key, ours := strings.CutPrefix(topic, m.prefix); ours {
		m.Drop(K(key))
	}
}

// bare is a context without its values.
type bare struct{ ctx context.Context }

func (b bare) Deadline() (time.Time, bool) { return b.ctx.Deadline() }
func (b bare) Done() <-chan struct{}       { return b.ctx.Done() }
func (b bare) Err() error                  { return b.ctx.Err() }
func (bare) Value(any) any                 { return nil }
