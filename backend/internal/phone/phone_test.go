package phone_test

import (
	"strings"
	"testing"

	"sallyport/internal/fault"
	"sallyport/internal/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct{ text, e164, country, hint string }{
		"reads a plain number":                   {"+491701234567", "+491701234567", "DE", "+49 ••• ••67"},
		"reads it however it is spaced":          {" +49 (170) 123-45.67 ", "+491701234567", "DE", "+49 ••• ••67"},
		"reads what address books paste":         {"\u202a+49\u00a0170\u20111234567\u202c", "+491701234567", "DE", "+49 ••• ••67"},
		"drops the trunk zero":                   {"+49 (0)170 1234567", "+491701234567", "DE", "+49 ••• ••67"},
		"keeps Italy's zero":                     {"+39 06 12345678", "+390612345678", "IT", "+39 ••• ••78"},
		"tells countries of one code apart":      {"+1 416 555 0123", "+14165550123", "CA", "+1 ••• ••23"},
		"reads a range that is not in the table": {"+1 555 555 0123", "+15555550123", "US", "+1 ••• ••23"},
		"knows numbers of no country":            {"+881 612345678", "+881612345678", phone.International, "+881 ••• ••78"},
		"reads a number of a small country":      {"+290 22158", "+29022158", "SH", "+290 ••• ••58"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			n, err := phone.Parse(c.text)
			if err != nil || n.E164 != c.e164 || n.Country != c.country || n.Hint != c.hint {
				t.Errorf("%+v, %v", n, err)
			}
			again, err := phone.Parse(n.E164)
			if err != nil || again != n {
				t.Errorf("its own spelling is read as %+v, %v", again, err)
			}
		})
	}

	for what, text := range map[string]string{
		"nothing":                "",
		"a plus":                 "+",
		"no country":             "0170 1234567",
		"00 for the plus":        "0049 170 1234567",
		"an unknown country":     "+999 170 1234567",
		"too few digits":         "+49 170",
		"too many digits":        "+49 170 1234567 1234567",
		"letters":                "+1 800 FLOWERS",
		"an extension":           "+49 170 1234567 ext. 5",
		"another URI":            "tel:+491701234567",
		"digits of other script": "+４９１７０１２３４５６７",
		"two numbers":            "+491701234567+491701234568",
		"a line break and more":  "+491701234567\nBcc: x",
		"a megabyte of spaces":   "+491701234567" + strings.Repeat(" ", 1<<20),
		"NUL":                    "+491701234567\x00",
		"bad UTF-8":              "+491701234567\xff",
	} {
		t.Run("refuses "+what, func(t *testing.T) {
			t.Parallel()
			n, err := phone.ParseField("/backup_phone_number", text)
			e, told := fault.As(err)
			if !told || e.Kind != fault.Invalid || e.Fields[0].Pointer != "/backup_phone_number" {
				t.Fatalf("%+v, %v", n, err)
			}
			if strings.Contains(e.Fields[0].Detail, "170123456") {
				t.Errorf("repeats the number: %s", e.Fields[0].Detail)
			}
		})
	}

	for what, c := range map[string]struct {
		text string
		kind phone.Kind
	}{
		"a mobile number":                {"+491701234567", phone.Ordinary},
		"a fixed line":                   {"+49 30 1234567", phone.Ordinary},
		"a number that may be either":    {"+1 202 555 0123", phone.Ordinary},
		"a premium number":               {"+49 900 1234567", phone.Premium},
		"a personal number of Britain's": {"+44 70 1234 5678", phone.Premium},
		"international premium":          {"+979 123456789", phone.Premium},
		"a VoIP number":                  {"+44 56 1234 5678", phone.VoIP},
		"a toll-free number":             {"+1 800 234 5678", phone.Service},
	} {
		t.Run("knows what "+what+" is", func(t *testing.T) {
			t.Parallel()
			if n, err := phone.Parse(c.text); err != nil || n.Kind != c.kind {
				t.Errorf("%+v, %v", n, err)
			}
		})
	}

	t.Run("knows the countries", func(t *testing.T) {
		t.Parallel()
		for code, known := range map[string]bool{"DE": true, "US": true, phone.International: true, "de": false, "XX": false, "": false} {
			if phone.Country(code) != known {
				t.Errorf("%q: %v", code, !known)
			}
		}
	})

	t.Run("names neighbours by what they share", func(t *testing.T) {
		t.Parallel()
		a, _ := phone.Parse("+1 202 555 0123")
		b, _ := phone.Parse("+1 202 555 9999")
		if a.Prefix() != "+1202555" || a.Prefix() != b.Prefix() {
			t.Errorf("%s, %s", a.Prefix(), b.Prefix())
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"+491701234567", "+1 (202) 555-0123", "+39 06 12345678", "+", "+881612345678"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := phone.Parse(text)
		if err != nil {
			if _, told := fault.As(err); !told {
				t.Fatal(err)
			}
			return
		}
		again, err := phone.Parse(n.E164)
		if err != nil || again != n {
			t.Fatalf("%q is %+v, which is read as %+v, %v", text, n, again, err)
		}
	})
}
