package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// table gathers figures over the runs: medians of what was measured, and of ratios within one run.
type table struct {
	order    []string
	sections map[string]*section
}

type section struct {
	title   string
	columns []string
	rows    []string
	cells   map[string][]float64 // "row\x00column"
	digits  map[string]int
	note    string
}

func newTable() *table { return &table{sections: map[string]*section{}} }

func (t *table) section(title, note string, columns ...string) *section {
	s, ok := t.sections[title]
	if !ok {
		s = &section{title: title, columns: columns, note: note, cells: map[string][]float64{}, digits: map[string]int{}}
		t.sections[title], t.order = s, append(t.order, title)
	}
	return s
}

// add notes one run's figure, to be printed with so many digits.
func (s *section) add(row, column string, value float64, digits int) {
	if !slices.Contains(s.rows, row) {
		s.rows = append(s.rows, row)
	}
	if !slices.Contains(s.columns, column) {
		panic("no column " + column)
	}
	key := row + "\x00" + column
	s.cells[key], s.digits[key] = append(s.cells[key], value), digits
}

// last is the figure of this run.
func (s *section) last(row, column string) float64 {
	v := s.cells[row+"\x00"+column]
	if len(v) == 0 {
		return math.NaN()
	}
	return v[len(v)-1]
}

func (t *table) print(w io.Writer) {
	for i, title := range t.order {
		s := t.sections[title]
		if i > 0 {
			_, _ = fmt.Fprintln(w)
		}
		_, _ = fmt.Fprintf(w, "### %s\n\n", s.title)
		if s.note != "" {
			_, _ = fmt.Fprintf(w, "%s\n\n", s.note)
		}
		lines := [][]string{append([]string{""}, s.columns...)}
		for _, row := range s.rows {
			line := []string{row}
			for _, column := range s.columns {
				line = append(line, s.cell(row, column))
			}
			lines = append(lines, line)
		}
		write(w, lines)
	}
}

func (s *section) cell(row, column string) string {
	key := row + "\x00" + column
	values := slices.Clone(s.cells[key])
	if len(values) == 0 {
		return "–"
	}
	slices.Sort(values)
	return grouped(strconv.FormatFloat(values[len(values)/2], 'f', s.digits[key], 64))
}

// grouped writes 12345.6 as 12,345.6.
func grouped(number string) string {
	whole, rest, fraction := strings.Cut(number, ".")
	var out strings.Builder
	for i, d := range whole {
		if i > 0 && (len(whole)-i)%3 == 0 && whole[i-1] != '-' {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	if fraction {
		out.WriteString("." + rest)
	}
	return out.String()
}

// write prints a Markdown table whose columns are as wide as they must be.
func write(w io.Writer, lines [][]string) {
	wide := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			wide[i] = max(wide[i], len([]rune(cell)))
		}
	}
	for n, line := range lines {
		for i, cell := range line {
			pad := strings.Repeat(" ", wide[i]-len([]rune(cell)))
			if i == 0 {
				_, _ = fmt.Fprintf(w, "| %s%s |", cell, pad)
			} else {
				_, _ = fmt.Fprintf(w, " %s%s |", pad, cell)
			}
		}
		_, _ = fmt.Fprintln(w)
		if n == 0 {
			for i := range line {
				if i == 0 {
					_, _ = fmt.Fprintf(w, "| %s |", strings.Repeat("-", wide[i]))
				} else {
					_, _ = fmt.Fprintf(w, " %s: |", strings.Repeat("-", max(wide[i]-1, 1)))
				}
			}
			_, _ = fmt.Fprintln(w)
		}
	}
}
