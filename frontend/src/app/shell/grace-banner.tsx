import { useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { useTranslation } from 'react-i18next'
import type { Me } from '@/api/schema'
import { useSecondsLeft } from '@/ui/countdown'
import { LinkButton } from '@/ui/link-button'
import { Notice } from '@/ui/notice'
import { formatSpan, formatTime } from '@/ui/time'
import classes from './banner.module.css'

/** Two-factor authentication will be required: by whom, how long the portal stays open without it, and the way to set it up. */
export function GraceBanner({ me }: { me: Me }) {
  const { state, grace_until: until } = me.standing
  return state === 'grace' && until ? <Banner me={me} until={until} /> : null
}

function Banner({ me, until }: { me: Me; until: string }) {
  const { t, i18n } = useTranslation('shell')
  const cache = useQueryClient()
  // The server says what is due; the clock of this machine only when to ask.
  const ask = useCallback(() => void cache.invalidateQueries({ queryKey: ['get', '/me'] }), [cache])
  const left = useSecondsLeft(Date.parse(until), ask)
  const accounts = askingThen(me, until)
  const active = me.two_factor?.active ?? false
  return (
    <div className={classes.banner}>
      <Notice
        tone="warn"
        icon="shield"
        title={
          accounts.length > 0
            ? t('grace.title', { accounts: listed(accounts, i18n.language) })
            : t('grace.titleAny')
        }
        action={
          <LinkButton to="/me/security" search={active ? {} : { start: 'enable' }} size="sm">
            {active ? t('grace.choose') : t('grace.setUp')}
          </LinkButton>
        }
      >
        <strong role="timer" aria-live="off">
          {t('grace.left', { left: formatSpan(left, i18n.language) })}
        </strong>{' '}
        {t('grace.text', { date: formatTime(until, i18n.language, true) })} {active && t('grace.notEnough')}
      </Notice>
    </div>
  )
}

/** The accounts whose rule binds at that moment. */
function askingThen(me: Me, until: string): string[] {
  return (me.two_factor?.required_by ?? []).flatMap(({ account_name: name, grace_until: binds }) =>
    name && binds && Date.parse(binds) === Date.parse(until) ? [name] : [],
  )
}

function listed(names: string[], locale: string): string {
  return new Intl.ListFormat(locale, { type: 'conjunction' }).format(names)
}
