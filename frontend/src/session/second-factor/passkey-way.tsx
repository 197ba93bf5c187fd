import { useEffect, useImperativeHandle } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/ui/notice'
import { passkeysWork, provePasskey } from './passkey'
import type { WayProps } from './way'

/** A passkey is asked for by the browser, once the form's button is pressed. */
export function Passkey({ ref, factor, ask, error, onReady }: WayProps) {
  const { t } = useTranslation('secondFactor')
  const works = passkeysWork()
  useEffect(() => onReady(works), [works, onReady])
  useImperativeHandle(ref, () => ({
    async collect() {
      const { challenge_id, passkey_options: options } = await ask({ factor_id: factor.id })
      if (!options) return undefined
      return { type: 'passkey', challenge_id, credential: await provePasskey(options) }
    },
    again: () => {},
  }))
  return (
    <>
      {error && <Notice tone="bad">{error}</Notice>}
      <Notice tone={works ? 'note' : 'warn'} icon="key">
        {works ? t('passkey.how', { name: factor.name }) : t('passkey.unsupported')}
      </Notice>
    </>
  )
}
