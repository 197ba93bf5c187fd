import { useTranslation } from 'react-i18next'
import type { TwoFactorRule } from '@/api/schema'
import { useSecondsLeft } from '@/ui/countdown'
import { Notice } from '@/ui/notice'
import { formatSpan, formatTime } from '@/ui/time'

/** While a deadline is to come: how long it still is, and how many are missing. */
export function DeadlineNotice({ rule }: { rule: TwoFactorRule }) {
  return rule.grace_until ? <Ahead rule={rule} until={rule.grace_until} /> : null
}

function Ahead({ rule, until }: { rule: TwoFactorRule; until: string }) {
  const { t, i18n } = useTranslation('account')
  const left = useSecondsLeft(Date.parse(until))
  if (left === 0) return null
  const { missing, total } = rule.members
  const date = formatTime(until, i18n.language, true)
  return (
    <Notice
      tone={missing > 0 ? 'warn' : 'good'}
      title={t('twoFactor.binds', { left: formatSpan(left, i18n.language) })}
    >
      {missing > 0 ? (
        <>
          {t('twoFactor.bindsMissing', { count: missing, total, date })} {t('twoFactor.reminded')}
        </>
      ) : (
        t('twoFactor.bindsNobody', { date })
      )}
    </Notice>
  )
}
