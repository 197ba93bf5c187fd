package main

import (
	"context"
	"fmt"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/app"
)

type accountCommands struct {
	List   accountList   `cmd:"" help:"List accounts, by number."`
	Show   accountShow   `cmd:"" help:"Show an account: its owners, its rule, how many members meet it."`
	Create accountCreate `cmd:"" help:"Open an account for somebody who is there."`
	Rename accountRename `cmd:"" help:"Give an account another name."`
}

type (
	accountList struct {
		list
		Query string `short:"q" placeholder:"TEXT" help:"How the number begins, or a part of the name."`
	}
	accountShow struct {
		Number string `arg:"" help:"The account's number, SP-…"`
		JSON   bool   `name:"json" help:"Print JSON."`
	}
	accountCreate struct {
		Name  string `required:"" help:"The account's name."`
		Owner string `required:"" placeholder:"PERSON" help:"Who is to own it: address or identifier."`
		JSON  bool   `name:"json" help:"Print JSON."`
	}
	accountRename struct {
		Number string `arg:"" help:"The account's number, SP-…"`
		Name   string `required:"" help:"The new name."`
		because
	}
)

// accountJSON is an account as programs read it.
type accountJSON struct {
	ID        string   `json:"id"`
	Number    string   `json:"number"`
	Name      string   `json:"name"`
	CreatedAt *string  `json:"created_at"`
	Owners    []string `json:"owners"`
	Members   int      `json:"members"`
	Enforced  bool     `json:"enforced"`
	Strength  string   `json:"minimum_strength,omitempty"`
}

// ruleWords say the account's rule at one glance.
func ruleWords(r account.Rule) string {
	if !r.Enforced() {
		return "not enforced"
	}
	words := "enforced, " + string(r.Strength())
	if !r.GraceUntil.IsZero() {
		words += ", binds " + at(r.GraceUntil)
	}
	if r.Incident() {
		words += ", incident"
	}
	return words
}

func strengthOf(r account.Rule) string {
	if !r.Enforced() {
		return ""
	}
	return string(r.Strength())
}

// Run lists.
func (c accountList) Run(ctx context.Context, t *app.Tools) error {
	found, more, err := gather(c.list, func(limit int, cursor string) ([]account.Listed, string, error) {
		return t.Accounts.Directory(ctx, anOperator, c.Query, account.Page{Limit: limit, Cursor: cursor})
	})
	if err != nil {
		return err
	}
	items, lines := make([]accountJSON, len(found)), make([][]string, len(found))
	for i, a := range found {
		owner := a.Owner
		if a.Owners > 1 {
			owner += fmt.Sprintf(" and %d more", a.Owners-1)
		}
		items[i] = accountJSON{ID: string(a.ID), Number: a.Number, Name: a.Name, CreatedAt: moment(a.CreatedAt), Owners: []string{}, Members: a.Members,
			Enforced: a.Rule.Enforced(), Strength: strengthOf(a.Rule)}
		if a.Owner != "" {
			items[i].Owners = []string{a.Owner}
		}
		lines[i] = []string{a.Number, a.Name, owner, fmt.Sprint(a.Members), ruleWords(a.Rule)}
	}
	return c.print([]string{"number", "name", "owner", "members", "second factor"}, lines, items, more)
}

// Run shows.
func (c accountShow) Run(ctx context.Context, t *app.Tools) error {
	a, err := t.Accounts.Numbered(ctx, anOperator, c.Number)
	if err != nil {
		return err
	}
	owners, err := t.Accounts.OwnersOf(ctx, anOperator, a.ID)
	if err != nil {
		return err
	}
	report, err := t.Switch.Report(ctx, anOperator, a.ID)
	if err != nil {
		return err
	}
	addresses := make([]string, len(owners))
	for i, o := range owners {
		addresses[i] = o.Email
	}
	n := report.Counts
	if c.JSON {
		return printJSON(struct {
			accountJSON
			Compliant   int `json:"compliant"`
			Missing     int `json:"missing"`
			Invitations int `json:"invitations"`
		}{accountJSON{ID: string(a.ID), Number: a.Number, Name: a.Name, CreatedAt: moment(a.CreatedAt), Owners: addresses, Members: n.Total,
			Enforced: a.Rule.Enforced(), Strength: strengthOf(a.Rule)}, n.Compliant, n.Missing, n.Invitations})
	}
	return printFacts([][2]string{{"Number", a.Number}, {"Name", a.Name}, {"Identifier", string(a.ID)}, {"Opened", at(a.CreatedAt)}, {"Owners", strings.Join(addresses, ", ")},
		{"Second factor", ruleWords(a.Rule)}, {"Members", fmt.Sprintf("%d, of whom %d lack a second factor that counts", n.Total, n.Missing)},
		{"Invitations", fmt.Sprint(n.Invitations)}})
}

// Run opens an account.
func (c accountCreate) Run(ctx context.Context, t *app.Tools) error {
	owner, err := t.People.Person(ctx, anOperator, c.Owner)
	if err != nil {
		return err
	}
	m, err := t.Accounts.CreateFor(ctx, anOperator, owner.ID, c.Name)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(accountJSON{ID: string(m.ID), Number: m.Number, Name: m.Name, CreatedAt: moment(m.CreatedAt), Owners: []string{owner.Email}, Members: 1})
	}
	fmt.Printf("%s was opened for %s.\n", m.Number, owner.Email)
	return nil
}

// Run renames.
func (c accountRename) Run(ctx context.Context, t *app.Tools) error {
	who, err := c.by()
	if err != nil {
		return err
	}
	a, err := t.Accounts.Numbered(ctx, who, c.Number)
	if err != nil {
		return err
	}
	m, err := t.Accounts.Rename(ctx, who, a.ID, c.Name)
	if err != nil {
		return err
	}
	fmt.Printf("%s is called %s.\n", m.Number, printable(m.Name))
	return nil
}
