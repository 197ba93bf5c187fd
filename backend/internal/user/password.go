package user

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/ccojocar/zxcvbn-go/data"
	"golang.org/x/text/unicode/norm"

	"sallyport/internal/fault"
)

// What a new password must be (NIST SP 800-63B-4 §3.1.1.2): long, and none that a guesser begins with. Which kinds of character
// it is made of is nobody's business.
const (
	minPassword      = 12   // characters
	minBesidePasskey = 8    // of a password that never opens alone
	maxPassword      = 1024 // bytes
	// minWeight is how many parts a guesser must get right: see weight.
	minWeight = 5
	// minOwn is how long a word of one's own must be to be looked for: shorter ones are in every second word.
	minOwn = 4
)

// CheckPassword holds a new password against the rules; what is wrong is a field error at /password. own is what strangers try
// first: the person's address and name, the portal's brand.
func CheckPassword(password string, own ...string) error { return check(password, minPassword, own) }

// CheckPasswordBesidePasskey does so for somebody who has a passkey: fewer characters are enough.
func CheckPasswordBesidePasskey(password string, own ...string) error {
	return check(password, minBesidePasskey, own)
}

// Short says whether a password is enough beside a passkey only.
func Short(password string) bool { return utf8.RuneCountInString(spelling(password)) < minPassword }

// ErrShort is told of a password that is short where no passkey stands beside it.
var ErrShort = fault.InvalidField("/password", fmt.Sprintf("must have at least %d characters", minPassword))

func check(password string, least int, own []string) error {
	wrong := func(detail string) error { return fault.InvalidField("/password", detail) }
	p := spelling(password)
	switch {
	case len(password) > maxPassword || len(p) > maxPassword:
		return wrong(fmt.Sprintf("must have at most %d bytes", maxPassword))
	case least == minPassword && Short(password):
		return ErrShort
	case utf8.RuneCountInString(p) < least:
		return wrong(fmt.Sprintf("must have at least %d characters", least))
	}
	p = strings.ToLower(p)
	for _, o := range own {
		for _, word := range ownWords(o) {
			if strings.Contains(p, word) {
				return wrong("must not contain your name, your e-mail address or the name of this portal")
			}
		}
	}
	if weight([]rune(p)) < minWeight {
		return wrong("is too easy to guess: it is a common password, or little more than one; take several words that do not belong together")
	}
	return nil
}

// ownWords are the words of a name or an address, and the whole of it. The last part of an address is everybody's.
func ownWords(s string) []string {
	s = strings.ToLower(norm.NFKC.String(strings.TrimSpace(s)))
	words := []string{s}
	if name, domain, ok := strings.Cut(s, "@"); ok {
		if dot := strings.LastIndexByte(domain, '.'); dot >= 0 {
			domain = domain[:dot]
		}
		words = append(words, name)
		s = name + " " + domain
	}
	words = append(words, strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })...)
	long := words[:0]
	for _, w := range words {
		if utf8.RuneCountInString(w) >= minOwn {
			long = append(long, w)
		}
	}
	return long
}

// disguises read digits and signs as the letters that they stand for, one for one.
var disguises = []*strings.Replacer{
	strings.NewReplacer("0", "o", "1", "i", "!", "i", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t"),
	strings.NewReplacer("0", "o", "1", "l", "|", "l", "3", "e", "4", "a", "@", "a", "5", "s", "$", "s", "7", "t", "+", "t"),
}

// common knows how common a password is: its place in the list, the most common first. The library's matcher is not used: it
// takes minutes for passwords that are made to keep it busy.
var common = sync.OnceValue(func() map[string]int {
	raw, err := data.Asset("data/Passwords.json")
	if err != nil {
		panic("user: the list of common passwords is not in the binary")
	}
	var file struct{ List []string }
	if err := json.Unmarshal(raw, &file); err != nil {
		panic("user: the list of common passwords cannot be read")
	}
	places := make(map[string]int, len(file.List))
	for place, p := range file.List {
		if len(p) >= shortestWord && len(p) <= longestWord {
			places[p] = place
		}
	}
	return places
})

const (
	shortestWord, longestWord = 4, 24
	veryCommon                = 1000 // the first so many count as one part, later ones as two
)

// weight is how many parts a guesser must get right who tries common passwords, their combinations, years, and rows of
// characters before anything else: each of those is one part or two, every other character one. It takes a time in proportion
// to the password's length.
func weight(p []rune) int {
	p = p[:period(p)]
	least := make([]int, len(p)+1)
	for i := range p {
		least[i+1] = len(p) + 1
	}
	readings := [][]rune{p}
	for _, d := range disguises {
		readings = append(readings, []rune(d.Replace(string(p))))
	}
	reach := func(to, parts int) { least[to] = min(least[to], parts) }
	for i := range p {
		reach(i+1, least[i]+1)
		for n := shortestWord; n <= longestWord && i+n <= len(p); n++ {
			for _, r := range readings {
				if place, listed := common()[string(r[i:i+n])]; listed {
					reach(i+n, least[i]+1+min(place/veryCommon, 1))
				}
			}
		}
		if i+4 <= len(p) && year(string(p[i:i+4])) {
			reach(i+4, least[i]+1)
		}
		for end := i + 2; end < len(p) && row(p[end-2], p[end-1], p[end]); end++ {
			reach(end+1, least[i]+1)
		}
	}
	return least[len(p)]
}

// period is the length of the shortest block that p repeats at least twice; all of p where it repeats none.
func period(p []rune) int {
search:
	for n := 1; n <= len(p)/2; n++ {
		for i := n; i < len(p); i++ {
			if p[i] != p[i-n] {
				continue search
			}
		}
		return n
	}
	return len(p)
}

func year(s string) bool {
	return (strings.HasPrefix(s, "19") || strings.HasPrefix(s, "20")) && strings.Trim(s, "0123456789") == ""
}

// row says whether three characters are the same or follow each other: aaa, abc, 321.
func row(a, b, c rune) bool { return b-a == c-b && b-a >= -1 && b-a <= 1 }
