package actor

import (
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/id"
)

// ConfirmLife is how long a confirmation is good.
const ConfirmLife = 5 * time.Minute

// Level is how sure an action must be that it is still the same person.
type Level string

// The levels, as the contract's x-confirmation names them.
const (
	Unconfirmed Level = ""
	// Password alone is enough for what only tightens.
	Password Level = "password"
	// Strong asks for the password and, of whoever has second factors, for one as strong as the strongest of them.
	Strong Level = "password_and_second_factor"
)

// Confirmation is what a person has shown again, in one stay. The zero value confirms nothing.
type Confirmation struct {
	Stay     id.Stay         `json:"stay"`
	Epoch    int64           `json:"epoch"`
	Password bool            `json:"password,omitempty"`
	Factor   assurance.Means `json:"factor,omitempty"`
	Until    time.Time       `json:"until"`
}

// Lacks says what is missing at this level; nil where nothing is. have are the types of the person's active factors.
func (c Confirmation) Lacks(level Level, s Stay, have assurance.Types, now time.Time) (needs []string) {
	if level == Unconfirmed {
		return nil
	}
	needs = []string{"password"}
	if level == Strong && have != 0 {
		needs = append(needs, "second_factor")
	}
	good := c.Stay == s.ID && c.Stay != "" && c.Epoch == s.Epoch && now.Before(c.Until) && !now.Before(c.Until.Add(-ConfirmLife))
	if good && c.Password && (level == Password || have == 0 || c.Factor.AsStrongAs(have)) {
		return nil
	}
	return needs
}
