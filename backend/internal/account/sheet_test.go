package account_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/account"
)

// read gives what a sheet holds: people, and what is wrong, each in a line.
func read(sheet string) (people, wrong []string, err error) {
	for a, err := range account.ReadSheet(strings.NewReader(sheet)) {
		var bad account.BadLine
		switch {
		case errors.As(err, &bad):
			wrong = append(wrong, bad.Error())
		case err != nil:
			return people, wrong, err
		default:
			people = append(people, fmt.Sprint(a.Line, " ", a.Email, " ", a.Name, " ", a.Role, " ", a.Locale, " ", a.TwoFactorRequired))
		}
	}
	return people, wrong, nil
}

func TestReadSheet(t *testing.T) {
	t.Parallel()
	const header = "email,name,role,locale,two_factor_required\n"
	for what, c := range map[string]struct {
		sheet  string
		people []string
	}{
		"every column":                             {header + "ann@acme.test,Ann,admin,de,true\n", []string{"2 ann@acme.test Ann admin de true"}},
		"columns that are left empty":              {header + "ann@acme.test,Ann,,,\n", []string{"2 ann@acme.test Ann member en false"}},
		"columns that are left out":                {"email,name\nann@acme.test,Ann\n", []string{"2 ann@acme.test Ann member en false"}},
		"columns in another order and case":        {"Name , EMAIL,Two_Factor_Required\nAnn,ann@acme.test,FALSE\n", []string{"2 ann@acme.test Ann member en false"}},
		"a byte order mark":                        {"\xef\xbb\xbf" + header + "ann@acme.test,Ann,,,\n", []string{"2 ann@acme.test Ann member en false"}},
		"a byte order mark before a quoted column": {"\xef\xbb\xbf\"email\",\"name\"\nann@acme.test,Ann\n", []string{"2 ann@acme.test Ann member en false"}},
		"lines that end as on Windows":             {"email,name\r\nann@acme.test,Ann\r\nbob@acme.test,Bob\r\n", []string{"2 ann@acme.test Ann member en false", "3 bob@acme.test Bob member en false"}},
		"a last line that does not end":            {"email,name\nann@acme.test,Ann", []string{"2 ann@acme.test Ann member en false"}},
		"commas and quotation marks in quotes":     {"email,name\nann@acme.test,\"Öztürk, \"\"Ann\"\"\"\n", []string{`2 ann@acme.test Öztürk, "Ann" member en false`}},
		"nobody":                                   {header, nil},
		"empty lines in between":                   {"email,name\n\nann@acme.test,Ann\n\n", []string{"3 ann@acme.test Ann member en false"}},
	} {
		t.Run("takes "+what, func(t *testing.T) {
			t.Parallel()
			people, wrong, err := read(c.sheet)
			if err != nil || len(wrong) > 0 || !slices.Equal(people, c.people) {
				t.Errorf("got %q, %q, %v", people, wrong, err)
			}
		})
	}

	for what, c := range map[string]struct{ line, wrong string }{
		"an address that is none":         {"ann,Ann,,,", "line 2, email: is not an e-mail address"},
		"an empty address":                {",Ann,,,", "line 2, email: is not an e-mail address"},
		"no name":                         {"ann@acme.test, ,,,", "line 2, name: must be 1 to 100 characters, without control characters"},
		"a name over two lines":           {"ann@acme.test,\"Ann\nEve\",,,", "line 2, name: must be 1 to 100 characters, without control characters"},
		"a role that there is not":        {"ann@acme.test,Ann,boss,,", "line 2, role: must be owner, admin, billing or member"},
		"a language that there is not":    {"ann@acme.test,Ann,,fr,", "line 2, locale: must be en or de"},
		"a switch that is neither":        {"ann@acme.test,Ann,,,perhaps", "line 2, two_factor_required: must be true or false"},
		"a column too many":               {"ann@acme.test,Ann,,,,more", "line 2: has 6 columns, and the header has 5"},
		"a column too few":                {"ann@acme.test,Ann", "line 2: has 2 columns, and the header has 5"},
		"letters that are not UTF-8":      {"ann@acme.test,\xd6zt\xfcrk,,,", "line 2, name: is not UTF-8"},
		"a quotation mark within a field": {`ann@acme.test,A"nn,,,`, `line 2: is not as RFC 4180 wants it: bare " in non-quoted-field`},
	} {
		t.Run("says what is wrong with "+what+", and reads on", func(t *testing.T) {
			t.Parallel()
			people, wrong, err := read(header + c.line + "\nbob@acme.test,Bob,,,\n")
			if err != nil || !slices.Equal(wrong, []string{c.wrong}) || len(people) != 1 || !strings.Contains(people[0], "bob@acme.test") {
				t.Errorf("got %q, %q, %v", people, wrong, err)
			}
		})
	}

	t.Run("names everything that is wrong with a line", func(t *testing.T) {
		t.Parallel()
		_, wrong, err := read(header + "ann,,boss,fr,no idea\n")
		if err != nil || len(wrong) != 5 {
			t.Errorf("got %q, %v", wrong, err)
		}
	})

	t.Run("finds an address that comes twice, in any spelling", func(t *testing.T) {
		t.Parallel()
		people, wrong, err := read("email,name\nann@acme.test,Ann\nbob@acme.test,Bob\n ANN@Acme.test ,Ann again\n")
		if err != nil || len(people) != 2 || !slices.Equal(wrong, []string{"line 4, email: is the address of line 2"}) {
			t.Errorf("got %q, %q, %v", people, wrong, err)
		}
	})

	for what, c := range map[string]struct{ sheet, says string }{
		"nothing at all":                      {"", "header line, email,name,role"},
		"a column that nobody knows":          {"email,name,phone\n", `no column "phone"`},
		"columns that semicolons separate":    {"email;name;role\n", "separated by commas"},
		"a column that comes twice":           {"email,name,Email\n", `"email" comes twice`},
		"no column of names":                  {"email\nann@acme.test\n", `"name" is missing`},
		"another encoding":                    {"\xff\xfee\x00m\x00a\x00i\x00l\x00", "no column"},
		"a quotation mark that nobody closes": {"email,name\nann@acme.test,\"Ann\n" + strings.Repeat("bob@acme.test,Bob\n", 10_000), "What follows line 1"},
	} {
		t.Run("refuses "+what, func(t *testing.T) {
			t.Parallel()
			_, _, err := read(c.sheet)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzReadSheet(f *testing.F) {
	f.Add("email,name,role,locale,two_factor_required\nann@acme.test,Ann,admin,de,true\n\"x\"\"y\",,\n")
	f.Fuzz(func(t *testing.T, sheet string) {
		lines := strings.Count(sheet, "\n") + 1
		for a, err := range account.ReadSheet(strings.NewReader(sheet)) {
			if err == nil && (a.Line < 2 || a.Line > lines || a.Email == "" || a.Name == "" || !a.Role.Valid()) {
				t.Fatalf("%+v of %q", a, sheet)
			}
		}
	})
}
