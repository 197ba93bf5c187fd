package account

import (
	"slices"

	"sallyport/internal/fault"
)

// Role is what a member may do in an account.
type Role string

// The roles, from the one that may do most.
const (
	Owner   Role = "owner"
	Admin   Role = "admin"
	Billing Role = "billing"
	Plain   Role = "member"
)

// Roles are all of them, from the one that may do most.
var Roles = []Role{Owner, Admin, Billing, Plain}

// Valid says whether r is one of the four.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Action is something that a role may do in an account, or may not.
type Action string

// The actions.
const (
	ReadPortal       Action = "read_portal"
	UseCart          Action = "use_cart"
	Order            Action = "order"
	ReadBilling      Action = "read_billing"
	ReadMembers      Action = "read_members"
	ReadProtection   Action = "read_protection"
	AdministerPeople Action = "administer_people"
	AdministerOwners Action = "administer_owners"
	ReleaseOneself   Action = "release_oneself"
	RenameAccount    Action = "rename_account"
	ReadAudit        Action = "read_audit"
	PreviewRule      Action = "preview_rule"
	Enforce          Action = "enforce"
	Leave            Action = "leave"
)

// Permission is one row of the table.
type Permission struct {
	Action Action
	Says   string // for people who read the table
	Roles  []Role
}

var (
	everybody = Roles
	spenders  = []Role{Owner, Admin, Billing}
	keepers   = []Role{Owner, Admin}
	owners    = []Role{Owner}
)

// Permissions is the one table of what each role may do. Every check asks it, and docs/roles.md is written from it.
var Permissions = []Permission{
	{ReadPortal, "See the account, its rule on two-factor authentication, its services, and search them", everybody},
	{UseCart, "Fill a cart of one's own", everybody},
	{Order, "Order what is in the cart", spenders},
	{ReadBilling, "See invoices and orders", spenders},
	{ReadMembers, "See who belongs to the account", everybody},
	{ReadProtection, "See the second factors of others, and who lacks one", keepers},
	{AdministerPeople, "Invite, change roles, ask one person for a second factor, remove (not of owners)", keepers},
	{AdministerOwners, "The same of owners, and make somebody an owner", owners},
	{ReleaseOneself, "Take back that somebody asked oneself for a second factor", owners},
	{RenameAccount, "Rename the account", keepers},
	{ReadAudit, "Read and export what happened in the account, and the report on second factors", keepers},
	{PreviewRule, "See whom enforcing would lock out", keepers},
	{Enforce, "Enforce two-factor authentication and lift it; start and end an incident", owners},
	{Leave, "Leave the account (the last owner stays)", everybody},
}

// May says whether the role may do this. What the table does not know, nobody may.
func (r Role) May(a Action) bool {
	return slices.ContainsFunc(Permissions, func(p Permission) bool { return p.Action == a && slices.Contains(p.Roles, r) })
}

// Permit is nil where the role may do this, and else says who may: fault.ErrOwnerOnly, fault.ErrAdminOnly, fault.ErrForbidden.
func (r Role) Permit(a Action) error {
	switch {
	case r.May(a):
		return nil
	case Admin.May(a) && !Billing.May(a):
		return fault.ErrAdminOnly
	case Owner.May(a) && !Admin.May(a):
		return fault.ErrOwnerOnly
	default:
		return fault.ErrForbidden
	}
}
