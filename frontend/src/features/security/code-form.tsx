import { Button, Stack } from '@mantine/core'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hasCode } from '@/api/problem'
import { useTextedCode } from '@/session/second-factor/use-texted-code'
import { CodeInput, codeLength, digitsOf } from '@/ui/code-input'
import { ProblemNotice } from '@/ui/problem-notice'
import { useProblemText } from '@/ui/problem-text'
import { useAction } from '@/ui/use-action'

interface CodeFormProps {
  /** Gets each full code, once; what it fails with is said here. */
  onCode: (code: string) => Promise<void>
  /** Where what the code was for is lost. */
  onStartOver?: (() => void) | undefined
  /** The challenge whose code comes as a text message, if it does. */
  texted?: string | undefined
  children: ReactNode
}

/** The code that proves something, below whatever explains where it comes from. */
export function CodeForm({ onCode, onStartOver, texted, children }: CodeFormProps) {
  const { t } = useTranslation('enrolment')
  const problemText = useProblemText()
  const [code, setCode] = useState('')
  const input = useRef<{ focus: () => void }>(null)
  useEffect(() => input.current?.focus(), [])

  const send = useAction(async (full: string) => {
    try {
      await onCode(full)
    } catch (error) {
      setCode('')
      input.current?.focus()
      throw error
    }
  })
  useTextedCode(texted, (text) => {
    const full = digitsOf(text)
    setCode(full)
    if (full.length === codeLength) void send.run(full)
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
