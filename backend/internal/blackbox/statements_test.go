package blackbox_test

import (
	"testing"

	"sallyport/internal/app"
	"sallyport/internal/testkit"
	"sallyport/internal/testkit/whole"
)

// A statement is a way to the database and back, in each request: everybody pays for one that is not needed. The bounds are of somebody
// whom the replica remembers, with BEGIN and COMMIT, and without. The first time takes more: a sign-in reads person, memberships and
// rules, and a second step makes its slots for guesses.
// door is something that is asked several times, and how many statements it may take at most.
type door struct {
	what      string
	runs      []testkit.Statements
	all, work int
}

func TestADoorTakesNoMoreStatementsThanItNeeds(t *testing.T) {
	t.Parallel()
	databaseURL := whole.Postgres(t)
	r := testkit.RecordSQL(t, databaseURL)
	h := whole.Open(t, databaseURL, whole.Plan{Config: func(_ int, c *app.Config) { c.DatabaseURL = r.URL(databaseURL) }})
	p := h.Person(owner).Protected()
	p.In() // the same person in the same place, before anything is counted
	p.RefreshNow().Must(200)

	// Several times each, and the least: a server that was kept from hearing itself for a second, or hears late of what it has
	// just written, asks the database where it would have remembered.
	var signIn, second, refresh []testkit.Statements
	account := "/accounts/" + p.Account(acme)
	// Who may read is remembered, so that a read takes what it shows, and nothing where memory knows that too.
	reads := map[string]int{"/me": 0, account: 0, "/accounts": 1, account + "/services": 1, "/me/sessions": 1, "/me/factors": 1, "/catalogue": 1}
	read := map[string][]testkit.Statements{}
	for range 5 {
		signIn = append(signIn, r.Count(t, func() { p.SignIn().Must(200) }))
		if p.Partial == "" {
			t.Fatal("the sign-in does not end between the doors")
		}
		code := p.App.Next()
		second = append(second, r.Count(t, func() { p.Answer(code).Must(200) }))
		refresh = append(refresh, r.Count(t, func() { p.RefreshNow().Must(200) }))
		for range 3 {
			for path := range reads {
				read[path] = append(read[path], r.Count(t, func() { p.Call("GET", path, nil).Must(200) }))
			}
		}
	}
	doors := []door{
		{"a sign-in", signIn, 10, 8},
		{"a second step", second, 10, 8},
		{"a refresh", refresh, 5, 3},
	}
	for path, most := range reads {
		doors = append(doors, door{"GET " + path, read[path], most, most})
	}
	for _, door := range doors {
		least := testkit.Least(door.runs...)
		var counts []int
		for _, run := range door.runs {
			counts = append(counts, len(run))
		}
		t.Logf("%s takes %d statements, %d without BEGIN and COMMIT (of the runs %v):\n%s", door.what, len(least), len(least.Work()), counts, least)
		least.AtMost(t, door.what, door.all, door.work)
	}
}
