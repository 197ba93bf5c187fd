import { Button } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { FactorHint } from '@/api/schema'
import { CodeInput, codeLength } from '@/ui/code-input'
import { Notice } from '@/ui/notice'
import { useProblemText } from '@/ui/problem-text'
import { useAnswer } from './use-answer'

export function CodeForm({ factor }: { factor: FactorHint }) {
  const { t } = useTranslation('signIn')
  const problemText = useProblemText()
  const [code, setCode] = useState('')
  const input = useRef<{ focus: () => void }>(null)
  const { send, busy, failure, closed } = useAnswer(() => setCode(''))

  // After a refusal too: the field was read-only while the answer was awaited.
  useEffect(() => {
    if (!busy) input.current?.focus()
  }, [busy])

  const submit = (full: string) => void send({ type: 'totp', factor_id: factor.id, code: full })
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        if (code.length === codeLength) submit(code)
      }}
    >
      {failure !== undefined && <Notice tone="bad">{problemText(failure)}</Notice>}
      <CodeInput
        ref={input}
        label={t('secondFactor.code')}
        description={factor.hint}
        value={code}
        onChange={setCode}
        onFull={submit}
        readOnly={busy || closed}
      />
      <Button type="submit" size="md" loading={busy} disabled={closed} fullWidth>
        {t('secondFactor.verify')}
      </Button>
    </form>
  )
}
