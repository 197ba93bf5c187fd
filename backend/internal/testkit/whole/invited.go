package whole

import (
	"regexp"
	"slices"
	"strings"
)

var invitationLink = regexp.MustCompile(`/invitation#([A-Za-z0-9_-]+)`)

// Invite sends an invitation and gives its id. more are fields such as two_factor_required.
func (p *Person) Invite(accountID, email, role string, more map[string]any) string {
	p.Client.T.Helper()
	body := map[string]any{"email": email, "role": role}
	for k, v := range more {
		body[k] = v
	}
	return p.Call("POST", "/accounts/"+accountID+"/invitations", body).Must(201).Text("id")
}

// Links are the tokens in all invitations to an address, the oldest first; at least so many are waited for.
func (h *House) Links(email string, atLeast int) []string {
	h.T.Helper()
	var tokens []string
	for _, m := range h.Mail(email, "invitation", atLeast) {
		found := invitationLink.FindStringSubmatch(m.Text)
		if found == nil {
			h.T.Fatalf("no link in the invitation to %s: %s", email, m.Text)
		}
		tokens = append(tokens, found[1])
	}
	slices.Reverse(tokens)
	return tokens
}

// NewcomersPassword is that of everybody whom Join makes.
const NewcomersPassword = "seven quiet harbours at dusk"

// Join invites somebody new to a role and accepts for them. They are not signed in.
func (p *Person) Join(accountID, email, role string) *Person {
	p.Client.T.Helper()
	p.Invite(accountID, email, role, nil)
	name, _, _ := strings.Cut(email, "@")
	p.Client.Call("POST", "/invitations/accept", "",
		map[string]any{"token": p.House.Links(email, 1)[0], "name": "The " + name, "password": NewcomersPassword}).Must(200)
	return &Person{House: p.House, Email: email, Password: NewcomersPassword, Client: p.Client}
}

// Self is who the person is, by the id that a full token has.
func (p *Person) Self() string {
	p.Client.T.Helper()
	_, claims := Claims(p.Access)
	id, _ := claims["sub"].(string)
	return id
}
