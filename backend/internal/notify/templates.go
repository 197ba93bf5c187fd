package notify

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
)

// The templates. Their data keys are in the table below.
const (
	TwoFactorEnforced         = "two_factor_enforced"          // the account asks its member for a second factor
	TwoFactorEnforcedInvited  = "two_factor_enforced_invited"  // the same, to someone who has not accepted the invitation yet
	TwoFactorTightened        = "two_factor_tightened"         // the rule in force has become stricter or binds earlier, and the member does not meet it
	TwoFactorTightenedInvited = "two_factor_tightened_invited" // the same, to someone who has not accepted the invitation yet
	TwoFactorDisabled         = "two_factor_disabled"
	FactorActivated           = "factor_activated"
	FactorRemoved             = "factor_removed"
	FactorDisabledByGuessing  = "factor_disabled_by_guessing"
	RecoveryCodesRenewed      = "recovery_codes_renewed"
	RecoveryCodeUsed          = "recovery_code_used"
	Invitation                = "invitation"
	TwoFactorReminder         = "two_factor_reminder" // of a deadline
	TwoFactorSummary          = "two_factor_summary"  // to owners, with the reminders
	CodeEmail                 = "code_email"
	PhoneAdded                = "phone_added"
	PhoneRemoved              = "phone_removed"
	CodeSMS                   = "code_sms"
	CodeVoice                 = "code_voice"
	VerifyEmail               = "verify_email"   // the link of a sign-up
	SignUpTaken               = "sign_up_taken"  // to whoever has the address that somebody wanted to sign up with
	PasswordReset             = "password_reset" // the link
	PasswordChanged           = "password_changed"
	EmailChangeConfirm        = "email_change_confirm" // the link, to the new address
	EmailChangeNotice         = "email_change_notice"  // that there is one, to the old address
	EmailChanged              = "email_changed"
	PasswordVoided            = "password_voided" // it was short, and the passkey beside it is gone
	MemberEnrolled            = "member_enrolled" // to owners of an account that guards enrolment
	NotMeDone                 = "not_me_done"
	Welcome                   = "welcome"           // the link to a first password, to somebody whom an operator has made a member
	FactorsReset              = "factors_reset"     // by an operator
	FactorsResetText          = "factors_reset_sms" // the same as a text message
)

// keys says which data each template needs, and which it also knows. link, security_link and not_me_link are URLs, at and deadline
// times in RFC 3339, method is the name of a factor's type, accepted that of a strength, code is digits; what ends in _before was so until now and is no longer; two_factor, frozen, codes,
// password and operator are "yes" or "".
var keys = map[string]struct{ needs, knows []string }{
	TwoFactorEnforced:        {[]string{"name", "account_name", "account_number", "link"}, []string{"accepted", "deadline", "operator"}},
	TwoFactorEnforcedInvited: {[]string{"account_name", "link"}, []string{"accepted", "operator"}},
	TwoFactorTightened: {[]string{"name", "account_name", "account_number", "link", "accepted"},
		[]string{"accepted_before", "deadline", "deadline_before", "operator"}},
	TwoFactorTightenedInvited: {[]string{"account_name", "link", "accepted"}, []string{"accepted_before", "deadline", "deadline_before", "operator"}},
	TwoFactorDisabled:         {[]string{"name", "security_link"}, []string{"method", "at", "not_me_link"}},
	FactorActivated:           {[]string{"name", "method", "at", "security_link"}, []string{"not_me_link"}},
	FactorRemoved:             {[]string{"name", "method", "at", "security_link"}, []string{"not_me_link"}},
	FactorDisabledByGuessing:  {[]string{"name", "method"}, []string{"at", "security_link"}},
	RecoveryCodesRenewed:      {[]string{"name", "security_link"}, []string{"at", "not_me_link"}},
	RecoveryCodeUsed:          {[]string{"name", "left"}, []string{"at", "security_link", "not_me_link"}},
	Invitation:                {[]string{"account_name", "inviter", "link"}, []string{"two_factor"}},
	TwoFactorReminder:         {[]string{"name", "account_name", "account_number", "link", "deadline", "accepted"}, nil},
	TwoFactorSummary:          {[]string{"name", "account_name", "link", "deadline", "total", "missing", "compliant"}, nil},
	CodeEmail:                 {[]string{"name", "code"}, nil},
	PhoneAdded:                {[]string{"name", "number", "security_link"}, []string{"at", "not_me_link"}},
	PhoneRemoved:              {[]string{"name", "number", "security_link"}, []string{"at", "not_me_link"}},
	CodeSMS:                   {[]string{"code"}, nil},
	CodeVoice:                 {[]string{"code"}, nil},
	VerifyEmail:               {[]string{"link"}, []string{"name", "at"}},
	SignUpTaken:               {[]string{"name", "link"}, []string{"at"}},
	PasswordReset:             {[]string{"name", "link"}, []string{"at"}},
	PasswordChanged:           {[]string{"name", "at", "security_link"}, []string{"not_me_link"}},
	EmailChangeConfirm:        {[]string{"link"}, []string{"name", "at"}},
	EmailChangeNotice:         {[]string{"name", "email", "at", "security_link"}, []string{"not_me_link"}},
	EmailChanged:              {[]string{"name", "email", "at", "security_link"}, []string{"not_me_link"}},
	PasswordVoided:            {[]string{"name", "at", "link"}, []string{"security_link"}},
	MemberEnrolled:            {[]string{"name", "member", "method", "account_name", "at", "link"}, nil},
	NotMeDone:                 {[]string{"name", "at", "link"}, []string{"frozen", "codes", "password", "short"}},
	Welcome:                   {[]string{"name", "account_name", "link"}, []string{"two_factor", "at"}},
	FactorsReset:              {[]string{"name", "at", "security_link"}, []string{"method", "not_me_link"}},
	FactorsResetText:          {nil, nil},
}

// channelOf is the one channel that a template is written for.
func channelOf(template string) Channel {
	switch template {
	case CodeSMS, FactorsResetText:
		return SMS
	case CodeVoice:
		return Voice
	default:
		return Email
	}
}

var digits = regexp.MustCompile(`^[0-9]{4,10}$`)

// check finds the mistakes of whoever wrote the message. What people call themselves is never a mistake.
func (m Message) check() error {
	k, known := keys[m.Template]
	switch {
	case m.ID == "":
		return fmt.Errorf("notify: %s: a message needs an ID", m.Template)
	case !known:
		return fmt.Errorf("notify: no such template: %q", m.Template)
	case m.Channel != channelOf(m.Template):
		return fmt.Errorf("notify: %s is not written for the channel %q", m.Template, m.Channel)
	}
	for _, key := range k.needs {
		if _, there := m.Data[key]; !there {
			return fmt.Errorf("notify: %s needs %q", m.Template, key)
		}
	}
	for key, value := range m.Data {
		if !slices.Contains(k.needs, key) && !slices.Contains(k.knows, key) {
			return fmt.Errorf("notify: %s does not know %q", m.Template, key)
		}
		if key == "code" && !digits.MatchString(value) {
			return fmt.Errorf("notify: %s: the code is not made of digits", m.Template)
		}
		if isLink(key) {
			if u, err := url.Parse(value); err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" {
				return fmt.Errorf("notify: %s: %q is not a web address", m.Template, key)
			}
		}
	}
	return nil
}

// isLink says whether a key's value is a URL.
func isLink(key string) bool { return key == "link" || key == "security_link" || key == "not_me_link" }
