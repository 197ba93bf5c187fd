package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sallyport/internal/testkit/whole"
)

const header = "email,name,role,locale,two_factor_required\n"

// sheet writes a file.
func sheet(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// crowd is a sheet of n people.
func crowd(n int) string {
	var b strings.Builder
	b.WriteString(header)
	for i := range n {
		_, _ = fmt.Fprintf(&b, "crowd%05d@acme.test,\"One of many, %d\",member,en,\n", i, i)
	}
	return b.String()
}

func TestMembersImport(t *testing.T) {
	t.Parallel()
	serving(t, func(t *testing.T, s *served) {
		o := s.Person(owner).Protected()
		account := o.Account(acme)
		c := s.Person(contractor).In()
		members := func() int {
			return o.Call("GET", "/accounts/"+account+"/two-factor", nil).Must(200).Number("members.total")
		}
		text := header + "new@acme.test,\"Newcomer, The\",admin,de,true\n" + "owner@blue.test,Another Name,member,en,\n" + "member@acme.test,x,billing,en,\n"
		file := sheet(t, text)
		sum := sha256.Sum256([]byte(text))

		t.Run("a dry run says what would be done", func(t *testing.T) {
			s.run("members", "import", "--account", acme, "--dry-run", "--invite", file).must("Nothing was written", "3 people", "new members: 2, of whom 1 were not known",
				"left as they are: 1, of whom 1 have another role", "would be mailed")
			if n := members(); n != 4 {
				t.Errorf("%d members", n)
			}
		})
		t.Run("where one line is wrong nothing is written, and the line is named", func(t *testing.T) {
			bad := sheet(t, text+"nobody,Nobody,boss,en,\n"+"new@ACME.test,Twice,,,\n")
			p := s.run("members", "import", "--account", acme, bad).refuses("line 5, email: is not an e-mail address", "line 5, role: must be owner", "line 6, email: is the address of line 2",
				"3 errors: nothing was written")
			if strings.Contains(p.out, "new members") || members() != 4 {
				t.Errorf("printed %s; %d members", p.out, members())
			}
			s.run("members", "import", "--account", acme, sheet(t, "email,name,phone\n")).refuses(`no column "phone"`)
		})
		t.Run("everybody is a member at once, and nobody is mailed", func(t *testing.T) {
			b := s.Person("owner@blue.test").In()
			var done importJSON
			s.run("members", "import", "--account", acme, "--json", file).must().json(&done)
			if done.People != 3 || done.Created != 1 || done.Joined != 2 || done.Kept != 1 || done.Differ != 1 || done.SHA256 != hex.EncodeToString(sum[:]) {
				t.Errorf("got %+v", done)
			}
			s.soon("somebody who is in has the account", func() bool {
				return len(b.Call("GET", "/accounts", nil).Must(200).Texts("items", "number")) == 2
			})
			if found := o.Call("GET", "/accounts/"+account+"/members?q=comer%2C+THE", nil).Must(200).Texts("items", "email"); !slices.Equal(found, []string{"new@acme.test"}) {
				t.Errorf("by a part of their name are found %v", found)
			}
			e := s.recorded(o, account, "account.members_imported")
			if e.Text("items.0.detail.sha256") != done.SHA256 || e.Text("items.0.detail.joined") != "2" || e.Text("items.0.detail.file") != "people.csv" {
				t.Errorf("the record says %s", e.Body)
			}
			for _, to := range []string{"new@acme.test", "owner@blue.test", ordinary} {
				if mails := s.Mails(to); len(mails) != 0 {
					t.Errorf("%s has %v", to, mails)
				}
			}
		})
		t.Run("again nothing is doubled", func(t *testing.T) {
			s.run("members", "import", "--account", acme, file).must("new members: 0", "left as they are: 3")
			if n := members(); n != 6 {
				t.Errorf("%d members", n)
			}
			s.run("members", "import", "--account", acme, "--update", "--reason", why, file).must("changed: 1", "left as they are: 2")
			if e := s.recorded(o, account, "member.role_changed"); e.Text("items.0.detail.to") != "billing" || e.Text("items.0.detail.reason") != why {
				t.Errorf("the record says %s", e.Body)
			}
		})
		t.Run("lines that are wrong can be left out, by the standard input too", func(t *testing.T) {
			p := s.feed(header+"second@acme.test,Second,,,\nnobody,Nobody,,,\n", "members", "import", "--account", acme, "--skip-bad", "-").
				must("line 3, email", "new members: 1", "left out: 1")
			if strings.Contains(p.out, "line 3") {
				t.Error("what is wrong belongs to the standard error")
			}
		})
		t.Run("an invitation is a link to a password, for those who have none, once", func(t *testing.T) {
			s.run("members", "import", "--account", acme, "--invite", file).must("mailed one")
			n := s.Person("new@acme.test")
			n.Password = whole.NewcomersPassword
			token := link(t, s, "new@acme.test", "reset-password")
			link(t, s, "second@acme.test", "reset-password")
			s.run("members", "import", "--account", acme, "--invite", file).must()
			s.Eventually("the second job is done", func() bool {
				return count1(t, s, "SELECT count(*) FROM jobs WHERE kind = 'welcome'") == 0
			})
			if mails := len(s.Mails("new@acme.test")); mails != 1 || len(s.Mails("owner@blue.test")) != 0 {
				t.Errorf("%d mails", mails)
			}
			s.At(0).Call("PUT", "/auth/password-reset", "", map[string]any{"token": token, "password": n.Password}).Must(204)
			if status := n.SignIn().Must(200).Text("status"); status != "enrolment_required" { // the sheet asks it of this one person
				t.Errorf("the first sign-in answers %s", status)
			}
		})
		t.Run("one by one", func(t *testing.T) {
			s.run("members", "add", "--account", acme, "--email", "third@acme.test", "--name", "Third", "--role", "billing").must("was made, and is a member")
			s.run("members", "add", "--account", blue, "--email", "third@acme.test").must("is a member of SP-100002")
			s.run("members", "role", "third@acme.test", "--account", acme, "--role", "admin", "--reason", why).must("admin of SP-100001")
			s.run("members", "role", owner, "--account", acme, "--role", "member", "--reason", why).refuses("last owner")
			s.run("members", "remove", owner, "--account", acme, "--reason", why).refuses("last owner")
			c.Call("GET", "/accounts/"+account+"/services", nil).Must(200)
			s.run("members", "remove", contractor, "--account", acme, "--reason", why).must("no member of SP-100001 any more")
			s.soon("whoever was removed is out", func() bool { return c.Call("GET", "/accounts/"+account+"/services", nil).Is(404, "not_found") })
			s.run("members", "list", "--account", acme, "--two-factor", "missing", "--query", "third").must("third@acme.test", "admin")
			if listed := s.run("members", "list", "--account", acme, "--two-factor", "active").must(owner).out; strings.Count(listed, "\n") != 2 {
				t.Errorf("listed:\n%s", listed)
			}
		})
		s.run("audit", "verify").must("whole")
	})
}

func count1(t *testing.T, s *served, query string) (n int) {
	t.Helper()
	if err := whole.SQL(t, s.Database).QueryRow(query).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAPowerCutLeavesAnImportDoneOrNotBegun(t *testing.T) {
	t.Parallel()
	const people = 3000
	run := func(t *testing.T, databaseURL string) {
		sh, db := newShell(t, databaseURL), whole.SQL(t, databaseURL)
		file := sheet(t, crowd(people))
		count := func(query string) (n int) {
			t.Helper()
			if err := db.QueryRow(query).Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n
		}
		began := time.Now()
		sh.run("members", "import", "--account", blue, file).must()
		took := time.Since(began)
		for round := range 8 { // before the first line is written, in the midst, and at the end
			clear := []string{"DELETE FROM members WHERE user_id IN (SELECT id FROM users WHERE email LIKE 'crowd%')", "DELETE FROM audit_events", "DELETE FROM users WHERE email LIKE 'crowd%'"}
			for _, statement := range clear {
				if _, err := db.Exec(statement); err != nil {
					t.Fatal(err)
				}
			}
			c := exec.Command(binary, "members", "import", "--account", acme, file)
			var said bytes.Buffer
			c.Env, c.Stdout, c.Stderr = sh.env, &said, &said
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(took*time.Duration(round)/6 + rand.N(took/6))
			_ = c.Process.Kill()
			_ = c.Wait()
			written := []int{count("SELECT count(*) FROM users WHERE email LIKE 'crowd%'"),
				count("SELECT count(*) FROM members m JOIN users u ON u.id = m.user_id WHERE u.email LIKE 'crowd%'"),
				count("SELECT count(*) FROM audit_events WHERE action = 'member.joined'"), count("SELECT count(*) FROM audit_events WHERE action = 'user.created'"),
				people * count("SELECT count(*) FROM audit_events WHERE action = 'account.members_imported'")}
			t.Logf("killed in round %d: %v", round, written)
			for _, n := range written {
				if n != written[0] || (n != 0 && n != people) {
					t.Fatalf("half an import is left: %v, %s", written, said.String())
				}
			}
			if sh.run("members", "import", "--account", acme, file).must(); count("SELECT count(*) FROM users WHERE email LIKE 'crowd%'") != people {
				t.Error("an import after a power cut is not whole")
			}
		}
	}
	t.Run("sqlite", func(t *testing.T) { t.Parallel(); run(t, whole.SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { t.Parallel(); run(t, whole.Postgres(t)) })
}

func TestAccountCommands(t *testing.T) {
	t.Parallel()
	serving(t, func(t *testing.T, s *served) {
		m := s.Person(ordinary).In()
		m.Call("GET", "/accounts", nil).Must(200)
		s.run("account", "list").must("SP-100001", "Acme Hosting", owner, "not enforced", "SP-100002")
		if found := s.run("account", "list", "--query", "harbour").must("SP-100002").out; strings.Contains(found, "SP-100001") {
			t.Errorf("found:\n%s", found)
		}
		s.run("account", "show", "sp-100001").must("4, of whom 4 lack", owner)
		var made accountJSON
		s.run("account", "create", "--name", "Third Account", "--owner", ordinary, "--json").must().json(&made)
		s.soon("its owner has it", func() bool {
			return strings.Contains(string(m.Call("GET", "/accounts", nil).Must(200).Body), made.Number)
		})
		s.run("account", "rename", made.Number, "--name", "Renamed", "--reason", why).must("is called Renamed")
		s.soon("its owner sees the new name", func() bool {
			return m.Call("GET", "/accounts/"+made.ID, nil).Must(200).Text("name") == "Renamed"
		})
		if e := s.recorded(m, made.ID, "account.renamed"); e.Text("items.0.detail.reason") != why || e.Text("items.0.detail.from") != "Third Account" {
			t.Errorf("the record says %s", e.Body)
		}
		s.recorded(m, made.ID, "account.created")
	})
}
