package main

import (
	"context"
	"fmt"
	"strings"

	"sallyport/internal/app"
	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
	"sallyport/internal/factor"
	"sallyport/internal/id"
)

type factorCommands struct {
	List  factorList  `cmd:"" help:"List a person's second factors; never a secret."`
	Reset factorReset `cmd:"" help:"Take a person's second factors and recovery codes away. Ends their sessions, and tells them on every channel."`
}

type (
	factorList struct {
		User string `required:"" placeholder:"PERSON" help:"Address or identifier."`
		JSON bool   `name:"json" help:"Print JSON."`
	}
	factorReset struct {
		User   string    `required:"" placeholder:"PERSON" help:"Address or identifier."`
		Factor id.Factor `placeholder:"ID" help:"Only this one, as 'sallyport factor list' names it."`
		because
	}
)

type factorJSON struct {
	ID         string  `json:"id"`
	Type       string  `json:"type"`
	Name       string  `json:"name"`
	Status     string  `json:"status"`
	Hint       string  `json:"hint"`
	Default    bool    `json:"default"`
	CreatedAt  *string `json:"created_at"`
	LastUsedAt *string `json:"last_used_at"`
	DisabledAt *string `json:"disabled_at"`
}

// status is a factor's, and whether it is locked.
func status(f factor.Factor) string {
	if !f.DisabledAt.IsZero() {
		return "locked"
	}
	return string(f.Status)
}

// Run lists.
func (c factorList) Run(ctx context.Context, t *app.Tools) error {
	u, err := t.People.Person(ctx, anOperator, c.User)
	if err != nil {
		return err
	}
	found, err := t.Factors.All(ctx, u.ID)
	if err != nil {
		return err
	}
	codes, _, _, err := t.Factors.CountRecoveryCodes(ctx, u.ID)
	if err != nil {
		return err
	}
	items, lines := make([]factorJSON, len(found)), [][]string{{"identifier", "method", "name", "status", "last used"}}
	for i, f := range found {
		items[i] = factorJSON{ID: string(f.ID), Type: f.Type.String(), Name: f.Name, Status: status(f), Hint: f.Hint, Default: f.Default, CreatedAt: moment(f.CreatedAt),
			LastUsedAt: moment(f.LastUsedAt), DisabledAt: moment(f.DisabledAt)}
		lines = append(lines, []string{string(f.ID), f.Type.String(), f.Name, status(f), at(f.LastUsedAt)})
	}
	if c.JSON {
		return printJSON(map[string]any{"items": items, "recovery_codes": codes})
	}
	if err := printTable(lines); err != nil {
		return err
	}
	fmt.Printf("%s left\n", count(codes, "recovery code", "recovery codes"))
	return nil
}

// Run resets.
func (c factorReset) Run(ctx context.Context, t *app.Sealed) error {
	who, err := c.by()
	if err != nil {
		return err
	}
	u, err := t.People.Person(ctx, who, c.User)
	if err != nil {
		return err
	}
	gone, err := t.Stairs.ResetFactors(ctx, who, u.ID, c.Factor)
	if err != nil {
		return err
	}
	methods := make([]string, len(gone))
	for i, f := range gone {
		methods[i] = f.Type.String()
	}
	fmt.Printf("%s of %s: gone (%s). Every session is over, and they are told.\n", count(len(gone), "second factor", "second factors"), u.Email, strings.Join(methods, ", "))
	p, err := t.Switch.Facts.Person(ctx, u.ID)
	if err != nil {
		return err
	}
	switch p.Standing(assurance.Password(), t.Now()).State {
	case enforcement.SecondFactorDue:
		fmt.Println("Their next sign-in asks for one of those that are left.")
	case enforcement.EnrolmentDue:
		fmt.Println("Their next sign-in asks them to set up a new one.")
	default:
		fmt.Println("Their password alone opens the portal until they set up a new one: no rule asks them for it now.")
	}
	return nil
}
