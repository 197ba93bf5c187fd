package enforcement_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"sallyport/internal/assurance"
	"sallyport/internal/enforcement"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// Words of the table.
const (
	none    = assurance.Types(0)
	totp    = assurance.Types(assurance.TOTP)
	email   = assurance.Types(assurance.Email)
	sms     = assurance.Types(assurance.SMS)
	passkey = assurance.Types(assurance.Passkey)
)

var (
	byPassword = assurance.Password()
	byTOTP     = assurance.Password().And(assurance.TOTP.AMR()...)
	byEmail    = assurance.Password().And(assurance.Email.AMR()...)
	bySMS      = assurance.Password().And(assurance.SMS.AMR()...)
	byPasskey  = assurance.Password().And(assurance.Passkey.AMR()...)
	byRecovery = assurance.Password().And(assurance.RecoveryCode()...)
)

func account(minimum assurance.Strength) enforcement.Rule {
	return enforcement.Rule{By: enforcement.ByAccount, AccountID: "a", Minimum: minimum, Since: noon.Add(-time.Hour)}
}

func soon(r enforcement.Rule, in time.Duration) enforcement.Rule {
	r.BindsAt = noon.Add(in)
	return r
}

var (
	member   = enforcement.Rule{By: enforcement.ByMember, AccountID: "a", Minimum: assurance.Any}
	provider = enforcement.Rule{By: enforcement.ByProvider, Minimum: assurance.Any}
)

// The specification in words, and what is offered; TestStandingInFull is the whole table.
func TestStanding(t *testing.T) {
	t.Parallel()
	rules := func(r ...enforcement.Rule) []enforcement.Rule { return r }
	for _, row := range []struct {
		name    string
		rules   []enforcement.Rule
		factors assurance.Types
		proof   assurance.Proof
		want    enforcement.State
		methods assurance.Types // 0: not looked at
	}{
		{"nobody asks and the person has none", nil, none, byPassword, enforcement.Clear, 0},
		{"nobody asks, and a person with a factor is asked all the same", nil, totp, byPassword, enforcement.SecondFactorDue, totp},
		{"nobody asks and the session has shown the factor", nil, totp, byTOTP, enforcement.Clear, 0},
		{"nobody asks and an e-mail code was shown", nil, email, byEmail, enforcement.Clear, 0},
		{"nobody asks and a recovery code was shown", nil, totp, byRecovery, enforcement.Clear, 0},
		{"nobody asks, and a session outlives the factor that it showed", nil, none, byTOTP, enforcement.Clear, 0},

		{"an account asks and the person has none", rules(account(assurance.Any)), none, byPassword, enforcement.EnrolmentDue, assurance.All},
		{"a member switch asks and the person has none", rules(member), none, byPassword, enforcement.EnrolmentDue, assurance.All},
		{"the provider asks and the person has none", rules(provider), none, byPassword, enforcement.EnrolmentDue, assurance.All},
		{"an account asks and the session lacks the factor that the person has", rules(account(assurance.Any)), totp, byPassword, enforcement.SecondFactorDue, totp},
		{"an account asks and the session has shown it", rules(account(assurance.Any)), totp, byTOTP, enforcement.Clear, 0},
		{"an account asks for any and an e-mail code was shown", rules(account(assurance.Any)), email, byEmail, enforcement.Clear, 0},
		{"an account asks and a recovery code was shown", rules(account(assurance.Any)), totp, byRecovery, enforcement.Clear, 0},
		{"an account asks and the factor that was shown is gone", rules(account(assurance.Any)), none, byTOTP, enforcement.EnrolmentDue, 0},

		{"no e-mail: a person with e-mail alone proves that first", rules(account(assurance.NoEmail)), email, byPassword, enforcement.SecondFactorDue, email},
		{"no e-mail: and then enrols a better one", rules(account(assurance.NoEmail)), email, byEmail, enforcement.EnrolmentDue, totp | sms | passkey},
		{"no e-mail: an SMS code suffices", rules(account(assurance.NoEmail)), sms, bySMS, enforcement.Clear, 0},
		{"no e-mail: a session by e-mail of a person who has SMS too", rules(account(assurance.NoEmail)), email | sms, byEmail, enforcement.SecondFactorDue, sms},
		{"no e-mail: with the password alone, only what suffices is asked for", rules(account(assurance.NoEmail)), email | sms, byPassword, enforcement.SecondFactorDue, sms},
		{"no e-mail, no SMS: an SMS session is not enough", rules(account(assurance.NoEmailNoSMS)), sms, bySMS, enforcement.EnrolmentDue, totp | passkey},
		{"no e-mail, no SMS: an authenticator app is", rules(account(assurance.NoEmailNoSMS)), totp, byTOTP, enforcement.Clear, 0},
		{"phishing-resistant: an authenticator app is not enough", rules(account(assurance.PhishingResistant)), totp, byTOTP, enforcement.EnrolmentDue, passkey},
		{"phishing-resistant: a passkey is", rules(account(assurance.PhishingResistant)), passkey, byPasskey, enforcement.Clear, 0},
		{"phishing-resistant: a recovery code is not", rules(account(assurance.PhishingResistant)), passkey, byRecovery, enforcement.SecondFactorDue, passkey},

		{"two accounts: the strictest wins", rules(account(assurance.Any), account(assurance.PhishingResistant)), totp, byTOTP, enforcement.EnrolmentDue, passkey},
		{"a switch and an account: the strictest wins", rules(member, account(assurance.NoEmail)), email, byEmail, enforcement.EnrolmentDue, 0},

		{"a rule that binds later is grace for whoever does not meet it", rules(soon(account(assurance.Any), time.Hour)), none, byPassword, enforcement.Grace, assurance.All},
		{"a rule that binds later is nothing to whoever meets it", rules(soon(account(assurance.Any), time.Hour)), totp, byTOTP, enforcement.Clear, 0},
		{"a rule binds at its very moment", rules(soon(account(assurance.Any), 0)), none, byPassword, enforcement.EnrolmentDue, 0},
		{"a rule binds a second later", rules(soon(account(assurance.Any), -time.Second)), none, byPassword, enforcement.EnrolmentDue, 0},
		{"a stricter rule comes and today's is met", rules(account(assurance.Any), soon(account(assurance.PhishingResistant), time.Hour)), totp, byTOTP, enforcement.Grace, passkey},
		{"grace does not soften what binds already", rules(account(assurance.Any), soon(account(assurance.NoEmail), time.Hour)), none, byPassword, enforcement.EnrolmentDue, 0},
		{"a factor of one's own is asked for in grace too", rules(soon(account(assurance.NoEmail), time.Hour)), email, byPassword, enforcement.SecondFactorDue, email},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got := enforcement.Decide(enforcement.Question{Rules: row.rules, Factors: row.factors, Proof: row.proof, Offered: assurance.All, Now: noon})
			if got.State != row.want {
				t.Fatalf("the standing is %s, want %s", got.State, row.want)
			}
			if row.methods != 0 && got.Methods != row.methods {
				t.Fatalf("the methods are %v, want %v", got.Methods.Names(), row.methods.Names())
			}
		})
	}
}

func TestGraceEndsWithTheFirstRuleThatIsNotMet(t *testing.T) {
	t.Parallel()
	got := enforcement.Decide(enforcement.Question{Now: noon, Proof: byPassword, Offered: assurance.All, Rules: []enforcement.Rule{
		soon(account(assurance.NoEmail), 48*time.Hour), soon(provider, 24*time.Hour)}})
	if want := noon.Add(24 * time.Hour); !got.GraceUntil.Equal(want) {
		t.Fatalf("grace ends at %s, want %s", got.GraceUntil, want)
	}
	if want := []enforcement.Source{enforcement.ByAccount, enforcement.ByProvider}; !slices.Equal(got.RequiredBy, want) {
		t.Fatalf("required by %v, want %v", got.RequiredBy, want)
	}
}

func questions(t *rapid.T) enforcement.Question {
	strengths := []assurance.Strength{assurance.Any, assurance.NoEmail, assurance.NoEmailNoSMS, assurance.PhishingResistant}
	rule := rapid.Custom(func(t *rapid.T) enforcement.Rule {
		r := enforcement.Rule{Minimum: rapid.SampledFrom(strengths).Draw(t, "minimum"),
			By: rapid.SampledFrom([]enforcement.Source{enforcement.ByAccount, enforcement.ByMember, enforcement.ByProvider}).Draw(t, "by")}
		if rapid.Bool().Draw(t, "later") {
			r.BindsAt = noon.Add(time.Duration(rapid.IntRange(-100, 100).Draw(t, "hours")) * time.Hour)
		}
		return r
	})
	return enforcement.Question{
		Rules:   rapid.SliceOfN(rule, 0, 5).Draw(t, "rules"),
		Factors: assurance.Types(rapid.IntRange(0, 15).Draw(t, "factors")),
		Proof:   rapid.SampledFrom([]assurance.Proof{byPassword, byTOTP, byEmail, bySMS, byPasskey, byRecovery}).Draw(t, "proof"),
		Offered: assurance.All, Now: noon,
	}
}

// Whoever is not held at the door meets every rule that binds, with a factor that they have and have shown.
func TestNobodyPassesWhoDoesNotMeetTheRules(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		s := enforcement.Decide(q)
		if s.Due() {
			return
		}
		for _, r := range q.Rules {
			if q.Now.Before(r.BindsAt) {
				continue
			}
			if q.Factors&r.Minimum.Accepts() == 0 || !q.Proof.Meets(r.Minimum) {
				t.Fatalf("%+v passes with %s", q, s.State)
			}
		}
		if q.Factors != 0 && !q.Proof.SecondFactor() {
			t.Fatalf("%+v passes with the password alone", q)
		}
	})
}

// One more rule never opens a door.
func TestAnotherRuleNeverLoosens(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		before := enforcement.Decide(q)
		more := questions(t)
		q.Rules = append(slices.Clone(q.Rules), more.Rules...)
		if after := enforcement.Decide(q); before.Due() && !after.Due() {
			t.Fatalf("%s became %s by adding %+v", before.State, after.State, more.Rules)
		}
	})
}

// Whoever has a second factor and has shown none is never offered to enrol another.
func TestThePasswordAloneNeverEnrolsOverAFactor(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		if s := enforcement.Decide(q); q.Factors != 0 && !q.Proof.SecondFactor() && s.State != enforcement.SecondFactorDue {
			t.Fatalf("%+v is %s", q, s.State)
		}
	})
}

func TestWhatIsAskedForCannotBeTakenApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		q := questions(t)
		ok, _ := enforcement.Suffices(q.Rules, q.Factors)
		if !ok {
			return
		}
		q.Proof, q.Now = byPasskey, noon.Add(1000*time.Hour) // every rule binds, and the session has shown the strongest
		if s := enforcement.Decide(q); s.Due() {
			t.Fatalf("what is left suffices and yet the standing is %s: %+v", s.State, q)
		}
	})
}
