package evidence

import (
	"encoding/csv"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Sheet writes a table as CSV (RFC 4180), UTF-8, for programs and for spreadsheets.
type Sheet struct{ w *csv.Writer }

// NewSheet begins a table with the names of its columns.
func NewSheet(w io.Writer, columns ...string) *Sheet {
	s := &Sheet{w: csv.NewWriter(w)}
	s.w.UseCRLF = true    // RFC 4180 §2
	_ = s.Row(columns...) // an error stays, and Close tells it
	return s
}

// Row writes one line.
func (s *Sheet) Row(cells ...string) error {
	row := make([]string, len(cells))
	for i, c := range cells {
		row[i] = harmless(c)
	}
	return s.w.Write(row)
}

// Close writes what is left.
func (s *Sheet) Close() error {
	s.w.Flush()
	return s.w.Error()
}

// formula are the characters by which a spreadsheet knows a formula, in their wide forms too. People choose their own names, and
// somebody else opens the table.
const formula = "=+-@\t\r\n＝＋－＠"

func harmless(cell string) string {
	trimmed := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) && !strings.ContainsRune(formula, r) || r == '\uFEFF' })
	if first, _ := utf8.DecodeRuneInString(trimmed); trimmed != "" && strings.ContainsRune(formula, first) {
		return "'" + cell
	}
	return cell
}

// Moment writes a time; "" for none.
func Moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
