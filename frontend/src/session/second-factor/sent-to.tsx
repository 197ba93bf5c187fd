import { useTranslation } from 'react-i18next'
import { Countdown, useSecondsLeft } from '@/ui/countdown'
import { Delivery, useProgress } from './delivery'
import classes from './sent-to.module.css'
import type { Sent, Way } from './use-sending'

interface SentToProps {
  sent: Sent
  busy: boolean
  /** Where a backup number ends, if there is one that this code may go to. */
  backup?: string | undefined
  onSend: (way: Way) => void
}

/** Where the code went, how far it has come and how long it holds, and what to do if it does not come. */
export function SentTo({ sent: { challenge, way }, busy, backup, onSend }: SentToProps) {
  const { t } = useTranslation('secondFactor')
  const progress = useProgress(challenge)
  const left = useSecondsLeft(challenge.resend_at ? Date.parse(challenge.resend_at) : 0)
  // Nobody waits for a message that will not come.
  const wait = progress.delivery === 'failed' ? 0 : left
  const { to_backup = false, by_voice = false } = way
  const offer = (text: string, other: Way) => (
    <button type="button" className="text-button" disabled={busy || wait > 0} onClick={() => onSend(other)}>
      {text}
    </button>
  )
  return (
    <div className={classes.sent}>
      <p role="status">{t(by_voice ? 'calling' : 'sentTo', { to: challenge.sent_to })}</p>
      {challenge.type === 'sms' && (
        <Delivery key={challenge.challenge_id} progress={progress} byVoice={by_voice} />
      )}
      <p>
        {t('validFor')} <Countdown key={challenge.expires_at} until={Date.parse(challenge.expires_at)} />
      </p>
      <div className={classes.ways}>
        {offer(wait > 0 ? t('againIn', { count: wait }) : t(by_voice ? 'callAgain' : 'again'), way)}
        {by_voice && offer(t('byText'), { to_backup })}
        {!by_voice && challenge.voice_offered && offer(t('byVoice'), { to_backup, by_voice: true })}
        {backup &&
          offer(to_backup ? t('toMobile') : t('toBackup', { hint: backup }), { to_backup: !to_backup })}
      </div>
    </div>
  )
}
