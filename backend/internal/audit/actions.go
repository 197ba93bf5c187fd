package audit

// The actions, area.verb_past. They are stored and exported: add, never rename.
const (
	SignInCompleted           = "sign_in.completed"
	SignInRefused             = "sign_in.refused"
	SignInPasswordAccepted    = "sign_in.password_accepted"
	SignInSecondFactorRefused = "sign_in.second_factor_refused"
	SignInConfirmed           = "sign_in.confirmed"
	SignInConfirmationRefused = "sign_in.confirmation_refused"

	SessionOpened        = "session.opened"
	SessionEnded         = "session.ended"
	SessionOthersEnded   = "session.others_ended"
	SessionRefreshReused = "session.refresh_reused"

	APITokenCreated = "api_token.created"
	APITokenRevoked = "api_token.revoked"
	APITokenResumed = "api_token.resumed" // it was suspended, and works again

	UserCreated         = "user.created"
	UserChanged         = "user.changed"
	UserPasswordChanged = "user.password_changed"
	UserDisabled        = "user.disabled"
	UserEnabled         = "user.enabled"
	UserSignedOut       = "user.signed_out"           // everywhere, by an operator
	UserPasswordLinked  = "user.password_link_issued" // by an operator: a link that sets a password

	UserSignUpRequested      = "user.sign_up_requested"
	UserResetRequested       = "user.password_reset_requested"
	UserPasswordVoided       = "user.password_voided" // disowned by its person, or too short without the passkey that has gone
	UserEmailChangeRequested = "user.email_change_requested"
	UserEmailChanged         = "user.email_changed"
	UserNotMeReported        = "user.not_me_reported"

	FactorEnrolled          = "factor.enrolled"
	FactorVerified          = "factor.verified"
	FactorActivated         = "factor.activated"
	FactorReplaced          = "factor.replaced"
	FactorChanged           = "factor.changed"
	FactorRemoved           = "factor.removed"
	FactorDisabled          = "factor.disabled" // by too many wrong codes
	FactorAllRemoved        = "factor.all_removed"
	FactorReset             = "factor.reset" // all removed, by an operator
	PhoneVerified           = "phone.verified"
	PhoneRemoved            = "phone.removed"
	TextRefused             = "text.refused"  // by the caps of a budget
	FactorFrozen            = "factor.frozen" // disowned by its person
	RecoveryCodeUsed        = "recovery_code.used"
	RecoveryCodesVoided     = "recovery_code.voided" // disowned by their person
	RecoveryCodesGenerated  = "recovery_code.generated"
	RecoveryCodeUseRefused  = "recovery_code.use_refused"
	FactorRemovalRefused    = "factor.removal_refused"
	FactorActivationRefused = "factor.activation_refused"

	AccountCreated            = "account.created"
	AccountRenamed            = "account.renamed"
	AccountEnforced           = "account.enforced"
	AccountEnforcementLifted  = "account.enforcement_lifted"
	AccountEnforcementRefused = "account.enforcement_refused"
	AccountMembersSignedOut   = "account.members_signed_out"
	AccountMembersImported    = "account.members_imported"

	IncidentStarted = "incident.started"
	IncidentEnded   = "incident.ended"

	MemberJoined      = "member.joined"
	MemberRoleChanged = "member.role_changed"
	MemberRequired    = "member.two_factor_required"
	MemberReleased    = "member.two_factor_released"
	MemberRemoved     = "member.removed"
	MemberLeft        = "member.left"

	InvitationCreated  = "invitation.created"
	InvitationResent   = "invitation.resent"
	InvitationRevoked  = "invitation.revoked"
	InvitationAccepted = "invitation.accepted"

	EvidenceExported    = "evidence.exported"
	ProviderRuleChanged = "provider.rule_changed" // of AccountID Provider
)
