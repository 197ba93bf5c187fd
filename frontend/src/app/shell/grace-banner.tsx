import { useTranslation } from 'react-i18next'
import type { Me } from '@/api/schema'
import { useSecondsLeft } from '@/ui/countdown'
import { LinkButton } from '@/ui/link-button'
import { Notice } from '@/ui/notice'
import { formatDistance, formatTime } from '@/ui/time'
import classes from './connection-notice.module.css'

/** Two-factor authentication will be required: until when the portal stays open without it, and the way to set it up. */
export function GraceBanner({ me }: { me: Me }) {
  return me.standing.state === 'grace' && me.standing.grace_until ? (
    <Banner until={me.standing.grace_until} />
  ) : null
}

function Banner({ until }: { until: string }) {
  const { t, i18n } = useTranslation('shell')
  useSecondsLeft(Date.parse(until))
  return (
    <div className={classes.notice}>
      <Notice
        tone="warn"
        icon="shield"
        title={t('grace.title', { distance: formatDistance(until, i18n.language, Date.now()) })}
        action={
          <LinkButton to="/me/security" search={{ start: 'enable' }} size="sm">
            {t('grace.setUp')}
          </LinkButton>
        }
      >
        {t('grace.text', { date: formatTime(until, i18n.language, true) })}
      </Notice>
    </div>
  )
}
