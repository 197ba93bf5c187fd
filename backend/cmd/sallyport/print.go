package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
)

// printJSON prints one value for programs.
func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// printTable prints lines of cells for people, the first one in capitals.
func printTable(lines [][]string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for i, cells := range lines {
		for j, cell := range cells {
			if i == 0 {
				cell = strings.ToUpper(cell)
			}
			if cell = printable(cell); cell == "" {
				cell = "-"
			}
			cells[j] = cell
		}
		_, _ = fmt.Fprintln(w, strings.Join(cells, "\t")) // a tabwriter tells at Flush
	}
	return w.Flush()
}

// printFacts prints names and values, one a line.
func printFacts(facts [][2]string) error {
	w := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	for _, f := range facts {
		if f[1] != "" {
			_, _ = fmt.Fprintf(w, "%s:\t%s\n", f[0], printable(f[1]))
		}
	}
	return w.Flush()
}

// printable is text that a terminal shows and does not obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '·'
		}
		return r
	}, s)
}

// at is a moment for people and programs alike; "" for none.
func at(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// moment is a moment in JSON; null for none.
func moment(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	s := at(t)
	return &s
}

// count is a number of things.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// every tells of progress, each time that another n are done.
func every(n int64, to io.Writer) func(done int64) {
	next := n
	return func(done int64) {
		if done >= next {
			_, _ = fmt.Fprintln(to, done, "so far")
			next = done - done%n + n
		}
	}
}

// list is a command that lists.
type list struct {
	Limit int  `default:"100" help:"How many at most; 0: all."`
	JSON  bool `name:"json" help:"Print JSON."`
}

// longestPage is what a service gives at once.
const longestPage = 200

// gather reads page after page, as many items as were asked for; more says that there are others.
func gather[T any](l list, read func(limit int, cursor string) ([]T, string, error)) (all []T, more bool, err error) {
	if l.Limit < 0 {
		return nil, false, wrong{fmt.Errorf("--limit: must be 0 or more")}
	}
	cursor := ""
	for {
		limit := longestPage
		if l.Limit > 0 {
			limit = min(limit, l.Limit-len(all))
		}
		page, next, err := read(limit, cursor)
		if err != nil {
			return nil, false, err
		}
		all = append(all, page...)
		if next == "" || (l.Limit > 0 && len(all) >= l.Limit) {
			return all, next != "", nil
		}
		cursor = next
	}
}

// print prints items as a table, or as JSON, and says where there are more.
func (l list) print(header []string, lines [][]string, items any, more bool) error {
	if l.JSON {
		return printJSON(map[string]any{"items": items, "more": more})
	}
	if err := printTable(append([][]string{header}, lines...)); err != nil {
		return err
	}
	if more {
		_, _ = fmt.Fprintln(os.Stderr, "There are more: --limit 0 lists all.")
	}
	return nil
}
