package account

import "sallyport/internal/actor"

// Role is what a member may do in an account: the table of it is package actor's.
type Role = actor.Role

// The roles, from the one that may do most.
const (
	Owner   = actor.Owner
	Admin   = actor.Admin
	Billing = actor.Billing
	Plain   = actor.Plain
)

// Roles are all of them, from the one that may do most.
var Roles = actor.Roles
