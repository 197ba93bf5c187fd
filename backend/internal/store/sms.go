package store

import (
	"context"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/notify"
	"sallyport/internal/notify/budget"
)

var _ budget.Store = (*Store)(nil)

// smsColumns are the columns by which a cap counts; "" counts every message.
var smsColumns = map[string]string{budget.OfPerson: "user_id", budget.OfNumber: "number_hash", budget.OfPrefix: "prefix_hash", budget.OfCountry: "country", budget.OfAll: ""}

// smsTurn names the lock by which text messages take turns on PostgreSQL; SQLite has one writer at a time anyway.
const smsTurn = 7367735

// TakeMessage counts a text message, unless it would exceed caps and enforce is set; it answers the caps that it exceeds.
// Messages at the same time take turns until the transaction of the context ends, so that together they exceed nothing.
func (s *Store) TakeMessage(ctx context.Context, m budget.Message, caps []budget.Cap, enforce bool) ([]budget.Over, error) {
	var over []budget.Over
	err := s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		if s.dialect == "postgres" {
			if err := db.Exec("SELECT pg_advisory_xact_lock(?)", smsTurn).Error; err != nil {
				return err
			}
		}
		over = over[:0]
		for _, c := range caps {
			if c.Limit <= 0 {
				over = append(over, budget.Over{Cap: c, FreeAt: m.CreatedAt.Add(c.Window)})
				continue
			}
			q, args := "SELECT created_at FROM sms_messages WHERE created_at > ?", []any{micros(m.CreatedAt.Add(-c.Window))}
			if column := smsColumns[c.Of]; column != "" {
				q, args = q+" AND "+column+" = ?", append(args, c.Value)
			}
			// The one that fills the cap: as long as it counts, there is no room.
			var filled []int64
			if err := db.Raw(q+" ORDER BY created_at DESC LIMIT 1 OFFSET ?", append(args, c.Limit-1)...).Scan(&filled).Error; err != nil {
				return err
			}
			if len(filled) == 1 {
				over = append(over, budget.Over{Cap: c, FreeAt: when(filled[0]).Add(c.Window)})
			}
		}
		if enforce && len(over) > 0 {
			return nil
		}
		return db.Exec(`INSERT INTO sms_messages (id, user_id, number_hash, prefix_hash, country, created_at, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			m.ID, m.UserID, m.NumberHash, m.PrefixHash, m.Country, micros(m.CreatedAt), micros(m.CreatedAt)).Error
	})
	return over, wrap("take message", err)
}

type smsRow struct {
	ID, State, Reason              string
	SID                            string `gorm:"column:sid"`
	ErrorCode                      int
	HandedAt, CreatedAt, ChangedAt int64
}

// DeliveryState is what is known of a text message or a call. fault.ErrNotFound.
func (s *Store) DeliveryState(ctx context.Context, messageID string) (notify.Delivery, error) {
	var rows []smsRow
	err := s.reader(ctx).Raw(`SELECT id, state, reason, sid, error_code, handed_at, created_at, changed_at FROM sms_messages WHERE id = ?`, messageID).Scan(&rows).Error
	if err != nil {
		return notify.Delivery{}, wrap("delivery state", err)
	}
	if len(rows) == 0 {
		return notify.Delivery{}, fault.ErrNotFound
	}
	r := rows[0]
	return notify.Delivery{ID: r.ID, Progress: notify.Progress(r.State), Reason: notify.Reason(r.Reason), SID: r.SID, ErrorCode: r.ErrorCode,
		HandedAt: when(r.HandedAt), CreatedAt: when(r.CreatedAt), ChangedAt: when(r.ChangedAt)}, nil
}

// HandOver writes down that a message is being handed over to the carrier, before it is. was is when it was last, zero for
// never: false if that is no longer so, since somebody else hands it over, or it has come further.
func (s *Store) HandOver(ctx context.Context, messageID string, was, now time.Time) (bool, error) {
	u := s.writer(ctx).Exec("UPDATE sms_messages SET handed_at = ?, changed_at = ? WHERE id = ? AND state = 'queued' AND handed_at = ?",
		micros(now), micros(now), messageID, micros(was))
	return u.RowsAffected == 1, wrap("hand over", u.Error)
}

// HandBack writes down that the carrier has certainly not got what was handed over at the time given.
func (s *Store) HandBack(ctx context.Context, messageID string, was time.Time) error {
	return wrap("hand back", s.writer(ctx).Exec("UPDATE sms_messages SET handed_at = 0 WHERE id = ? AND state = 'queued' AND handed_at = ?",
		messageID, micros(was)).Error)
}

// MoveDelivery writes down how far a message has come, if that is further than before, and what the carrier calls it. A message
// that the carrier calls otherwise is another one: false. One that does not arrive holds nobody up: whoever waits for its code may
// ask for the next from then on.
func (s *Store) MoveDelivery(ctx context.Context, d notify.Delivery, now time.Time) (bool, error) {
	before := []notify.Progress{notify.Queued, notify.Sent}
	switch d.Progress {
	case notify.Queued:
		return false, nil
	case notify.Sent:
		before = before[:1]
	}
	var moved bool
	err := s.InTx(ctx, func(ctx context.Context) error {
		db := s.writer(ctx)
		u := db.Exec(`UPDATE sms_messages SET state = ?, reason = ?, error_code = ?, sid = CASE WHEN sid = '' THEN ? ELSE sid END, changed_at = ?
			WHERE id = ? AND state IN ? AND (sid = '' OR ? = '' OR sid = ?)`,
			string(d.Progress), string(d.Reason), d.ErrorCode, d.SID, micros(now), d.ID, before, d.SID, d.SID)
		if moved = u.RowsAffected == 1; u.Error != nil || !moved || d.Progress != notify.Failed && d.Progress != notify.Undelivered {
			return u.Error
		}
		return db.Exec("UPDATE challenges SET resend_at = ? WHERE id = ? AND resend_at > ?", micros(now), d.ID, micros(now)).Error
	})
	return moved, wrap("move delivery", err)
}
