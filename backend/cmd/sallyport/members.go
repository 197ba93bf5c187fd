package main

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"sallyport/internal/account"
	"sallyport/internal/actor"
	"sallyport/internal/app"
	"sallyport/internal/credential"
	"sallyport/internal/fault"
	"sallyport/internal/id"
)

type membersCommands struct {
	List   membersList   `cmd:"" help:"List the members of an account, by address."`
	Add    membersAdd    `cmd:"" help:"Make one person a member."`
	Remove membersRemove `cmd:"" help:"Take a person out of an account; the last owner stays."`
	Role   membersRole   `cmd:"" help:"Give a member another role; the last owner stays."`
	Import membersImport `cmd:"" help:"Make everybody in a CSV file a member: all of them or, where a line is wrong, none."`
}

type (
	membersList struct {
		list
		ofAccount
		TwoFactor string `default:"all" enum:"all,missing,active" help:"Only those whose second factor is missing, or active: all, missing or active."`
		Query     string `short:"q" placeholder:"TEXT" help:"A part of the name or address."`
	}
	membersAdd struct {
		ofAccount
		Email             string `required:"" placeholder:"ADDRESS" help:"Their address."`
		Name              string `help:"Their name; needed of somebody who is not known yet."`
		Role              string `default:"member" enum:"owner,admin,billing,member" help:"owner, admin, billing or member."`
		Locale            string `default:"en" enum:"en,de" help:"The language of their mails: en or de."`
		TwoFactorRequired bool   `help:"Ask this one person for a second factor."`
		Invite            bool   `help:"Mail members who have no password a link to set one."`
	}
	membersRemove struct {
		ofPerson
		ofAccount
		because
	}
	membersRole struct {
		ofPerson
		ofAccount
		Role string `required:"" enum:"owner,admin,billing,member" help:"owner, admin, billing or member."`
		because
	}
)

type memberJSON struct {
	ID                string   `json:"id"`
	Email             string   `json:"email"`
	Name              string   `json:"name"`
	Role              string   `json:"role"`
	TwoFactorRequired bool     `json:"two_factor_required"`
	TwoFactorActive   bool     `json:"two_factor_active"`
	Methods           []string `json:"methods"`
	JoinedAt          *string  `json:"joined_at"`
}

// Run lists.
func (c membersList) Run(ctx context.Context, t *app.Tools) error {
	a, err := t.Accounts.Numbered(ctx, anOperator, c.Account)
	if err != nil {
		return err
	}
	f := account.Filter{Query: c.Query}
	if c.TwoFactor != "all" {
		f.TwoFactor = account.TwoFactorFilter(c.TwoFactor)
	}
	found, more, err := gather(c.list, func(limit int, cursor string) ([]account.Seen, string, error) {
		return t.Accounts.Members(ctx, anOperator, a.ID, f, account.Page{Limit: limit, Cursor: cursor})
	})
	if err != nil {
		return err
	}
	items, lines := make([]memberJSON, len(found)), make([][]string, len(found))
	for i, m := range found {
		methods := m.TwoFactor.Methods.Names()
		items[i] = memberJSON{ID: string(m.UserID), Email: m.Email, Name: m.Name, Role: string(m.Role), TwoFactorRequired: m.TwoFactorRequired,
			TwoFactorActive: m.TwoFactor.Active, Methods: append([]string{}, methods...), JoinedAt: moment(m.JoinedAt)}
		required := ""
		if m.TwoFactorRequired {
			required = "required"
		}
		lines[i] = []string{m.Email, m.Name, string(m.Role), strings.Join(methods, " "), required, at(m.JoinedAt)}
	}
	return c.print([]string{"address", "name", "role", "second factors", "switch", "joined"}, lines, items, more)
}

// Run adds one.
func (c membersAdd) Run(ctx context.Context, t *app.Tools) error {
	a, err := t.Accounts.Numbered(ctx, anOperator, c.Account)
	if err != nil {
		return err
	}
	if c.Email, err = account.ProperEmail(c.Email); err != nil {
		return err
	}
	if c.Name == "" {
		u, err := t.People.Person(ctx, anOperator, c.Email)
		if err != nil {
			return wrong{fmt.Errorf("--name: %s is not known yet, so they need a name", c.Email)}
		}
		c.Name = u.Name
	}
	if c.Name, err = account.ProperName(c.Name); err != nil {
		return err
	}
	one := account.Arrival{Email: c.Email, Name: c.Name, Role: account.Role(c.Role), Locale: c.Locale, TwoFactorRequired: c.TwoFactorRequired}
	done, err := t.Accounts.ImportMembers(ctx, anOperator, a.ID, only(one), account.Import{Way: "operator", Invite: c.Invite, Welcome: credential.WelcomeJob})
	switch {
	case err != nil:
		return err
	case done.Kept > 0:
		return account.ErrAlreadyMember
	case done.Created > 0:
		fmt.Printf("%s was made, and is a member of %s.\n", c.Email, a.Number)
	default:
		fmt.Printf("%s is a member of %s.\n", c.Email, a.Number)
	}
	return nil
}

func only(a account.Arrival) iter.Seq2[account.Arrival, error] {
	return func(yield func(account.Arrival, error) bool) { yield(a, nil) }
}

// member finds somebody in an account.
func member(ctx context.Context, t *app.Tools, who actor.Actor, number, person string) (a account.Account, userID id.User, email string, err error) {
	if a, err = t.Accounts.Numbered(ctx, who, number); err != nil {
		return a, "", "", err
	}
	u, err := t.People.Person(ctx, who, person)
	if err != nil {
		return a, "", "", err
	}
	_, err = t.Accounts.Store.Member(ctx, a.ID, u.ID)
	if e, told := fault.As(err); told && e.Kind == fault.NotFound {
		err = fmt.Errorf("%s is no member of %s", u.Email, a.Number)
	}
	return a, u.ID, u.Email, err
}

// Run removes one.
func (c membersRemove) Run(ctx context.Context, t *app.Tools) error {
	who, err := c.by()
	if err != nil {
		return err
	}
	a, userID, email, err := member(ctx, t, who, c.Account, c.Who)
	if err != nil {
		return err
	}
	if err := t.Accounts.RemoveMember(ctx, who, a.ID, userID); err != nil {
		return err
	}
	fmt.Printf("%s is no member of %s any more.\n", email, a.Number)
	return nil
}

// Run gives a role.
func (c membersRole) Run(ctx context.Context, t *app.Tools) error {
	who, err := c.by()
	if err != nil {
		return err
	}
	a, userID, email, err := member(ctx, t, who, c.Account, c.Who)
	if err != nil {
		return err
	}
	role := account.Role(c.Role)
	if _, err := t.Accounts.UpdateMember(ctx, who, a.ID, userID, account.Patch{Role: &role}); err != nil {
		return err
	}
	fmt.Printf("%s is %s of %s.\n", email, role, a.Number)
	return nil
}
