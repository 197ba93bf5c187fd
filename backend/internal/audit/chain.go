package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"strings"
	"time"

	"sallyport/internal/fault"
)

// Head is a place in the chain and the hash there. Whoever keeps one elsewhere can prove later that nothing up to it has
// changed.
type Head struct {
	Seq  int64 // 0: before the first event
	Hash string
}

func (h Head) String() string { return strconv.FormatInt(h.Seq, 10) + ":" + h.Hash }

// errHead is what is told of a head that is none.
var errHead = fault.InvalidField("head", "A head is written SEQ:HASH, as `sallyport audit verify` prints it.")

// ParseHead reads what String wrote.
func ParseHead(s string) (Head, error) {
	seq, hash, _ := strings.Cut(strings.TrimSpace(s), ":")
	n, err := strconv.ParseInt(seq, 10, 64)
	if _, ok := parseDigest(hash); err != nil || n < 1 || !ok {
		return Head{}, errHead
	}
	return Head{Seq: n, Hash: hash}, nil
}

// Link is an event in its place.
type Link struct {
	Event        // without its Detail
	Text  string // the detail as it is stored
	Form  int64  // the canonical form that was hashed
}

// ChainStore keeps the chain. Its methods join the transaction in the context.
type ChainStore interface {
	// BeginChain notes, once, since when events are linked.
	BeginChain(ctx context.Context, now time.Time) error
	// ChainHead is the last link that was made, and since when there is a chain.
	ChainHead(ctx context.Context) (head Head, began time.Time, err error)
	// HoldChain is ChainHead for whoever makes the next link: nobody else gets it until the transaction ends. false: another has it.
	HoldChain(ctx context.Context) (Head, bool, error)
	// Unlinked are events that have no place yet, the oldest of those that can be seen first.
	Unlinked(ctx context.Context, limit int) ([]Link, error)
	HasUnlinked(ctx context.Context) (bool, error)
	CountUnlinked(ctx context.Context) (int64, error)
	// AppendLinks gives the events their places, which end with head.
	AppendLinks(ctx context.Context, links []Link, head Head) error
	// Links are the links after a place, in their order.
	Links(ctx context.Context, afterSeq int64, afterID string, limit int) ([]Link, error)
	InTx(ctx context.Context, f func(ctx context.Context) error) error
}

const (
	linkEvery = 500 * time.Millisecond
	linkBatch = 500  // events linked in one transaction: on SQLite everybody else who writes waits for it
	readBatch = 1000 // links read at once
)

// Chain links events one to the next, so that none can be changed, taken out or moved afterwards without a trace.
//
// An event is written in the transaction of its cause and linked by somebody else a moment later: linking it at once would
// make all that happens anywhere wait for one lock. Events are linked in the order of their arrival, which is when the linker
// sees them, and never by what their identifiers say: on PostgreSQL one with a smaller identifier may be committed after a
// larger one has its place.
type Chain struct {
	Store ChainStore
	Now   func() time.Time
	Log   *slog.Logger
}

// Begin is said before the first event of a program that links.
func (c *Chain) Begin(ctx context.Context) error { return c.Store.BeginChain(ctx, c.Now()) }

// CountUnlinked says how many events have no place yet.
func (c *Chain) CountUnlinked(ctx context.Context) (int64, error) { return c.Store.CountUnlinked(ctx) }

// Run links until ctx ends. Every replica runs it, and one at a time does the work.
func (c *Chain) Run(ctx context.Context) {
	tick := time.NewTicker(linkEvery)
	defer tick.Stop()
	broken := false
	for {
		if _, err := c.Link(ctx); ctx.Err() == nil && (err != nil) != broken {
			if broken = err != nil; broken {
				c.Log.Error("audit events cannot be linked", "error", err.Error())
			} else {
				c.Log.Info("audit events can be linked again")
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Link links what can be seen by now and says how many events that were: none where another is at it.
func (c *Chain) Link(ctx context.Context) (int, error) {
	linked := 0
	for {
		if waiting, err := c.Store.HasUnlinked(ctx); err != nil || !waiting {
			return linked, err
		}
		done, err := c.step(ctx)
		linked += done
		if err != nil || done == 0 {
			return linked, err
		}
	}
}

func (c *Chain) step(ctx context.Context) (done int, err error) {
	err = c.Store.InTx(ctx, func(ctx context.Context) error {
		head, mine, err := c.Store.HoldChain(ctx)
		if err != nil || !mine {
			return err
		}
		links, err := c.Store.Unlinked(ctx, linkBatch)
		if err != nil || len(links) == 0 {
			return err
		}
		last, err := headDigest(head)
		if err != nil {
			return err
		}
		for i := range links {
			l := &links[i]
			if l.Detail, err = DecodeDetail(l.Text); err != nil {
				return fmt.Errorf("audit: event %s: %w", l.ID, err)
			}
			head.Seq++
			l.Seq = head.Seq
			last = follow(last, canonical(Form, l.Event))
			l.Form, l.Hash = Form, last.String()
		}
		head.Hash = last.String()
		done = len(links)
		return c.Store.AppendLinks(ctx, links, head)
	})
	if err != nil {
		return 0, err
	}
	return done, nil
}

func headDigest(h Head) (digest, error) {
	if h.Seq == 0 && h.Hash == "" {
		return digest{}, nil
	}
	d, ok := parseDigest(h.Hash)
	if !ok || h.Seq < 1 {
		return d, errors.New("audit: the head of the chain is damaged")
	}
	return d, nil
}

// Verdict is what Verify has found.
type Verdict struct {
	Head     Head    // the last link that was found to be good
	Unlinked int64   // events without a place: written within the last second or so, or while nobody linked
	Bad      *Damage // nil: the chain is whole
}

// Damage is the first place at which the chain is not what was linked.
type Damage struct {
	Seq  int64
	What string // a plain sentence
}

// Verify reads the whole chain and finds the first link that was changed, taken out, moved or put in. With a pinned head, the
// chain must pass through it: only that finds what was taken away at the end, and a chain that was made anew. told hears now
// and then how many links were read; it may be nil.
func (c *Chain) Verify(ctx context.Context, pinned Head, told func(seq int64)) (Verdict, error) {
	v := Verdict{}
	last, lastID := digest{}, ""
	from := int64(math.MinInt64)
	for {
		links, err := c.Store.Links(ctx, from, lastID, readBatch)
		if err != nil {
			return v, err
		}
		for _, l := range links {
			if v.Bad = next(&last, v.Head.Seq, l); v.Bad == nil && l.Seq == pinned.Seq && l.Hash != pinned.Hash {
				v.Bad = &Damage{l.Seq, "The hash here is not the pinned one: the chain was made anew."}
			}
			if v.Bad != nil {
				return v, nil
			}
			v.Head, from, lastID = Head{l.Seq, l.Hash}, l.Seq, l.ID
		}
		if told != nil {
			told(v.Head.Seq)
		}
		if len(links) > 0 {
			continue
		}
		head, _, err := c.Store.ChainHead(ctx)
		if err != nil {
			return v, err
		}
		if head.Seq > v.Head.Seq { // linked meanwhile, or lost
			if links, err = c.Store.Links(ctx, from, lastID, 1); err != nil {
				return v, err
			}
			if len(links) > 0 {
				continue
			}
		}
		v.Bad = end(v.Head, head, pinned)
		v.Unlinked, err = c.Store.CountUnlinked(ctx)
		return v, err
	}
}

// Read gives each link behind a place to to, in their order, as it stands in the database: Verify says whether that is what was linked.
func (c *Chain) Read(ctx context.Context, afterSeq int64, to func(l Link) error) error {
	from, lastID := afterSeq+1, ""
	for {
		links, err := c.Store.Links(ctx, from, lastID, readBatch)
		if err != nil || len(links) == 0 {
			return err
		}
		for _, l := range links {
			if l.Detail, err = DecodeDetail(l.Text); err != nil {
				return fmt.Errorf("audit: event %s: %w", l.ID, err)
			}
			if err := to(l); err != nil {
				return err
			}
			from, lastID = l.Seq, l.ID
		}
	}
}

// next says what is wrong with the link behind seq; last becomes its hash.
func next(last *digest, seq int64, l Link) *Damage {
	switch {
	case l.Seq <= seq:
		return &Damage{l.Seq, "An event was put in here."}
	case l.Seq > seq+1:
		return &Damage{seq + 1, "The event that stood here is missing."}
	}
	var err error
	l.Detail, err = DecodeDetail(l.Text)
	form := canonical(l.Form, l.Event)
	if err != nil || form == nil {
		return &Damage{l.Seq, "The event was changed: this is not how one is written."}
	}
	*last = follow(*last, form)
	if last.String() != l.Hash {
		return &Damage{l.Seq, "The event was changed, or does not belong here."}
	}
	return nil
}

// end says what is wrong behind the last link.
func end(last, head, pinned Head) *Damage {
	switch {
	case head.Seq > last.Seq, pinned.Seq > last.Seq:
		return &Damage{last.Seq + 1, "The events from here on are missing."}
	case head != last:
		return &Damage{last.Seq, "The head of the chain is not its last link."}
	}
	return nil
}
