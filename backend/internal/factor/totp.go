package factor

import (
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/hotp"

	"sallyport/internal/fault"
)

// RFC 6238 with the values that every authenticator app understands.
const (
	step       = 30 * time.Second
	drift      = 1  // steps back and forward that are accepted: people type slowly, clocks differ
	secretSize = 20 // bytes: 160 bits, RFC 4226 §4 R6
)

var base32NoPad = base32.StdEncoding.WithPadding(base32.NoPadding)

// TOTPSetup is what an authenticator app needs. It is shown once.
type TOTPSetup struct {
	Secret string // base32 without padding
	URI    string // otpauth://totp/…
	QR     string // an SVG document
}

func newTOTPSecret(random io.Reader) (string, error) {
	raw := make([]byte, secretSize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("factor: no randomness: %w", err)
	}
	return base32NoPad.EncodeToString(raw), nil
}

// totpURI is the key URI of a secret. All of it is escaped here: an issuer may bear any name.
func totpURI(issuer, email, secret string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ") // the label's separator
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer) + ":" + url.PathEscape(email) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// matchTOTP finds the time step whose code this is, within the drift. It looks at every step, so that the time it takes says
// nothing.
func matchTOTP(secret, code string, now time.Time) (matched int64, ok bool, err error) {
	current := now.Unix() / int64(step/time.Second)
	for candidate := current - drift; candidate <= current+drift; candidate++ {
		want, err := hotp.GenerateCodeCustom(secret, uint64(candidate), hotp.ValidateOpts{Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, false, fmt.Errorf("factor: totp: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 {
			matched, ok = candidate, true
		}
	}
	return matched, ok, nil
}

// sixDigits is the one form of a code: six ASCII digits and nothing else.
func sixDigits(code string) error {
	if len(code) == 6 && strings.Trim(code, "0123456789") == "" {
		return nil
	}
	return fault.InvalidField("/code", "must be exactly six digits")
}
