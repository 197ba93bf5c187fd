package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
)

// Form is the version of the canonical form in which events are hashed from now on. An older event keeps the form that it was
// hashed in: a new form gets a new number and a case in canonical, and the old one stays.
const Form = 1

// canonical is an event as bytes that mean one event and no other, in the form given; nil where there is no such form.
//
// Form 1 is a row of netstrings, LENGTH ":" BYTES ",": the words "sallyport audit 1", then seq, id, at (microseconds since
// 1970 UTC), action, outcome, actor, user, account, session, address, user agent, then key and value of each detail, sorted by
// key. Numbers are decimal, text is UTF-8, lengths count bytes. No other program needs to know how we write JSON.
func canonical(form int64, e Event) []byte {
	if form != 1 {
		return nil
	}
	b := make([]byte, 0, 512)
	for _, field := range []string{"sallyport audit 1", strconv.FormatInt(e.Seq, 10), e.ID, strconv.FormatInt(e.At.UnixMicro(), 10), e.Action,
		e.Outcome, string(e.ActorID), string(e.UserID), string(e.AccountID), string(e.SessionID), e.Address, e.UserAgent} {
		b = netstring(b, field)
	}
	for _, key := range slices.Sorted(maps.Keys(e.Detail)) {
		b = netstring(netstring(b, key), e.Detail[key])
	}
	return b
}

func netstring(b []byte, s string) []byte {
	b = strconv.AppendInt(b, int64(len(s)), 10)
	b = append(b, ':')
	b = append(b, s...)
	return append(b, ',')
}

// digest is one hash of the chain.
type digest [sha256.Size]byte

func (d digest) String() string { return hex.EncodeToString(d[:]) }

func parseDigest(s string) (d digest, ok bool) {
	if hex.DecodedLen(len(s)) != len(d) {
		return d, false
	}
	_, err := hex.Decode(d[:], []byte(s))
	return d, err == nil && d.String() == s
}

// follow is the hash of what stands behind before: SHA-256 over both. Before the first event stand 32 zero bytes.
func follow(before digest, canonical []byte) digest {
	return sha256.Sum256(append(before[:], canonical...))
}

// EncodeDetail is a detail as it is stored.
func EncodeDetail(detail map[string]string) string {
	if len(detail) == 0 {
		return "{}"
	}
	raw, err := json.Marshal(detail)
	if err != nil {
		panic(err) // strings always encode
	}
	return string(raw)
}

var errNotOurs = errors.New("audit: this is not how a detail is written")

// DecodeDetail reads what EncodeDetail wrote, and nothing else: what reads the same and is written otherwise has been changed.
func DecodeDetail(text string) (map[string]string, error) {
	if text == "{}" {
		return nil, nil
	}
	var detail map[string]string
	if err := json.Unmarshal([]byte(text), &detail); err != nil || EncodeDetail(detail) != text {
		return nil, errNotOurs
	}
	return detail, nil
}
