package actor

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

// Above says whether r may do more than other.
func (r Role) Above(other Role) bool { return slices.Index(Roles, r) < slices.Index(Roles, other) }

// Action is something that an actor does, or wants to know.
type Action string

// What is done in an account.
const (
	ReadPortal       Action = "read_portal"
	UseCart          Action = "use_cart"
	Order            Action = "order"
	ReadBilling      Action = "read_billing"
	ReadMembers      Action = "read_members"
	ReadProtection   Action = "read_protection"
	ReadInvitations  Action = "read_invitations"
	AdministerPeople Action = "administer_people"
	Invite           Action = "invite"
	InviteOwner      Action = "invite_owner"
	RaiseRole        Action = "raise_role"
	LowerRole        Action = "lower_role"
	MakeOwner        Action = "make_owner"
	UnmakeOwner      Action = "unmake_owner"
	RequireMember    Action = "require_member"
	ReleaseMember    Action = "release_member"
	RequireOwner     Action = "require_owner"
	ReleaseOneself   Action = "release_oneself"
	RemoveMember     Action = "remove_member"
	RemoveOwner      Action = "remove_owner"
	Leave            Action = "leave"
	RenameAccount    Action = "rename_account"
	ReadAudit        Action = "read_audit"
	ExportRecord     Action = "export_record"
	PreviewRule      Action = "preview_rule"
	DecideRule       Action = "decide_rule"
	EnforceRule      Action = "enforce_rule"
	LoosenRule       Action = "loosen_rule"
	LiftRule         Action = "lift_rule"
	StartIncident    Action = "start_incident"
	EndIncident      Action = "end_incident"
)

// What a person does for themselves.
const (
	PassSecondDoor     Action = "pass_second_door"
	Confirm            Action = "confirm"
	SignOut            Action = "sign_out"
	EndSessions        Action = "end_sessions"
	ChangeProfile      Action = "change_profile"
	ChangePassword     Action = "change_password"
	ChangeEmail        Action = "change_email"
	EnrolFactor        Action = "enrol_factor"
	FinishEnrolment    Action = "finish_enrolment"
	PassGuard          Action = "pass_guard"
	ArrangeFactors     Action = "arrange_factors"
	RemoveFactor       Action = "remove_factor"
	ChangePhones       Action = "change_phones"
	ProvePhone         Action = "prove_phone"
	RenewRecoveryCodes Action = "renew_recovery_codes"
	MakeAPIToken       Action = "make_api_token"
	ResumeAPIToken     Action = "resume_api_token"
	RevokeAPIToken     Action = "revoke_api_token"
	OpenAccount        Action = "open_account"
)

// What only operators do.
const Operate Action = "operate"

// Permission is one row of the table.
type Permission struct {
	Action   Action
	Says     string // for people who read the table
	Roles    []Role // in the account; nil: it concerns the person alone
	Confirm  Level
	Programs bool // an API token may do it, within the scope that the operation names
	Between  bool // a sign-in between the doors may do it
}

var (
	everybody = Roles
	spenders  = []Role{Owner, Admin, Billing}
	keepers   = []Role{Owner, Admin}
	owners    = []Role{Owner}
)

// Permissions is the one table of who may do what. Authorize asks it, and docs/roles.md is written from it.
var Permissions = []Permission{
	{Action: ReadPortal, Says: "See the account, its rule on two-factor authentication, its services, and search them", Roles: everybody, Programs: true},
	{Action: UseCart, Says: "Fill a cart of one's own", Roles: everybody, Programs: true},
	{Action: Order, Says: "Order what is in the cart", Roles: spenders, Programs: true},
	{Action: ReadBilling, Says: "See invoices and orders", Roles: spenders, Programs: true},
	{Action: ReadMembers, Says: "See who belongs to the account", Roles: everybody, Programs: true},
	{Action: ReadProtection, Says: "See the second factors of others, and who lacks one", Roles: keepers, Programs: true},
	{Action: ReadInvitations, Says: "See who is invited", Roles: keepers, Programs: true},
	{Action: AdministerPeople, Says: "Take an invitation back", Roles: keepers},
	{Action: Invite, Says: "Invite somebody, or mail an invitation again", Roles: keepers, Confirm: Strong},
	{Action: InviteOwner, Says: "Invite an owner", Roles: owners, Confirm: Strong},
	{Action: RaiseRole, Says: "Give a member a role that may do more", Roles: keepers, Confirm: Strong},
	{Action: LowerRole, Says: "Give a member a role that may do less", Roles: keepers},
	{Action: MakeOwner, Says: "Make somebody an owner", Roles: owners, Confirm: Strong},
	{Action: UnmakeOwner, Says: "Give an owner another role", Roles: owners, Confirm: Strong},
	{Action: RequireMember, Says: "Ask one person for a second factor", Roles: keepers},
	{Action: ReleaseMember, Says: "Take that back", Roles: keepers, Confirm: Strong},
	{Action: RequireOwner, Says: "Ask an owner for a second factor", Roles: owners},
	{Action: ReleaseOneself, Says: "Take back that somebody asked an owner, or oneself, for a second factor", Roles: owners, Confirm: Strong},
	{Action: RemoveMember, Says: "Remove a member", Roles: keepers, Confirm: Strong},
	{Action: RemoveOwner, Says: "Remove an owner", Roles: owners, Confirm: Strong},
	{Action: Leave, Says: "Leave the account (the last owner stays)", Roles: everybody, Confirm: Strong},
	{Action: RenameAccount, Says: "Rename the account", Roles: keepers, Programs: true},
	{Action: ReadAudit, Says: "Read what happened in the account", Roles: keepers, Programs: true},
	{Action: ExportRecord, Says: "Export what happened, and the report on second factors", Roles: keepers, Confirm: Strong, Programs: true},
	{Action: PreviewRule, Says: "See whom enforcing would lock out", Roles: keepers, Programs: true},
	// What is wrong with a change of the rule is told to owners before it is confirmed: this is asked first, and then one of those below.
	{Action: DecideRule, Says: "Decide about the rule", Roles: owners},
	{Action: EnforceRule, Says: "Enforce two-factor authentication, or make the rule stricter", Roles: owners, Confirm: Password},
	{Action: LoosenRule, Says: "Make the rule accept more, or bind later", Roles: owners, Confirm: Strong},
	{Action: LiftRule, Says: "Lift the rule", Roles: owners, Confirm: Strong},
	{Action: StartIncident, Says: "Start an incident", Roles: owners, Confirm: Password},
	{Action: EndIncident, Says: "End an incident", Roles: owners, Confirm: Strong},

	{Action: PassSecondDoor, Says: "Show the second factor at sign-in", Between: true},
	{Action: Confirm, Says: "Confirm that it is still oneself"},
	{Action: SignOut, Says: "Sign out here", Between: true},
	{Action: EndSessions, Says: "End one's other sessions"},
	{Action: ChangeProfile, Says: "Change one's name or language"},
	{Action: ChangePassword, Says: "Change one's password", Confirm: Strong},
	{Action: ChangeEmail, Says: "Change one's address", Confirm: Strong},
	{Action: EnrolFactor, Says: "Begin to enrol a second factor (at sign-in without confirmation)", Confirm: Strong, Between: true},
	{Action: FinishEnrolment, Says: "Verify, activate or cancel what was begun in the same place", Between: true},
	{Action: PassGuard, Says: "Answer the guard of a first enrolment", Between: true},
	{Action: ArrangeFactors, Says: "Rename a second factor, or make it the default"},
	{Action: RemoveFactor, Says: "Remove a second factor, or all", Confirm: Strong},
	{Action: ChangePhones, Says: "Add or remove a telephone number", Confirm: Strong},
	{Action: ProvePhone, Says: "Prove a number that was added in the same place"},
	{Action: RenewRecoveryCodes, Says: "Make new recovery codes", Confirm: Strong},
	{Action: MakeAPIToken, Says: "Make an API token", Confirm: Strong},
	{Action: ResumeAPIToken, Says: "Let a suspended API token work again", Confirm: Strong},
	{Action: RevokeAPIToken, Says: "Revoke an API token"},
	{Action: OpenAccount, Says: "Open another account"},
}

var byAction = func() map[Action]Permission {
	m := make(map[Action]Permission, len(Permissions))
	for _, p := range Permissions {
		m[p.Action] = p
	}
	return m
}()

// PermissionOf is the row of an action; false where the table does not know it, and nobody may do it.
func PermissionOf(a Action) (Permission, bool) {
	p, ok := byAction[a]
	return p, ok
}

// May says whether the role may do this in its account. What the table does not know, nobody may.
func (r Role) May(a Action) bool { return slices.Contains(byAction[a].Roles, r) }

// Refusal is nil where the role may do this, and else says who may: fault.ErrOwnerOnly, fault.ErrAdminOnly, fault.ErrForbidden.
func (r Role) Refusal(a Action) error {
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
