package store_test

import (
	"strconv"
	"testing"
	"time"

	"sallyport/internal/fault"
	"sallyport/internal/notify"
	"sallyport/internal/testkit"
)

func TestDemoMessages(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, url string) {
		s := testkit.OpenStore(t, url)
		clock := testkit.NewClock()
		save := func(id, to string) {
			t.Helper()
			for range 2 { // the second time is a repetition, and changes nothing
				if err := s.SaveDemoMessage(t.Context(), notify.DemoMessage{ID: id, Channel: notify.Email, To: to, Subject: "Subject " + id,
					Text: "Grüße", HTML: "<p>Grüße</p>", SentAt: clock.Advance(time.Second)}); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i := range 5 {
			save("a"+strconv.Itoa(i), "Ada@Example.test")
			save("g"+strconv.Itoa(i), "grace@example.test")
		}
		list := func(to string, limit int, cursor string) (ids, next string) {
			t.Helper()
			page, next, err := s.DemoMessages(t.Context(), to, limit, cursor)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range page {
				ids += m.ID + " "
			}
			return ids, next
		}

		if ids, next := list("", 100, ""); ids != "g4 a4 g3 a3 g2 a2 g1 a1 g0 a0 " || next != "" {
			t.Errorf("all: %s, next %q", ids, next)
		}
		ids, next := list("aDA@example.test", 3, "")
		if ids != "a4 a3 a2 " || next == "" {
			t.Errorf("Ada's first page: %s, next %q", ids, next)
		}
		save("a5", "ada@example.test") // a newer one does not disturb the pages
		if ids, next := list("ada@example.test", 3, next); ids != "a1 a0 " || next != "" {
			t.Errorf("Ada's second page: %s, next %q", ids, next)
		}
		if ids, next := list("ada@example.test", 6, ""); ids != "a5 a4 a3 a2 a1 a0 " || next != "" {
			t.Errorf("Ada's only page: %s, next %q", ids, next)
		}
		if ids, _ := list("nobody@example.test", 3, ""); ids != "" {
			t.Errorf("nobody's: %s", ids)
		}
		page, _, err := s.DemoMessages(t.Context(), "grace@example.test", 1, "")
		if err != nil || page[0].To != "grace@example.test" || page[0].Channel != notify.Email || page[0].Subject != "Subject g4" ||
			page[0].Text != "Grüße" || page[0].HTML != "<p>Grüße</p>" || page[0].SentAt.IsZero() {
			t.Errorf("Grace's last: %+v, %v", page, err)
		}
		for _, foreign := range []string{"x", "eA", "!!", "MTIz"} {
			if _, _, err := s.DemoMessages(t.Context(), "", 1, foreign); err == nil {
				t.Errorf("the cursor %q was taken", foreign)
			} else if e, told := fault.As(err); !told || e.Kind != fault.Invalid {
				t.Errorf("the cursor %q: %v", foreign, err)
			}
		}
	})
}
