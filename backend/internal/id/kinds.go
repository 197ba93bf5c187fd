package id

// User is the ID of a person.
type User string

// Account is the ID of a customer's account.
type Account string

// Stay is the ID of a session, of a sign-in between the doors, or of an API token.
type Stay string

// Factor is the ID of a second factor.
type Factor string
