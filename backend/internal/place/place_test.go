package place_test

import (
	"strings"
	"testing"

	"sallyport/internal/place"
)

const table = `# a comment
2001:db8::,2001:db8:0:ffff:ffff:ffff:ffff:ffff,NL
198.51.100.0,198.51.100.255,de,Deutschland
203.0.113.0,203.0.113.127,FR
203.0.113.128,203.0.113.191,-
"203.0.113.192","203.0.113.255","AT"
`

func TestPlace(t *testing.T) {
	t.Parallel()
	countries, err := place.ReadCountries(strings.NewReader(table))
	if err != nil {
		t.Fatal(err)
	}
	for address, want := range map[string][2]string{
		"127.0.0.1":                {"this_machine", ""},
		"::1":                      {"this_machine", ""},
		"::ffff:127.0.0.1":         {"this_machine", ""},
		"10.1.2.3":                 {"private", ""},
		"192.168.178.20":           {"private", ""},
		"169.254.1.1":              {"private", ""},
		"100.64.0.1":               {"private", ""},
		"fd12::1":                  {"private", ""},
		"fe80::1%eth0":             {"private", ""},
		"198.51.100.0":             {"public", "DE"},
		"198.51.100.255":           {"public", "DE"},
		"::ffff:198.51.100.7":      {"public", "DE"},
		"198.51.101.0":             {"public", ""},
		"198.51.99.255":            {"public", ""},
		"203.0.113.127":            {"public", "FR"},
		"203.0.113.128":            {"public", ""},
		"203.0.113.200":            {"public", "AT"},
		"2001:db8::7":              {"public", "NL"},
		"2001:db8:1::":             {"public", ""},
		"1.1.1.1":                  {"public", ""},
		"ff::1":                    {"public", ""},
		"":                         {"unknown", ""},
		"an address":               {"unknown", ""},
		"198.51.100.0, 10.0.0.1":   {"unknown", ""},
		"198.51.100.7:443":         {"unknown", ""},
		"[2001:db8::7]":            {"unknown", ""},
		"2001:db8::7%lo":           {"public", "NL"},
		"2001:db8:0:ffff:ffff::9":  {"public", "NL"},
		"2001:db7:ffff:ffff::ffff": {"public", ""},
	} {
		if got := string(place.NetworkOf(address)); got != want[0] {
			t.Errorf("%s is %s, not %s", address, got, want[0])
		}
		if got := countries.Of(address); got != want[1] {
			t.Errorf("%s is in %q, not %q", address, got, want[1])
		}
	}
	if got := (*place.Countries)(nil).Of("198.51.100.0"); got != "" {
		t.Errorf("without a table it is in %q", got)
	}

	for what, wrong := range map[string]string{
		"line 1 has fewer than three": "198.51.100.0,DE",
		"line 2 has no range":         "198.51.100.0,198.51.100.1,DE\n198.51.100.9,198.51.100.2,DE",
		"line 1 has no range":         "198.51.100.0,2001:db8::,DE",
		"line 1 has no country":       "198.51.100.0,198.51.100.1,Germany",
		"two ranges hold 198.51.100.": "198.51.100.0,198.51.100.9,DE\n198.51.100.5,198.51.100.5,FR",
	} {
		if _, err := place.ReadCountries(strings.NewReader(wrong)); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}
