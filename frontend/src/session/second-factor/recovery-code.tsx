import { useEffect, useImperativeHandle, useRef, useState } from 'react'
import { isRecoveryCode, RecoveryCodeInput } from '@/ui/recovery-code-input'
import type { WayProps } from './way'

export function RecoveryCode({ ref, error, takesFocus, onReady }: Omit<WayProps, 'factor'>) {
  const [code, setCode] = useState('')
  const input = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (takesFocus) input.current?.focus()
  }, [takesFocus])
  useEffect(() => onReady(isRecoveryCode(code)), [code, onReady])
  useImperativeHandle(ref, () => ({
    async collect() {
      return isRecoveryCode(code) ? { type: 'recovery_code', code: code.trim() } : undefined
    },
    again: () => input.current?.select(),
  }))
  return <RecoveryCodeInput ref={input} value={code} onChange={setCode} error={error} />
}
