package twilio

import (
	"encoding/xml"
	"strings"

	"sallyport/internal/notify"
)

// voices are the languages that calls are made in, by the letter's.
var voices = map[string]string{"en": "en-US", "de": "de-DE"}

// spoken is a letter as TwiML: a pause of a second at its beginning, while the telephone is brought to the ear, behind each
// line, and behind each comma, so that digits come slowly enough to be written down.
func spoken(l notify.Letter) string {
	var b strings.Builder
	b.WriteString(`<Response><Pause length="1"/>`)
	for line := range strings.SplitSeq(l.Text, "\n") {
		for piece := range strings.SplitSeq(line, ", ") {
			b.WriteString(`<Say language="` + voices[l.Locale] + `">`)
			_ = xml.EscapeText(&b, []byte(piece)) // a strings.Builder takes everything
			b.WriteString(`</Say><Pause length="1"/>`)
		}
	}
	b.WriteString(`</Response>`)
	return b.String()
}
