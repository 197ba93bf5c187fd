// Package phone reads telephone numbers as people write them.
//
// It owns their one spelling (E.164), the country they belong to, the hint by which their owner knows them again, and what kind
// of line a number is known to be. It refuses to guess a country: a number begins with + and the country's code. It also refuses
// to say that a number exists: networks open ranges faster than a table of them is renewed, so a number of a possible length is
// read, and only a code that arrives proves it. Packages factor and smsguard call it.
package phone

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"sallyport/internal/fault"
)

// International is the country of numbers that belong to none: satellites, global networks.
const International = "001"

// Country says whether there are numbers of a country, by its ISO 3166-1 alpha-2 code, or International.
func Country(code string) bool {
	return code == International || phonenumbers.GetSupportedRegions()[code]
}

// Kind is what is known of a line from its number alone.
type Kind string

// The kinds.
const (
	Ordinary Kind = "ordinary" // mobile or fixed, or not known to be anything else
	Premium  Kind = "premium"  // whoever is called or texted is paid for it, or may be
	VoIP     Kind = "voip"     // rented by the thousand, without a person behind it
	Service  Kind = "service"  // toll-free, voice mail, pagers, company-wide numbers: no person's telephone
)

// Number is a telephone number.
type Number struct {
	E164    string // +491701234567: a plus and 7 to 15 digits
	Country string // ISO 3166-1 alpha-2, such as "DE"; International
	Hint    string // "+49 ••• ••67": enough for its owner, too little for anybody else
	Kind    Kind
}

// prefixDigits leave out so little of a number that neighbours, as they are rented by the block, share them.
const prefixDigits = 7

// Prefix is the beginning that a number shares with its neighbours: a plus and the first seven digits.
func (n Number) Prefix() string { return n.E164[:min(len(n.E164), 1+prefixDigits)] }

// longest is more than any number needs, however it is spaced.
const longest = 64

// Parse reads a number from the request's field /phone_number. Its errors are field errors that never repeat the number.
func Parse(text string) (Number, error) { return ParseField("/phone_number", text) }

// ParseField reads a number from the request's field that the JSON pointer names.
func ParseField(pointer, text string) (Number, error) {
	wrong := func(detail string) (Number, error) { return Number{}, fault.InvalidField(pointer, detail) }
	plain := ""
	if len(text) <= longest {
		plain = strings.Map(withoutSpacing, text)
	}
	if !international.MatchString(plain) {
		return wrong("must begin with + and the country code, such as +49 170 1234567")
	}
	parsed, err := phonenumbers.Parse(plain, phonenumbers.UNKNOWN_REGION)
	if err != nil {
		return wrong("is not a telephone number: the country code is unknown, or it is too short or too long")
	}
	switch phonenumbers.IsPossibleNumberWithReason(parsed) {
	case phonenumbers.IS_POSSIBLE:
	case phonenumbers.TOO_LONG:
		return wrong("has too many digits for its country")
	case phonenumbers.TOO_SHORT, phonenumbers.IS_POSSIBLE_LOCAL_ONLY:
		return wrong("has too few digits for its country")
	default:
		return wrong("is not a telephone number of its country")
	}
	n := Number{E164: phonenumbers.Format(parsed, phonenumbers.E164), Country: phonenumbers.GetRegionCodeForNumber(parsed), Kind: kindOf(parsed)}
	code := int(parsed.GetCountryCode())
	if n.Country == "" { // of a range that is not in the table: whose it is most likely
		n.Country = phonenumbers.GetRegionCodeForCountryCode(code)
	}
	if !e164.MatchString(n.E164) {
		return wrong("is not a telephone number")
	}
	n.Hint = "+" + strconv.Itoa(code) + " ••• ••" + n.E164[len(n.E164)-2:]
	return n, nil
}

var (
	international = regexp.MustCompile(`^\+[1-9][0-9]{6,19}$`) // a trunk zero may still be in it: +49 (0) 170 …
	e164          = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
)

// withoutSpacing drops what people, and the address books they paste from, put between digits. Letters, extensions and digits
// of other scripts stay, and are refused.
func withoutSpacing(r rune) rune {
	switch {
	case unicode.IsSpace(r), unicode.Is(unicode.Pd, r), unicode.Is(unicode.Cf, r), strings.ContainsRune("()./\u2212", r):
		return -1
	}
	return r
}

func kindOf(n *phonenumbers.PhoneNumber) Kind {
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER:
		return Premium // personal numbers forward at the caller's cost: the range that is abused most
	case phonenumbers.VOIP:
		return VoIP
	case phonenumbers.TOLL_FREE, phonenumbers.PAGER, phonenumbers.UAN, phonenumbers.VOICEMAIL:
		return Service
	default:
		return Ordinary
	}
}
