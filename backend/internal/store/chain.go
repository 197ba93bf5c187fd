package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"sallyport/internal/audit"
)

var _ audit.ChainStore = (*Store)(nil)

// BeginChain notes, once, since when events are linked.
func (s *Store) BeginChain(ctx context.Context, now time.Time) error {
	return wrap("begin chain", s.writer(ctx).Exec("UPDATE audit_chain SET began_at = ? WHERE began_at = 0", micros(now)).Error)
}

type headRow struct {
	Seq, BeganAt int64
	Hash         string
}

// ChainHead is the last link that was made, and since when there is a chain.
func (s *Store) ChainHead(ctx context.Context) (audit.Head, time.Time, error) {
	var row headRow
	err := s.reader(ctx).Raw("SELECT seq, hash, began_at FROM audit_chain WHERE id = 1").Scan(&row).Error
	return audit.Head{Seq: row.Seq, Hash: row.Hash}, when(row.BeganAt), wrap("chain head", err)
}

// HoldChain is the head for whoever makes the next link: nobody else gets it until the transaction ends. The statements that
// follow see everything that the one before has linked.
func (s *Store) HoldChain(ctx context.Context) (audit.Head, bool, error) {
	q := "SELECT seq, hash FROM audit_chain WHERE id = 1"
	if s.dialect == "postgres" { // on SQLite a transaction that may write is the only one anyway
		q += " FOR UPDATE SKIP LOCKED"
	}
	var rows []headRow
	if err := s.writer(ctx).Raw(q).Scan(&rows).Error; err != nil || len(rows) == 0 {
		return audit.Head{}, false, wrap("hold chain", err)
	}
	return audit.Head{Seq: rows[0].Seq, Hash: rows[0].Hash}, true, nil
}

// HasUnlinked says whether an event has no place yet.
func (s *Store) HasUnlinked(ctx context.Context) (bool, error) {
	var n int64
	err := s.reader(ctx).Raw("SELECT count(*) FROM (SELECT 1 FROM audit_events WHERE seq = 0 LIMIT 1) AS one").Scan(&n).Error
	return n > 0, wrap("unlinked", err)
}

// CountUnlinked counts the events that have no place yet.
func (s *Store) CountUnlinked(ctx context.Context) (int64, error) {
	var n int64
	err := s.reader(ctx).Raw("SELECT count(*) FROM audit_events WHERE seq = 0").Scan(&n).Error
	return n, wrap("unlinked", err)
}

// Unlinked are events that have no place yet, the oldest first.
func (s *Store) Unlinked(ctx context.Context, limit int) ([]audit.Link, error) {
	return s.links(ctx, "seq = 0 ORDER BY id LIMIT ?", limit)
}

// Links are the links after a place, in their order.
func (s *Store) Links(ctx context.Context, afterSeq int64, afterID string, limit int) ([]audit.Link, error) {
	return s.links(ctx, "seq <> 0 AND seq >= ? AND (seq > ? OR id > ?) ORDER BY seq, id LIMIT ?", afterSeq, afterSeq, afterID, limit)
}

func (s *Store) links(ctx context.Context, where string, args ...any) (found []audit.Link, err error) {
	rows, err := s.reader(ctx).Raw("SELECT "+eventColumns+", seq, form, hash FROM audit_events WHERE "+where, args...).Rows()
	if err != nil {
		return nil, wrap("links", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var l audit.Link
		var at int64
		if err := rows.Scan(&l.ID, &at, &l.Action, &l.Outcome, &l.ActorID, &l.UserID, &l.AccountID, &l.SessionID, &l.Address, &l.UserAgent,
			&l.Text, &l.Seq, &l.Form, &l.Hash); err != nil {
			return nil, wrap("links", err)
		}
		l.At = when(at)
		found = append(found, l)
	}
	return found, wrap("links", rows.Err())
}

// AppendLinks gives events their places, in one statement, and moves the head.
func (s *Store) AppendLinks(ctx context.Context, links []audit.Link, head audit.Head) error {
	type place struct {
		ID   string `json:"id"`
		Seq  int64  `json:"seq"`
		Form int64  `json:"form"`
		Hash string `json:"hash"`
	}
	places := make([]place, len(links))
	for i, l := range links {
		places[i] = place{l.ID, l.Seq, l.Form, l.Hash}
	}
	list, err := json.Marshal(places)
	if err != nil {
		return wrap("append links", err)
	}
	from := "(SELECT value ->> 'id' AS id, value ->> 'seq' AS seq, value ->> 'form' AS form, value ->> 'hash' AS hash FROM json_each(?)) AS p"
	if s.dialect == "postgres" {
		from = "json_to_recordset(CAST(? AS JSON)) AS p (id TEXT, seq BIGINT, form BIGINT, hash TEXT)"
	}
	return s.InTx(ctx, func(ctx context.Context) error {
		r := s.writer(ctx).Exec("UPDATE audit_events SET seq = p.seq, form = p.form, hash = p.hash FROM "+from+
			" WHERE audit_events.id = p.id AND audit_events.seq = 0", string(list))
		if r.Error == nil && r.RowsAffected != int64(len(links)) {
			r.Error = fmt.Errorf("%d of %d events were there to be linked", r.RowsAffected, len(links))
		}
		if r.Error != nil {
			return wrap("append links", r.Error)
		}
		return wrap("append links", s.writer(ctx).Exec("UPDATE audit_chain SET seq = ?, hash = ? WHERE id = 1", head.Seq, head.Hash).Error)
	})
}
