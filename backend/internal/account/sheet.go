package account

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"sallyport/internal/fault"
	"sallyport/internal/user"
)

// sheetColumns are those that a sheet of people may have; the first two it must.
var sheetColumns = []string{"email", "name", "role", "locale", "two_factor_required"}

const (
	longestLine = 64 << 10  // bytes: a quotation mark that nobody closes does not fill the memory
	mostLines   = 1_000_000 // of one sheet
)

// BadLine is what is wrong with one line of a sheet.
type BadLine struct {
	Line   int
	Column string // "" where it is the whole line
	Detail string
	cause  error
}

func (b BadLine) Error() string {
	if b.Column == "" {
		return fmt.Sprintf("line %d: %s", b.Line, b.Detail)
	}
	return fmt.Sprintf("line %d, %s: %s", b.Line, b.Column, b.Detail)
}

// Unwrap is the refusal behind it, if there is one.
func (b BadLine) Unwrap() error { return b.cause }

// onLine says which line was refused.
func onLine(line int, column string, err error) error {
	if e, told := fault.As(err); told && line > 0 {
		return BadLine{line, column, e.Message, err}
	}
	return err
}

// errSheet is what is wrong with a whole sheet.
func errSheet(format string, args ...any) error {
	return fault.Said(fault.Invalid, fmt.Sprintf(format, args...))
}

// ReadSheet reads people from a sheet: RFC 4180 with a header line, UTF-8 with or without a byte order mark. Whatever is wrong with
// a line is a BadLine, one for each column, and reading goes on; after any other error it is over. Memory is a line's, and 16 bytes
// for each address, by which one that comes twice is found.
func ReadSheet(r io.Reader) iter.Seq2[Arrival, error] {
	return func(yield func(Arrival, error) bool) {
		s, err := openSheet(r)
		if err != nil {
			yield(Arrival{}, err)
			return
		}
		for {
			a, wrong, err := s.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				yield(Arrival{}, err)
				return
			}
			for _, w := range wrong {
				if !yield(Arrival{}, w) {
					return
				}
			}
			if len(wrong) == 0 && !yield(a, nil) {
				return
			}
		}
	}
}

type sheet struct {
	csv    *csv.Reader
	bound  *bounded
	place  map[string]int // of each column
	width  int
	line   int // that was read last
	people int
	seen   map[[16]byte]int // address to line
}

func openSheet(r io.Reader) (*sheet, error) {
	in := bufio.NewReader(r)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	s := &sheet{bound: &bounded{r: in}, place: map[string]int{}, seen: map[[16]byte]int{}}
	s.csv = csv.NewReader(s.bound)
	s.csv.ReuseRecord, s.csv.FieldsPerRecord = true, -1
	s.bound.left = longestLine
	header, err := s.csv.Read()
	if err == io.EOF {
		return nil, errSheet("The sheet is empty: it begins with a header line, %s.", strings.Join(sheetColumns, ","))
	}
	if err != nil {
		return nil, errSheet("The header line cannot be read: %v.", err)
	}
	for i, name := range header {
		column := strings.ToLower(strings.TrimSpace(name))
		if !slices.Contains(sheetColumns, column) {
			hint := ""
			if strings.ContainsAny(name, ";\t") {
				hint = " Columns are separated by commas."
			}
			return nil, errSheet("There is no column %q. The columns are %s.%s", name, strings.Join(sheetColumns, ", "), hint)
		}
		if _, twice := s.place[column]; twice {
			return nil, errSheet("The column %q comes twice.", column)
		}
		s.place[column] = i
	}
	for _, column := range sheetColumns[:2] {
		if _, there := s.place[column]; !there {
			return nil, errSheet("The column %q is missing.", column)
		}
	}
	s.width, s.line = len(header), 1
	return s, nil
}

// next is the next person, or what is wrong with their line. io.EOF.
func (s *sheet) next() (Arrival, []BadLine, error) {
	s.bound.left = longestLine
	record, err := s.csv.Read()
	var broken *csv.ParseError
	if errors.As(err, &broken) {
		return Arrival{}, []BadLine{{Line: broken.StartLine, Detail: "is not as RFC 4180 wants it: " + broken.Err.Error()}}, nil
	}
	if errors.Is(err, errLong) {
		return Arrival{}, nil, errSheet("What follows line %d is longer than %d bytes: is there a quotation mark that nobody closes?", s.line, longestLine)
	}
	if err != nil {
		return Arrival{}, nil, err
	}
	line, _ := s.csv.FieldPos(0)
	s.line = line
	if s.people++; s.people > mostLines {
		return Arrival{}, nil, errSheet("A sheet holds at most %d people: make several of it.", mostLines)
	}
	if len(record) != s.width {
		return Arrival{}, []BadLine{{Line: line, Detail: fmt.Sprintf("has %d columns, and the header has %d", len(record), s.width)}}, nil
	}
	a, wrong := s.person(record, line)
	if len(wrong) == 0 {
		sum := sha256.Sum256([]byte(user.EmailKey(a.Email)))
		key := [16]byte(sum[:16])
		if first, twice := s.seen[key]; twice {
			wrong = []BadLine{{Line: line, Column: "email", Detail: fmt.Sprintf("is the address of line %d", first)}}
		} else {
			s.seen[key] = line
		}
	}
	return a, wrong, nil
}

func (s *sheet) person(record []string, line int) (a Arrival, wrong []BadLine) {
	bad := func(column, detail string) {
		wrong = append(wrong, BadLine{Line: line, Column: column, Detail: detail})
	}
	for column, i := range s.place {
		if !utf8.ValidString(record[i]) {
			bad(column, "is not UTF-8")
		}
	}
	if len(wrong) > 0 {
		return a, wrong
	}
	field := func(column string) string {
		if i, there := s.place[column]; there {
			return strings.TrimSpace(record[i])
		}
		return ""
	}
	a = Arrival{Line: line, Role: Role(strings.ToLower(field("role"))), Locale: strings.ToLower(field("locale"))}
	var err error
	if a.Email, err = ProperEmail(field("email")); err != nil {
		bad("email", "is not an e-mail address")
	}
	if a.Name, err = ProperName(field("name")); err != nil {
		bad("name", "must be 1 to 100 characters, without control characters")
	}
	if a.Role == "" {
		a.Role = Plain
	}
	if !a.Role.Valid() {
		bad("role", "must be owner, admin, billing or member")
	}
	if a.Locale == "" {
		a.Locale = "en"
	}
	if a.Locale != "en" && a.Locale != "de" {
		bad("locale", "must be en or de")
	}
	if required := strings.ToLower(field("two_factor_required")); required != "" {
		if a.TwoFactorRequired, err = strconv.ParseBool(required); err != nil {
			bad("two_factor_required", "must be true or false")
		}
	}
	return a, wrong
}

// bounded lets a reader have so many bytes until left is set anew.
type bounded struct {
	r    io.Reader
	left int
}

var errLong = errors.New("account: the line is too long")

// Read is io.Reader's.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLong
	}
	n, err := b.r.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
