package notify

import (
	"crypto/sha256"
	"encoding/hex"
	netmail "net/mail"
	"regexp"

	"github.com/wneessen/go-mail"
)

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// compose makes the e-mail of a letter. Composed again it is the same to the byte, so that repetitions are recognised.
func (s *SMTP) compose(l Letter, to string) *mail.Msg {
	id := l.ID
	sum := sha256.Sum256([]byte(id))
	if !plainID.MatchString(id) {
		id = hex.EncodeToString(sum[:])
	}
	m := mail.NewMsg(mail.WithNoDefaultUserAgent(), mail.WithBoundary(hex.EncodeToString(sum[:16])))
	m.FromMailAddress(&s.from)
	m.ToMailAddress(&netmail.Address{Address: to})
	m.Subject(oneLine(l.Subject))
	m.SetMessageIDWithValue(id + "@" + domain(s.from.Address))
	m.SetDateWithValue(l.CreatedAt)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday replies, please
	m.SetGenHeader("Content-Language", l.Locale)
	m.SetBodyString(mail.TypeTextPlain, l.Text)
	if l.HTML != "" {
		m.AddAlternativeString(mail.TypeTextHTML, l.HTML)
	}
	return m
}
