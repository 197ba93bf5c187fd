package account_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"sallyport/internal/account"
	"sallyport/internal/fault"
)

var write = flag.Bool("write", false, "write docs/roles.md anew")

// document is the table as docs/roles.md shows it.
func document() string {
	var b strings.Builder
	b.WriteString("# What each role may do\n\n" +
		"Written from the table in `backend/internal/account/roles.go` by `make generate`; every check asks that table. Roles belong to a\n" +
		"person in one account: the same person may be an owner here and a member there. Whoever is no member of an account is told that\n" +
		"there is none (404).\n\n" +
		"| |")
	line := "\n| --- |"
	for _, r := range account.Roles {
		fmt.Fprintf(&b, " %s |", r)
		line += " :---: |"
	}
	b.WriteString(line + "\n")
	for _, p := range account.Permissions {
		fmt.Fprintf(&b, "| %s |", p.Says)
		for _, r := range account.Roles {
			mark := " "
			if r.May(p.Action) {
				mark = " yes "
			}
			b.WriteString(mark + "|")
		}
		b.WriteString("\n")
	}
	return b.String()
}

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
	var seen []account.Action
	for _, p := range account.Permissions {
		if slices.Contains(seen, p.Action) || p.Says == "" {
			t.Errorf("%s has two rows, or says nothing", p.Action)
		}
		seen = append(seen, p.Action)
		if !slices.Contains(p.Roles, account.Owner) {
			t.Errorf("an owner may not %s", p.Action)
		}
		// Roles are ranks but for one pair: an admin may do all that the others may, who may do things that each other may not.
		if (account.Billing.May(p.Action) || account.Plain.May(p.Action)) && !account.Admin.May(p.Action) {
			t.Errorf("somebody below an admin may %s, and an admin may not", p.Action)
		}
	}
}

func TestPermit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		role   account.Role
		action account.Action
		want   error
	}{
		{account.Owner, account.Enforce, nil},
		{account.Admin, account.Enforce, fault.ErrOwnerOnly},
		{account.Billing, account.Enforce, fault.ErrOwnerOnly},
		{account.Admin, account.ReadAudit, nil},
		{account.Billing, account.ReadAudit, fault.ErrAdminOnly},
		{account.Plain, account.AdministerPeople, fault.ErrAdminOnly},
		{account.Plain, account.ReadBilling, fault.ErrForbidden},
		{account.Billing, account.ReadBilling, nil},
		{account.Plain, account.Leave, nil},
		{"", account.ReadPortal, fault.ErrForbidden},
		{"god", account.Leave, fault.ErrForbidden},
		{account.Owner, "fly", fault.ErrForbidden},
	} {
		if err := c.role.Permit(c.action); !errors.Is(err, c.want) {
			t.Errorf("%s, %s: %v, want %v", c.role, c.action, err, c.want)
		}
	}
}
