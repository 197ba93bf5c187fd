import { useTranslation } from 'react-i18next'
import type { Challenge, ChallengeRequest } from '@/api/schema'
import { Countdown, useSecondsLeft } from '@/ui/countdown'
import classes from './sent-to.module.css'

interface SentToProps {
  challenge: Challenge
  busy: boolean
  /** Where a backup number ends, if there is one. */
  backup?: string | undefined
  voice?: boolean
  onSend: (request: Omit<ChallengeRequest, 'factor_id'>) => void
}

/** Where the code went and how long it holds, and what to do if it does not come. */
export function SentTo({ challenge, busy, backup, voice = false, onSend }: SentToProps) {
  const { t } = useTranslation('secondFactor')
  const resendAt = challenge.resend_at ? Date.parse(challenge.resend_at) : 0
  const wait = useSecondsLeft(resendAt)
  const waiting = wait > 0
  return (
    <div className={classes.sent}>
      <p role="status">{t('sentTo', { to: challenge.sent_to })}</p>
      <p>
        {t('validFor')} <Countdown key={challenge.expires_at} until={Date.parse(challenge.expires_at)} />
      </p>
      <div className={classes.ways}>
        <button type="button" className="text-button" disabled={busy || waiting} onClick={() => onSend({})}>
          {waiting ? t('againIn', { count: wait }) : t('again')}
        </button>
        {backup && (
          <button
            type="button"
            className="text-button"
            disabled={busy || waiting}
            onClick={() => onSend({ to_backup: true })}
          >
            {t('toBackup', { hint: backup })}
          </button>
        )}
        {voice && (
          <button
            type="button"
            className="text-button"
            disabled={busy || waiting}
            onClick={() => onSend({ by_voice: true })}
          >
            {t('byVoice')}
          </button>
        )}
      </div>
    </div>
  )
}
