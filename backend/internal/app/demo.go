package app

import (
	"context"
	"fmt"

	"sallyport/internal/account"
	"sallyport/internal/id"
	"sallyport/internal/portal"
	"sallyport/internal/user"
)

// demoPassword is everybody's in the demo. It opens nothing else.
const demoPassword = "sallyport-demo-1"

type demoPerson struct{ email, name, locale, staff string }

var demoPeople = []demoPerson{
	{"owner@acme.test", "Acme Owner", "en", ""},
	{"admin@acme.test", "Acme Admin", "en", ""},
	{"member@acme.test", "Acme Member", "en", ""},
	{"contractor@acme.test", "Acme Contractor", "de", ""},
	{"owner@blue.test", "Blue Owner", "en", ""},
	{"agent@support.test", "Support Agent", "en", "agent"},
	{"lead@support.test", "Support Lead", "en", "lead"},
}

type demoMember struct {
	email string
	role  account.Role
}

var demoAccounts = []struct {
	number, name string
	members      []demoMember
	services     []portal.Hosting
}{
	{"SP-100001", "Acme Hosting", []demoMember{
		{"owner@acme.test", account.Owner}, {"admin@acme.test", account.Admin}, {"member@acme.test", account.Plain}, {"contractor@acme.test", account.Plain},
	}, []portal.Hosting{
		{Kind: portal.VirtualServer, Name: "web-1.acme.test", Status: "running", Region: "Amsterdam", Address: "192.0.2.11"},
		{Kind: portal.VirtualServer, Name: "web-2.acme.test", Status: "running", Region: "Amsterdam", Address: "192.0.2.12"},
		{Kind: portal.VirtualServer, Name: "staging.acme.test", Status: "stopped", Region: "Frankfurt", Address: "192.0.2.40"},
		{Kind: portal.DedicatedServer, Name: "db-1.acme.test", Status: "running", Region: "Amsterdam", Address: "192.0.2.20"},
		{Kind: portal.DedicatedServer, Name: "gpu-1.acme.test", Status: "provisioning", Region: "Frankfurt", Address: "192.0.2.30"},
		{Kind: portal.WordPress, Name: "blog.acme.test", Status: "running", Region: "Amsterdam", Address: "192.0.2.50"},
		{Kind: portal.Domain, Name: "acme.test", Status: "running", Region: "Worldwide", Address: "acme.test"},
		{Kind: portal.DNSZone, Name: "acme.test", Status: "running", Region: "Worldwide", Address: "ns1.sallyport.test"},
	}},
	{"SP-100002", "Blue Harbour", []demoMember{
		{"owner@blue.test", account.Owner}, {"contractor@acme.test", account.Plain},
	}, []portal.Hosting{
		{Kind: portal.VirtualServer, Name: "harbour-1.blue.test", Status: "running", Region: "London", Address: "198.51.100.11"},
		{Kind: portal.WordPress, Name: "www.blue.test", Status: "running", Region: "London", Address: "198.51.100.12"},
		{Kind: portal.Domain, Name: "blue.test", Status: "running", Region: "Worldwide", Address: "blue.test"},
	}},
}

// seed fills an empty database, once, whichever replica comes first.
func (a *App) seed(ctx context.Context) error {
	if done, err := a.store.Keyset(ctx, "demo"); err != nil || done != "" {
		return err
	}
	people := make([]user.User, len(demoPeople))
	for i, p := range demoPeople {
		hash, err := a.hasher.Hash(ctx, demoPassword)
		if err != nil {
			return err
		}
		now := a.now()
		people[i] = user.User{ID: id.User(id.New()), Email: p.email, Name: p.name, Locale: p.locale, PasswordHash: hash, PasswordID: id.New(), StaffRole: p.staff, CreatedAt: now, VerifiedAt: now}
	}
	err := a.store.InTx(ctx, func(ctx context.Context) error {
		mine := id.New()
		first, err := a.store.PutKeyset(ctx, "demo", mine)
		if err != nil || first != mine { // another replica was faster
			return err
		}
		empty, err := a.store.NoUsers(ctx)
		if err != nil || !empty {
			return err
		}
		return a.fill(ctx, people)
	})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

func (a *App) fill(ctx context.Context, people []user.User) error {
	byEmail := map[string]id.User{}
	for _, u := range people {
		if _, err := a.store.AddUser(ctx, u, ""); err != nil {
			return err
		}
		byEmail[u.Email] = u.ID
	}
	now := a.now()
	for _, d := range demoAccounts {
		accountID := id.Account(id.New())
		if _, err := a.store.InsertAccount(ctx, account.Account{ID: accountID, Number: d.number, Name: d.name, CreatedAt: now}); err != nil {
			return err
		}
		for _, m := range d.members {
			if err := a.store.InsertMember(ctx, account.Member{AccountID: accountID, UserID: byEmail[m.email], Role: m.role, JoinedAt: now}); err != nil {
				return err
			}
		}
		for _, s := range d.services {
			s.ID, s.AccountID, s.CreatedAt = id.New(), accountID, now
			if err := a.store.InsertService(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}
