package notify

import "time"

var english = &language{
	code:   "en",
	hello:  "Hello {name},",
	noName: "Hello,",
	footer: "This message was sent by {brand}. We never ask for your password or for a code by e-mail.",
	button: "If the button does not work, open this address:",
	methods: map[string]string{
		"totp": "authenticator app", "email": "code by e-mail", "sms": "text message (SMS)",
		"passkey": "passkey or security key", "recovery_code": "recovery code",
	},
	accepts: map[string]string{
		"any": "any method", "no_email": "authenticator app, passkey, security key or text message (SMS)",
		"no_email_no_sms": "authenticator app, passkey or security key", "phishing_resistant": "passkey or security key",
	},
	moment: func(t time.Time) string { return t.Format("2 January 2006, 15:04 UTC") },
	texts: map[string]string{
		CodeSMS:          "{code} is your code for {brand}. Do not give it to anyone.",
		FactorsResetText: "{brand}: our support has removed your second factors. If you did not ask for that, tell us at once.",
		CodeVoice:        "Hello. This is {brand}.\nYour code is\n{code}\nOnce more. Your code is\n{code}\nGoodbye.",
	},
	letters: map[string]letter{
		TwoFactorEnforced: {
			subject: "{account_name} now requires two-factor authentication",
			body: []block{
				{when: "operator", text: "For {account_name} ({account_number}) our support has switched on two-factor authentication for everyone: after your password, you also confirm with a second step."},
				{unless: "operator", text: "An owner of {account_name} ({account_number}) has decided that everyone in this account signs in with two-factor authentication: after your password, you also confirm with a second step."},
				{when: "deadline", text: "Please set it up by {deadline}. After that, the portal is closed to you until it is done."},
				{unless: "deadline", text: "From now on the portal is closed to you until it is set up."},
				{facts: [][2]string{{"Accepted", "{accepted}"}}},
				{text: "It takes about a minute:"},
				{steps: []string{
					"Sign in with your e-mail address and your password.",
					"Choose a method that is accepted.",
					"Follow the steps, enter the code that you receive, and confirm with Okay.",
					"Keep the recovery codes in a safe place. They let you in if you lose your phone.",
				}},
				{label: "Set up two-factor authentication", link: "{link}"},
				{text: "If you already use a method that this account accepts, there is nothing to do."},
			},
		},
		TwoFactorEnforcedInvited: {
			subject: "{account_name} now requires two-factor authentication",
			body: []block{
				{when: "operator", text: "You have an open invitation to {account_name}. Our support has switched on two-factor authentication for everyone in this account: after the password, you also confirm with a second step."},
				{unless: "operator", text: "You have an open invitation to {account_name}. An owner of this account has decided that everyone in it signs in with two-factor authentication: after the password, you also confirm with a second step."},
				{text: "If you join, with the link in the invitation that you were sent, you will be asked to set it up at your first sign-in. It takes about a minute."},
				{facts: [][2]string{{"Accepted", "{accepted}"}}},
				{label: "Open the portal", link: "{link}"},
				{text: "If you do not want to join, there is nothing to do."},
			},
		},
		TwoFactorTightened: {
			subject: "{account_name} has tightened its rule on two-factor authentication",
			body: []block{
				{when: "operator", text: "Our support has tightened the rule on two-factor authentication of {account_name} ({account_number}), and you do not meet it yet."},
				{unless: "operator", text: "An owner of {account_name} ({account_number}) has tightened its rule on two-factor authentication, and you do not meet it yet."},
				{facts: [][2]string{{"Accepted", "{accepted}"}, {"Accepted until now", "{accepted_before}"}, {"Set it up by", "{deadline}"}, {"Deadline until now", "{deadline_before}"}}},
				{when: "deadline", text: "By {deadline}, please set up a method that is accepted. After that, the portal is closed to you until it is done."},
				{unless: "deadline", text: "From now on the portal is closed to you until you have set up a method that is accepted."},
				{text: "Sign in as usual and follow the steps. It takes about a minute."},
				{label: "Set up two-factor authentication", link: "{link}"},
			},
		},
		TwoFactorTightenedInvited: {
			subject: "{account_name} has tightened its rule on two-factor authentication",
			body: []block{
				{when: "operator", text: "You have an open invitation to {account_name}. Our support has tightened the rule on two-factor authentication of this account: after the password, everyone confirms with a second step that it accepts."},
				{unless: "operator", text: "You have an open invitation to {account_name}. An owner of this account has tightened its rule on two-factor authentication: after the password, everyone confirms with a second step that it accepts."},
				{facts: [][2]string{{"Accepted", "{accepted}"}, {"Accepted until now", "{accepted_before}"}, {"Set it up by", "{deadline}"}, {"Deadline until now", "{deadline_before}"}}},
				{when: "deadline", text: "If you join, with the link in the invitation that you were sent, please set up a method that is accepted, by {deadline}. It takes about a minute."},
				{unless: "deadline", text: "If you join, with the link in the invitation that you were sent, you will be asked to set up a method that is accepted. It takes about a minute."},
				{label: "Open the portal", link: "{link}"},
				{text: "If you already use one, or do not want to join, there is nothing to do."},
			},
		},
		TwoFactorReminder: {
			subject: "Please set up two-factor authentication by {deadline}",
			body: []block{
				{text: "{account_name} ({account_number}) will soon ask everyone for two-factor authentication, and you have not set up a method yet that it accepts."},
				{facts: [][2]string{{"Accepted", "{accepted}"}, {"Set it up by", "{deadline}"}}},
				{text: "After that, the portal is closed to you until it is done. It takes about a minute."},
				{label: "Set up two-factor authentication", link: "{link}"},
			},
		},
		TwoFactorSummary: {
			subject: "{account_name}: {missing} of {total} members lack two-factor authentication",
			body: []block{
				{text: "Two-factor authentication is enforced for {account_name}. This is where its members stand."},
				{facts: [][2]string{{"It binds", "{deadline}"}, {"Members", "{total}"}, {"Set up", "{compliant}"}, {"Still missing", "{missing}"}}},
				{label: "See who is missing", link: "{link}"},
			},
		},
		CodeEmail: {
			subject: "Your code",
			body: []block{
				{text: "Type this code where you were asked for it:"},
				{facts: [][2]string{{"Code", "{code}"}}, large: true},
				{text: "It works once, for ten minutes. Nobody from us will ever ask you for it. If you did not ask for a code, someone else has your password: change it at once."},
			},
		},
		PhoneAdded: {
			subject: "A phone number was added",
			body: []block{
				{text: "A phone number was added to your access and verified."},
				{facts: [][2]string{{"Number", "{number}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password: change it at once, remove the number, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password. Open the link below: it signs everyone out at once and tells you how to go on. Then remove the number."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		PhoneRemoved: {
			subject: "A phone number was removed",
			body: []block{
				{text: "A phone number was removed from your access."},
				{facts: [][2]string{{"Number", "{number}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password: change it at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password. Open the link below: it signs everyone out at once and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		TwoFactorDisabled: {
			subject: "Two-factor authentication is now off",
			body: []block{
				{text: "Two-factor authentication has been turned off for your access. Your password alone now opens it."},
				{facts: [][2]string{{"Method", "{method}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password: change it at once, turn two-factor authentication on again, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password. Open the link below: it signs everyone out at once and tells you how to go on. Then turn two-factor authentication on again."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		FactorActivated: {
			subject: "Two-factor authentication is on: {method}",
			body: []block{
				{text: "A new method of two-factor authentication now protects your access. You can confirm your next sign-in with it."},
				{facts: [][2]string{{"Method", "{method}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password: remove the method, change your password at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password. Open the link below: it signs everyone out at once, freezes this method until our support has looked, and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		FactorRemoved: {
			subject: "A method of two-factor authentication was removed: {method}",
			body: []block{
				{text: "A method of two-factor authentication has been removed from your access. It no longer confirms a sign-in."},
				{facts: [][2]string{{"Method", "{method}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password: change it at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password. Open the link below: it signs everyone out at once and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		FactorDisabledByGuessing: {
			subject: "We have locked a method of two-factor authentication: {method}",
			body: []block{
				{text: "Someone entered many wrong codes in a row, after the right password. To protect your access, we have locked the method that they tried."},
				{facts: [][2]string{{"Method", "{method}"}, {"Time", "{at}"}}},
				{text: "If this was not you, someone else has your password: change it at once. You can sign in with another method or a recovery code and then set the method up again. If you have neither, our support will help you."},
				{when: "security_link", label: "Open security settings", link: "{security_link}"},
			},
		},
		RecoveryCodesRenewed: {
			subject: "You have new recovery codes",
			body: []block{
				{text: "New recovery codes were made for your access. The old ones no longer work."},
				{facts: [][2]string{{"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, keep the new codes in a safe place. If it was not, change your password at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, keep the new codes in a safe place. If it was not, someone else has your password. Open the link below: it signs everyone out at once, voids the new codes, and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		RecoveryCodeUsed: {
			subject: "A recovery code was used to sign in",
			body: []block{
				{text: "Someone signed in with your password and one of your recovery codes. Each code works once; this one is now used up."},
				{facts: [][2]string{{"Recovery codes left", "{left}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do; make new codes before the last one is used. If it was not, change your password at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do; make new codes before the last one is used. If it was not, someone else has your password and your codes. Open the link below: it signs everyone out at once, voids all your recovery codes, and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{when: "security_link", label: "Open security settings", link: "{security_link}"},
			},
		},
		VerifyEmail: {
			subject: "Confirm your e-mail address",
			body: []block{
				{text: "Someone, we hope it was you, wants to open an account with this e-mail address. Confirm it, and sign in with the password that was chosen."},
				{facts: [][2]string{{"Time", "{at}"}}},
				{label: "Confirm this address", link: "{link}"},
				{text: "The link works once, for 24 hours. If it was not you, ignore this message: nothing happens until the address is confirmed."},
			},
		},
		SignUpTaken: {
			subject: "You already have an account",
			body: []block{
				{text: "Someone tried to open an account with this e-mail address. There is one already, and nothing has changed."},
				{facts: [][2]string{{"Time", "{at}"}}},
				{text: "If it was you, sign in as usual. If you do not remember your password, you can choose a new one from the sign-in page."},
				{label: "Sign in", link: "{link}"},
				{text: "If it was not you, there is nothing to do. Whoever it was has not been told that this address is known."},
			},
		},
		Welcome: {
			subject: "Your access to {account_name}",
			body: []block{
				{text: "You have been made a member of {account_name}. Choose a password, and you can sign in with this e-mail address:"},
				{label: "Choose a password", link: "{link}"},
				{text: "The link works once, for seven days. After that, ask for a new password where you sign in."},
				{when: "two_factor", text: "This account asks everyone for two-factor authentication: at your first sign-in you will set it up. It takes about a minute."},
				{text: "If you do not know {account_name}, there is nothing to do."},
			},
		},
		FactorsReset: {
			subject: "Our support has reset your two-factor authentication",
			body: []block{
				{unless: "method", text: "Our support has removed all your methods of two-factor authentication and your recovery codes, and signed you out everywhere."},
				{when: "method", text: "Our support has removed a method of two-factor authentication from your access, and signed you out everywhere."},
				{facts: [][2]string{{"Method", "{method}"}, {"Time", "{at}"}}},
				{text: "If you asked for this, sign in with your password and set up a new method. If you did not, tell our support at once and change your password: somebody may be trying to get in."},
				{when: "not_me_link", text: "The link below signs everyone out at once and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		PasswordReset: {
			subject: "Choose a new password",
			body: []block{
				{text: "Someone, we hope it was you, asked for a new password for your access. Choose it here:"},
				{label: "Choose a new password", link: "{link}"},
				{facts: [][2]string{{"Time", "{at}"}}},
				{text: "The link works once, for one hour. It signs nobody in, and your second factor stays as it is. If it was not you, ignore this message: your password stays as it is."},
			},
		},
		PasswordChanged: {
			subject: "Your password was changed",
			body: []block{
				{text: "The password of your access was changed, and everyone who was signed in elsewhere was signed out."},
				{facts: [][2]string{{"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, choose a new password at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, open the link below: it signs everyone out at once, voids this password, and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		EmailChangeConfirm: {
			subject: "Confirm your new e-mail address",
			body: []block{
				{text: "Someone, we hope it was you, wants to sign in with this e-mail address from now on. Confirm it here:"},
				{label: "Confirm this address", link: "{link}"},
				{facts: [][2]string{{"Time", "{at}"}}},
				{text: "The link works once, for 24 hours. If it was not you, ignore this message: nothing happens until the address is confirmed."},
			},
		},
		EmailChangeNotice: {
			subject: "Your e-mail address is about to change",
			body: []block{
				{text: "Another e-mail address was asked for to sign in to your access. It takes the place of this one as soon as it is confirmed."},
				{facts: [][2]string{{"New address", "{email}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, change your password at once, and tell our support."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, someone else has your password. Open the link below: it signs everyone out at once, stops this change, and tells you how to go on."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		EmailChanged: {
			subject: "Your e-mail address was changed",
			body: []block{
				{text: "The e-mail address of your access was changed. From now on you sign in with the new one."},
				{facts: [][2]string{{"New address", "{email}"}, {"Time", "{at}"}}},
				{unless: "not_me_link", text: "If this was you, there is nothing to do. If it was not, tell our support at once."},
				{when: "not_me_link", text: "If this was you, there is nothing to do. If it was not, open the link below: it signs everyone out at once. Then tell our support, since this address no longer opens your access."},
				{when: "not_me_link", label: "This was not me", link: "{not_me_link}"},
				{label: "Open security settings", link: "{security_link}"},
			},
		},
		PasswordVoided: {
			subject: "Please choose a new password",
			body: []block{
				{text: "Your password no longer works. It has fewer than 12 characters, which is enough beside a passkey only, and your passkey is gone or locked."},
				{facts: [][2]string{{"Time", "{at}"}}},
				{text: "Choose a longer one: open the page below, and we send a link to this address."},
				{label: "Choose a new password", link: "{link}"},
			},
		},
		MemberEnrolled: {
			subject: "{member} has set up two-factor authentication",
			body: []block{
				{text: "A member of {account_name} has set up a new method of two-factor authentication. You are told because this account guards enrolment."},
				{facts: [][2]string{{"Member", "{member}"}, {"Method", "{method}"}, {"Time", "{at}"}}},
				{text: "If you expected this, there is nothing to do. If you did not, ask the member whether it was them. If it was not, you can end all sessions of the account at once with the incident button."},
				{label: "Open the members", link: "{link}"},
			},
		},
		NotMeDone: {
			subject: "We have signed everyone out of your access",
			body: []block{
				{text: "You told us that something in your access was not done by you. Everyone was signed out, on every device, and API tokens no longer work."},
				{facts: [][2]string{{"Time", "{at}"}}},
				{when: "frozen", text: "The second factor in question is frozen, and so are the recovery codes that came with it. It opens nothing until our support has looked: write to them."},
				{when: "codes", text: "Your recovery codes no longer work. Make new ones once you have signed in."},
				{when: "password", text: "The password that was set no longer works."},
				{when: "short", text: "Your password no longer works either: it has fewer than 12 characters, which is enough beside a passkey only."},
				{text: "Go on like this:"},
				{steps: []string{
					"Make sure that nobody else reads this mailbox.",
					"Choose a new password with the link below.",
					"Sign in, and look through your second factors, phone numbers and sessions. Remove what is not yours.",
					"If you cannot sign in, or if your address was changed, write to our support.",
				}},
				{label: "Choose a new password", link: "{link}"},
			},
		},
		Invitation: {
			subject: "{inviter} invites you to {account_name}",
			body: []block{
				{text: "{inviter} invites you to join the account {account_name}."},
				{when: "two_factor", text: "This account requires two-factor authentication: after the password, you also confirm with a second step. You will be asked to set it up at your first sign-in; it takes about a minute."},
				{label: "Accept the invitation", link: "{link}"},
				{text: "The link works once, for seven days. If you do not know who this is, ignore this message. Nothing happens until you accept."},
			},
		},
	},
}
