package actor_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/actor"
	"sallyport/internal/fault"
)

var write = flag.Bool("write", false, "write docs/roles.md anew")

// document is the table as docs/roles.md shows it.
func document() string {
	var b strings.Builder
	b.WriteString("# Who may do what\n\n" +
		"`make generate` writes this page from the table in `backend/internal/actor/actions.go`. Every check asks that table.\n\n" +
		"Roles belong to a person in one account: the same person may be an owner here and a member there. Whoever does not belong to an\n" +
		"account is told that there is none (404). *Confirmed* says what must have been shown again within five minutes: the password, or\n" +
		"the password and a second factor as strong as the strongest that the person has. *Programs* may do it with an API token whose\n" +
		"scope the operation names; they confirm nothing.\n\n## In an account\n\n| |")
	line := "\n| --- |"
	for _, r := range actor.Roles {
		fmt.Fprintf(&b, " %s |", r)
		line += " :---: |"
	}
	b.WriteString(" confirmed | programs |" + line + " --- | :---: |\n")
	for _, p := range actor.Permissions {
		if len(p.Roles) == 0 {
			continue
		}
		fmt.Fprintf(&b, "| %s |", p.Says)
		for _, r := range actor.Roles {
			b.WriteString(mark(r.May(p.Action)))
		}
		fmt.Fprintf(&b, " %s |%s\n", confirmed[p.Confirm], mark(p.Programs))
	}
	b.WriteString("\n## For oneself\n\n| | confirmed | between the doors |\n| --- | --- | :---: |\n")
	for _, p := range actor.Permissions {
		if len(p.Roles) == 0 {
			fmt.Fprintf(&b, "| %s | %s |%s\n", p.Says, confirmed[p.Confirm], mark(p.Between))
		}
	}
	return b.String()
}

func mark(yes bool) string {
	if yes {
		return " yes |"
	}
	return " |"
}

var confirmed = map[actor.Level]string{actor.Unconfirmed: "", actor.Password: "password", actor.Strong: "password and second factor"}

func TestRolesAreWrittenDown(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "..", "docs", "roles.md")
	want := document()
	if *write {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("docs/roles.md is not what the table says: run make generate. It should be\n\n%s", want)
	}
}

func TestPermissionsAreOneRowForEachAction(t *testing.T) {
	t.Parallel()
	var seen []actor.Action
	for _, p := range actor.Permissions {
		if slices.Contains(seen, p.Action) || p.Says == "" {
			t.Errorf("%s has two rows, or says nothing", p.Action)
		}
		seen = append(seen, p.Action)
		if p.Programs && p.Between {
			t.Errorf("%s is done by programs and between the doors", p.Action)
		}
		if len(p.Roles) == 0 {
			continue
		}
		if !slices.Contains(p.Roles, actor.Owner) {
			t.Errorf("an owner may not %s", p.Action)
		}
		// Roles are ranks but for one pair: an admin may do all that the others may, who may do things that each other may not.
		if (actor.Billing.May(p.Action) || actor.Plain.May(p.Action)) && !actor.Admin.May(p.Action) {
			t.Errorf("somebody below an admin may %s, and an admin may not", p.Action)
		}
	}
}

func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role   actor.Role
		action actor.Action
		want   error
	}{
		{actor.Owner, actor.EnforceRule, nil},
		{actor.Admin, actor.EnforceRule, fault.ErrOwnerOnly},
		{actor.Billing, actor.EnforceRule, fault.ErrOwnerOnly},
		{actor.Admin, actor.ReadAudit, nil},
		{actor.Billing, actor.ReadAudit, fault.ErrAdminOnly},
		{actor.Plain, actor.AdministerPeople, fault.ErrAdminOnly},
		{actor.Plain, actor.ReadBilling, fault.ErrForbidden},
		{actor.Billing, actor.ReadBilling, nil},
		{actor.Plain, actor.Leave, nil},
		{"", actor.ReadPortal, fault.ErrForbidden},
		{"god", actor.Leave, fault.ErrForbidden},
		{actor.Owner, "fly", fault.ErrForbidden},
		{actor.Owner, actor.Operate, fault.ErrForbidden},
	} {
		if err := c.role.Refusal(c.action); !errors.Is(err, c.want) {
			t.Errorf("%s, %s: %v, want %v", c.role, c.action, err, c.want)
		}
	}
}
