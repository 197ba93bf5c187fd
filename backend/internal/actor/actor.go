package actor

import (
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// Kind is what sort of actor it is.
type Kind string

// The kinds.
const (
	Stranger Kind = "stranger" // nobody knows who: without a token, or with a link from a mail
	Person   Kind = "person"   // from a session, or from a sign-in between the doors
	Program  Kind = "program"  // with an API token
	Operator Kind = "operator" // by a command, on the server's machine
	House    Kind = "house"    // Sallyport itself: jobs and sweeping
)

// Actor is who acts. It is a value: nothing changes it after the gate, or the command, has made it.
type Actor struct {
	Kind   Kind
	User   id.User // the person; "" for everybody else but a program, whose owner it is
	Stay   Stay    // where a person or a program acts from
	Due    bool    // the operation is open to whoever is held at the second door
	Shown  Confirmation
	Reason string // an operator's, for the record
	Origin Origin
}

// Origin is where a request came from.
type Origin struct {
	Address   string
	Network   string // the address, of IPv6 its /64: what limits count by; never stored
	UserAgent string
}

// From is a stranger who comes from there.
func From(o Origin) Actor { return Actor{Kind: Stranger, Origin: o} }

// AsOperator is an operator who says why.
func AsOperator(reason string) Actor { return Actor{Kind: Operator, Reason: reason} }

// TheHouse is Sallyport itself.
func TheHouse() Actor { return Actor{Kind: House} }

// Is says whether the actor is this person, and not a program of theirs.
func (a Actor) Is(userID id.User) bool { return a.Kind == Person && a.User == userID }

// IsOperator says whether an operator acts.
func (a Actor) IsOperator() bool { return a.Kind == Operator }

// Maker is what the actor's work is said to be made by (see MadeBy).
func (a Actor) Maker() MadeBy {
	switch a.Kind {
	case Person, Program:
		return MadeBy("stay:" + string(a.Stay.Root()))
	case Operator:
		return MadeByOperator
	default:
		return ""
	}
}

// MadeBy says what made a password, an address, a number, a factor, a set of codes or a token: "stay:ID", "link:ID", "operator",
// "import"; "" is of before this was written down, or the house.
type MadeBy string

// The makers that have no identifier.
const (
	MadeByOperator MadeBy = "operator"
	MadeByImport   MadeBy = "import"
)

// MadeByLink is the maker of what a link has brought about.
func MadeByLink(tokenID string) MadeBy { return MadeBy("link:" + tokenID) }

// StayKind says which sort of stay it is.
type StayKind string

// The stays.
const (
	Session StayKind = "session"
	SignIn  StayKind = "sign_in" // between the two doors
	Token   StayKind = "api_token"
)

// Purpose is what a sign-in between the doors, and its partial token, is good for.
type Purpose string

// The purposes.
const (
	ForSecondFactor Purpose = "second_factor"
	ForEnrolment    Purpose = "enrolment"
)

// Stay is where somebody acts from: a session, a sign-in between the doors, or an API token. It opens only while its epoch is its
// person's.
type Stay struct {
	Kind  StayKind
	ID    id.Stay
	User  id.User
	Epoch int64
	Proof assurance.Proof
	// PasswordAt and FactorAt are when the password and a second factor were shown last; zero: never in this stay.
	PasswordAt, FactorAt time.Time
	Factor               assurance.Means // that was shown then
	Purpose              Purpose         // of a sign-in
	From                 id.Stay         // of a sign-in that a refresh has begun: the session that it will replace
	Scopes               []string        // of an API token
}

// Root is the session that a sign-in came from, or else the stay itself. What is begun in a stay belongs to its root, so that a
// refresh in the middle of an enrolment loses nothing.
func (s Stay) Root() id.Stay {
	if s.From != "" {
		return s.From
	}
	return s.ID
}

// Between says whether the person stands between the two doors.
func (s Stay) Between() bool { return s.Kind == SignIn }

// Holds are what a transaction will change. It names them when it begins, and holds them alone. The actor's own person, and the
// accounts that they belong to, are held as well, shared with others who act.
type Holds struct {
	Persons  []id.User
	Accounts []id.Account
	// Everybody: so many persons at once that naming each would be too much.
	Everybody bool
}

// OwnPerson holds the actor's own person alone: for changes of what opens.
func (a Actor) OwnPerson() Holds { return Holds{Persons: []id.User{a.User}} }

// PersonAlone holds one person alone.
func PersonAlone(userID id.User) Holds { return Holds{Persons: []id.User{userID}} }

// AccountAlone holds one account alone.
func AccountAlone(accountID id.Account) Holds { return Holds{Accounts: []id.Account{accountID}} }

// Membership holds a person and an account alone: for who belongs to what, and with which role.
func Membership(userID id.User, accountID id.Account) Holds {
	return Holds{Persons: []id.User{userID}, Accounts: []id.Account{accountID}}
}
