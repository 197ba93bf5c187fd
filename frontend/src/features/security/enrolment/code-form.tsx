import { Button, Stack } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import { CodeInput, codeLength } from '@/ui/code-input'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { useAction } from '@/ui/use-action'
import { type SetupProps, verify } from './setup'

/** The code that proves a new factor, below whatever explains where it comes from. */
export function CodeForm({ setup, onVerified, onStartOver, children }: SetupProps & { children: ReactNode }) {
  const { t } = useTranslation('enrolment')
  const problemText = useProblemText()
  const [code, setCode] = useState('')
  const input = useRef<{ focus: () => void }>(null)
  useEffect(() => input.current?.focus(), [])

  const send = useAction(async (full: string) => {
    try {
      onVerified(await verify(setup.factor.id, { code: full }))
    } catch (error) {
      setCode('')
      input.current?.focus()
      throw error
    }
  })

  const wrong = hasCode(send.failure, 'invalid_code', 'code_already_used', 'code_expired')
  const lost = hasCode(send.failure, 'not_found', 'factor_not_pending')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        if (code.length === codeLength) void send.run(code)
      }}
    >
      <Stack gap="lg">
        {send.failure !== undefined && !wrong && (
          <ProblemNotice error={send.failure} onRetry={lost ? onStartOver : undefined} />
        )}
        {children}
        <CodeInput
          ref={input}
          label={t('code')}
          value={code}
          onChange={setCode}
          onFull={(full) => void send.run(full)}
          error={wrong ? problemText(send.failure) : undefined}
          readOnly={send.busy}
        />
        <Button type="submit" loading={send.busy}>
          {t('verify')}
        </Button>
      </Stack>
    </form>
  )
}
