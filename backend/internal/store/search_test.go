package store_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"

	"sallyport/internal/account"
	"sallyport/internal/id"
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

// listed is a member as whoever reads everything knows them.
type listed struct{ id, name, email string } // the name in small letters, the address as user.EmailKey spells it

// distance is how far what they are looked for lies from the beginning; false where they do not have it.
func (l listed) distance(q string) (int, bool) {
	named, within := false, strings.Contains(l.email, user.EmailKey(q))
	for _, s := range spellings(q) {
		named, within = named || strings.HasPrefix(l.name, s), within || strings.Contains(l.name, s)
	}
	switch {
	case named:
		return 0, true
	case strings.HasPrefix(l.email, user.EmailKey(q)):
		return 1, true
	}
	return 2, within
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
		var rows []listed
		for i := range 1300 {
			name, id := first[i%len(first)]+" "+last[i/7%len(last)], fmt.Sprintf("u%04d", i)
			email := fmt.Sprintf("%s%d@%s.test", []string{"ann", "we_b", "info%", "zed"}[i%4], i*7919%1300, []string{"find", "Common"}[i%2])
			quoted := strings.ReplaceAll(name, "'", "''")
			users = append(users, fmt.Sprintf("('%s','%s','%s','%s','-',1)", id, email, user.EmailKey(email), quoted))
			members = append(members, fmt.Sprintf("('%s','%s','member',1)", acme, id))
			rows = append(rows, listed{id, ascii(name), user.EmailKey(email)})
		}
		write := func(into string, values []string) {
			if _, err := w.raw.ExecContext(w.ctx, "INSERT INTO "+into+" VALUES "+strings.Join(values, ",")); err != nil {
				t.Fatal(err)
			}
		}
		write("users (id, email, email_key, name, password_hash, created_at)", users)
		write("members (account_id, user_id, role, created_at)", members)
		w.exec("UPDATE members SET name_key = lower(u.name), email_key = u.email_key FROM users u WHERE u.id = members.user_id")

		slices.SortFunc(rows, func(a, b listed) int { return strings.Compare(a.email, b.email) })
		rapid.Check(t, func(r *rapid.T) {
			somebody := rapid.SampledFrom(rows).Draw(r, "somebody")
			whole := []rune(rapid.SampledFrom([]string{somebody.name, somebody.email}).Draw(r, "of"))
			from := rapid.IntRange(0, len(whole)-1).Draw(r, "from")
			q := string(whole[from:min(len(whole), from+rapid.IntRange(1, 12).Draw(r, "long"))])
			q = rapid.SampledFrom([]func(string) string{strings.ToUpper, strings.ToLower, strings.TrimSpace, func(s string) string { return s + "q" }}).Draw(r, "spelt")(q)
			if q = strings.TrimSpace(q); q == "" {
				return
			}
			var want []string // by address
			var best [3][]listed
			for _, l := range rows {
				if distance, is := l.distance(q); is {
					want, best[distance] = append(want, l.id), append(best[distance], l)
				}
			}
			var got []string
			for after := ""; ; {
				page, err := w.Members(w.ctx, acme, account.Filter{Query: q}, after, 500)
				w.must(err)
				for _, m := range page {
					got = append(got, string(m.UserID))
				}
				if len(page) < 500 {
					break
				}
				after = user.EmailKey(page[len(page)-1].Email)
			}
			if !slices.Equal(got, want) {
				r.Fatalf("%q: %d members are listed, not %d", q, len(got), len(want))
			}

			var first []string
			for _, some := range best {
				slices.SortFunc(some, func(a, b listed) int { return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.id, b.id)) })
				for _, l := range some {
					first = append(first, l.id)
				}
			}
			hits, err := w.Search(w.ctx, acme, q, 20)
			w.must(err)
			var found []string
			for _, h := range hits {
				found = append(found, h.ID)
			}
			if first = first[:min(20, len(first))]; !slices.Equal(found, first) {
				r.Fatalf("%q: the hits are %v, not %v", q, found, first)
			}
		})
	})
}

// The index of trigrams is one for all accounts. What is common in another account is found in this one all the same.
func TestWhatIsCommonElsewhereIsFoundHere(t *testing.T) {
	t.Parallel()
	testkit.Databases(t, func(t *testing.T, databaseURL string) {
		w := newWorld(t, databaseURL)
		large, small := w.account("SP-000001"), w.account("SP-000002")
		for accountID, n := range map[id.Account]int{large: 6000, small: 30} {
			const numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
			id := "'" + string(accountID) + ":' || i"
			w.exec("INSERT INTO users (id, email, email_key, name, password_hash, created_at) "+numbers+
				"SELECT %s, %s || '@common.test', %s || '@common.test', 'Common', '-', 1 FROM n", n, id, id, id)
			w.exec("INSERT INTO members (account_id, user_id, role, created_at, email_key, name_key) "+numbers+
				"SELECT '%s', %s, 'member', 1, %s || '@common.test', 'common' || CASE WHEN '%s' = '%s' THEN ' elsewhere' ELSE '' END FROM n",
				n, accountID, id, id, accountID, large)
		}
		for q, want := range map[string]int{"common": 30, "@common.test": 30, "elsewhere": 0} {
			page, err := w.Members(w.ctx, small, account.Filter{Query: q}, "", 50)
			w.must(err)
			hits, err := w.Search(w.ctx, small, q, 20)
			w.must(err)
			if len(page) != want || len(hits) != min(want, 20) {
				t.Errorf("%q: %d members are listed and %d found, not %d", q, len(page), len(hits), want)
			}
		}
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
		found := func(accountID id.Account, q string) bool {
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
		if changed, err := w.ChangeEmail(w.ctx, ann, "Second@step.test", "", noon); !changed || err != nil {
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
		ann, acme := id.User(id.New()), w.account("SP-000001")
		w.exec("INSERT INTO users (id, email, email_key, name, password_hash, created_at) VALUES ('%s', 'a@before.test', 'a@before.test', 'Ann Öztürk', '-', 1)", ann)
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
