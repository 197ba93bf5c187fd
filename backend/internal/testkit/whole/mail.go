package whole

import (
	"net/url"
	"strings"
)

// Mail is a message that the demo kept instead of sending it.
type Mail struct{ ID, To, Subject, Text string }

// subjects are how messages of each kind begin, end or are called, in every language of the demo's people.
var subjects = map[string][]string{
	"enforced":      {" now requires two-factor authentication", " verlangt jetzt die Zwei-Faktor-Authentifizierung"},
	"tightened":     {" has tightened its rule on two-factor authentication", " hat die Regel zur Zwei-Faktor-Authentifizierung verschärft"},
	"disabled":      {"Two-factor authentication is now off", "Die Zwei-Faktor-Authentifizierung ist jetzt ausgeschaltet"},
	"activated":     {"Two-factor authentication is on: ", "Die Zwei-Faktor-Authentifizierung ist eingeschaltet: "},
	"removed":       {"A method of two-factor authentication was removed: "},
	"locked":        {"We have locked a method of two-factor authentication: "},
	"new codes":     {"You have new recovery codes"},
	"recovery code": {"A recovery code was used to sign in"},
	"invitation":    {" invites you to ", " lädt Sie zu "},
	"reminder":      {"Please set up two-factor authentication by ", "Bitte richten Sie die Zwei-Faktor-Authentifizierung bis "},
	"summary":       {" members lack two-factor authentication", " Mitgliedern fehlt die Zwei-Faktor-Authentifizierung"},
	"code":          {"Your code", "Ihr Code"},
}

// About says what kind of message it is.
func (m Mail) About() string {
	for _, kind := range []string{"enforced", "tightened", "disabled", "activated", "removed", "locked", "new codes", "recovery code", "invitation",
		"reminder", "summary", "code"} {
		for _, part := range subjects[kind] {
			if strings.Contains(m.Subject, part) {
				return kind
			}
		}
	}
	return "something other"
}

// Mails are the messages to an address by now, newest first; to "" all.
func (h *House) Mails(to string) []Mail {
	h.T.Helper()
	var all []Mail
	for cursor := ""; ; {
		q := url.Values{"limit": {"200"}}
		if to != "" {
			q.Set("to", to)
		}
		if cursor != "" {
			q.Set("cursor", cursor)
		}
		page := h.At(0).Call("GET", "/demo/messages?"+q.Encode(), "", nil).Must(200)
		texts := page.Texts("items", "text")
		recipients, subjects := page.Texts("items", "to"), page.Texts("items", "subject")
		for i, id := range page.Texts("items", "id") {
			all = append(all, Mail{ID: id, To: recipients[i], Subject: subjects[i], Text: texts[i]})
		}
		if cursor = page.Text("next_cursor"); cursor == "" {
			return all
		}
	}
}

// Mail waits for messages of this kind to an address, at least so many, and gives all of the kind.
func (h *House) Mail(to, about string, atLeast int) []Mail {
	h.T.Helper()
	var found []Mail
	h.Eventually(to+" is told of: "+about, func() bool {
		found = nil
		for _, m := range h.Mails(to) {
			if m.About() == about {
				found = append(found, m)
			}
		}
		return len(found) >= atLeast
	})
	return found
}
