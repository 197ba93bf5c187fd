package notify

import (
	"regexp"
	"strings"
	"time"
	"unicode"
)

// language is everything that is said in one language. {key} stands for a message's data.
type language struct {
	code    string
	hello   string // to someone whose name is known
	noName  string
	footer  string
	button  string // before the address that a button leads to
	methods map[string]string
	accepts map[string]string        // what a strength accepts
	moment  func(t time.Time) string // in UTC
	letters map[string]letter
	texts   map[string]string // text messages, in the letters of GSM 03.38, and what calls say, each line after a pause
}

// letter is one template in one language.
type letter struct {
	subject string
	body    []block
}

// block is one piece of a letter; exactly one of its contents is set.
type block struct {
	when, unless string // only where this key has a value, or has none

	text  string
	steps []string
	facts [][2]string // what, value; one without a value is left out
	large bool        // of facts that are there to be typed
	label string      // of a button to the address in link
	link  string
}

var languages = map[string]*language{english.code: english, german.code: german}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// fill puts values into a sentence.
func fill(sentence string, values map[string]string) string {
	return placeholder.ReplaceAllStringFunc(sentence, func(p string) string { return values[p[1:len(p)-1]] })
}

// values is a message's data as people read it.
func (l *language) values(data map[string]string) map[string]string {
	values := make(map[string]string, len(data))
	for key, value := range data {
		if isLink(key) {
			values[key] = value
			continue
		}
		switch key {
		case "method":
			if name, known := l.methods[value]; known {
				values[key] = name
				continue
			}
			values[key] = name(value)
		case "accepted", "accepted_before":
			if methods, known := l.accepts[value]; known {
				values[key] = methods
				continue
			}
			values[key] = name(value)
		case "at", "deadline", "deadline_before":
			if t, err := time.Parse(time.RFC3339, value); err == nil {
				values[key] = l.moment(t.UTC())
				continue
			}
			values[key] = name(value)
		default:
			values[key] = name(value)
		}
	}
	return values
}

// longestName is as much as anybody's name needs, and too little for a message of its own.
const longestName = 80

// name makes what somebody calls themselves or their account harmless in other people's mail: one line of bounded length, no
// invisible or reordering characters, and nothing that a mail program turns into a link to elsewhere.
func name(s string) string {
	r := []rune(oneLine(linkLike.ReplaceAllString(s, "$1 ")))
	if len(r) > longestName {
		return string(r[:longestName-1]) + "…"
	}
	return string(r)
}

var linkLike = regexp.MustCompile(`(?i)(:)//|(www)\.`)

// oneLine replaces whatever could end a line by a space, and drops invisible characters (but for those that join letters).
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return ' '
		case unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	return strings.Join(strings.Fields(s), " ")
}
