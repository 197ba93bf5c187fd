package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/app"
	"sallyport/internal/credential"
	"sallyport/internal/id"
	"sallyport/internal/user"
)

type userCommands struct {
	List         userList         `cmd:"" help:"List persons, by address."`
	Show         userShow         `cmd:"" help:"Show a person: their accounts, second factors, sessions."`
	Create       userCreate       `cmd:"" help:"Make a person, who has no password yet."`
	Disable      userDisable      `cmd:"" help:"Shut a person out, at once and everywhere."`
	Enable       userEnable       `cmd:"" help:"Let a person sign in again who was disabled."`
	SignOut      userSignOut      `cmd:"" help:"End every session of a person."`
	PasswordLink userPasswordLink `cmd:"" help:"Make a single-use link by which a person sets a password."`
}

// ofPerson names a person.
type ofPerson struct {
	Who string `arg:"" name:"person" help:"Address or identifier."`
}

// about is what every change of a person begins with: an operator has a reason, and the person is looked up.
func (p ofPerson) about(ctx context.Context, b because, people *credential.Service) (actor.Actor, user.User, error) {
	who, err := b.by()
	if err != nil {
		return who, user.User{}, err
	}
	u, err := people.Person(ctx, who, p.Who)
	return who, u, err
}

type (
	userList struct {
		list
		Query    string `short:"q" placeholder:"TEXT" help:"A part of the name or address."`
		Disabled bool   `help:"Only those who are disabled."`
	}
	userShow struct {
		ofPerson
		JSON bool `name:"json" help:"Print JSON."`
	}
	userCreate struct {
		Email  string `required:"" placeholder:"ADDRESS" help:"Their address."`
		Name   string `required:"" help:"Their name."`
		Locale string `default:"en" enum:"en,de" help:"The language of their mails: en or de."`
		JSON   bool   `name:"json" help:"Print JSON."`
	}
	userDisable struct {
		ofPerson
		because
	}
	userEnable struct {
		ofPerson
		because
	}
	userSignOut struct {
		ofPerson
		because
		APITokens bool `name:"api-tokens" help:"Revoke their API tokens too."`
	}
	userPasswordLink struct {
		ofPerson
		because
		Mail bool `help:"Mail it to them instead of printing it."`
	}
)

// personJSON is a person as programs read them.
type personJSON struct {
	ID          string   `json:"id"`
	Email       string   `json:"email"`
	Name        string   `json:"name"`
	Locale      string   `json:"locale"`
	Staff       string   `json:"staff,omitempty"`
	HasPassword bool     `json:"has_password"`
	Methods     []string `json:"methods"`
	CreatedAt   *string  `json:"created_at"`
	DisabledAt  *string  `json:"disabled_at"`
}

func personOf(u user.User) personJSON {
	return personJSON{ID: string(u.ID), Email: u.Email, Name: u.Name, Locale: u.Locale, Staff: u.StaffRole, HasPassword: u.PasswordHash != "",
		Methods: append([]string{}, u.Factors.Names()...), CreatedAt: moment(u.CreatedAt), DisabledAt: moment(u.DisabledAt)}
}

// state is what there is to know of a person at one glance.
func state(u user.User) string {
	switch {
	case !u.DisabledAt.IsZero():
		return "disabled"
	case u.PasswordHash == "":
		return "no password"
	}
	return "active"
}

// Run lists.
func (c userList) Run(ctx context.Context, t *app.Tools) error {
	found, more, err := gather(c.list, func(limit int, cursor string) ([]user.User, string, error) {
		return t.People.People(ctx, anOperator, c.Query, c.Disabled, account.Page{Limit: limit, Cursor: cursor})
	})
	if err != nil {
		return err
	}
	items, lines := make([]personJSON, len(found)), make([][]string, len(found))
	for i, u := range found {
		items[i] = personOf(u)
		lines[i] = []string{u.Email, u.Name, state(u), strings.Join(u.Factors.Names(), " "), at(u.CreatedAt)}
	}
	return c.print([]string{"address", "name", "state", "second factors", "created"}, lines, items, more)
}

// belongingJSON is an account as one of its members has it.
type belongingJSON struct {
	Number string `json:"number"`
	Name   string `json:"name"`
	Role   string `json:"role"`
}

// Run shows.
func (c userShow) Run(ctx context.Context, t *app.Tools) error {
	u, err := t.People.Person(ctx, anOperator, c.Who)
	if err != nil {
		return err
	}
	accounts, err := accountsOf(ctx, t, u.ID)
	if err != nil {
		return err
	}
	sessions, _, err := t.Book.Store.Sessions(ctx, u.ID, t.Now(), 1000, "")
	if err != nil {
		return err
	}
	tokens, err := t.Book.APITokens(ctx, u.ID)
	if err != nil {
		return err
	}
	live := 0
	for _, token := range tokens {
		if token.Live(t.Now()) {
			live++
		}
	}
	codes, _, _, err := t.Factors.CountRecoveryCodes(ctx, u.ID)
	if err != nil {
		return err
	}
	belongs, words := make([]belongingJSON, len(accounts)), make([]string, len(accounts))
	for i, a := range accounts {
		belongs[i] = belongingJSON{a.Number, a.Name, string(a.Role)}
		words[i] = a.Number + " " + string(a.Role)
	}
	if c.JSON {
		return printJSON(struct {
			personJSON
			Accounts      []belongingJSON `json:"accounts"`
			RecoveryCodes int             `json:"recovery_codes"`
			Sessions      int             `json:"sessions"`
			APITokens     int             `json:"api_tokens"`
		}{personOf(u), belongs, codes, len(sessions), live})
	}
	return printFacts([][2]string{{"Identifier", string(u.ID)}, {"Address", u.Email}, {"Name", u.Name}, {"Language", u.Locale}, {"Staff", u.StaffRole}, {"State", state(u)},
		{"Created", at(u.CreatedAt)}, {"Disabled", at(u.DisabledAt)}, {"Accounts", strings.Join(words, ", ")},
		{"Second factors", strings.Join(u.Factors.Names(), " ")}, {"Recovery codes", fmt.Sprint(codes)}, {"Sessions", fmt.Sprint(len(sessions))},
		{"API tokens", fmt.Sprint(live)}})
}

func accountsOf(ctx context.Context, t *app.Tools, userID id.User) ([]account.Membership, error) {
	all, _, err := gather(list{}, func(limit int, cursor string) ([]account.Membership, string, error) {
		return t.Accounts.ListOf(ctx, anOperator, userID, account.Page{Limit: limit, Cursor: cursor})
	})
	return all, err
}

// Run makes a person.
func (c userCreate) Run(ctx context.Context, t *app.Tools) error {
	u, err := t.People.CreatePerson(ctx, anOperator, c.Email, c.Name, c.Locale)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(personOf(u))
	}
	fmt.Printf("%s was made, identifier %s. They have no password: they ask for one at the sign-in page, or you with `sallyport user password-link`.\n", u.Email, u.ID)
	return nil
}

// Run disables.
func (c userDisable) Run(ctx context.Context, t *app.Tools) error {
	who, u, err := c.about(ctx, c.because, t.People)
	if err != nil {
		return err
	}
	if err := t.People.Disable(ctx, who, u.ID); err != nil {
		return err
	}
	fmt.Printf("%s is disabled: every session is over, API tokens stop, no link opens anything.\n", u.Email)
	return warnOwnerless(ctx, t, u)
}

// warnOwnerless names accounts that nobody owns who can sign in.
func warnOwnerless(ctx context.Context, t *app.Tools, u user.User) error {
	accounts, err := accountsOf(ctx, t, u.ID)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		if a.Role != account.Owner {
			continue
		}
		owners, err := t.Accounts.OwnersOf(ctx, anOperator, a.ID)
		if err != nil {
			return err
		}
		if len(owners) == 0 {
			_, _ = fmt.Fprintf(os.Stderr, "Mind that %s, %s, has no owner any more who can sign in.\n", a.Number, printable(a.Name))
		}
	}
	return nil
}

// Run enables.
func (c userEnable) Run(ctx context.Context, t *app.Tools) error {
	who, u, err := c.about(ctx, c.because, t.People)
	if err != nil {
		return err
	}
	if err := t.People.Enable(ctx, who, u.ID); err != nil {
		return err
	}
	fmt.Printf("%s may sign in again. Sessions that were ended stay ended.\n", u.Email)
	return nil
}

// Run signs out.
func (c userSignOut) Run(ctx context.Context, t *app.Tools) error {
	who, u, err := c.about(ctx, c.because, t.People)
	if err != nil {
		return err
	}
	if err := t.People.SignOut(ctx, who, u.ID, c.APITokens); err != nil {
		return err
	}
	fmt.Printf("%s is signed out everywhere.\n", u.Email)
	return nil
}

// Run makes a link.
func (c userPasswordLink) Run(ctx context.Context, t *app.Sealed) error {
	who, u, err := c.about(ctx, c.because, t.People)
	if err != nil {
		return err
	}
	link, expires, err := t.People.PasswordLink(ctx, who, u.ID, c.Mail)
	if err != nil {
		return err
	}
	if c.Mail {
		fmt.Printf("A link goes to %s; it works once, until %s.\n", u.Email, at(expires))
		return nil
	}
	_, _ = fmt.Fprintf(os.Stderr, "It works once, until %s. Hand it to %s and to nobody else.\n", at(expires), u.Email)
	fmt.Println(link)
	return nil
}
