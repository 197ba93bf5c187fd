package notify

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"strconv"
	"strings"
)

//go:embed letter.html
var letterHTML string

// page is a letter as HTML: it escapes whatever it is given, and refuses links that are no web addresses.
var page = template.Must(template.New("letter").Parse(letterHTML))

// piece is a block with its words filled in.
type piece struct {
	Text  string
	Steps []string
	Facts [][2]string
	Large bool
	Label string
	Link  string
	Next  bool // behind another link, which matters more
}

// render puts a message into words. Its errors are the mistakes of whoever wrote the message.
func (n *Notifier) render(m Message) (Letter, error) {
	if err := m.check(); err != nil {
		return Letter{}, err
	}
	l := languages[m.Locale]
	if l == nil {
		l = english
	}
	brand := n.Brand
	if brand == "" {
		brand = "Sallyport"
	}
	switch m.Channel {
	case SMS:
		return Letter{ID: m.ID, Channel: SMS, To: m.To, Locale: l.code, Text: textMessage(l.texts[m.Template], brand, n.Host, m.Data["code"])}, nil
	case Voice:
		return Letter{ID: m.ID, Channel: Voice, To: m.To, Locale: l.code, Text: spoken(l.texts[m.Template], brand, m.Data["code"])}, nil
	}
	words := l.letters[m.Template]
	values := l.values(m.Data)
	pieces := l.pieces(words.body, values)
	greeting := l.noName
	if values["name"] != "" {
		greeting = fill(l.hello, values)
	}
	footer := fill(l.footer, map[string]string{"brand": brand})
	subject := oneLine(fill(words.subject, values))

	var html bytes.Buffer
	if err := page.Execute(&html, map[string]any{"Language": l.code, "Subject": subject, "Greeting": greeting, "Pieces": pieces,
		"Button": l.button, "Footer": footer}); err != nil {
		return Letter{}, fmt.Errorf("notify: %s: %w", m.Template, err)
	}
	return Letter{ID: m.ID, Channel: m.Channel, To: m.To, Locale: l.code, Subject: subject,
		Text: plain(greeting, pieces, footer), HTML: html.String()}, nil
}

func (l *language) pieces(body []block, values map[string]string) []piece {
	var pieces []piece
	linked := false
	for _, b := range body {
		if (b.when != "" && values[b.when] == "") || (b.unless != "" && values[b.unless] != "") {
			continue
		}
		p := piece{Text: fill(b.text, values), Label: fill(b.label, values), Link: fill(b.link, values), Large: b.large, Next: linked}
		linked = linked || p.Link != ""
		for _, step := range b.steps {
			p.Steps = append(p.Steps, fill(step, values))
		}
		for _, fact := range b.facts {
			if value := fill(fact[1], values); value != "" {
				p.Facts = append(p.Facts, [2]string{fact[0], value})
			}
		}
		if b.facts == nil || p.Facts != nil {
			pieces = append(pieces, p)
		}
	}
	return pieces
}

// plain is the letter as text.
func plain(greeting string, pieces []piece, footer string) string {
	var b strings.Builder
	b.WriteString(greeting)
	for _, p := range pieces {
		b.WriteString("\n\n")
		var lines []string
		for i, step := range p.Steps {
			lines = append(lines, strconv.Itoa(i+1)+". "+step)
		}
		for _, fact := range p.Facts {
			lines = append(lines, fact[0]+": "+fact[1])
		}
		if p.Link != "" {
			lines = append(lines, p.Label+":", p.Link)
		}
		b.WriteString(p.Text)
		b.WriteString(strings.Join(lines, "\n"))
	}
	b.WriteString("\n\n-- \n") // the mark that mail programs know a footer by
	b.WriteString(footer)
	b.WriteString("\n")
	return b.String()
}
