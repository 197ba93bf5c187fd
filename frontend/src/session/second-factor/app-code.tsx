import { useEffect, useImperativeHandle } from 'react'
import { useTranslation } from 'react-i18next'
import { CodeInput, codeLength } from '@/ui/code-input'
import { useCode } from './use-code'
import type { WayProps } from './way'

/** The code that an authenticator app shows. */
export function AppCode({ ref, factor, error, busy, takesFocus, onReady, onFull }: WayProps) {
  const { t } = useTranslation('secondFactor')
  const { code, current, change, again, input } = useCode(takesFocus)
  useEffect(() => onReady(code.length === codeLength), [code, onReady])
  useImperativeHandle(ref, () => ({
    async collect() {
      if (current.current.length !== codeLength) return undefined
      return { type: 'totp', factor_id: factor.id, code: current.current }
    },
    again,
  }))
  return (
    <CodeInput
      ref={input}
      label={t('code')}
      description={t('codeOf', { name: factor.name })}
      value={code}
      onChange={change}
      onFull={onFull}
      error={error}
      readOnly={busy}
    />
  )
}
