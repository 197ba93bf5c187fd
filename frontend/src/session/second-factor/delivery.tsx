import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { body } from '@/api/client'
import type { Challenge } from '@/api/schema'
import { useSecondsLeft } from '@/ui/countdown'
import { Notice } from '@/ui/notice'
import { session } from '../session'
import { followDelivery, type Progress, patience } from './follow-delivery'

interface DeliveryProps {
  progress: Progress
  byVoice: boolean
}

/** What has become of a text message or a call, in words, and when it is time for another way. */
export function Delivery({ progress: { delivery, delivery_reason: reason }, byVoice }: DeliveryProps) {
  const { t } = useTranslation('secondFactor')
  const [since] = useState(() => Date.now())
  const late = useSecondsLeft(since + patience) === 0
  const how = byVoice ? 'call' : 'text'
  if (delivery === 'failed')
    return (
      <Notice tone="bad" title={t(`delivery.${how}.failed`)}>
        {reason ? t(`delivery.reason.${reason}`) : t('delivery.reason.unknown')}
      </Notice>
    )
  if (delivery === 'delivered') return <p role="status">{t(`delivery.${how}.delivered`)}</p>
  if (late) return <Notice tone="warn">{t(`delivery.${how}.late`)}</Notice>
  return <p role="status">{delivery && t(`delivery.${how}.${delivery}`)}</p>
}

/** How far a text message or a call has come, while somebody looks; of an e-mail nothing is known. */
export function useProgress({ challenge_id: id, type, expires_at: expiresAt }: Challenge): Progress {
  const [known, setKnown] = useState<{ id: string; progress: Progress }>()
  useEffect(() => {
    if (type !== 'sms') return
    const stop = new AbortController()
    const { signal } = stop
    const params = { path: { challenge_id: id } }
    void followDelivery({
      until: Date.parse(expiresAt),
      read: () => body(session.api.GET('/challenges/{challenge_id}', { params, signal })),
      onNews: (progress) => setKnown({ id, progress }),
      signal,
    })
    return () => stop.abort()
  }, [id, type, expiresAt])
  return known?.id === id ? known.progress : {}
}
