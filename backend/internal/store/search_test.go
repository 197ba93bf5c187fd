package store_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"sallyport/internal/account"
	"sallyport/internal/portal"
	"sallyport/internal/testkit"
	"sallyport/internal/user"
)

// spellings are those in which a name is looked for: as it is in small letters, with letters beyond ASCII in capitals where a
// word begins, and everywhere.
func spellings(q string) []string {
	all := func(initials bool) string {
		before := ' '
		return strings.Map(func(r rune) rune {
			begins := !unicode.IsLetter(before)
			before = r
			if r > unicode.MaxASCII && (begins || !initials) {
				return unicode.ToUpper(r)
			}
			return unicode.ToLower(r)
		}, q)
	}
	return []string{strings.ToLower(q), all(true), all(false)}
}

// plainly finds members without any index: it reads all of them.
func plainly(rows [][3]string, lower func(string) string, q string) (found []string) {
	for _, r := range rows { // id, name, address
		is := strings.Contains(user.EmailKey(r[2]), user.EmailKey(q))
		for _, s := range spellings(q) {
			is = is || strings.Contains(lower(r[1]), s)
		}
		if is {
			found = append(found, r[0])
		}
	}
	return found
}

// ascii is the lower() of SQLite, and of PostgreSQL in the C locale.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= unicode.MaxASCII {
			return unicode.ToLower(r)
		}
		return r
	}, s)
}

// Whatever is looked for, however many have it: the indexes find what reading everything finds, and nothing else.
func TestIndexesFindWhatReadingEverythingFinds(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme := w.account("SP-000001")
		first := []string{"Ann", "ÖZGÜR", "Östen", "jürgen", "100%", "a_b", `back\slash`, "Łucja", "李小龍", "Ünal", `"quoted"`, "O'Neil", "Zoë", "x"}
		last := []string{"Öztürk", "Weber", "Åberg", "of Common Name", "Common", "common people", "Straße", "Éclair", "%_\\", "李"}
		var users, members []string
		var rows [][3]string
		for i := range 1300 {
			name, id := first[i%len(first)]+" "+last[i/7%len(last)], fmt.Sprintf("u%04d", i)
			email := fmt.Sprintf("%s%d@%s.test", []string{"ann", "we_b", "info%", "zed"}[i%4], i*7919%1300, []string{"find", "Common"}[i%2])
			quoted := strings.ReplaceAll(name, "'", "''")
			users = append(users, fmt.Sprintf("('%s','%s','%s','%s','-',1)", id, email, user.EmailKey(email), quoted))
			members = append(members, fmt.Sprintf("('%s','%s','member',1)", acme, id))
			rows = append(rows, [3]string{id, name, email})
		}
		write := func(into string, values []string) {
			if _, err := w.raw.ExecContext(w.ctx, "INSERT INTO "+into+" VALUES "+strings.Join(values, ",")); err != nil {
				t.Fatal(err)
			}
		}
		write("users (id, email, email_key, name, password_hash, created_at)", users)
		write("members (account_id, user_id, role, created_at)", members)
		w.exec("UPDATE members SET name_key = lower(u.name), email_key = u.email_key FROM users u WHERE u.id = members.user_id")

		slices.SortFunc(rows, func(a, b [3]string) int { return strings.Compare(user.EmailKey(a[2]), user.EmailKey(b[2])) })
		distance := func(r [3]string, q string) int {
			for _, s := range spellings(q) {
				if strings.HasPrefix(ascii(r[1]), s) {
					return 0
				}
			}
			if strings.HasPrefix(user.EmailKey(r[2]), user.EmailKey(q)) {
				return 1
			}
			return 2
		}
		rapid.Check(t, func(r *rapid.T) {
			whole := []rune(rapid.SampledFrom(rows).Draw(r, "somebody")[rapid.IntRange(1, 2).Draw(r, "of")])
			from := rapid.IntRange(0, len(whole)-1).Draw(r, "from")
			q := string(whole[from:min(len(whole), from+rapid.IntRange(1, 12).Draw(r, "long"))])
			q = rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, strings.TrimSpace, func(s string) string { return s + "q" }}).Draw(r, "spelt")(q)
			if q = strings.TrimSpace(q); q == "" {
				return
			}
			want := plainly(rows, ascii, q)
			got := []string{}
			for after := ""; ; {
				page, err := w.Members(w.ctx, acme, account.Filter{Query: q}, after, 200)
				w.must(err)
				for _, m := range page {
					got = append(got, m.UserID)
				}
				if len(page) < 200 {
					break
				}
				after = user.EmailKey(page[len(page)-1].Email)
			}
			if !slices.Equal(got, want) {
				r.Fatalf("%q: %d members are listed, not %d", q, len(got), len(want))
			}

			best := slices.DeleteFunc(slices.Clone(rows), func(r [3]string) bool { return !slices.Contains(want, r[0]) })
			slices.SortFunc(best, func(a, b [3]string) int {
				if d := distance(a, q) - distance(b, q); d != 0 {
					return d
				}
				if n := strings.Compare(ascii(a[1]), ascii(b[1])); n != 0 {
					return n
				}
				return strings.Compare(a[0], b[0])
			})
			hits, err := w.Search(w.ctx, acme, q, 20)
			w.must(err)
			if len(hits) != min(20, len(best)) {
				r.Fatalf("%q: %d hits of %d", q, len(hits), len(best))
			}
			for i, h := range hits {
				if h.Type != portal.FoundMember || h.ID != best[i][0] {
					r.Fatalf("%q: hit %d is %v, not %v", q, i, h, best[i])
				}
			}
		})
	})
}

func TestSearchKeepsInStep(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		acme, blue := w.account("SP-000001"), w.account("SP-000002")
		ann := w.person("Annabel", "first@step.test", 0)
		w.join(acme, ann, account.Owner)
		w.join(blue, ann, account.Plain)
		w.join(acme, w.person("Somebody else", "other@step.test", 0), account.Owner)
		found := func(accountID, q string) bool {
			t.Helper()
			hits, err := w.Search(w.ctx, accountID, q, 5)
			w.must(err)
			list, err := w.Members(w.ctx, accountID, account.Filter{Query: q}, "", 5)
			w.must(err)
			if len(hits) != len(list) {
				t.Errorf("%s: %d hits, and %d are listed", q, len(hits), len(list))
			}
			return len(hits) > 0
		}
		w.must(w.UpdateProfile(w.ctx, ann, "Rosalind", ""))
		if found(acme, "annabel") || !found(acme, "rosal") || !found(blue, "ALIND") {
			t.Error("with another name")
		}
		if changed, err := w.ChangeEmail(w.ctx, ann, "Second@step.test", noon); !changed || err != nil {
			t.Fatal(changed, err)
		}
		if found(acme, "first@") || !found(blue, "second@") {
			t.Error("with another address")
		}
		if removed, err := w.RemoveMember(w.ctx, acme, ann); !removed || err != nil {
			t.Fatal(removed, err)
		}
		if found(acme, "rosalind") || !found(blue, "rosalind") {
			t.Error("out of one account")
		}
		w.join(acme, ann, account.Plain)
		if w.Dialect() == "sqlite" { // which may number rows anew
			w.exec("VACUUM")
		}
		w.must(w.UpdateProfile(w.ctx, ann, "Annabel", ""))
		if found(acme, "rosalind") || !found(acme, "annabel") || found(acme, "second@step.test@") {
			t.Error("back again")
		}
	})
}

func TestMembersFromBeforeTheirIndexesAreFoundByThem(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		w.must(w.GoBack(w.ctx, 10))
		ann, acme := w.person("Ann Öztürk", "a@before.test", 0), w.account("SP-000001")
		w.exec("INSERT INTO members (account_id, user_id, role, created_at, email_key) VALUES ('%s', '%s', 'member', 1, 'a@before.test')", acme, ann)
		if n, err := w.Migrate(w.ctx); n < 2 || err != nil {
			t.Fatal(n, err)
		}
		for _, q := range []string{"ann", "ÖZTÜRK", "before", "n ö"} {
			hits, err := w.Search(w.ctx, acme, q, 5)
			w.must(err)
			list, err := w.Members(w.ctx, acme, account.Filter{Query: q}, "", 5)
			w.must(err)
			if len(hits) != 1 || len(list) != 1 {
				t.Errorf("%s: %d hits, and %d are listed", q, len(hits), len(list))
			}
		}
	})
}
