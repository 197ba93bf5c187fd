import i18n from 'i18next'
import { useTranslation } from 'react-i18next'
import type { AuditEvent, AuditSubject } from '@/api/schema'
import { formatDay, formatTime } from '@/ui/time'

/** Says an event in the person's language, from its action and detail. What is not known here is told by its code. */
export function useSentence(): (event: AuditEvent) => string {
  const { t, i18n: language } = useTranslation(['audit', 'common'])
  const nameOf = useNameOf()

  return (event) => {
    const { action, detail, outcome } = event
    const word = (area: 'role' | 'method' | 'strength', code: string) =>
      known('common', `${area}.${code}`) ? t(`common:${area}.${code}` as 'common:role.owner') : code
    const values = {
      actor: nameOf(event.actor),
      user: event.user ? nameOf(event.user) : '',
      role: word('role', detail.role ?? ''),
      from: action === 'member.role_changed' ? word('role', detail.from ?? '') : (detail.from ?? ''),
      to: action === 'member.role_changed' ? word('role', detail.to ?? '') : (detail.to ?? ''),
      type: word('method', detail.type ?? ''),
      email: detail.email ?? '',
      document: detail.document ?? '',
      day: detail.day ? formatDay(detail.day, language.language) : '',
    }

    /** What is told beside the act itself. */
    const more: string[] = []
    if (detail.minimum_strength)
      more.push(t('with.strength', { strength: word('strength', detail.minimum_strength) }))
    if (detail.grace_until)
      more.push(t('with.deadline', { date: formatTime(detail.grace_until, language.language, true) }))
    if (detail.api_tokens === 'keep') more.push(t('with.tokensKept'))
    if (detail.guarded_enrolment === 'true') more.push(t('with.guarded'))
    if (detail.sign_out_members === 'true') more.push(t('with.signedOut'))
    if (detail.api_tokens_paused === 'true') more.push(t('with.tokensPaused'))
    const reason = outcome === 'refused' ? (detail.reason ?? detail.code) : undefined
    if (reason && known('common', `problem.${reason}`))
      more.push(t(`common:problem.${reason}` as 'common:problem.unknown'))

    const key = keyOf(event)
    const act = known('audit', key)
      ? t(key as 'ruleChanged', values)
      : t('unknown', { actor: values.actor, action })
    return [act, ...more].join(' ')
  }
}

export function useNameOf(): (subject: AuditSubject) => string {
  const { t } = useTranslation('audit')
  return ({ kind, id, name }) => {
    if (kind !== 'person') return t(`who.${kind}`)
    return name === '' || name === id ? t('who.somebody') : name
  }
}

function keyOf({ action, detail, outcome }: AuditEvent): string {
  if (outcome === 'refused' && known('audit', `tried.${action}`)) return `tried.${action}`
  if (action === 'account.enforced' && detail.enforced_before === 'true') return 'ruleChanged'
  if (action === 'evidence.exported' && detail.day) return 'reported'
  if (action === 'invitation.revoked' && detail.reason === 'inviter_may_no_longer') return 'takenBack'
  if (action === 'invitation.revoked' && detail.email) return 'revokedOf'
  return `event.${action}`
}

function known(area: 'audit' | 'common', key: string): boolean {
  return i18n.exists(key, { ns: area })
}
