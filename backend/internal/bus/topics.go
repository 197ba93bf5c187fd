package bus

import "sallyport/internal/id"

// What the topics of people, accounts, sessions and API tokens begin with, before whose they are: Remember asks for it.
const (
	Users     = "user:"
	Accounts  = "account:"
	Sessions  = "session:"
	APITokens = "api-token:"
)

// User is the topic of what is known of a person.
func User(userID id.User) string { return Users + string(userID) }

// Account is the topic of an account and its rule.
func Account(accountID id.Account) string { return Accounts + string(accountID) }

// Session is the topic of a session.
func Session(sessionID id.Stay) string { return Sessions + string(sessionID) }

// APIToken is the topic of the API token with this hash.
func APIToken(hash string) string { return APITokens + hash }
