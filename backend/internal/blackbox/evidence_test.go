package blackbox_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"sallyport/internal/testkit/whole"
)

func TestAnAccountShowsAnAuditorWhatHappenedInIt(t *testing.T) {
	t.Parallel()
	whole.Each(t, func(t *testing.T, h *whole.House) {
		o := h.Person(owner).In()
		account := o.Account(acme)
		o.Confirm().Enrol()
		m := h.Person(member).In()
		m.Confirm().Enrol().Confirm()
		o.Confirm().Enforce(account, acme, nil).Must(200)
		events, report := "/accounts/"+account+"/audit-events", "/accounts/"+account+"/two-factor/report.csv"

		for _, path := range []string{events, events + ".ndjson", events + ".csv", report} {
			m.Call("GET", path, nil).Refused(403, "admin_only")
			h.Person("owner@blue.test").In().Confirm().Call("GET", path, nil).Refused(404, "not_found")
		}
		for _, query := range []string{"from=yesterday", "to=2026-02-31T00:00:00Z", "action=Member", "limit=0", "cursor=x"} {
			o.Call("GET", events+"?"+query, nil).Must(422)
		}
		for _, day := range []string{"tomorrow", "2026-02-30", "2026-3-1", "2999-01-01"} {
			o.Call("GET", report+"?at="+day, nil).Must(422)
		}

		h.Eventually("every event has its place in the chain", func() bool {
			a := o.Call("GET", events+"?action=factor.", nil).Must(200)
			return a.Number("items.0.seq") > 0 && len(a.Text("items.0.hash")) == 64
		})
		list := o.Call("GET", events+"?action=factor.", nil).Must(200)
		if got := list.Texts("items", "user", "email"); !reflect.DeepEqual(got, []string{member, owner}) {
			t.Errorf("factors are told of %v", got)
		}
		if list.Text("items.0.detail.methods") != "totp" || list.Value("items.0.address") != nil {
			t.Errorf("the member's factor is told as %s", list.Body)
		}
		if first := o.Call("GET", events, nil).Must(200); first.Text("items.0.action") != "account.enforced" || first.Text("items.0.actor.email") != owner ||
			first.Text("items.0.address") == "" {
			t.Errorf("the newest is %s", first.Body)
		}
		if page := o.Call("GET", events+"?limit=1&action=factor.", nil).Must(200); len(page.Texts("items", "id")) != 1 || page.Text("next_cursor") == "" {
			t.Errorf("a page is %s", page.Body)
		} else if next := o.Call("GET", events+"?action=factor.&cursor="+page.Text("next_cursor"), nil).Must(200); next.Text("items.0.user.email") != owner {
			t.Errorf("the next is %s", next.Body)
		}

		lines := o.Call("GET", events+".ndjson?action=factor.", nil).Must(200)
		if got := lines.Header.Get("Content-Disposition"); !strings.Contains(got, "audit-events-"+acme+".ndjson") {
			t.Errorf("the document is called %s", got)
		}
		var told []any
		for d := json.NewDecoder(bytes.NewReader(lines.Body)); d.More(); {
			var line any
			if err := d.Decode(&line); err != nil {
				t.Fatal(err)
			}
			told = append(told, line)
		}
		if !reflect.DeepEqual(told, list.Value("items")) {
			t.Errorf("line by line it is another record:\n%s\n%s", lines.Body, list.Body)
		}
		sheet := table(t, o.Call("GET", events+".csv?action=factor.", nil).Must(200))
		if len(sheet) != 2 || sheet[0]["user_email"] != member || sheet[0]["seq"] == "" || sheet[0]["address"] != "" {
			t.Errorf("the table is %v", sheet)
		}

		standing := map[string]string{}
		for _, row := range table(t, o.Call("GET", report, nil).Must(200)) {
			standing[row["email"]] = row["methods"] + " " + row["meets_rule"]
		}
		want := map[string]string{owner: "totp yes", member: "totp yes", admin: " no", contractor: " no"}
		if !reflect.DeepEqual(standing, want) {
			t.Errorf("the report says %v", standing)
		}
		if exports := o.Call("GET", events+"?action=evidence.", nil).Must(200).Texts("items", "detail", "document"); !reflect.DeepEqual(exports,
			[]string{"two-factor/report.csv", "audit-events.csv", "audit-events.ndjson"}) {
			t.Errorf("the record says of exports %v", exports)
		}
	})
}

// table reads CSV by the names of its columns.
func table(t *testing.T, a whole.Answer) []map[string]string {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(a.Body)).ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatalf("%v: %s", err, a.Body)
	}
	var rows []map[string]string
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}
