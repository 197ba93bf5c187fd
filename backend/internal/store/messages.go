package store

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"sallyport/internal/fault"
	"sallyport/internal/notify"
)

var _ notify.Desk = (*Store)(nil)

type demoMessageRow struct {
	ID        string
	Channel   string
	Recipient string
	Subject   string
	BodyText  string
	BodyHTML  string `gorm:"column:body_html"`
	SentAt    int64
}

// SaveDemoMessage keeps a letter of the demo; one with an ID that is known already changes nothing.
func (s *Store) SaveDemoMessage(ctx context.Context, m notify.DemoMessage) error {
	return wrap("save demo message", s.writer(ctx).Exec(`INSERT INTO demo_messages (id, channel, recipient, subject, body_text, body_html, sent_at)
		VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		m.ID, string(m.Channel), m.To, m.Subject, m.Text, m.HTML, micros(m.SentAt)).Error)
}

// DemoMessages lists up to limit letters of the demo, the newest first: those to one address, in whatever case, or all if to is
// "". cursor is "" or the next of the page before; next is "" on the last page. A foreign cursor is fault.Invalid.
func (s *Store) DemoMessages(ctx context.Context, to string, limit int, cursor string) (page []notify.DemoMessage, next string, err error) {
	var where []string
	var args []any
	if to != "" {
		where, args = append(where, "lower(recipient) = lower(?)"), append(args, to)
	}
	if cursor != "" {
		sentAt, id, ok := parseMessageCursor(cursor)
		if !ok {
			return nil, "", fault.InvalidField("cursor", "This cursor is none of ours.")
		}
		where, args = append(where, "(sent_at, id) < (?, ?)"), append(args, sentAt, id)
	}
	q := "SELECT * FROM demo_messages"
	if len(where) > 0 {
		q += " WHERE " + strings.Join(where, " AND ")
	}
	var rows []demoMessageRow
	if err := s.reader(ctx).Raw(q+" ORDER BY sent_at DESC, id DESC LIMIT ?", append(args, limit+1)...).Scan(&rows).Error; err != nil {
		return nil, "", wrap("demo messages", err)
	}
	if len(rows) > limit {
		rows = rows[:limit]
		last := rows[limit-1]
		next = base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %s", last.SentAt, last.ID))
	}
	page = make([]notify.DemoMessage, len(rows))
	for i, r := range rows {
		page[i] = notify.DemoMessage{ID: r.ID, Channel: notify.Channel(r.Channel), To: r.Recipient, Subject: r.Subject,
			Text: r.BodyText, HTML: r.BodyHTML, SentAt: when(r.SentAt)}
	}
	return page, next, nil
}

func parseMessageCursor(cursor string) (sentAt int64, id string, ok bool) {
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, "", false
	}
	at, id, ok := strings.Cut(string(plain), " ")
	sentAt, err = strconv.ParseInt(at, 10, 64)
	return sentAt, id, ok && err == nil
}
