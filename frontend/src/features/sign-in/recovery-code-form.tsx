import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Notice } from '@/ui/notice'
import { useProblemText } from '@/ui/problem-text'
import { isRecoveryCode, RecoveryCodeInput } from '@/ui/recovery-code-input'
import { useAnswer } from './use-answer'

export function RecoveryCodeForm() {
  const { t } = useTranslation('signIn')
  const problemText = useProblemText()
  const [code, setCode] = useState('')
  const [malformed, setMalformed] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const { send, busy, failure, closed } = useAnswer(() => input.current?.select())

  useEffect(() => input.current?.focus(), [])

  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        setMalformed(!isRecoveryCode(code))
        if (isRecoveryCode(code)) void send({ type: 'recovery_code', code: code.trim() })
      }}
    >
      {failure !== undefined && <Notice tone="bad">{problemText(failure)}</Notice>}
      <RecoveryCodeInput
        ref={input}
        value={code}
        onChange={setCode}
        error={malformed ? t('secondFactor.malformedRecovery') : undefined}
      />
      <Button type="submit" size="md" loading={busy} disabled={closed} fullWidth>
        {t('secondFactor.verify')}
      </Button>
    </form>
  )
}
