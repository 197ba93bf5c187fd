package id_test

import (
	"regexp"
	"strings"
	"testing"

	"sallyport/internal/id"
)

func TestIs(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
	for range 100 {
		own := id.New()
		if !id.Is(own) || !form.MatchString(own) {
			t.Fatalf("%s is none", own)
		}
		for i := range own { // any one byte another
			for _, c := range []byte("0-aAfFgG/:`{ \n\x00\xff") {
				other := own[:i] + string([]byte{c}) + own[i+1:]
				if id.Is(other) != form.MatchString(other) {
					t.Errorf("%q: %v", other, id.Is(other))
				}
			}
		}
		for _, other := range []string{"", own[1:], own[:35], own + "0", own + "\n", strings.ToUpper(own), "{" + own + "}", "urn:uuid:" + own, strings.ReplaceAll(own, "-", "")} {
			if id.Is(other) {
				t.Errorf("%q is one", other)
			}
		}
	}
}
