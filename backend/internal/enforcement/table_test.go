package enforcement_test

import (
	"strings"
	"testing"
	"time"

	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
)

// The specification in full. A line is what the strictest rule asks for, and the best factor that the person has, whatever else
// they have: of a passkey, an authenticator app, SMS and e-mail the first. A column is what the session has shown. Standings:
// clear; grace; prove, which is second_factor_due; enrol, which is enrolment_due.
const standings = `
asks               best     | password  email  sms    totp   passkey  recovery

nobody             nothing  | clear     clear  clear  clear  clear    clear
nobody             email    | prove     clear  clear  clear  clear    clear
nobody             sms      | prove     clear  clear  clear  clear    clear
nobody             totp     | prove     clear  clear  clear  clear    clear
nobody             passkey  | prove     clear  clear  clear  clear    clear

any                nothing  | enrol     enrol  enrol  enrol  enrol    enrol
any                email    | prove     clear  clear  clear  clear    clear
any                sms      | prove     clear  clear  clear  clear    clear
any                totp     | prove     clear  clear  clear  clear    clear
any                passkey  | prove     clear  clear  clear  clear    clear

no_email           nothing  | enrol     enrol  enrol  enrol  enrol    enrol
no_email           email    | prove     enrol  enrol  enrol  enrol    enrol
no_email           sms      | prove     prove  clear  clear  clear    clear
no_email           totp     | prove     prove  clear  clear  clear    clear
no_email           passkey  | prove     prove  clear  clear  clear    clear

no_email_no_sms    nothing  | enrol     enrol  enrol  enrol  enrol    enrol
no_email_no_sms    email    | prove     enrol  enrol  enrol  enrol    enrol
no_email_no_sms    sms      | prove     enrol  enrol  enrol  enrol    enrol
no_email_no_sms    totp     | prove     prove  prove  clear  clear    clear
no_email_no_sms    passkey  | prove     prove  prove  clear  clear    clear

phishing_resistant nothing  | enrol     enrol  enrol  enrol  enrol    enrol
phishing_resistant email    | prove     enrol  enrol  enrol  enrol    enrol
phishing_resistant sms      | prove     enrol  enrol  enrol  enrol    enrol
phishing_resistant totp     | prove     enrol  enrol  enrol  enrol    enrol
phishing_resistant passkey  | prove     prove  prove  prove  clear    prove
`

// The same while the rule does not bind yet. Whoever has a factor is asked for it all the same.
const standingsBefore = `
asks               best     | password  email  sms    totp   passkey  recovery

any                nothing  | grace     grace  grace  grace  grace    grace
any                email    | prove     clear  clear  clear  clear    clear
any                sms      | prove     clear  clear  clear  clear    clear
any                totp     | prove     clear  clear  clear  clear    clear
any                passkey  | prove     clear  clear  clear  clear    clear

no_email           nothing  | grace     grace  grace  grace  grace    grace
no_email           email    | prove     grace  grace  grace  grace    grace
no_email           sms      | prove     clear  clear  clear  clear    clear
no_email           totp     | prove     clear  clear  clear  clear    clear
no_email           passkey  | prove     clear  clear  clear  clear    clear

no_email_no_sms    nothing  | grace     grace  grace  grace  grace    grace
no_email_no_sms    email    | prove     grace  grace  grace  grace    grace
no_email_no_sms    sms      | prove     grace  grace  grace  grace    grace
no_email_no_sms    totp     | prove     clear  clear  clear  clear    clear
no_email_no_sms    passkey  | prove     clear  clear  clear  clear    clear

phishing_resistant nothing  | grace     grace  grace  grace  grace    grace
phishing_resistant email    | prove     grace  grace  grace  grace    grace
phishing_resistant sms      | prove     grace  grace  grace  grace    grace
phishing_resistant totp     | prove     grace  grace  grace  grace    grace
phishing_resistant passkey  | prove     clear  clear  clear  clear    clear
`

var (
	states = map[string]enforcement.State{"clear": enforcement.Clear, "grace": enforcement.Grace, "prove": enforcement.SecondFactorDue, "enrol": enforcement.EnrolmentDue}
	shown  = map[string]assurance.Proof{"password": byPassword, "email": byEmail, "sms": bySMS, "totp": byTOTP, "passkey": byPasskey, "recovery": byRecovery}
	// weakest first
	asked = []assurance.Strength{assurance.Any, assurance.NoEmail, assurance.NoEmailNoSMS, assurance.PhishingResistant}
	best  = []assurance.Type{assurance.Email, assurance.SMS, assurance.TOTP, assurance.Passkey}
)

// bestOf names the best factor of a set.
func bestOf(have assurance.Types) string {
	name := "nothing"
	for _, t := range best {
		if have.Has(t) {
			name = assurance.Types(t).Names()[0]
		}
	}
	return name
}

// rulesOf are all the ways in which this is the strictest that is asked for: by each source, alone and beside a weaker one.
func rulesOf(strictest string, bindsAt time.Time) (ways [][]enforcement.Rule) {
	if strictest == "nobody" {
		return [][]enforcement.Rule{nil}
	}
	sources := []enforcement.Source{enforcement.ByAccount, enforcement.ByMember, enforcement.ByProvider}
	for _, by := range sources {
		rule := enforcement.Rule{By: by, Minimum: assurance.Strength(strictest), BindsAt: bindsAt}
		ways = append(ways, []enforcement.Rule{rule})
		for _, weaker := range asked {
			for _, other := range sources {
				ways = append(ways, []enforcement.Rule{{By: other, Minimum: weaker, BindsAt: bindsAt}, rule})
			}
			if string(weaker) == strictest {
				break
			}
		}
	}
	return ways
}

func TestStandingInFull(t *testing.T) {
	t.Parallel()
	decided := 0
	hold := func(table string, bindsAt time.Time) {
		var columns []string
		for line := range strings.Lines(table) {
			cells := strings.Fields(strings.Replace(line, "|", "", 1))
			if len(cells) == 0 {
				continue
			}
			if columns == nil {
				columns = cells[2:]
				continue
			}
			for i, column := range columns {
				want, proof := states[cells[2+i]], shown[column]
				if want == "" || proof == nil {
					t.Fatalf("the table says %q of %q", cells[2+i], column)
				}
				for have := assurance.Types(0); have <= assurance.All; have++ {
					if bestOf(have) != cells[1] {
						continue
					}
					for _, rules := range rulesOf(cells[0], bindsAt) {
						decided++
						got := enforcement.Decide(enforcement.Question{Rules: rules, Factors: have, Proof: proof, Offered: assurance.All, Now: noon})
						if got.State != want {
							t.Errorf("%+v ask; the person has %v; the session has shown %s: %s, not %s", rules, have.Names(), column, got.State, want)
						}
					}
				}
			}
		}
	}
	hold(standings, time.Time{})
	hold(standings, noon)
	hold(standingsBefore, noon.Add(time.Microsecond))
	if decided < 5000 {
		t.Errorf("%d decisions are no full table", decided)
	}
}
