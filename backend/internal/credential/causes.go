package credential

// Cause is something that happens to a person, or to where they are signed in.
type Cause struct {
	Name string
	// Moves says whether it moves the person's epoch: whatever carries the epoch from before opens nothing any more.
	Moves bool
}

// Causes says of each cause whether it moves the epoch: what changes how somebody gets in does, but for second factors, which their
// person puts beside the password and takes away in a session that has confirmed it. The end of a session is a column of that session,
// and rules and roles are asked anew each time. A test walks the table.
var Causes = []Cause{
	{"password changed", true},
	{"password reset", true},
	{"password voided", true},
	{"address changed", true},
	{"disowned", true}, // "this was not me"
	{"disabled", true},
	{"factors reset by an operator", true},

	{"enabled", false}, // what was shut when they were disabled stays shut
	{"signed out by oneself", false},
	{"signed out by an operator", false},
	{"session ended", false},
	{"factor activated", false},
	{"factor removed", false},
	{"profile changed", false},
	{"role changed", false},
	{"rule enforced", false},
}
