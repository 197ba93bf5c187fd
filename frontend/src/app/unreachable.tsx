import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { session } from '@/session/session'
import { DoorButton } from '@/ui/door-button'
import { Bare } from './bare'

const retryEvery = 5_000

/** The server did not answer the first question. Asks again by itself. */
export function Unreachable() {
  const { t } = useTranslation()
  useEffect(() => {
    const again = () => void session.restore()
    const timer = setTimeout(again, retryEvery)
    globalThis.addEventListener('online', again)
    return () => {
      clearTimeout(timer)
      globalThis.removeEventListener('online', again)
    }
  }, [])
  return (
    <Bare
      title={t('unreachable.title')}
      text={t('unreachable.text')}
      action={<DoorButton onClick={() => void session.restore()}>{t('retry')}</DoorButton>}
    />
  )
}
