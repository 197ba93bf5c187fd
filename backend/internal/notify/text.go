package notify

import (
	"strings"

	"golang.org/x/net/idna"
)

// segment is how many characters of GSM 03.38 one text message holds; what is longer is sent, and paid, as two.
const segment = 160

// textMessage puts a code into one text message: words, and a last line by which a browser knows which site the code is for, so
// that it fills it in there and not on a site that only looks alike (WICG, Origin-bound one-time codes delivered via SMS). What
// does not fit is left out, the code never: first the brand, then that last line. A message without a code is bound to nothing.
func textMessage(words, brand, host, code string) string {
	if code == "" {
		host = ""
	}
	if ascii, err := idna.Lookup.ToASCII(host); err == nil {
		host = ascii
	}
	bound := "\n\n@" + host + " #" + code
	said := fill(words, map[string]string{"code": code, "brand": oneLine(brand)})
	if text := said + bound; host != "" && septets(text) <= segment {
		return text
	}
	plain := fill(words, map[string]string{"code": code, "brand": "Sallyport"})
	if text := plain + bound; host != "" && septets(text) <= segment {
		return text
	}
	if septets(said) <= segment {
		return said
	}
	return plain
}

// septets is how long a text is in GSM 03.38; one that has other letters is longer than anything.
func septets(text string) int {
	n := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			n++
		case strings.ContainsRune(gsmExtended, r):
			n += 2
		default:
			return 1 << 20
		}
	}
	return n
}

// The letters of GSM 03.38 (3GPP TS 23.038 §6.2.1): one septet each, and two.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtended = "\f^{}\\[~]|€"
)

// spoken puts a code into what a call says: a pause at the end of each line, and a short one at each comma.
func spoken(words, brand, code string) string {
	return fill(words, map[string]string{"code": strings.Join(strings.Split(code, ""), ", "), "brand": name(brand)})
}
